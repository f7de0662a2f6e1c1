//! Consents and announcements of one event, kept from the facts alone.

use std::collections::HashMap;

use floodgate_domain::announcement::ANNOUNCEMENTS_MAX;
use floodgate_domain::consent::CONSENTS_MAX;
use floodgate_domain::{
    Announcement, AnnouncementId, AnnouncementStep, BuyerId, Channel, Consent, ConsentScope, Fact,
    LogTime,
};

use super::crowd::Finding;

/// The id of the invariant that an announcement goes out when it should, and not otherwise.
pub(crate) const STARTS: &str = "announcement-starts";
const CONSENTS: &str = "consents-add-up";

/// One announcement, by the books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AnnouncementBook {
    pub(crate) announcement: Announcement,
    awaits_approval: bool,
    is_paused: bool,
    is_stopped: bool,
    has_started: bool,
}

impl AnnouncementBook {
    /// When it has to go out, if nothing holds it back.
    pub(crate) fn due_at(&self) -> Option<LogTime> {
        let waits = !self.awaits_approval && !self.is_paused && !self.is_stopped;
        (waits && !self.has_started).then(|| self.announcement.send_at.unwrap_or(LogTime(0)))
    }

    /// Whether its time alone lets it go out.
    pub(crate) fn is_timed(&self, now: LogTime) -> bool {
        self.announcement.send_at.is_some() && self.due_at().is_some_and(|at| at <= now)
    }

    /// What a step makes of it; `None` where it may not be taken.
    pub(crate) fn after(&self, step: AnnouncementStep) -> Option<Self> {
        let mut after = self.clone();
        match step {
            AnnouncementStep::Stop => after.is_stopped = true,
            _ if self.is_stopped => return None,
            AnnouncementStep::Approve => after.awaits_approval = false,
            AnnouncementStep::Pause => after.is_paused = true,
            AnnouncementStep::Resume => after.is_paused = false,
        }
        Some(after)
    }
}

/// What the facts have said of who may be written to, and of what is written.
#[derive(Debug, Default)]
pub(crate) struct MessageBook {
    consents: HashMap<(BuyerId, ConsentScope, Channel), u16>,
    announcements: HashMap<AnnouncementId, AnnouncementBook>,
}

impl MessageBook {
    /// The words a buyer agreed to.
    pub(crate) fn wording(
        &self,
        buyer: BuyerId,
        (scope, channel): (ConsentScope, Channel),
    ) -> Option<u16> {
        self.consents.get(&(buyer, scope, channel)).copied()
    }

    pub(crate) fn has_room_for_consents(&self) -> bool {
        self.consents.len() < CONSENTS_MAX
    }

    pub(crate) fn announcement(&self, id: AnnouncementId) -> Option<&AnnouncementBook> {
        self.announcements.get(&id)
    }

    pub(crate) fn has_room_for_announcements(&self) -> bool {
        self.announcements.len() < ANNOUNCEMENTS_MAX
    }

    /// Enters a fact of that moment; `None` for facts about anything else.
    pub(crate) fn enter(&mut self, fact: &Fact, now: LogTime) -> Option<Finding> {
        let (invariant, holds) = match fact {
            Fact::ConsentGiven { buyer, consent: Consent { scope, channel, wording } } => {
                let before = self.consents.insert((*buyer, *scope, *channel), *wording);
                (CONSENTS, before != Some(*wording))
            }
            Fact::ConsentWithdrawn { buyer, scope, channel } => {
                (CONSENTS, self.consents.remove(&(*buyer, *scope, *channel)).is_some())
            }
            Fact::AnnouncementMade { announcement, needs_approval, .. } => {
                let made = AnnouncementBook {
                    announcement: (**announcement).clone(),
                    awaits_approval: *needs_approval,
                    is_paused: false,
                    is_stopped: false,
                    has_started: false,
                };
                (STARTS, self.announcements.insert(announcement.id, made).is_none())
            }
            Fact::AnnouncementSteered { id, step, .. } => {
                let before = self.announcements.get(id);
                let after = before.and_then(|one| one.after(*step));
                let moves_on = after.is_some() && after.as_ref() != before;
                self.announcements.extend(after.map(|after| (*id, after)));
                (STARTS, moves_on)
            }
            Fact::AnnouncementStarted { id } => {
                let one = self.announcements.get_mut(id);
                let is_due = one.as_ref().and_then(|one| one.due_at()).is_some_and(|at| at <= now);
                one.into_iter().for_each(|one| one.has_started = true);
                (STARTS, is_due)
            }
            _ => return None,
        };
        Some((invariant, holds, format!("{fact:?} cannot be as the books stand")))
    }
}

#[cfg(test)]
mod tests {
    use floodgate_domain::{AudienceSpec, AudienceWho, StaffId};

    use super::*;

    #[test]
    fn what_cannot_be_is_noticed() {
        let (buyer, by, id) = (BuyerId(1), StaffId(1), AnnouncementId(7));
        let (scope, channel) = (ConsentScope::Artist, Channel::Sms);
        let given =
            |wording| Fact::ConsentGiven { buyer, consent: Consent { scope, channel, wording } };
        let withdrawn = Fact::ConsentWithdrawn { buyer, scope, channel };
        let announcement = Announcement {
            id,
            audience: AudienceSpec::all(AudienceWho::FOLLOWERS),
            channels: vec![channel],
            subject: "Doors".into(),
            text: "at seven".into(),
            link: String::new(),
            picture: String::new(),
            send_at: Some(LogTime(10)),
            codes: None,
        };
        let announcement = Box::new(announcement);
        let made = Fact::AnnouncementMade { announcement, needs_approval: true, by };
        let steered = |step| Fact::AnnouncementSteered { id, step, by };
        let started = Fact::AnnouncementStarted { id };
        let rows = [
            (withdrawn.clone(), 0, false),
            (given(1), 0, true),
            (given(1), 0, false),
            (given(2), 0, true),
            (withdrawn.clone(), 0, true),
            (withdrawn, 0, false),
            (steered(AnnouncementStep::Pause), 0, false),
            (made.clone(), 0, true),
            (started.clone(), 20, false),
            (made, 0, false),
            (steered(AnnouncementStep::Resume), 0, false),
            (steered(AnnouncementStep::Approve), 0, true),
            (started.clone(), 9, false),
        ];
        let mut book = MessageBook::default();
        for (at, (fact, now, expected)) in rows.iter().enumerate() {
            let (_, holds, words) = book.enter(fact, LogTime(*now)).expect("a fact about messages");
            assert_eq!(holds, *expected, "row {at}: {words}");
        }
        assert_eq!(
            book.announcement(id).and_then(AnnouncementBook::due_at),
            None,
            "it has started"
        );
        assert!(book.enter(&Fact::TimeMarked, LogTime(0)).is_none());
        for (step, holds) in [(AnnouncementStep::Stop, true), (AnnouncementStep::Pause, false)] {
            let found = book.enter(&steered(step), LogTime(0)).map(|(_, holds, _)| holds);
            assert_eq!(found, Some(holds), "{step:?}");
        }
    }
}
