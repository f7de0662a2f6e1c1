//! What the public queue says.

use floodgate_domain::{Frontier, LineOrder, Place};

/// What the public queue said last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct QueueSeen {
    pub(super) frontier: Frontier,
    /// What the door asks for; nobody knows before the first look.
    pub(super) puzzle_level: Option<u64>,
    pub(super) is_over: bool,
    pub(super) free: u64,
    pub(super) shoppers: u64,
    pub(super) shoppers_max: u64,
}

impl QueueSeen {
    /// Whether it is this place's turn.
    pub(super) fn calls(&self, place: u64) -> bool {
        self.frontier.has_called(LineOrder::AS_GIVEN.rank(Place(place)))
    }
}
