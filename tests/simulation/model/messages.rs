//! Consents and announcements of one event, by its facts.

use std::collections::BTreeMap;

use floodgate_domain::fact::Fact;
use floodgate_domain::{
    AnnouncementId, AnnouncementStep, BuyerId, Channel, Command, Consent, ConsentScope, Envelope,
    LogTime, Refusal,
};

/// What has been done about an announcement.
#[derive(Debug, Default)]
struct Done {
    send_at: Option<LogTime>,
    is_held_back: bool,
    is_stopped: bool,
    has_started: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Messages {
    consents: BTreeMap<(BuyerId, ConsentScope, Channel), u16>,
    announcements: BTreeMap<AnnouncementId, Done>,
}

impl Messages {
    /// Follows one fact: each changes something, and nothing goes out that is held back.
    pub(crate) fn fold(&mut self, fact: &Fact) -> Result<(), String> {
        let may_be = match fact {
            Fact::ConsentGiven { buyer, consent: Consent { scope, channel, wording } } => {
                self.consents.insert((*buyer, *scope, *channel), *wording) != Some(*wording)
            }
            Fact::ConsentWithdrawn { buyer, scope, channel } => {
                self.consents.remove(&(*buyer, *scope, *channel)).is_some()
            }
            Fact::AnnouncementMade { announcement, needs_approval, .. } => {
                let send_at = announcement.send_at;
                let made = Done { send_at, is_held_back: *needs_approval, ..Done::default() };
                self.announcements.insert(announcement.id, made).is_none()
            }
            Fact::AnnouncementSteered { id, step, .. } => self.steer(*id, *step),
            Fact::AnnouncementStarted { id } => {
                let one = self.announcements.get_mut(id);
                one.is_some_and(|one| {
                    let is_again = std::mem::replace(&mut one.has_started, true);
                    !one.is_held_back && !one.is_stopped && !is_again
                })
            }
            _ => true,
        };
        if may_be { Ok(()) } else { Err(format!("{fact:?} cannot be")) }
    }

    fn steer(&mut self, id: AnnouncementId, step: AnnouncementStep) -> bool {
        let Some(one) = self.announcements.get_mut(&id).filter(|one| !one.is_stopped) else {
            return false;
        };
        match step {
            AnnouncementStep::Stop => one.is_stopped = true,
            AnnouncementStep::Pause => one.is_held_back = true,
            AnnouncementStep::Resume | AnnouncementStep::Approve => one.is_held_back = false,
        }
        true
    }

    /// Whether a refusal says what is so.
    pub(crate) fn is_true(&self, envelope: &Envelope, refusal: Refusal) -> bool {
        let known = match &envelope.command {
            Command::Announce(announcement) => self.announcements.get(&announcement.id),
            Command::SteerAnnouncement { id, .. } => self.announcements.get(id),
            _ => None,
        };
        match refusal {
            Refusal::AnnouncementExists => known.is_some(),
            Refusal::AnnouncementStopped => known.is_some_and(|one| one.is_stopped),
            Refusal::UnknownAnnouncement => known.is_none(),
            Refusal::InvalidConsent => matches!(
                envelope.command,
                Command::GiveConsent { consent: Consent { wording: 0, .. } }
            ),
            Refusal::TooManyFollowers | Refusal::TooManyAnnouncements => false,
            _ => true,
        }
    }

    /// An announcement that should have gone out by `now`, and has not.
    pub(crate) fn left(&self, now: u64) -> Option<AnnouncementId> {
        let is_left = |one: &Done| {
            let is_due = one.send_at.is_none_or(|at| at.0 < now);
            is_due && !one.is_held_back && !one.is_stopped && !one.has_started
        };
        self.announcements.iter().find(|(_, one)| is_left(one)).map(|(id, _)| *id)
    }

    /// How many have gone out.
    pub(crate) fn started(&self) -> usize {
        self.announcements.values().filter(|one| one.has_started).count()
    }

    /// How many consents there are.
    pub(crate) fn consents(&self) -> usize {
        self.consents.len()
    }
}
