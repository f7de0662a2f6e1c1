//! Payments: what a provider reported, and what may follow from it.

use floodgate_domain::fact::{DeclineReason, SeatsKept};
use floodgate_domain::{BuyerId, Command, Fact, SalePhase, SeatList};

use super::CommandView;
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
            let by_policy = now.plus(book.policy.retry_ms);
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
            let may_void =
                asked.version > 1 || known.is_none_or(|order| !is_payable(book, order, *reported));
            vec![
                (CAUSE, "another order", *id == hold_id),
                (CAUSE, "another buyer", *buyer == expected),
                (CAUSE, "another attempt", attempt == reported),
                (CAUSE, "another payment", *reference == payment.reference),
                ("captured-confirmed", "money let go of that buys seats", may_void),
            ]
        }
        _ => return of_sale(book, fact, asked),
    })
}

fn started(book: &EventBook, order: &OrderBook, fact: &Fact, asked: CommandView<'_>) -> Vec<Row> {
    let Fact::PurchaseStarted { hold_id, buyer, amount, currency, attempt, until, .. } = fact
    else {
        return Vec::new();
    };
    let by_policy = order.until.max(asked.now.plus(book.policy.payment_ms));
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

/// What a sale comes to: confirmed, settled, or undone.
fn of_sale(book: &EventBook, fact: &Fact, asked: CommandView<'_>) -> Option<Vec<Row>> {
    let hold_id = asked.envelope.command.hold_id()?;
    let order = book.order(hold_id);
    Some(match (fact, &asked.envelope.command) {
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
            Command::PaymentLost { attempt: reported, .. },
        ) => {
            let order = order?;
            reported_of(order, (hold_id, *reported), (*id, *buyer, order.attempt), asked)
        }
        (
            Fact::OrderRefunded { hold_id: id, buyer, amount, seats },
            Command::RefundOrder { .. },
        ) => {
            let order = order?;
            let is_used = seats.iter().any(|seat| book.tickets.is_used(hold_id, seat));
            vec![
                (CAUSE, "another order", *id == hold_id),
                (CAUSE, "another buyer", order.buyer == *buyer),
                (CAUSE, "nobody of the staff asked", asked.is_staff()),
                (PRICE, "another amount", *amount == order.amount),
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
    let mut rows = reported_of(order, (*paid, *reported), (*hold_id, *buyer, *attempt), asked);
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
        SeatsKept::Moved => asked.version > 1 || moved(),
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
pub(super) fn is_payable(book: &EventBook, order: &OrderBook, attempt: u8) -> bool {
    let has = book.buyers.get(&order.buyer).map_or(0, |one| one.seats);
    let is_within = has + order.seats.len() as u64 <= u64::from(book.policy.seats_per_buyer_max);
    attempt == order.attempt
        && match order.stage {
            OrderStage::Pending
            | OrderStage::Declined
            | OrderStage::Confirmed
            | OrderStage::Settled => true,
            OrderStage::Expired => {
                book.phase != SalePhase::Cancelled && is_within && book.seats.all_free(&order.seats)
            }
            OrderStage::Held
            | OrderStage::Released
            | OrderStage::Refunded
            | OrderStage::Cancelled => false,
        }
}
