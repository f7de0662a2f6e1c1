//! Consents and announcements, each with its command.

use floodgate_domain::{
    Announcement, AnnouncementId, AnnouncementStep, BuyerId, Channel, Command, Consent,
    ConsentScope, Fact, FactRecord, LogTime, Policy,
};

use super::CommandView;
use super::row::{CAUSE, Row, staff_of};
use crate::books::event::EventBook;
use crate::books::messages::{AnnouncementBook, STARTS};
use crate::findings::Findings;

/// The rules that know them.
const SINCE: u32 = 3;
/// The rules that know of sales for those who are signed in.
const SIGN_IN_SINCE: u32 = 4;
/// The rules that know of codes in announcements.
const CODES_SINCE: u32 = 4;

pub(super) fn rows(book: &EventBook, fact: &Fact, asked: CommandView<'_>) -> Option<Vec<Row>> {
    let by_buyer = |buyer: BuyerId| (CAUSE, "another buyer", asked.buyer() == Some(buyer));
    let by_staff = (CAUSE, "nobody of the staff asked", asked.is_staff());
    let mut rows = match (fact, &asked.envelope.command) {
        (Fact::ConsentGiven { buyer, consent }, Command::GiveConsent { consent: named }) => {
            let has_words = consent.wording > 0;
            vec![by_buyer(*buyer), (CAUSE, "another consent", consent == named && has_words)]
        }
        (
            Fact::ConsentWithdrawn { buyer, scope, channel },
            Command::WithdrawConsent { scope: named, channel: on },
        ) => {
            let is_same = (scope, channel) == (named, on);
            vec![by_buyer(*buyer), (CAUSE, "another consent", is_same)]
        }
        (Fact::AnnouncementMade { announcement, needs_approval, by }, Command::Announce(named)) => {
            let by_rule = book.policy.approve_announcements == Some(true);
            vec![
                by_staff,
                (CAUSE, "other words", announcement == named),
                (CAUSE, "by another", *by == staff_of(asked)),
                (STARTS, "approved otherwise than the rules say", *needs_approval == by_rule),
                (CAUSE, "it cannot be", may_be_made(book, asked, named)),
            ]
        }
        (
            Fact::AnnouncementSteered { id, step, by },
            Command::SteerAnnouncement { id: named, step: to },
        ) => vec![
            by_staff,
            (CAUSE, "another announcement", id == named),
            (CAUSE, "another step", step == to),
            (CAUSE, "by another", *by == staff_of(asked)),
        ],
        (Fact::AnnouncementStarted { id }, Command::Announce(_))
        | (Fact::AnnouncementStarted { id }, Command::SteerAnnouncement { .. }) => {
            vec![(STARTS, "nothing lets it go out", asked.before.and_then(id_of) == Some(*id))]
        }
        _ => return None,
    };
    rows.push((CAUSE, "by rules that do not know it", asked.version >= SINCE));
    Some(rows)
}

/// Which announcement is made or steered by a fact.
fn id_of(fact: &Fact) -> Option<AnnouncementId> {
    match fact {
        Fact::AnnouncementMade { announcement, .. } => Some(announcement.id),
        Fact::AnnouncementSteered { id, .. } => Some(*id),
        _ => None,
    }
}

fn may_be_made(book: &EventBook, asked: CommandView<'_>, named: &Announcement) -> bool {
    let mut categories = 0..book.category_count as u8;
    let is_of_plan = categories.any(|one| named.audience.categories.contains(one));
    let is_new = book.messages.announcement(named.id).is_none();
    let can_be = named.check().and_then(|()| named.check_time(asked.now)).is_ok();
    let has_codes = |batch| asked.version >= CODES_SINCE && book.codes.has_any(batch);
    let has_codes = named.codes.is_none_or(has_codes);
    is_new && is_of_plan && can_be && has_codes && book.messages.has_room_for_announcements()
}

/// Whether rules that the first versions did not have may be set.
pub(super) fn may_be_set(policy: &Policy, asked: CommandView<'_>) -> bool {
    let approval = policy.approve_announcements.is_none() || asked.version >= SINCE;
    approval && (policy.sign_in_required.is_none() || asked.version >= SIGN_IN_SINCE)
}

/// Whether a command has to lead to a fact.
pub(super) fn is_owed(book: &EventBook, asked: CommandView<'_>) -> bool {
    let of = |(scope, channel): (ConsentScope, Channel)| {
        asked.buyer().map(|buyer| book.messages.wording(buyer, (scope, channel)))
    };
    let owes = match &asked.envelope.command {
        Command::GiveConsent { consent: Consent { scope, channel, wording } } => {
            of((*scope, *channel)).is_some_and(|before| {
                let has_room = before.is_some() || book.messages.has_room_for_consents();
                *wording > 0 && before != Some(*wording) && has_room
            })
        }
        Command::WithdrawConsent { scope, channel } => of((*scope, *channel)).flatten().is_some(),
        Command::Announce(named) => asked.is_staff() && may_be_made(book, asked, named),
        Command::SteerAnnouncement { id, step } => {
            asked.is_staff() && changes(book.messages.announcement(*id), *step)
        }
        _ => false,
    };
    owes && asked.version >= SINCE
}

fn changes(before: Option<&AnnouncementBook>, step: AnnouncementStep) -> bool {
    let after = before.and_then(|one| one.after(step));
    after.is_some() && after.as_ref() != before
}

/// Whether its time alone lets an announcement go out.
pub(super) fn is_timed(book: &EventBook, id: AnnouncementId, now: LogTime) -> bool {
    book.messages.announcement(id).is_some_and(|one| one.is_timed(now))
}

/// Whether an announcement goes out because of the fact before it, though its time is over: it was
/// held back until then.
pub(super) fn is_let_go(before: Option<&Fact>, fact: &Fact) -> bool {
    let Fact::AnnouncementStarted { id } = fact else { return false };
    matches!(before, Some(Fact::AnnouncementSteered { id: of, .. }) if of == id)
}

/// Which announcement a fact is about, and when it has to go out since.
pub(crate) fn deadline(book: &EventBook, fact: &Fact) -> Option<(AnnouncementId, Option<LogTime>)> {
    let started = match fact {
        Fact::AnnouncementStarted { id } => Some(*id),
        _ => None,
    };
    let id = id_of(fact).or(started)?;
    Some((id, book.messages.announcement(id).and_then(AnnouncementBook::due_at)))
}

/// What a command lets go out has started with it.
pub(crate) fn check_started<'a>(
    book_of: impl Fn(&FactRecord) -> Option<&'a EventBook>,
    facts: &[FactRecord],
    now: LogTime,
    found: &mut Findings,
) {
    for record in facts {
        let Some(id) = id_of(&record.fact) else { continue };
        let one = book_of(record).and_then(|book| book.messages.announcement(id));
        let is_left = one.and_then(AnnouncementBook::due_at).is_some_and(|at| at <= now);
        found.check(STARTS, !is_left, || format!("{id} has not started at {:?}", record.position));
    }
}
