//! Payments: what a provider reported, and what may follow from it.

use floodgate_domain::fact::{DeclineReason, SeatsKept};
use floodgate_domain::{BuyerId, Command, Fact, HoldId, SalePhase, SeatList};

use super::CommandView;
use super::house::says_why;
use super::row::{CAUSE, ENDS, LIMITS, PRICE, Row, own, reported_of};
use crate::books::event::EventBook;
use crate::books::stage::{OrderBook, OrderStage};

pub(super) fn rows(book: &EventBook, fact: &Fact, asked: CommandView<'_>) -> Option<Vec<Row>> {
    let now = asked.now;
    let hold_id = asked.envelope.command.hold_id()?;
    let order = book.order(hold_id);
    Some(match (fact, &asked.envelope.command) {
        (Fact::PurchaseStarted { method, .. }, Command::StartPurchase { method: named, .. }) => {
            let mut rows = started(book, order?, fact, asked);
            rows.push((CAUSE, "another way to pay", method == named));
            rows
        }
        (
            Fact::PaymentActionRequired { hold_id: id, buyer, attempt, action },
            Command::RecordPaymentAction { attempt: reported, action: named, .. },
        ) => {
            let mut rows =
                reported_of(order?, (hold_id, *reported), (*id, *buyer, *attempt), asked);
            rows.push((CAUSE, "another action", action == named));
            rows
        }
        (
            Fact::OrderDeclined { hold_id: id, buyer, attempt, reason, until },
            Command::PaymentDeclined { attempt: reported, .. }
            | Command::PaymentLost { attempt: reported, .. },
        ) => {
            let is_lost = matches!(asked.envelope.command, Command::PaymentLost { .. });
            let expected = if is_lost { DeclineReason::Lost } else { DeclineReason::Declined };
            let known = order?;
            let by_policy = match known.stage {
                // It comes late, and gives nobody more time.
                OrderStage::NoAnswer => known.until,
                _ => known.retry_until(now, book.policy.retry_ms),
            };
            let mut rows =
                reported_of(order?, (hold_id, *reported), (*id, *buyer, *attempt), asked);
            rows.push((CAUSE, "another reason", *reason == expected));
            rows.push((ENDS, "another deadline", asked.is_deadline(*until, by_policy)));
            rows
        }
        (
            Fact::PaymentVoided { hold_id: id, buyer, attempt, reference },
            Command::PaymentAuthorised { attempt: reported, payment, .. },
        ) => {
            let known = order.filter(|_| !book.is_forgotten(hold_id));
            let expected = known.map_or(BuyerId(0), |order| order.buyer);
            let may_void = known.is_none_or(|order| {
                !is_payable(book, hold_id, order, *reported)
                    || is_paid_otherwise(book, hold_id, order)
            });
            vec![
                (CAUSE, "another order", *id == hold_id),
                (CAUSE, "another buyer", *buyer == expected),
                (CAUSE, "another attempt", attempt == reported),
                (CAUSE, "another payment", *reference == payment.reference),
                ("captured-confirmed", "money let go of that buys seats", may_void),
            ]
        }
        (Fact::OrderUnanswered { .. }, Command::PaymentLost { .. })
        | (Fact::PaymentNotTaken { .. }, Command::PaymentDeclined { .. }) => {
            of_silence(book, order?, fact, asked)
        }
        _ => return of_sale(book, fact, asked),
    })
}

fn started(book: &EventBook, order: &OrderBook, fact: &Fact, asked: CommandView<'_>) -> Vec<Row> {
    let Fact::PurchaseStarted { hold_id, buyer, amount, currency, attempt, until, .. } = fact
    else {
        return Vec::new();
    };
    let longest = order.until.max(asked.now.plus(book.policy.payment_ms));
    let by_policy = order.within_bound(longest);
    let fits = *attempt == order.attempt + 1 && *attempt <= book.policy.payment_attempts_max;
    let mut rows = own(order, *buyer, asked);
    rows.extend([
        (CAUSE, "another hold", Some(*hold_id) == asked.envelope.command.hold_id()),
        (PRICE, "another amount", *amount == order.amount),
        (PRICE, "another currency", *currency == book.prices.currency),
        (LIMITS, "another attempt", fits),
        (ENDS, "after its end", asked.now < order.until),
        (ENDS, "another deadline", asked.is_deadline(*until, by_policy)),
    ]);
    rows
}

/// An attempt nobody answered, or whose answer comes when nobody waits for it any more.
fn of_silence(
    book: &EventBook,
    order: &OrderBook,
    fact: &Fact,
    asked: CommandView<'_>,
) -> Vec<Row> {
    let hold_id = asked.envelope.command.hold_id().unwrap_or_default();
    let by_system = (CAUSE, "no provider said so", asked.is_system() && asked.version > 1);
    match (fact, &asked.envelope.command) {
        (
            Fact::OrderUnanswered { hold_id: id, buyer, attempt, until },
            Command::PaymentLost { attempt: reported, .. },
        ) => {
            let by_policy = order.retry_until(asked.now, book.policy.retry_ms);
            let mut rows = reported_of(order, (hold_id, *reported), (*id, *buyer, *attempt), asked);
            rows.push((ENDS, "another deadline", asked.is_deadline(*until, by_policy)));
            rows.push(by_system);
            rows
        }
        (
            Fact::PaymentNotTaken { hold_id: id, buyer, attempt },
            Command::PaymentDeclined { attempt: reported, .. },
        ) => {
            let is_open = book.unanswered.contains(order.buyer, (hold_id, *reported));
            let waits = order.stage == OrderStage::NoAnswer && order.attempt == *reported;
            vec![
                by_system,
                (CAUSE, "another order", *id == hold_id),
                (CAUSE, "another buyer", *buyer == order.buyer),
                (CAUSE, "another attempt", attempt == reported),
                (CAUSE, "it has been answered, or the order waits for it", is_open && !waits),
            ]
        }
        _ => vec![(CAUSE, "it follows from no silence", false)],
    }
}

/// What a sale comes to: confirmed, settled, or undone.
fn of_sale(book: &EventBook, fact: &Fact, asked: CommandView<'_>) -> Option<Vec<Row>> {
    let hold_id = asked.envelope.command.hold_id()?;
    let order = book.order(hold_id);
    Some(match (fact, &asked.envelope.command) {
        // Late money finds the seats of its own order that were set aside.
        (Fact::SeatsReturned { hold_id: id, .. }, Command::PaymentAuthorised { .. }) => {
            vec![(CAUSE, "seats of another order", *id == hold_id)]
        }
        (Fact::OrderConfirmed { .. }, Command::PaymentAuthorised { .. }) => {
            confirmed(book, order?, fact, asked)
        }
        (
            Fact::OrderSettled { hold_id: id, buyer, amount },
            Command::PaymentCaptured { attempt: reported, .. },
        ) => {
            let order = order?;
            let mut rows =
                reported_of(order, (hold_id, *reported), (*id, *buyer, order.attempt), asked);
            rows.push((PRICE, "another amount", *amount == order.amount));
            rows
        }
        (
            Fact::OrderCancelled { hold_id: id, buyer, .. },
            Command::PaymentLost { attempt: reported, .. }
            | Command::CaptureFailed { attempt: reported, .. },
        ) => {
            let order = order?;
            let is_failed = matches!(asked.envelope.command, Command::CaptureFailed { .. });
            let mut rows =
                reported_of(order, (hold_id, *reported), (*id, *buyer, order.attempt), asked);
            let fits = is_failed == (asked.version > 1);
            rows.push(("captured-confirmed", "silence cancels nothing", fits));
            rows
        }
        (
            Fact::OrderRefunded { hold_id: id, buyer, amount, seats, why },
            Command::RefundOrder { .. },
        ) => {
            let order = order?;
            let is_used = seats.iter().any(|seat| book.tickets.is_used(hold_id, seat));
            vec![
                (CAUSE, "another order", *id == hold_id),
                (CAUSE, "another buyer", order.buyer == *buyer),
                (CAUSE, "nobody of the staff asked", asked.is_staff()),
                (PRICE, "another amount", *amount == order.amount),
                (CAUSE, "for another reason", says_why(why.as_deref(), asked)),
                ("ticket-of-order", "somebody was let in with it", !is_used),
            ]
        }
        _ => return None,
    })
}

fn confirmed(book: &EventBook, order: &OrderBook, fact: &Fact, asked: CommandView<'_>) -> Vec<Row> {
    let Fact::OrderConfirmed { hold_id, buyer, seats, amount, attempt, kept, payment } = fact
    else {
        return Vec::new();
    };
    let Command::PaymentAuthorised { hold_id: paid, attempt: reported, payment: named } =
        &asked.envelope.command
    else {
        return Vec::new();
    };
    // The last attempt, or an earlier one that nobody has answered.
    let is_open = book.unanswered.contains(order.buyer, (*paid, *reported));
    let last = if is_open { *reported } else { order.attempt };
    let known = OrderBook { attempt: last, ..order.clone() };
    let mut rows = reported_of(&known, (*paid, *reported), (*hold_id, *buyer, *attempt), asked);
    let is_double = is_paid_otherwise(book, *paid, order);
    rows.push(("captured-confirmed", "its buyer has paid for another instead", !is_double));
    let category = |seats: &SeatList| {
        let mut all = seats.iter().map(|seat| book.seats.get(seat).map(|one| one.category));
        let first = all.next().flatten();
        first.filter(|_| all.all(|other| other == first))
    };
    let moved = || {
        seats.len() == order.seats.len()
            && category(seats).is_some()
            && category(seats) == category(&order.seats)
            && !book.seats.all_free(&order.seats)
            && book.seats.are_together(seats)
            && seats.iter().all(|seat| book.seats.get(seat).is_some_and(|one| !one.is_accessible))
    };
    let are_right = match kept {
        SeatsKept::Held | SeatsKept::Retaken => *seats == order.seats,
        SeatsKept::Moved if asked.version > 1 => {
            seats.len() == order.seats.len() && !book.seats.all_free(&order.seats)
        }
        SeatsKept::Moved => moved(),
    };
    let is_on = order.stage != OrderStage::Expired || book.phase != SalePhase::Cancelled;
    rows.extend([
        (PRICE, "another amount", *amount == order.amount),
        (CAUSE, "another payment", payment == named),
        ("order-moves", "seats that are not theirs", are_right),
        ("order-moves", "the event is cancelled", is_on),
    ]);
    rows
}

/// Whether money for this attempt buys the seats of the order.
pub(super) fn is_payable(
    book: &EventBook,
    hold_id: HoldId,
    order: &OrderBook,
    attempt: u8,
) -> bool {
    let has = book.buyers.get(&order.buyer).map_or(0, |one| one.seats);
    let is_within = has + order.seats.len() as u64 <= u64::from(book.policy.seats_per_buyer_max);
    let is_last = attempt == order.attempt;
    let is_awaited = is_last || book.unanswered.contains(order.buyer, (hold_id, attempt));
    match order.stage {
        OrderStage::Pending | OrderStage::Declined | OrderStage::NoAnswer => is_awaited,
        OrderStage::Confirmed | OrderStage::Settled => is_last,
        OrderStage::Expired => {
            let is_there =
                book.set_aside.contains_key(&hold_id) || book.seats.all_free(&order.seats);
            is_awaited && book.phase != SalePhase::Cancelled && is_within && is_there
        }
        OrderStage::Held | OrderStage::Released | OrderStage::Refunded | OrderStage::Cancelled => {
            false
        }
    }
}

/// Whether the buyer has paid already, by an order this one was to replace, or that was to replace it.
pub(super) fn is_paid_otherwise(book: &EventBook, hold_id: HoldId, order: &OrderBook) -> bool {
    let rivals = book.unanswered.rivals(order.buyer, hold_id);
    let is_sold = |id: HoldId| book.order(id).is_some_and(|rival| rival.stage.is_sold());
    rivals.into_iter().any(is_sold)
}
