//! What happens because time has passed or an event was cancelled, while nobody asked.

use super::super::event::Event;
use super::super::orders::Order;
use super::super::wheel::{Timer, TimerKind};
use floodgate_domain::answer::OrderStatus;
use floodgate_domain::fact::{Fact, LeaveReason};
use floodgate_domain::ids::{HoldId, LogTime};

/// A timer has fired: the facts, or the instant to be woken again.
pub(in super::super) fn expire(
    event: &Event,
    timer: &Timer,
    now: LogTime,
    facts: &mut Vec<Fact>,
) -> Option<LogTime> {
    match timer.kind {
        TimerKind::Order { slot, generation } => {
            let hold_id = HoldId(u64::from(generation) << 32 | u64::from(slot));
            let order = event.orders.get(hold_id)?;
            if !order.is_live() || order.armed != timer.deadline {
                return None;
            }
            if now < order.until {
                return Some(order.until);
            }
            facts.push(expired(hold_id, order));
            leave_if_over(event, order, hold_id, now, facts);
            None
        }
        TimerKind::Pass { buyer } => {
            let buyer = event.buyers.records.get(buyer as usize)?;
            if !buyer.in_shop || now < buyer.pass_until {
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

fn expired(hold_id: HoldId, order: &Order) -> Fact {
    let Order { buyer, seats, .. } = *order;
    if order.status == OrderStatus::Held {
        Fact::HoldExpired { hold_id, buyer, seats }
    } else {
        Fact::OrderExpired { hold_id, buyer, seats }
    }
}

/// A pass that ended earlier waited for this hold.
pub(super) fn leave_if_over(
    event: &Event,
    order: &Order,
    hold_id: HoldId,
    now: LogTime,
    facts: &mut Vec<Fact>,
) {
    let is_over = event.buyer(order.buyer).is_some_and(|buyer| {
        buyer.in_shop
            && now >= buyer.pass_until
            && buyer.live_holds().iter().all(|&held| held == hold_id)
    });
    if is_over {
        let reason = LeaveReason::PassExpired;
        facts.push(Fact::ShopperLeft { buyer: order.buyer, reason });
    }
}

/// Undoes one order of a cancelled event.
pub(in super::super) fn undo_cancelled(
    event: &Event,
    slot: u32,
    now: LogTime,
    facts: &mut Vec<Fact>,
) {
    let Some(order) = event.orders.slots.get(slot as usize) else {
        return;
    };
    let hold_id = HoldId(u64::from(order.generation) << 32 | u64::from(slot));
    let Order { buyer, seats, amount, .. } = *order;
    match order.status {
        OrderStatus::Held | OrderStatus::Declined => {
            facts.push(Fact::HoldReleased { hold_id, buyer, seats });
            leave_if_over(event, order, hold_id, now, facts);
        }
        // A payment under way is let go when it arrives.
        OrderStatus::PaymentPending => {
            facts.push(Fact::OrderExpired { hold_id, buyer, seats });
            leave_if_over(event, order, hold_id, now, facts);
        }
        OrderStatus::Confirmed => {
            facts.push(Fact::OrderRefunded { hold_id, buyer, seats, amount });
        }
        OrderStatus::Expired
        | OrderStatus::Released
        | OrderStatus::Refunded
        | OrderStatus::Cancelled => {}
    }
}
