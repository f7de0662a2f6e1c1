//! A timer has fired: what ends because time has passed.

use floodgate_domain::answer::OrderStatus;
use floodgate_domain::fact::{Fact, LeaveReason};
use floodgate_domain::ids::{HoldId, LogTime};

use super::Context;
use super::rules::give_back::give_back_unpaid;
use super::rules::pass::leave_if_over;
use super::rules::sale_times::turn_at;
use super::rules::silence::is_unanswered;
use crate::event::Event;
use crate::orders::Order;
use crate::wheel::{Timer, TimerKind};

/// A timer has fired: the facts, or the instant to be woken again.
pub(crate) fn expire(
    event: &Event,
    timer: &Timer,
    context: Context,
    facts: &mut Vec<Fact>,
) -> Option<LogTime> {
    match timer.kind {
        TimerKind::Order { slot, generation } => {
            let hold_id = HoldId(u64::from(generation) << 32 | u64::from(slot));
            let order = event.orders.get(hold_id)?;
            if !order.is_live() || order.armed != timer.deadline {
                return None;
            }
            if context.now < order.until {
                return Some(order.until);
            }
            facts.push(expired(context, hold_id, order));
            give_back_unpaid(event, context, (hold_id, order), facts);
            leave_if_over(event, order, hold_id, context, facts);
            None
        }
        TimerKind::Sale => {
            facts.extend(turn_at(event, timer.deadline));
            None
        }
        TimerKind::Return { hold_id } => {
            // Not those of the same order that were set aside again.
            let due = event.set_aside.get(&hold_id).filter(|due| due.until == timer.deadline);
            facts.extend(due.map(|due| Fact::SeatsReturned { hold_id, seats: due.seats }));
            None
        }
        TimerKind::Pass { buyer } => {
            let buyer = event.buyers.records.get(buyer as usize)?;
            if !buyer.in_shop || context.now < buyer.pass_until {
                return buyer.in_shop.then_some(buyer.pass_until);
            }
            // A shopper who still holds or pays leaves when that ends.
            if buyer.live_holds().is_empty() {
                let reason = LeaveReason::PassExpired;
                facts.push(Fact::ShopperLeft { buyer: buyer.id, reason });
            }
            None
        }
    }
}

fn expired(context: Context, hold_id: HoldId, order: &Order) -> Fact {
    let Order { buyer, seats, .. } = *order;
    if order.status == OrderStatus::Held {
        Fact::HoldExpired { hold_id, buyer, seats }
    } else {
        let is_unanswered = is_unanswered(context, order);
        Fact::OrderExpired { hold_id, buyer, seats, is_unanswered }
    }
}
