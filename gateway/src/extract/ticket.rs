//! The queue ticket: proof of a place.

use http::HeaderMap;

use floodgate_admission::{Device, Keys, QueueTicket};
use floodgate_domain::EventId;

use super::cookie::ticket_token;
use super::path::EventPath;
use crate::problem::{ApiError, Code};

/// The ticket this device carries for this event, which the call cannot do without.
pub(crate) fn queue_ticket(
    keys: &Keys,
    headers: &HeaderMap,
    event_id: EventId,
    device: Device,
) -> Result<QueueTicket, ApiError> {
    let text = ticket_token(headers, event_id).ok_or_else(|| {
        ApiError::new(Code::InvalidToken).field("queue ticket", "missing; join the queue first")
    })?;
    QueueTicket::open(keys, text, event_id, device)
        .map_err(|error| ApiError::new(Code::InvalidToken).field("queue ticket", error.to_string()))
}

/// The ticket the visitor has already, if it is still good: a place that has entered and left is
/// used up, and a new one is what joining is for then.
pub(crate) fn held_ticket(
    keys: &Keys,
    headers: &HeaderMap,
    path: &EventPath,
    device: Option<Device>,
) -> Option<QueueTicket> {
    let text = ticket_token(headers, path.event_id)?;
    let ticket = QueueTicket::open(keys, text, path.event_id, device?).ok()?;
    let left = path.entry.read().left.get(&ticket.buyer).copied();
    left.is_none_or(|left| !left.uses_up(&ticket)).then_some(ticket)
}
