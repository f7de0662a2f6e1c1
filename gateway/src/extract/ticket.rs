//! The queue ticket: proof of a place. A place is its person's: on a device of theirs the ticket
//! of another one counts as well.

use floodgate_admission::{Device, Keys, QueueTicket};
use floodgate_domain::{BuyerId, EventId};

use super::cookie::Papers;
use super::path::EventPath;
use crate::problem::{ApiError, Code};

impl Papers {
    /// The ticket this device carries for this event, which the call cannot do without: its own,
    /// which is the first of `buyers`, or that of another device of its person.
    pub(crate) fn queue_ticket(
        &self,
        keys: &Keys,
        event_id: EventId,
        buyers: &[BuyerId],
    ) -> Result<QueueTicket, ApiError> {
        let mut why = None;
        for buyer in buyers {
            match self.ticket(keys, event_id, Device { buyer: *buyer }) {
                Some(Ok(ticket)) => return Ok(ticket),
                Some(Err(error)) => why = why.or(Some(error.to_string())),
                None => {}
            }
        }
        let why = why.unwrap_or_else(|| "missing; join the queue first".to_owned());
        Err(ApiError::new(Code::InvalidToken).field("queue ticket", why))
    }

    /// The ticket the visitor has already, if it still counts: a place that has entered and left is
    /// used up, on whichever device, and a new one is what joining is for then.
    pub(crate) fn held_ticket(
        &self,
        keys: &Keys,
        path: &EventPath,
        buyers: &[BuyerId],
    ) -> Option<QueueTicket> {
        let ticket = self.queue_ticket(keys, path.event_id, buyers).ok()?;
        let view = path.entry.read();
        let mut left = buyers.iter().filter_map(|buyer| view.left.get(buyer));
        left.all(|left| !left.uses_up(&ticket)).then_some(ticket)
    }
}
