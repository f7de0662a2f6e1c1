//! StartPurchase: a hold becomes an order awaiting payment.

use floodgate_domain::answer::OrderStatus;
use floodgate_domain::command::PaymentMethod;
use floodgate_domain::fact::Fact;
use floodgate_domain::ids::HoldId;
use floodgate_domain::refusal::Refusal;

use super::Context;
use super::rules::own_order::own_order;
use crate::event::Event;
use crate::outcomes::Outcome;
use crate::version::ONE_OF_TWO_PAYMENTS_IS_KEPT;

pub(super) fn start_purchase(
    event: &Event,
    context: Context,
    hold_id: HoldId,
    (method, despite_unanswered): (PaymentMethod, bool),
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    let buyer = context.buyer()?;
    let order = own_order(event, context, hold_id)?;
    match order.status {
        OrderStatus::Held | OrderStatus::Declined | OrderStatus::NoAnswer
            if context.now < order.until => {}
        OrderStatus::PaymentPending => return Err(Refusal::PaymentPending),
        OrderStatus::Confirmed => return Err(Refusal::AlreadyPurchased),
        _ => return Err(Refusal::HoldEnded),
    }
    if order.attempt >= event.policy.payment_attempts_max {
        return Err(Refusal::NoAttemptLeft);
    }
    if !despite_unanswered
        && context.follows(ONE_OF_TWO_PAYMENTS_IS_KEPT)
        && event.unanswered.has(buyer)
    {
        return Err(Refusal::PaymentUnanswered);
    }
    facts.push(Fact::PurchaseStarted {
        hold_id,
        buyer,
        method,
        amount: order.amount,
        currency: event.prices.currency,
        attempt: order.attempt + 1,
        // The one automatic extension: a bank's challenge cannot outlive the seats, nor the bound.
        until: order.within_bound(order.until.max(context.now.plus(event.policy.payment_ms))),
    });
    Ok(Outcome::Order(hold_id))
}
