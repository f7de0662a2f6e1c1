//! Seats that change hands.

use crate::ids::{BuyerId, HoldId};
use crate::seats::{SeatId, SeatState};

/// Seats that go together from one state, or one owner, to another.
///
/// A sold seat is a ticket, and a ticket may belong to somebody else than the buyer of its order.
/// So every move says whose the seats are from here on; whose they were, [`super::TicketStates`] knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeatMove<'a> {
    /// The hold or order they belong to; when they are free again, belonged to. `None` where staff
    /// take seats off sale or put them back.
    pub hold_id: Option<HoldId>,
    pub seats: &'a [SeatId],
    pub from: SeatState,
    pub to: SeatState,
    /// Whose they are from here on; `None` when they are free.
    pub owner: Option<BuyerId>,
    /// Whether they have been let in with at the gate.
    pub is_redeemed: bool,
}

impl SeatMove<'_> {
    /// How many more seats are in a state than before, seat by seat: 1, 0 or -1.
    #[must_use]
    pub fn change_of(&self, state: SeatState) -> i64 {
        i64::from(self.to == state) - i64::from(self.from == state)
    }
}
