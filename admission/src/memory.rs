//! The store of one process.
//!
//! Who joined before keeps the place in his signed ticket; the map here only makes joining
//! idempotent.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use floodgate_onsale::{BuyerId, EventId, Place};

use crate::blocks::Blocks;
use crate::store::{AdmissionStore, Later, PlaceReserver, StoreError};

/// Buyers remembered for one event, about 40 bytes each. Beyond, joining is still possible;
/// repeating it without a ticket then gives a later place.
const BUYERS_MAX: usize = 1 << 22;

type Places = HashMap<EventId, HashMap<BuyerId, Place>>;

/// Places in memory.
#[derive(Debug)]
pub struct MemoryStore {
    blocks: Blocks,
    // A plain mutex: held for a map look-up, never across an await.
    places: Mutex<Places>,
}

impl MemoryStore {
    /// A store that reserves `block` places at a time.
    #[must_use]
    pub fn new(reserver: Arc<dyn PlaceReserver>, block: u32) -> Self {
        MemoryStore { blocks: Blocks::new(reserver, block), places: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self, event_id: EventId, buyer: BuyerId, spent: Option<Place>) -> Option<Place> {
        let place = *self.lock().get(&event_id)?.get(&buyer)?;
        (Some(place) != spent).then_some(place)
    }

    async fn join_now(
        &self,
        event_id: EventId,
        buyer: BuyerId,
        spent: Option<Place>,
    ) -> Result<Place, StoreError> {
        if let Some(place) = self.known(event_id, buyer, spent) {
            return Ok(place);
        }
        let place = self.blocks.next(event_id).await?;
        let mut places = self.lock();
        let places = places.entry(event_id).or_default();
        // Two requests of one buyer may meet here: the first one counts.
        if let Some(&first) = places.get(&buyer)
            && Some(first) != spent
        {
            self.blocks.give_back(event_id, place);
            return Ok(first);
        }
        if places.len() < BUYERS_MAX || places.contains_key(&buyer) {
            places.insert(buyer, place);
        }
        Ok(place)
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

    fn agree(&self, _event_id: EventId, mine: u64) -> Later<'_, Result<u64, StoreError>> {
        Box::pin(std::future::ready(Ok(mine)))
    }

    fn forget(&self, event_id: EventId) -> Later<'_, ()> {
        self.blocks.forget(event_id);
        self.lock().remove(&event_id);
        Box::pin(std::future::ready(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn keeps_the_contract() {
        crate::contract::keeps_the_contract(async |reserver| {
            Arc::new(MemoryStore::new(reserver, 10)) as Arc<dyn AdmissionStore>
        })
        .await;
    }
}
