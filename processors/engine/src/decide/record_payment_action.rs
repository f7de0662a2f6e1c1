//! RecordPaymentAction: the provider decides only once the buyer has acted.

use floodgate_domain::answer::OrderStatus;
use floodgate_domain::fact::Fact;
use floodgate_domain::ids::HoldId;
use floodgate_domain::payment::PaymentAction;
use floodgate_domain::refusal::Refusal;

use super::Context;
use super::rules::reports::of_last_attempt;
use crate::event::Event;
use crate::outcomes::Outcome;

/// The seats have their time already: it began with the payment.
pub(super) fn record_payment_action(
    event: &Event,
    context: Context,
    (hold_id, attempt): (HoldId, u8),
    action: &PaymentAction,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    let order = of_last_attempt(event, context, (hold_id, attempt))?;
    if order.status != OrderStatus::PaymentPending {
        return Err(Refusal::StaleAttempt);
    }
    let (buyer, action) = (order.buyer, action.clone());
    facts.push(Fact::PaymentActionRequired { hold_id, buyer, attempt, action });
    Ok(Outcome::Order(hold_id))
}
