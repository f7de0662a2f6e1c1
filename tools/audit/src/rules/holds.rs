//! Holds: whose, which seats, at which price, until when.

use floodgate_domain::{Command, Fact, LogTime, SeatList};

use super::payments::is_paid_otherwise;
use super::row::{CAUSE, ENDS, LIMITS, PRICE, Row, own};
use super::{CommandView, no_hold};
use crate::books::event::EventBook;
use crate::books::seats::SeatBook;
use crate::books::stage::{OrderBook, OrderStage};

pub(super) fn rows(book: &EventBook, fact: &Fact, asked: CommandView<'_>) -> Option<Vec<Row>> {
    let now = asked.now;
    let policy = &book.policy;
    Some(match (fact, &asked.envelope.command) {
        (Fact::SeatsHeld { seats, .. }, Command::HoldSeats { seats: named, accessible }) => {
            let is_open = |seat| book.seats.get(seat).is_some_and(|one| !one.is_accessible);
            let mut rows = held(book, fact, asked);
            rows.push((CAUSE, "other seats than were asked for", seats == named));
            let fits = *accessible || seats.iter().all(is_open);
            rows.push((CAUSE, "an accessible seat was not asked for", fits));
            rows
        }
        (Fact::SeatsHeld { seats, amount, .. }, Command::HoldBest(group)) => {
            let is_one = |seat| {
                let is_asked = |one: &SeatBook| {
                    (group.accessible || !one.is_accessible)
                        && group.categories.contains(one.category)
                };
                book.seats.get(seat).is_some_and(is_asked)
            };
            let mut rows = held(book, fact, asked);
            rows.push((
                CAUSE,
                "not as many as were asked for",
                seats.len() == usize::from(group.count),
            ));
            let fits = seats.iter().all(is_one);
            rows.push((CAUSE, "of a kind that was not asked for", fits));
            let is_dear = group.amount_max.is_some_and(|most| *amount > most);
            rows.push((PRICE, "more than was agreed to", !is_dear));
            let together = asked.version > 1 || book.seats.are_together(seats);
            rows.push((CAUSE, "they are not together", together));
            rows
        }
        (
            Fact::HoldExtended { hold_id, buyer, until },
            Command::ExtendHold { hold_id: asked_for },
        ) => {
            let order = book.order(*hold_id)?;
            let by_policy = extended_until(order, asked, policy.extension_ms);
            let mut rows = own(order, *buyer, asked);
            rows.push((CAUSE, "another hold", hold_id == asked_for));
            rows.push((ENDS, "after its end", now < order.until));
            rows.push((ENDS, "another deadline", asked.is_deadline(*until, by_policy)));
            rows.push((LIMITS, "once too often", order.extensions < policy.extensions_max));
            rows
        }
        (Fact::HoldReleased { hold_id, buyer, .. }, command) => {
            let order = book.order(*hold_id)?;
            let is_asked = match command {
                Command::ReleaseHold { hold_id: asked_for } => hold_id == asked_for,
                Command::Leave => order.stage != OrderStage::Pending,
                Command::PaymentAuthorised { hold_id: paid, .. } => {
                    return Some(paid_otherwise(book, order, fact, hold_id == paid));
                }
                _ => return None,
            };
            let mut rows = own(order, *buyer, asked);
            rows.push((CAUSE, "another hold, or one that is being paid", is_asked));
            let is_paying = order.stage == OrderStage::Pending;
            rows.push(("order-moves", "it is being paid", !is_paying));
            rows
        }
        _ => return None,
    })
}

/// Two orders, one of which was to replace the other: once one is paid for, nobody waits for the seats
/// of the other.
fn paid_otherwise(book: &EventBook, order: &OrderBook, fact: &Fact, is_named: bool) -> Vec<Row> {
    let Fact::HoldReleased { hold_id, buyer, .. } = fact else { return Vec::new() };
    vec![
        (CAUSE, "another buyer", order.buyer == *buyer),
        (CAUSE, "another hold", is_named),
        (CAUSE, "nothing was paid instead", is_paid_otherwise(book, *hold_id, order)),
    ]
}

/// What every new hold has to say.
fn held(book: &EventBook, fact: &Fact, asked: CommandView<'_>) -> Vec<Row> {
    let Fact::SeatsHeld { buyer, seats, amount, until, pay_by, .. } = fact else {
        return Vec::new();
    };
    let bound = asked.now.plus(book.policy.unpaid_ms_max()).max(*until);
    let is_bound = *pay_by == (asked.version > 1).then_some(bound);
    let by_policy = asked.now.plus(book.policy.hold_ms);
    let refused = no_hold(book, &asked, *buyer);
    vec![
        (CAUSE, "another buyer", asked.buyer() == Some(*buyer)),
        (PRICE, "another price", price(book, seats, asked.now) == Some(*amount)),
        (ENDS, "another deadline", asked.is_deadline(*until, by_policy)),
        (ENDS, "another end of the time to pay", is_bound),
        (LIMITS, refused.unwrap_or(""), refused.is_none()),
    ]
}

/// The all-in total: seat by seat, since a tier may end in the middle of a group.
pub(super) fn price(book: &EventBook, seats: &SeatList, now: LogTime) -> Option<u64> {
    let mut before = std::collections::HashMap::<u8, u32>::new();
    seats.iter().try_fold(0_u64, |total, seat| {
        let category = book.seats.get(seat)?.category;
        let count = before.entry(category).or_default();
        let amount = book.prices.amount(category, book.seats.taken(category) + *count, now)?;
        *count += 1;
        Some(total + u64::from(amount))
    })
}

/// Since which rules more time is added to what is left, and not counted from now.
pub(super) const ADDED_SINCE: u32 = 6;

/// When a hold ends that is extended now.
pub(super) fn extended_until(
    order: &OrderBook,
    asked: CommandView<'_>,
    extension_ms: u64,
) -> LogTime {
    let from = if asked.version >= ADDED_SINCE { order.until } else { asked.now };
    order.within_bound(order.until.max(from.plus(extension_ms)))
}
