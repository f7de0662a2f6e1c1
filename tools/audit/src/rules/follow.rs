//! What some facts bring with them, from the second rules on: seats that are given back are set
//! aside for a moment, and whoever let go of them unpaid may hold none for a while.

use floodgate_domain::policy::COOL_DOWNS_COUNT_MS;
use floodgate_domain::{BuyerId, Fact, FactRecord, HoldId, LogTime, SalePhase};

use super::row::{CAUSE, ENDS, Row};
use crate::books::event::EventBook;
use crate::findings::Findings;

/// The longest cool-down is the policy's, doubled so often.
const DOUBLINGS_MAX: u8 = 6;

/// Whether a fact only ever follows another one, of whatever brought that about.
pub(crate) fn is_follower(fact: &Fact) -> bool {
    matches!(fact, Fact::SeatsSetAside { .. } | Fact::BuyerCooling { .. })
}

/// Whose seats a fact gives back, and whether they were not paid for.
fn gives_back(fact: &Fact) -> Option<(HoldId, BuyerId, bool)> {
    match *fact {
        Fact::HoldReleased { hold_id, buyer, .. }
        | Fact::HoldExpired { hold_id, buyer, .. }
        | Fact::OrderExpired { hold_id, buyer, .. } => Some((hold_id, buyer, true)),
        Fact::OrderRefunded { hold_id, buyer, .. }
        | Fact::OrderCancelled { hold_id, buyer, .. } => Some((hold_id, buyer, false)),
        _ => None,
    }
}

/// What a follower has to say, given the facts of the same command before it.
pub(crate) fn rows(
    book: &EventBook,
    record: &FactRecord,
    before: &[FactRecord],
    (now, version): (LogTime, u32),
) -> Vec<Row> {
    let last = before.last().map(|record| &record.fact);
    let is_here = before.last().is_some_and(|last| last.event_id == record.event_id);
    let is_known =
        (CAUSE, "of another event, or not by the rules in force", version > 1 && is_here);
    match record.fact {
        Fact::SeatsSetAside { hold_id, seats, until } => {
            let ended = last.and_then(gives_back).filter(|(id, ..)| *id == hold_id);
            let order = ended.and_then(|(id, ..)| book.order(id));
            let longest = now.plus(book.policy.return_ms_max());
            vec![
                is_known,
                (
                    CAUSE,
                    "other seats than were given back",
                    order.is_some_and(|o| o.seats == seats),
                ),
                (ENDS, "another moment", now < until && until <= longest),
            ]
        }
        Fact::BuyerCooling { buyer, until, count } => {
            let aside = usize::from(matches!(last, Some(Fact::SeatsSetAside { .. })));
            let ended = before.iter().rev().nth(aside).and_then(|record| gives_back(&record.fact));
            let unpaid = ended.filter(|(_, of, is_unpaid)| *of == buyer && *is_unpaid);
            let attempt = unpaid.and_then(|(id, ..)| book.order(id)).map_or(0, |one| one.attempt);
            let of_event = before.iter().filter(|one| one.event_id == record.event_id);
            let times = times_before(book, buyer, of_event, now).saturating_add(attempt);
            let expected = now.plus(book.policy.cooldown_ms << times.min(DOUBLINGS_MAX));
            vec![
                is_known,
                (CAUSE, "nobody let go of seats", unpaid.is_some()),
                (ENDS, "another end", until == expected),
                (CAUSE, "another count", count == times.saturating_add(1)),
            ]
        }
        _ => Vec::new(),
    }
}

/// How often a buyer had let go of seats of this event before, as far as that counts. Whoever leaves
/// lets go of all holds at once, and each of them counts.
fn times_before<'a>(
    book: &EventBook,
    buyer: BuyerId,
    before: impl DoubleEndedIterator<Item = &'a FactRecord>,
    now: LogTime,
) -> u8 {
    let counted = before.rev().find_map(|record| match record.fact {
        Fact::BuyerCooling { buyer: of, count, .. } if of == buyer => Some(count),
        _ => None,
    });
    let known = book.buyers.get(&buyer);
    let known = known.filter(|one| now < one.cooldown_until.plus(COOL_DOWNS_COUNT_MS));
    counted.unwrap_or_else(|| known.map_or(0, |one| one.cooldown_count))
}

/// Whether everything that some facts of a command bring with them is there; `paid` says that a
/// payment was reported, which costs nobody a cool-down.
pub(crate) fn check_all(
    book_of: impl Fn(&FactRecord) -> Option<BookTerms>,
    facts: &[FactRecord],
    paid: bool,
    found: &mut Findings,
) {
    for (at, record) in facts.iter().enumerate() {
        let next = |ahead: usize| {
            let next = facts.get(at + ahead).filter(|next| next.event_id == record.event_id);
            next.map(|next| &next.fact)
        };
        let Some(terms) = book_of(record).filter(|terms| terms.phase != SalePhase::Cancelled)
        else {
            continue;
        };
        if let Some((hold_id, _, is_unpaid)) = gives_back(&record.fact) {
            let aside = matches!(next(1),
                Some(Fact::SeatsSetAside { hold_id: id, .. }) if *id == hold_id);
            let cools = matches!(next(1 + usize::from(aside)), Some(Fact::BuyerCooling { .. }));
            let is_replaced = paid && matches!(record.fact, Fact::HoldReleased { .. });
            let owes = is_unpaid && !is_replaced && terms.cools;
            found.check("command-has-fact", aside == terms.sets_aside && cools == owes, || {
                format!("the seats of {hold_id} come back at {:?} and no more", record.position)
            });
        }
    }
}

/// What of an event says which facts follow others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BookTerms {
    pub(crate) phase: SalePhase,
    pub(crate) sets_aside: bool,
    pub(crate) cools: bool,
}
