//! A cancelled event gives everything back, order by order.

use floodgate_domain::answer::OrderStatus;
use floodgate_domain::fact::Fact;

use super::Context;
use super::rules::house::refund_of_cancelled;
use super::rules::pass::leave_if_over;
use super::rules::silence::is_unanswered;
use crate::event::Event;
use crate::orders::{Order, hold_in};

/// Undoes one order of a cancelled event.
pub(crate) fn undo_cancelled(event: &Event, slot: u32, context: Context, facts: &mut Vec<Fact>) {
    let Some(order) = event.orders.slots.get(slot as usize) else {
        return;
    };
    let hold_id = hold_in(slot as usize, order.generation);
    let Order { buyer, seats, amount, .. } = *order;
    match order.status {
        OrderStatus::Held | OrderStatus::Declined | OrderStatus::NoAnswer => {
            facts.push(Fact::HoldReleased { hold_id, buyer, seats });
            leave_if_over(event, order, hold_id, context, facts);
        }
        // A payment under way is let go when it arrives.
        OrderStatus::PaymentPending => {
            let is_unanswered = is_unanswered(context, order);
            facts.push(Fact::OrderExpired { hold_id, buyer, seats, is_unanswered });
            leave_if_over(event, order, hold_id, context, facts);
        }
        OrderStatus::Confirmed => {
            let why = refund_of_cancelled(context);
            facts.push(Fact::OrderRefunded { hold_id, buyer, seats, amount, why });
        }
        OrderStatus::Expired
        | OrderStatus::Released
        | OrderStatus::Refunded
        | OrderStatus::Cancelled => {}
    }
}
