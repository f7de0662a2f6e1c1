//! Tickets that were good once and are not any more: what a gate without a network has to know.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use floodgate_domain::effects::{SeatMove, TicketStates};
use floodgate_domain::{FactPosition, FactRecord, HoldId, LogTime, SeatId, SeatState};

/// The edition that says that no edition is good: the order was refunded or cancelled.
pub(super) const NO_EDITION: u16 = u16::MAX;

/// Revoked tickets of one event. At most one entry a seat that was ever sold in an order.
#[derive(Debug, Default)]
pub(crate) struct Revoked {
    /// The first edition that is still good; those before belong to former owners.
    first_good: BTreeMap<(HoldId, SeatId), u16>,
    changed: FactPosition,
    changed_at: LogTime,
    /// The list as it was signed last, until it changes. A mutex, since readers of a view make it.
    signed: Mutex<Option<Arc<str>>>,
}

impl Revoked {
    /// Takes a move over that `tickets` have followed already.
    pub(super) fn follow(
        &mut self,
        change: &SeatMove<'_>,
        tickets: &TicketStates,
        record: &FactRecord,
    ) {
        let Some(hold_id) = change.hold_id else { return };
        if change.from != SeatState::Sold || change.is_redeemed {
            return;
        }
        for seat in change.seats {
            let first_good = match change.to {
                SeatState::Sold => tickets.edition(hold_id, *seat),
                SeatState::Free | SeatState::Held | SeatState::NotForSale => NO_EDITION,
            };
            self.first_good.insert((hold_id, *seat), first_good);
        }
        (self.changed, self.changed_at) = (record.position, record.at);
        *self.signed.get_mut().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Grows with every change, and is the same at every gateway.
    pub(crate) fn version(&self) -> u64 {
        self.changed.version()
    }

    pub(crate) fn changed_at(&self) -> LogTime {
        self.changed_at
    }

    pub(crate) fn entries(&self) -> impl ExactSizeIterator<Item = (HoldId, SeatId, u16)> + '_ {
        self.first_good.iter().map(|(&(hold_id, seat), &edition)| (hold_id, seat, edition))
    }

    /// The list, signed once a change.
    pub(crate) fn signed(&self, sign: impl FnOnce() -> String) -> Arc<str> {
        let mut signed = self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(signed.get_or_insert_with(|| sign().into()))
    }
}
