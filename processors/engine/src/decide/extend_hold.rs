//! ExtendHold: more time to decide.

use floodgate_domain::answer::OrderStatus;
use floodgate_domain::fact::Fact;
use floodgate_domain::ids::HoldId;
use floodgate_domain::refusal::Refusal;

use super::Context;
use super::rules::own_order::own_order;
use crate::event::Event;
use crate::outcomes::Outcome;

pub(super) fn extend_hold(
    event: &Event,
    context: Context,
    hold_id: HoldId,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    let order = own_order(event, context, hold_id)?;
    match order.status {
        OrderStatus::Held if context.now < order.until => {}
        OrderStatus::PaymentPending => return Err(Refusal::PaymentPending),
        OrderStatus::Confirmed => return Err(Refusal::AlreadyPurchased),
        _ => return Err(Refusal::HoldEnded),
    }
    if order.extensions >= event.policy.extensions_max {
        return Err(Refusal::NoExtensionLeft);
    }
    let until = order.until.max(context.now.plus(event.policy.extension_ms));
    let until = order.within_bound(until);
    facts.push(Fact::HoldExtended { hold_id, buyer: order.buyer, until });
    Ok(Outcome::Order(hold_id))
}
