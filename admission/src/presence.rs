//! Who of those called is there: they have asked to enter, and perhaps found the shop full.
//!
//! Roughly, and by each gateway on its own: a place that shares a slot with one that is there
//! counts as there too, which only lets somebody keep a turn.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use floodgate_domain::{EventId, LogTime, Place};

/// Half a megabyte; far more than are called within a grace time and find the shop full.
const SLOTS: usize = 1 << 16;

/// When each place last asked to enter.
// Relaxed everywhere: a mere maximum, no other memory depends on it.
#[derive(Debug)]
pub(crate) struct Presence {
    asked_at: Box<[AtomicU64]>,
    /// Slots nobody outside can choose.
    keys: RandomState,
}

impl Presence {
    pub(crate) fn new() -> Self {
        let asked_at = (0..SLOTS).map(|_| AtomicU64::new(0)).collect();
        Presence { asked_at, keys: RandomState::new() }
    }

    fn slot(&self, event_id: EventId, place: Place) -> &AtomicU64 {
        &self.asked_at[self.keys.hash_one((event_id, place)) as usize % SLOTS]
    }

    /// A place that may enter has asked to.
    pub(crate) fn note(&self, event_id: EventId, place: Place, now: LogTime) {
        self.slot(event_id, place).fetch_max(now.0, Ordering::Relaxed);
    }

    /// Whether it has asked within this time.
    pub(crate) fn is_there(
        &self,
        event_id: EventId,
        place: Place,
        now: LogTime,
        within_ms: u64,
    ) -> bool {
        let asked_at = self.slot(event_id, place).load(Ordering::Relaxed);
        asked_at.saturating_add(within_ms) > now.0
    }
}
