//! The store of one process: places from blocks reserved in the log.
//!
//! A restart skips the rest of a block and so never issues a number twice. Who joined before
//! keeps the place in his signed ticket; the map here only makes joining idempotent.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use floodgate_onsale::{BuyerId, EventId, Place};

use crate::store::{AdmissionStore, Later, PlaceReserver, StoreError};

/// Buyers remembered for one event, about 40 bytes each. Beyond, joining is still possible;
/// repeating it without a ticket then gives a later place.
const BUYERS_MAX: usize = 1 << 22;

#[derive(Debug, Default)]
struct Queue {
    places: HashMap<BuyerId, Place>,
    /// Numbers of the current block not given out yet.
    next: u64,
    end: u64,
}

#[derive(Debug, Default)]
struct Entry {
    // A plain mutex: held for a map look-up, never across an await.
    queue: Mutex<Queue>,
    /// One fetch at a time; everybody else waits for its block instead of asking too.
    fetching: tokio::sync::Mutex<()>,
}

impl Entry {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, buyer: BuyerId, spent: Option<Place>) -> Option<Place> {
        let mut queue = self.lock();
        if let Some(&place) = queue.places.get(&buyer)
            && Some(place) != spent
        {
            return Some(place);
        }
        if queue.next == queue.end {
            return None;
        }
        let place = Place(queue.next);
        queue.next += 1;
        if queue.places.len() < BUYERS_MAX || queue.places.contains_key(&buyer) {
            queue.places.insert(buyer, place);
        }
        Some(place)
    }
}

/// Places in memory.
#[derive(Debug)]
pub struct MemoryStore {
    reserver: Arc<dyn PlaceReserver>,
    block: u32,
    events: Mutex<HashMap<EventId, Arc<Entry>>>,
}

impl MemoryStore {
    /// A store that reserves `block` places at a time.
    #[must_use]
    pub fn new(reserver: Arc<dyn PlaceReserver>, block: u32) -> Self {
        MemoryStore { reserver, block: block.max(1), events: Mutex::default() }
    }

    fn entry(&self, event_id: EventId) -> Arc<Entry> {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(events.entry(event_id).or_default())
    }

    async fn join_now(
        &self,
        event_id: EventId,
        buyer: BuyerId,
        spent: Option<Place>,
    ) -> Result<Place, StoreError> {
        let entry = self.entry(event_id);
        loop {
            if let Some(place) = entry.take(buyer, spent) {
                return Ok(place);
            }
            let _turn = entry.fetching.lock().await;
            // Whoever held the turn before may have brought a block.
            if let Some(place) = entry.take(buyer, spent) {
                return Ok(place);
            }
            let first = self.reserver.reserve(event_id, self.block).await?;
            let mut queue = entry.lock();
            (queue.next, queue.end) = (first.0, first.0 + u64::from(self.block));
        }
    }
}

impl AdmissionStore for MemoryStore {
    fn join(
        &self,
        event_id: EventId,
        buyer: BuyerId,
        spent: Option<Place>,
    ) -> Later<'_, Result<Place, StoreError>> {
        Box::pin(self.join_now(event_id, buyer, spent))
    }

    fn forget(&self, event_id: EventId) -> Later<'_, ()> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).remove(&event_id);
        Box::pin(std::future::ready(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn keeps_the_contract() {
        crate::contract::keeps_the_contract(|reserver| Arc::new(MemoryStore::new(reserver, 10)))
            .await;
    }
}
