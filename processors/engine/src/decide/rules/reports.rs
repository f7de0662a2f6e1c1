//! What a provider has reported: of which order, and of which attempt to pay.

use floodgate_domain::ids::HoldId;
use floodgate_domain::refusal::Refusal;

use crate::decide::Context;
use crate::event::Event;
use crate::orders::Order;

/// The order that a report is about; only Floodgate itself reports.
pub(in crate::decide) fn reported_order(
    event: &Event,
    context: Context,
    hold_id: HoldId,
) -> Result<&Order, Refusal> {
    context.system()?;
    event.orders.get(hold_id).ok_or(Refusal::UnknownHold)
}

/// The same where only the last attempt counts.
pub(in crate::decide) fn of_last_attempt(
    event: &Event,
    context: Context,
    (hold_id, attempt): (HoldId, u8),
) -> Result<&Order, Refusal> {
    let order = reported_order(event, context, hold_id)?;
    if order.attempt == attempt { Ok(order) } else { Err(Refusal::StaleAttempt) }
}
