//! PaymentLost: no answer from the provider, or a capture that failed for good.

use floodgate_domain::answer::OrderStatus;
use floodgate_domain::fact::{DeclineReason, Fact};
use floodgate_domain::ids::HoldId;
use floodgate_domain::refusal::Refusal;

use super::Context;
use super::rules::decline::decline;
use crate::event::Event;
use crate::orders::Order;
use crate::outcomes::Outcome;

/// No answer from the provider, or a capture that failed for good.
pub(super) fn payment_lost(
    event: &Event,
    context: Context,
    hold_id: HoldId,
    attempt: u8,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    context.system()?;
    let order = event.orders.get(hold_id).ok_or(Refusal::UnknownHold)?;
    if order.attempt != attempt {
        return Err(Refusal::StaleAttempt);
    }
    match order.status {
        OrderStatus::PaymentPending => {
            facts.push(decline(event, context, hold_id, order, DeclineReason::Lost));
        }
        OrderStatus::Confirmed if !order.settled => {
            let Order { buyer, seats, .. } = *order;
            facts.push(Fact::OrderCancelled { hold_id, buyer, seats });
        }
        _ => return Err(Refusal::StaleAttempt),
    }
    Ok(Outcome::Order(hold_id))
}
