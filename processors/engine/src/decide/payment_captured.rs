//! PaymentCaptured: the money has moved.

use floodgate_domain::answer::OrderStatus;
use floodgate_domain::fact::Fact;
use floodgate_domain::ids::HoldId;
use floodgate_domain::refusal::Refusal;

use super::Context;
use super::rules::reports::of_last_attempt;
use crate::event::Event;
use crate::orders::Order;
use crate::outcomes::Outcome;

pub(super) fn payment_captured(
    event: &Event,
    context: Context,
    hold_id: HoldId,
    attempt: u8,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    let order = of_last_attempt(event, context, (hold_id, attempt))?;
    if order.status != OrderStatus::Confirmed {
        return Err(Refusal::StaleAttempt);
    }
    if !order.settled {
        let Order { buyer, amount, .. } = *order;
        facts.push(Fact::OrderSettled { hold_id, buyer, amount });
    }
    Ok(Outcome::Order(hold_id))
}
