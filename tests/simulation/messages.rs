//! People who agree to messages or take that back, and staff who write: what they ask.

use floodgate_domain::{
    Actor, Announcement, AnnouncementId, AnnouncementStep, AudienceSpec, AudienceWho, Channel,
    Command, Consent, ConsentScope, LogTime,
};
use rand::RngExt;
use rand::rngs::StdRng;

/// Announcements of an event that are spoken of: few, so that steps meet one, and one meets itself.
const NUMBERS: u64 = 30;

/// Something that `buyer` or `staff` asks at `now`.
pub(crate) fn something(
    choices: &mut StdRng,
    (buyer, staff): (Actor, Actor),
    now: u64,
) -> (Actor, Command) {
    let scope = ConsentScope::ALL[choices.random_range(0..ConsentScope::ALL.len())];
    let channel = Channel::ALL[choices.random_range(0..Channel::ALL.len())];
    let id = AnnouncementId(choices.random_range(1..=NUMBERS));
    match choices.random_range(0..10) {
        0..3 => {
            let wording = choices.random_range(0..4);
            (buyer, Command::GiveConsent { consent: Consent { scope, channel, wording } })
        }
        3 | 4 => (buyer, Command::WithdrawConsent { scope, channel }),
        5..8 => (staff, Command::Announce(Box::new(announcement(choices, id, now)))),
        _ => {
            let step = AnnouncementStep::ALL[choices.random_range(0..4)];
            (staff, Command::SteerAnnouncement { id, step })
        }
    }
}

/// At once, or within ten seconds, by round numbers, so that the same is asked again.
fn announcement(choices: &mut StdRng, id: AnnouncementId, now: u64) -> Announcement {
    let at = (now + choices.random_range(2_000..10_000)) / 2_000 * 2_000;
    Announcement {
        id,
        audience: AudienceSpec::all(AudienceWho::HOLDERS.with(AudienceWho::WAITERS)),
        channels: vec![Channel::Page],
        subject: "Doors".into(),
        text: "at seven".into(),
        link: String::new(),
        picture: String::new(),
        send_at: choices.random_bool(0.6).then_some(LogTime(at)),
        codes: choices.random_bool(0.3).then_some(1),
    }
}
