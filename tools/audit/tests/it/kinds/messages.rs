//! Facts about messages: consents, and words of staff.

use super::*;

fn other_scope(scope: &mut ConsentScope) {
    let is_event = *scope == ConsentScope::Event;
    *scope = if is_event { ConsentScope::Artist } else { ConsentScope::Event };
}

fn other_channel(channel: &mut Channel) {
    *channel = if *channel == Channel::Page { Channel::Sms } else { Channel::Page };
}

fn other_step(step: &mut AnnouncementStep) {
    let at = AnnouncementStep::ALL.iter().position(|one| one == step).unwrap();
    *step = AnnouncementStep::ALL[(at + 1) % 4];
}

pub(super) fn of_message(fact: &Fact) -> Vec<Altered> {
    let other_id = |id: &mut AnnouncementId| id.0 += 1;
    let other_staff = |by: &mut StaffId| by.0 += 1;
    match fact {
        Fact::ConsentGiven { .. } => {
            let changes: [Change<Consent>; 4] = [
                ("another scope", |consent| other_scope(&mut consent.scope)),
                ("another channel", |consent| other_channel(&mut consent.channel)),
                ("other words", |consent| consent.wording += 1),
                ("no words", |consent| consent.wording = 0),
            ];
            let of_consent = changes.into_iter().map(|(name, change)| {
                with(fact, name, |fact| {
                    if let Fact::ConsentGiven { consent, .. } = fact {
                        change(consent);
                    }
                })
            });
            let of_buyer = change!(fact, "another buyer", ConsentGiven, buyer, other_buyer);
            of_consent.chain([of_buyer]).collect()
        }
        Fact::ConsentWithdrawn { .. } => vec![
            change!(fact, "another buyer", ConsentWithdrawn, buyer, other_buyer),
            change!(fact, "another scope", ConsentWithdrawn, scope, other_scope),
            change!(fact, "another channel", ConsentWithdrawn, channel, other_channel),
        ],
        Fact::AnnouncementMade { .. } => {
            let changes: [Change<Announcement>; 10] = [
                ("another announcement", |one| one.id.0 += 1),
                ("another audience", |one| one.audience.who = AudienceWho::FOLLOWERS),
                ("another category", |one| one.audience.categories = CategorySet::only(0)),
                ("another section", |one| one.audience.sections = vec![7]),
                ("other channels", |one| one.channels.reverse()),
                ("another subject", |one| one.subject.push('!')),
                ("another text", |one| one.text.push('!')),
                ("another link", |one| one.link = "https://evil.example/".into()),
                ("another picture", |one| one.picture = "https://evil.example/".into()),
                ("another time", |one| {
                    one.send_at = Some(LogTime(one.send_at.map_or(7_000_000, |at| at.0 + 9)));
                }),
            ];
            let of_words = changes.into_iter().map(|(name, change)| {
                with(fact, name, |fact| {
                    if let Fact::AnnouncementMade { announcement, .. } = fact {
                        change(announcement);
                    }
                })
            });
            let turned = |needed: &mut bool| *needed = !*needed;
            of_words
                .chain([
                    change!(fact, "approval", AnnouncementMade, needs_approval, turned),
                    change!(fact, "by another", AnnouncementMade, by, other_staff),
                ])
                .collect()
        }
        Fact::AnnouncementSteered { .. } => vec![
            change!(fact, "another announcement", AnnouncementSteered, id, other_id),
            change!(fact, "another step", AnnouncementSteered, step, other_step),
            change!(fact, "by another", AnnouncementSteered, by, other_staff),
        ],
        _ => vec![change!(fact, "another announcement", AnnouncementStarted, id, other_id)],
    }
}
