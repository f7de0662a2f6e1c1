//! PaymentLost: no answer from the provider.

use floodgate_domain::answer::OrderStatus;
use floodgate_domain::fact::{DeclineReason, Fact};
use floodgate_domain::ids::HoldId;
use floodgate_domain::refusal::Refusal;

use super::Context;
use super::capture_failed::cancel;
use super::rules::decline::{decline, retry_until};
use super::rules::reports::of_last_attempt;
use crate::event::Event;
use crate::outcomes::Outcome;
use crate::version::{SILENCE_CANCELS_NOTHING, SILENCE_IS_NOT_A_NO};

/// Under the first rules, of a confirmed order: a capture that failed for good.
pub(super) fn payment_lost(
    event: &Event,
    context: Context,
    hold_id: HoldId,
    attempt: u8,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    let order = of_last_attempt(event, context, (hold_id, attempt))?;
    if order.status != OrderStatus::PaymentPending {
        // A yes that was reported elsewhere meanwhile stands.
        return match context.follows(SILENCE_CANCELS_NOTHING) {
            true => Err(Refusal::StaleAttempt),
            false => cancel(event, context, (hold_id, order), facts),
        };
    }
    facts.push(if context.follows(SILENCE_IS_NOT_A_NO) {
        let (buyer, until) = (order.buyer, retry_until(event, context, order));
        Fact::OrderUnanswered { hold_id, buyer, attempt, until }
    } else {
        decline(event, context, hold_id, order, DeclineReason::Lost)
    });
    Ok(Outcome::Order(hold_id))
}
