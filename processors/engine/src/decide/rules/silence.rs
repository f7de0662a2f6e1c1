//! Payments the provider has not answered.

use floodgate_domain::answer::OrderStatus;
use floodgate_domain::ids::HoldId;

use crate::decide::Context;
use crate::event::Event;
use crate::orders::Order;
use crate::version::{ONE_OF_TWO_PAYMENTS_IS_KEPT, SILENCE_IS_NOT_A_NO};

/// Whether an order that ends now leaves an attempt behind whose money may still move.
pub(in crate::decide) fn is_unanswered(context: Context, order: &Order) -> bool {
    let is_pending = matches!(order.status, OrderStatus::PaymentPending | OrderStatus::NoAnswer);
    is_pending && context.follows(SILENCE_IS_NOT_A_NO)
}

/// Whether the buyer has paid already, by the order this one was to replace, or by the one that was
/// to replace it.
pub(in crate::decide) fn is_paid_otherwise(
    event: &Event,
    context: Context,
    hold_id: HoldId,
    order: &Order,
) -> bool {
    let is_paid = |rival: HoldId| {
        let rival = event.orders.get(rival);
        rival.is_some_and(|rival| rival.status == OrderStatus::Confirmed)
    };
    context.follows(ONE_OF_TWO_PAYMENTS_IS_KEPT)
        && event.unanswered.rivals(order.buyer, hold_id).any(is_paid)
}
