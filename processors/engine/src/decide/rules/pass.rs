//! A pass that ended while something was still held.

use floodgate_domain::fact::{Fact, LeaveReason};
use floodgate_domain::ids::HoldId;

use crate::decide::Context;
use crate::event::Event;
use crate::orders::Order;

/// A pass that ended earlier waited for this hold.
pub(in crate::decide) fn leave_if_over(
    event: &Event,
    order: &Order,
    hold_id: HoldId,
    context: Context,
    facts: &mut Vec<Fact>,
) {
    let is_over = event.buyer(order.buyer).is_some_and(|buyer| {
        buyer.in_shop
            && context.now >= buyer.pass_until
            && buyer.live_holds().iter().all(|&held| held == hold_id)
    });
    if is_over {
        let reason = LeaveReason::PassExpired;
        facts.push(Fact::ShopperLeft { buyer: order.buyer, reason });
    }
}
