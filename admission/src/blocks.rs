//! Blocks of places, reserved in the log and given out one by one.
//!
//! A restart skips the rest of a block and so never issues a number twice, whatever the store
//! has forgotten.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use floodgate_domain::{EventId, Frontier, Place};

use crate::store::{PlaceReserver, StoreError};

/// Numbers of one event not given out yet.
#[derive(Debug, Default)]
struct Block {
    next: u64,
    end: u64,
}

#[derive(Debug, Default)]
struct Entry {
    // A plain mutex: held for two additions, never across an await.
    block: Mutex<Block>,
    /// One fetch at a time; everybody else waits for its block instead of asking too.
    fetching: tokio::sync::Mutex<()>,
}

impl Entry {
    fn lock(&self) -> MutexGuard<'_, Block> {
        self.block.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next number that was not called yet: who gets one waits like everybody before.
    fn take(&self, not_below: Frontier) -> Option<Place> {
        let mut block = self.lock();
        block.next = block.next.max(not_below.0.min(block.end));
        (block.next < block.end).then(|| {
            block.next += 1;
            Place(block.next - 1)
        })
    }
}

/// The numbers this process may give out, by event.
#[derive(Debug)]
pub(crate) struct Blocks {
    reserver: Arc<dyn PlaceReserver>,
    size: u32,
    events: Mutex<HashMap<EventId, Arc<Entry>>>,
}

impl Blocks {
    /// Blocks of `size` places.
    pub(crate) fn new(reserver: Arc<dyn PlaceReserver>, size: u32) -> Self {
        Blocks { reserver, size: size.max(1), events: Mutex::default() }
    }

    fn entry(&self, event_id: EventId) -> Arc<Entry> {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(events.entry(event_id).or_default())
    }

    /// The next number of an event that is not below a frontier; nobody else was or will be given it.
    pub(crate) async fn next(
        &self,
        event_id: EventId,
        not_below: Frontier,
    ) -> Result<Place, StoreError> {
        let entry = self.entry(event_id);
        loop {
            if let Some(place) = entry.take(not_below) {
                return Ok(place);
            }
            let _turn = entry.fetching.lock().await;
            // Whoever held the turn before may have brought a block.
            if let Some(place) = entry.take(not_below) {
                return Ok(place);
            }
            let first = self.reserver.reserve(event_id, self.size).await?;
            let mut block = entry.lock();
            (block.next, block.end) = (first.0, first.0 + u64::from(self.size));
        }
    }

    /// Gives a number back that was not used after all, if it is still the last one taken.
    pub(crate) fn give_back(&self, event_id: EventId, place: Place) {
        let entry = self.entry(event_id);
        let mut block = entry.lock();
        if block.next == place.0 + 1 {
            block.next = place.0;
        }
    }

    /// One more than the last number given out here: every number before it was given out, here or by
    /// somebody else, or never will be. 0 before the first block.
    pub(crate) fn given_beyond(&self, event_id: EventId) -> u64 {
        self.entry(event_id).lock().next
    }

    /// A line that has reached the numbers not given out here, while others wait behind them, passes
    /// over them: nobody has them, and nobody will be given them.
    pub(crate) fn pass_over(&self, event_id: EventId, reached: Frontier, given: u64) -> Frontier {
        let entry = self.entry(event_id);
        let mut block = entry.lock();
        let is_inside = block.next <= reached.0 && reached.0 < block.end;
        if !is_inside || given <= block.end {
            return reached;
        }
        block.next = block.end;
        Frontier(block.end)
    }

    pub(crate) fn forget(&self, event_id: EventId) {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).remove(&event_id);
    }
}
