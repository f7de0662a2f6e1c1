//! One thing a fact has to say, and what many of them have in common.

use floodgate_domain::{Actor, BuyerId, HoldId, StaffId};

use super::CommandView;
use crate::books::stage::OrderBook;

/// The invariant it belongs to, what is wrong if it is not so, and whether it is so.
pub(super) type Row = (&'static str, &'static str, bool);

pub(crate) const CAUSE: &str = "fact-has-cause";
pub(super) const PRICE: &str = "price-fixed";
pub(super) const ENDS: &str = "hold-ends";
pub(super) const LIMITS: &str = "buyer-limits";

pub(super) fn own(order: &OrderBook, buyer: BuyerId, asked: CommandView<'_>) -> Vec<Row> {
    vec![
        (CAUSE, "another buyer", order.buyer == buyer),
        (CAUSE, "it was not theirs", asked.may_touch(order.buyer)),
    ]
}

/// What follows from a report of the provider about an attempt.
pub(super) fn reported_of(
    order: &OrderBook,
    (hold_id, reported): (HoldId, u8),
    (id, buyer, attempt): (HoldId, BuyerId, u8),
    asked: CommandView<'_>,
) -> Vec<Row> {
    vec![
        (CAUSE, "another order", id == hold_id),
        (CAUSE, "another buyer", buyer == order.buyer),
        (CAUSE, "another attempt", attempt == reported && reported == order.attempt),
        (CAUSE, "no provider said so", asked.is_system()),
    ]
}

/// Whoever of the staff a command is from; Floodgate itself is one of them.
pub(super) fn staff_of(asked: CommandView<'_>) -> StaffId {
    match asked.envelope.actor {
        Actor::Staff(staff) => staff,
        Actor::Buyer(_) | Actor::System => StaffId::SYSTEM,
    }
}
