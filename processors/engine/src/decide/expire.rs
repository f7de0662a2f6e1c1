//! A timer has fired: what ends because time has passed.

use floodgate_domain::answer::OrderStatus;
use floodgate_domain::fact::{Fact, LeaveReason};
use floodgate_domain::ids::{HoldId, LogTime};

use super::Context;
use super::rules::give_back::give_back_unpaid;
use super::rules::pass::leave_if_over;
use super::rules::sale_times::turn_at;
use super::rules::silence::is_unanswered;
use crate::buyers::Buyer;
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
        TimerKind::Announcement { id } => {
            let due = event.announcements.get(id).filter(|state| state.starts(context.now));
            facts.extend(due.map(|_| Fact::AnnouncementStarted { id }));
            None
        }
        TimerKind::Return { hold_id } => {
            // Not those of the same order that were set aside again.
            let due = event.set_aside.get(&hold_id).filter(|due| due.until == timer.deadline);
            facts.extend(due.map(|due| Fact::SeatsReturned { hold_id, seats: due.seats }));
            None
        }
        TimerKind::Visit { buyer } => {
            let shopper = event.buyers.records.get(buyer as usize)?;
            if shopper.in_shop { end_visit(event, shopper, context.now, facts) } else { None }
        }
    }
}

/// Whoever holds or pays has something to do, and stays until that ends.
fn end_visit(
    event: &Event,
    shopper: &Buyer,
    now: LogTime,
    facts: &mut Vec<Fact>,
) -> Option<LogTime> {
    let has_holds = !shopper.live_holds().is_empty();
    if now >= shopper.pass_until {
        let (buyer, reason) = (shopper.id, LeaveReason::PassExpired);
        facts.extend((!has_holds).then_some(Fact::ShopperLeft { buyer, reason }));
        return None;
    }
    if shopper.idle_ms == 0 {
        return Some(shopper.pass_until);
    }
    // Whatever ends the wait begins another time of doing nothing: none is over before this one.
    let soonest = now.plus(u64::from(shopper.idle_ms));
    let idle_end = event.idle_end(shopper).filter(|_| !has_holds).unwrap_or(soonest);
    if now < idle_end {
        return Some(shopper.pass_until.min(idle_end));
    }
    facts.push(Fact::ShopperLeft { buyer: shopper.id, reason: LeaveReason::Idle });
    None
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
