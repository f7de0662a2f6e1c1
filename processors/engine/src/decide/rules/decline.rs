//! A payment that failed.

use floodgate_domain::fact::{DeclineReason, Fact};
use floodgate_domain::ids::{HoldId, LogTime};

use crate::decide::Context;
use crate::event::Event;
use crate::orders::Order;

/// The fix-it path: the seats wait for another card.
pub(in crate::decide) fn decline(
    event: &Event,
    context: Context,
    hold_id: HoldId,
    order: &Order,
    reason: DeclineReason,
) -> Fact {
    Fact::OrderDeclined {
        hold_id,
        buyer: order.buyer,
        attempt: order.attempt,
        reason,
        until: retry_until(event, context, order),
    }
}

/// How long the seats wait for another card: never shorter than their hold.
pub(in crate::decide) fn retry_until(event: &Event, context: Context, order: &Order) -> LogTime {
    let until = context.now.plus(event.policy.retry_ms);
    order.within_bound(until.max(order.held_until))
}
