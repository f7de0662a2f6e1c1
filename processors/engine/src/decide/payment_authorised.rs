//! PaymentAuthorised: sell the seats, or release the money.
//!
//! Money that finds no seats is never kept: it is voided by a fact, whatever went wrong.

use floodgate_domain::answer::{OrderStatus, SalePhase};
use floodgate_domain::fact::{Fact, LeaveReason, SeatsKept};
use floodgate_domain::ids::{BuyerId, HoldId};
use floodgate_domain::payment::AuthorisedPayment;
use floodgate_domain::plan::CategorySet;
use floodgate_domain::refusal::Refusal;
use floodgate_domain::seats::SeatList;

use super::Context;
use super::rules::give_back::set_aside;
use super::rules::pass::leave_if_over;
use super::rules::silence::is_paid_otherwise;
use crate::event::{Event, SetAside};
use crate::orders::Order;
use crate::outcomes::Outcome;
use crate::version::LATE_SEATS_ARE_ALIKE;

/// The provider holds the money: sell the seats, or release the money.
pub(super) fn payment_authorised(
    event: &Event,
    context: Context,
    (hold_id, attempt): (HoldId, u8),
    payment: &AuthorisedPayment,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    context.system()?;
    let reference = || payment.reference.clone();
    let Some(order) = event.orders.get(hold_id) else {
        let buyer = BuyerId(0);
        facts.push(Fact::PaymentVoided { hold_id, buyer, attempt, reference: reference() });
        return Ok(Outcome::Done);
    };
    if order.status == OrderStatus::Confirmed && order.attempt == attempt {
        return Err(Refusal::AlreadyPurchased);
    }
    let is_paid_otherwise = is_paid_otherwise(event, context, hold_id, order);
    if !is_paid_otherwise && let Some(found) = seats_for(event, context, order, (hold_id, attempt))
    {
        return Ok(confirm(event, (hold_id, order), found, (attempt, payment), facts));
    }
    let Order { buyer, seats, .. } = *order;
    facts.push(Fact::PaymentVoided { hold_id, buyer, attempt, reference: reference() });
    // What they have paid for instead is theirs; nobody waits for these seats any more.
    if is_paid_otherwise && attempt == order.attempt && order.is_live() {
        facts.push(Fact::HoldReleased { hold_id, buyer, seats });
        set_aside(event, context, (hold_id, order), facts);
        leave_if_over(event, order, hold_id, context, facts);
    }
    Ok(Outcome::Order(hold_id))
}

fn confirm(
    event: &Event,
    (hold_id, order): (HoldId, &Order),
    (seats, kept): (SeatList, SeatsKept),
    (attempt, payment): (u8, &AuthorisedPayment),
    facts: &mut Vec<Fact>,
) -> Outcome {
    let Order { buyer, amount, .. } = *order;
    let payment = payment.clone();
    if let Some(&SetAside { seats, .. }) = event.set_aside.get(&hold_id) {
        facts.push(Fact::SeatsReturned { hold_id, seats });
    }
    facts.push(Fact::OrderConfirmed { hold_id, buyer, seats, amount, attempt, kept, payment });
    let done_shopping = event.buyer(buyer).is_some_and(|buyer| {
        buyer.in_shop && buyer.live_holds().iter().all(|&held| held == hold_id)
    });
    if done_shopping {
        facts.push(Fact::ShopperLeft { buyer, reason: LeaveReason::Purchased });
    }
    Outcome::Order(hold_id)
}

/// The seats that are paid for by this, if anybody still waits for it: it is the last attempt, or an
/// earlier one without an answer.
fn seats_for(
    event: &Event,
    context: Context,
    order: &Order,
    (hold_id, attempt): (HoldId, u8),
) -> Option<(SeatList, SeatsKept)> {
    let is_silent = event.unanswered.contains(order.buyer, (hold_id, attempt));
    if attempt != order.attempt && !is_silent {
        return None;
    }
    match order.status {
        OrderStatus::PaymentPending | OrderStatus::Declined | OrderStatus::NoAnswer => {
            Some((order.seats, SeatsKept::Held))
        }
        OrderStatus::Expired => seats_for_late_payment(event, context, (hold_id, order)),
        OrderStatus::Held
        | OrderStatus::Released
        | OrderStatus::Confirmed
        | OrderStatus::Refunded
        | OrderStatus::Cancelled => None,
    }
}

/// The hold has run out, the money came all the same: the same seats if they are free, else
/// as many together in the same category, never more than the buyer may have.
fn seats_for_late_payment(
    event: &Event,
    context: Context,
    (hold_id, order): (HoldId, &Order),
) -> Option<(SeatList, SeatsKept)> {
    if event.phase == SalePhase::Cancelled {
        return None;
    }
    let count = order.seats.len();
    let has = event.buyer(order.buyer).map_or(0, |buyer| usize::from(buyer.seats_count));
    if has + count > usize::from(event.policy.seats_per_buyer_max) {
        return None;
    }
    // Nobody else could have taken what was set aside when the order ended.
    let is_set_aside = event.set_aside.contains_key(&hold_id);
    if is_set_aside || event.seat_map.all_free(&order.seats) {
        return Some((order.seats, SeatsKept::Retaken));
    }
    let mut categories = order.seats.iter().map(|seat| event.seat_map.category_of(seat));
    let category = categories.next()??;
    if !categories.all(|other| other == Some(category)) {
        return None;
    }
    let count = u8::try_from(count).ok()?;
    let is_accessible = order.seats.iter().any(|seat| event.seat_map.is_accessible(seat));
    let seats = if is_accessible && context.follows(LATE_SEATS_ARE_ALIKE) {
        event.seat_map.best_accessible(count, CategorySet::only(category))?
    } else {
        event.seat_map.best(count, CategorySet::only(category))?
    };
    Some((seats, SeatsKept::Moved))
}
