//! CaptureFailed: the money of a confirmed order cannot be had.

use floodgate_domain::answer::OrderStatus;
use floodgate_domain::fact::Fact;
use floodgate_domain::ids::HoldId;
use floodgate_domain::refusal::Refusal;

use super::Context;
use super::rules::give_back::set_aside;
use super::rules::reports::of_last_attempt;
use crate::event::Event;
use crate::orders::Order;
use crate::outcomes::Outcome;
use crate::version::SILENCE_CANCELS_NOTHING;

pub(super) fn capture_failed(
    event: &Event,
    context: Context,
    hold_id: HoldId,
    attempt: u8,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    context.system()?;
    if !context.follows(SILENCE_CANCELS_NOTHING) {
        return Err(Refusal::NeedsNewerEngine);
    }
    let order = of_last_attempt(event, context, (hold_id, attempt))?;
    cancel(event, context, (hold_id, order), facts)
}

/// Undoes an order that is sold and not paid.
pub(super) fn cancel(
    event: &Event,
    context: Context,
    (hold_id, order): (HoldId, &Order),
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    if order.status != OrderStatus::Confirmed || order.settled {
        return Err(Refusal::StaleAttempt);
    }
    let Order { buyer, seats, .. } = *order;
    facts.push(Fact::OrderCancelled { hold_id, buyer, seats });
    set_aside(event, context, (hold_id, order), facts);
    Ok(Outcome::Order(hold_id))
}
