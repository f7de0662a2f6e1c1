//! The queue ticket: proof of a place.

use http::HeaderMap;

use floodgate_admission::{Device, QueueTicket};
use floodgate_domain::EventId;

use super::fan::{ticket_cookie, token_of};
use crate::problem::{ApiError, Code};
use crate::state::GatewayState;

/// The ticket this device carries for this event, which the call cannot do without.
pub(crate) fn queue_ticket(
    state: &GatewayState,
    headers: &HeaderMap,
    event_id: EventId,
    device: Device,
) -> Result<QueueTicket, ApiError> {
    let text = token_of(headers, "floodgate-queue-ticket", &ticket_cookie(event_id));
    let text = text.ok_or_else(|| {
        ApiError::new(Code::InvalidToken).field("queue ticket", "missing; join the queue first")
    })?;
    QueueTicket::open(state.room.keys(), text, event_id, device)
        .map_err(|error| ApiError::new(Code::InvalidToken).field("queue ticket", error.to_string()))
}
