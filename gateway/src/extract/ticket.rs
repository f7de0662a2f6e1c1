//! The queue ticket: proof of a place.

use floodgate_admission::{Device, Keys, QueueTicket};
use floodgate_domain::EventId;

use super::cookie::Papers;
use super::path::EventPath;
use crate::problem::{ApiError, Code};

impl Papers {
    /// The ticket this device carries for this event, which the call cannot do without.
    pub(crate) fn queue_ticket(
        &self,
        keys: &Keys,
        event_id: EventId,
        device: Device,
    ) -> Result<QueueTicket, ApiError> {
        let wrong = |why: String| ApiError::new(Code::InvalidToken).field("queue ticket", why);
        let ticket = self.ticket(keys, event_id, device);
        ticket
            .ok_or_else(|| wrong("missing; join the queue first".to_owned()))?
            .map_err(|error| wrong(error.to_string()))
    }

    /// The same, if there is a good one.
    pub(crate) fn good_ticket(
        &self,
        keys: &Keys,
        event_id: EventId,
        device: Option<Device>,
    ) -> Option<QueueTicket> {
        self.ticket(keys, event_id, device?)?.ok()
    }

    /// The ticket the visitor has already, if it still counts: a place that has entered and left is
    /// used up, and a new one is what joining is for then.
    pub(crate) fn held_ticket(
        &self,
        keys: &Keys,
        path: &EventPath,
        device: Option<Device>,
    ) -> Option<QueueTicket> {
        let ticket = self.good_ticket(keys, path.event_id, device)?;
        let left = path.entry.read().left.get(&ticket.buyer).copied();
        left.is_none_or(|left| !left.uses_up(&ticket)).then_some(ticket)
    }
}
