//! ReleaseHold: the seats are free again.

use floodgate_domain::answer::OrderStatus;
use floodgate_domain::fact::Fact;
use floodgate_domain::ids::HoldId;
use floodgate_domain::refusal::Refusal;

use super::Context;
use super::rules::give_back::give_back_unpaid;
use super::rules::own_order::own_order;
use super::rules::pass::leave_if_over;
use crate::event::Event;
use crate::outcomes::Outcome;

pub(super) fn release_hold(
    event: &Event,
    context: Context,
    hold_id: HoldId,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    let order = own_order(event, context, hold_id)?;
    match order.status {
        OrderStatus::Held | OrderStatus::Declined | OrderStatus::NoAnswer => {}
        // Released already: what is asked for is so.
        OrderStatus::Released => return Ok(Outcome::Order(hold_id)),
        OrderStatus::PaymentPending => return Err(Refusal::PaymentPending),
        OrderStatus::Confirmed => return Err(Refusal::AlreadyPurchased),
        OrderStatus::Expired | OrderStatus::Refunded | OrderStatus::Cancelled => {
            return Err(Refusal::HoldEnded);
        }
    }
    facts.push(Fact::HoldReleased { hold_id, buyer: order.buyer, seats: order.seats });
    give_back_unpaid(event, context, (hold_id, order), facts);
    leave_if_over(event, order, hold_id, context, facts);
    Ok(Outcome::Order(hold_id))
}
