//! From a hold to a sold seat: authorise, confirm in the log, capture.
//!
//! Money that finds no seats is never kept: it is voided by a fact, whatever went wrong.

use super::super::event::Event;
use super::super::orders::Order;
use super::super::outcomes::Outcome;
use super::Asked;
use super::hold::own_order;
use floodgate_domain::answer::{OrderStatus, SalePhase};
use floodgate_domain::command::PaymentMethod;
use floodgate_domain::fact::{DeclineReason, Fact, LeaveReason, SeatsKept};
use floodgate_domain::ids::{BuyerId, HoldId};
use floodgate_domain::payment::{AuthorisedPayment, PaymentAction};
use floodgate_domain::plan::CategorySet;
use floodgate_domain::refusal::Refusal;
use floodgate_domain::seats::SeatList;

pub(super) fn start_purchase(
    event: &Event,
    asked: Asked,
    hold_id: HoldId,
    method: PaymentMethod,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    let buyer = asked.buyer()?;
    let order = own_order(event, asked, hold_id)?;
    match order.status {
        OrderStatus::Held | OrderStatus::Declined if asked.now < order.until => {}
        OrderStatus::PaymentPending => return Err(Refusal::PaymentPending),
        OrderStatus::Confirmed => return Err(Refusal::AlreadyPurchased),
        _ => return Err(Refusal::HoldEnded),
    }
    if order.attempt >= event.policy.payment_attempts_max {
        return Err(Refusal::NoAttemptLeft);
    }
    facts.push(Fact::PurchaseStarted {
        hold_id,
        buyer,
        method,
        amount: order.amount,
        currency: event.prices.currency,
        attempt: order.attempt + 1,
        // The one automatic extension: a bank's challenge cannot outlive the seats.
        until: order.until.max(asked.now.plus(event.policy.payment_ms)),
    });
    Ok(Outcome::Order(hold_id))
}

/// The provider holds the money: sell the seats, or let go of the money.
pub(super) fn authorised(
    event: &Event,
    asked: Asked,
    (hold_id, attempt): (HoldId, u8),
    payment: &AuthorisedPayment,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    asked.system()?;
    let reference = || payment.reference.clone();
    let Some(order) = event.orders.get(hold_id) else {
        let buyer = BuyerId(0);
        facts.push(Fact::PaymentVoided { hold_id, buyer, attempt, reference: reference() });
        return Ok(Outcome::Done);
    };
    let confirm = |seats, kept, facts: &mut Vec<Fact>| {
        Ok(confirm(event, (hold_id, order), (seats, kept), payment, facts))
    };
    if attempt == order.attempt {
        match order.status {
            OrderStatus::Confirmed => return Err(Refusal::AlreadyPurchased),
            OrderStatus::PaymentPending | OrderStatus::Declined => {
                return confirm(order.seats, SeatsKept::Held, facts);
            }
            OrderStatus::Expired => {
                if let Some((seats, kept)) = seats_for_late_payment(event, order) {
                    return confirm(seats, kept, facts);
                }
            }
            OrderStatus::Held
            | OrderStatus::Released
            | OrderStatus::Refunded
            | OrderStatus::Cancelled => {}
        }
    }
    let buyer = order.buyer;
    facts.push(Fact::PaymentVoided { hold_id, buyer, attempt, reference: reference() });
    Ok(Outcome::Order(hold_id))
}

fn confirm(
    event: &Event,
    (hold_id, order): (HoldId, &Order),
    (seats, kept): (SeatList, SeatsKept),
    payment: &AuthorisedPayment,
    facts: &mut Vec<Fact>,
) -> Outcome {
    let Order { buyer, amount, attempt, .. } = *order;
    let payment = payment.clone();
    facts.push(Fact::OrderConfirmed { hold_id, buyer, seats, amount, attempt, kept, payment });
    let done_shopping = event.buyer(buyer).is_some_and(|buyer| {
        buyer.in_shop && buyer.live_holds().iter().all(|&held| held == hold_id)
    });
    if done_shopping {
        facts.push(Fact::ShopperLeft { buyer, reason: LeaveReason::Purchased });
    }
    Outcome::Order(hold_id)
}

/// The hold has run out, the money came all the same: the same seats if they are free, else
/// as many together in the same category, never more than the buyer may have.
fn seats_for_late_payment(event: &Event, order: &Order) -> Option<(SeatList, SeatsKept)> {
    if event.phase == SalePhase::Cancelled {
        return None;
    }
    let count = order.seats.len();
    let has = event.buyer(order.buyer).map_or(0, |buyer| usize::from(buyer.seats_count));
    if has + count > usize::from(event.policy.seats_per_buyer_max) {
        return None;
    }
    if event.house.all_free(&order.seats) {
        return Some((order.seats, SeatsKept::Retaken));
    }
    let mut categories = order.seats.iter().map(|seat| event.house.category_of(seat));
    let category = categories.next()??;
    if !categories.all(|other| other == Some(category)) {
        return None;
    }
    let count = u8::try_from(count).ok()?;
    let seats = event.house.best(count, CategorySet::only(category))?;
    Some((seats, SeatsKept::Moved))
}

/// The provider decides only once the buyer has acted. The seats have their time already.
pub(super) fn action_required(
    event: &Event,
    asked: Asked,
    (hold_id, attempt): (HoldId, u8),
    action: &PaymentAction,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    asked.system()?;
    let order = event.orders.get(hold_id).ok_or(Refusal::UnknownHold)?;
    if order.status != OrderStatus::PaymentPending || order.attempt != attempt {
        return Err(Refusal::StaleAttempt);
    }
    let (buyer, action) = (order.buyer, action.clone());
    facts.push(Fact::PaymentActionRequired { hold_id, buyer, attempt, action });
    Ok(Outcome::Order(hold_id))
}

pub(super) fn declined(
    event: &Event,
    asked: Asked,
    hold_id: HoldId,
    attempt: u8,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    asked.system()?;
    let order = event.orders.get(hold_id).ok_or(Refusal::UnknownHold)?;
    if order.status != OrderStatus::PaymentPending || order.attempt != attempt {
        return Err(Refusal::StaleAttempt);
    }
    facts.push(decline(event, asked, hold_id, order, DeclineReason::Declined));
    Ok(Outcome::Order(hold_id))
}

/// The fix-it path: the seats wait for another card.
fn decline(
    event: &Event,
    asked: Asked,
    hold_id: HoldId,
    order: &Order,
    reason: DeclineReason,
) -> Fact {
    Fact::OrderDeclined {
        hold_id,
        buyer: order.buyer,
        attempt: order.attempt,
        reason,
        until: asked.now.plus(event.policy.retry_ms),
    }
}

pub(super) fn captured(
    event: &Event,
    asked: Asked,
    hold_id: HoldId,
    attempt: u8,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    asked.system()?;
    let order = event.orders.get(hold_id).ok_or(Refusal::UnknownHold)?;
    if order.status != OrderStatus::Confirmed || order.attempt != attempt {
        return Err(Refusal::StaleAttempt);
    }
    if !order.settled {
        let Order { buyer, amount, .. } = *order;
        facts.push(Fact::OrderSettled { hold_id, buyer, amount });
    }
    Ok(Outcome::Order(hold_id))
}

/// No answer from the provider, or a capture that failed for good.
pub(super) fn lost(
    event: &Event,
    asked: Asked,
    hold_id: HoldId,
    attempt: u8,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    asked.system()?;
    let order = event.orders.get(hold_id).ok_or(Refusal::UnknownHold)?;
    if order.attempt != attempt {
        return Err(Refusal::StaleAttempt);
    }
    match order.status {
        OrderStatus::PaymentPending => {
            facts.push(decline(event, asked, hold_id, order, DeclineReason::Lost));
        }
        OrderStatus::Confirmed if !order.settled => {
            let Order { buyer, seats, .. } = *order;
            facts.push(Fact::OrderCancelled { hold_id, buyer, seats });
        }
        _ => return Err(Refusal::StaleAttempt),
    }
    Ok(Outcome::Order(hold_id))
}

pub(super) fn refund(
    event: &Event,
    asked: Asked,
    hold_id: HoldId,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    asked.staff()?;
    let order = event.orders.get(hold_id).ok_or(Refusal::UnknownHold)?;
    match order.status {
        OrderStatus::Confirmed => {}
        OrderStatus::Refunded => return Err(Refusal::AlreadyRefunded),
        _ => return Err(Refusal::NotConfirmed),
    }
    let Order { buyer, seats, amount, .. } = *order;
    facts.push(Fact::OrderRefunded { hold_id, buyer, seats, amount });
    Ok(Outcome::Order(hold_id))
}
