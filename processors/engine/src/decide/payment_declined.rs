//! PaymentDeclined: the bank said no.

use floodgate_domain::answer::OrderStatus;
use floodgate_domain::fact::{DeclineReason, Fact};
use floodgate_domain::ids::HoldId;
use floodgate_domain::refusal::Refusal;

use super::Context;
use super::rules::decline::decline;
use super::rules::reports::reported_order;
use crate::event::Event;
use crate::outcomes::Outcome;

/// Also an answer that nobody waited for any more: until it comes, nobody knows that no money moved.
pub(super) fn payment_declined(
    event: &Event,
    context: Context,
    hold_id: HoldId,
    attempt: u8,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    let order = reported_order(event, context, hold_id)?;
    let buyer = order.buyer;
    let is_current = order.attempt == attempt;
    if is_current && order.status == OrderStatus::PaymentPending {
        facts.push(decline(event, context, hold_id, order, DeclineReason::Declined));
    } else if !event.unanswered.contains(buyer, (hold_id, attempt)) {
        return Err(Refusal::StaleAttempt);
    } else if is_current && order.status == OrderStatus::NoAnswer {
        // It comes late, and gives nobody more time.
        let (reason, until) = (DeclineReason::Declined, order.until);
        facts.push(Fact::OrderDeclined { hold_id, buyer, attempt, reason, until });
    } else {
        facts.push(Fact::PaymentNotTaken { hold_id, buyer, attempt });
    }
    Ok(Outcome::Order(hold_id))
}
