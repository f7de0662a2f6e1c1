//! ExtendHold: more time to decide.

use floodgate_domain::answer::OrderStatus;
use floodgate_domain::fact::Fact;
use floodgate_domain::ids::HoldId;
use floodgate_domain::refusal::Refusal;

use super::Context;
use super::rules::own_order::own_order;
use crate::event::Event;
use crate::outcomes::Outcome;
use crate::version::MORE_TIME_IS_ADDED;

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
    let adds = context.follows(MORE_TIME_IS_ADDED);
    let from = if adds { order.until } else { context.now };
    let until = order.within_bound(order.until.max(from.plus(event.policy.extension_ms)));
    if adds && until == order.until {
        return Err(Refusal::NoExtensionLeft);
    }
    facts.push(Fact::HoldExtended { hold_id, buyer: order.buyer, until });
    Ok(Outcome::Order(hold_id))
}
