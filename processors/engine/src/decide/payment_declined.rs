//! PaymentDeclined: the bank said no.

use floodgate_domain::answer::OrderStatus;
use floodgate_domain::fact::{DeclineReason, Fact};
use floodgate_domain::ids::HoldId;
use floodgate_domain::refusal::Refusal;

use super::Context;
use super::rules::decline::decline;
use crate::event::Event;
use crate::outcomes::Outcome;

pub(super) fn payment_declined(
    event: &Event,
    context: Context,
    hold_id: HoldId,
    attempt: u8,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    context.system()?;
    let order = event.orders.get(hold_id).ok_or(Refusal::UnknownHold)?;
    if order.status != OrderStatus::PaymentPending || order.attempt != attempt {
        return Err(Refusal::StaleAttempt);
    }
    facts.push(decline(event, context, hold_id, order, DeclineReason::Declined));
    Ok(Outcome::Order(hold_id))
}
