//! Who owns an order.

use floodgate_domain::ids::{Actor, HoldId};
use floodgate_domain::refusal::Refusal;

use crate::decide::Context;
use crate::event::Event;
use crate::orders::Order;

/// The order, if the actor may touch it.
pub(in crate::decide) fn own_order(
    event: &Event,
    context: Context,
    hold_id: HoldId,
) -> Result<&Order, Refusal> {
    let order = event.orders.get(hold_id).ok_or(Refusal::UnknownHold)?;
    match context.actor {
        Actor::Buyer(buyer) if buyer != order.buyer => Err(Refusal::NotYourHold),
        Actor::Buyer(_) | Actor::Staff(_) | Actor::System => Ok(order),
    }
}
