//! People who agree to messages, and staff who write some: what a seeded run sends besides its sale.

use floodgate_domain::{
    Actor, Announcement, AnnouncementId, AnnouncementStep, AudienceSpec, AudienceWho, BuyerId,
    Channel, Command, Consent, ConsentScope, LogTime, Policy,
};
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use crate::run::{policy, staff};

/// Announcements that are spoken of; few, so that steps meet one that is there.
const NUMBERS: u64 = 24;

/// What somebody asks at `now`.
pub(crate) fn something(rng: &mut StdRng, buyers: u64, now: u64) -> (Actor, Command) {
    let buyer = Actor::Buyer(BuyerId(rng.random_range(1..=buyers)));
    let scope = *ConsentScope::ALL.choose(rng).unwrap();
    let channel = *Channel::ALL[..2].choose(rng).unwrap();
    let id = AnnouncementId(rng.random_range(1..=NUMBERS));
    match rng.random_range(0..12) {
        0..4 => {
            let wording = rng.random_range(0..3);
            (buyer, Command::GiveConsent { consent: Consent { scope, channel, wording } })
        }
        4 | 5 => (buyer, Command::WithdrawConsent { scope, channel }),
        6..9 => (staff(), Command::Announce(Box::new(announcement(rng, id, now)))),
        9 | 10 => {
            let step = *AnnouncementStep::ALL.choose(rng).unwrap();
            (staff(), Command::SteerAnnouncement { id, step })
        }
        _ => {
            let approve_announcements = Some(rng.random_ratio(1, 2));
            (staff(), Command::SetPolicy(Box::new(Policy { approve_announcements, ..policy() })))
        }
    }
}

fn announcement(rng: &mut StdRng, id: AnnouncementId, now: u64) -> Announcement {
    let in_a_while = rng.random_range(1_000..200_000);
    let later = rng.random_ratio(2, 3).then(|| LogTime(now + in_a_while));
    Announcement {
        id,
        audience: AudienceSpec::all(AudienceWho::HOLDERS),
        channels: vec![Channel::Email, Channel::Page],
        subject: "Doors at seven".into(),
        text: format!("number {}", id.0),
        link: String::new(),
        picture: String::new(),
        send_at: later,
        // Of a batch that is there, or is not.
        codes: rng.random_ratio(1, 3).then(|| rng.random_range(1..4)),
    }
}
