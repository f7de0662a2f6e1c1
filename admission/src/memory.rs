//! The store of one process.
//!
//! Whoever has joined keeps the place in a signed ticket; the map here only makes joining
//! idempotent.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use floodgate_domain::{BuyerId, EventId, Frontier, LogTime, Place};

use crate::blocks::Blocks;
use crate::store::{AdmissionStore, BoxFuture, LineProgress, PlaceReserver, StoreError, Wanted};

/// Buyers remembered for one event, about 50 bytes each. Beyond, joining is still possible;
/// repeating it without a ticket then gives a later place.
const BUYERS_MAX: usize = 1 << 22;

/// What is known of a buyer.
#[derive(Debug, Clone, Copy)]
struct Known {
    place: Place,
    /// When the proof that was spent was issued; the beginning of time if none was asked for.
    proof_issued_at: LogTime,
}

type Places = HashMap<EventId, HashMap<BuyerId, Known>>;

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

    /// The place somebody has, if it is still good; refuses a proof that is used up.
    fn known(&self, event_id: EventId, wanted: &Wanted) -> Result<Option<Place>, StoreError> {
        let places = self.lock();
        let known = places.get(&event_id).and_then(|places| places.get(&wanted.buyer));
        known.map_or(Ok(None), |known| known.place_for(wanted))
    }

    async fn join_now(&self, event_id: EventId, wanted: Wanted) -> Result<Place, StoreError> {
        if let Some(place) = self.known(event_id, &wanted)? {
            return Ok(place);
        }
        let place = self.blocks.next(event_id, wanted.not_below).await?;
        let mut places = self.lock();
        let places = places.entry(event_id).or_default();
        // Two requests of one buyer may meet here: the first one counts.
        let first = places.get(&wanted.buyer).map_or(Ok(None), |known| known.place_for(&wanted));
        if !matches!(first, Ok(None)) {
            self.blocks.give_back(event_id, place);
        }
        if let Some(first) = first? {
            return Ok(first);
        }
        if places.len() < BUYERS_MAX || places.contains_key(&wanted.buyer) {
            let before =
                places.get(&wanted.buyer).map_or(LogTime(0), |known| known.proof_issued_at);
            let proof_issued_at = wanted.proof.map_or(before, |proof| proof.issued_at);
            places.insert(wanted.buyer, Known { place, proof_issued_at });
        }
        Ok(place)
    }
}

impl Known {
    fn place_for(&self, wanted: &Wanted) -> Result<Option<Place>, StoreError> {
        if Some(self.place) != wanted.spent {
            return Ok(Some(self.place));
        }
        match wanted.proof {
            Some(proof) if proof.issued_at <= self.proof_issued_at => Err(StoreError::ProofSpent),
            _ => Ok(None),
        }
    }
}

impl AdmissionStore for MemoryStore {
    fn join(&self, event_id: EventId, wanted: Wanted) -> BoxFuture<'_, Result<Place, StoreError>> {
        Box::pin(self.join_now(event_id, wanted))
    }

    fn places_of<'a>(
        &'a self,
        event_id: EventId,
        buyers: &'a [BuyerId],
    ) -> BoxFuture<'a, Result<Vec<(BuyerId, Place)>, StoreError>> {
        let places = self.lock();
        let of = |buyer: &BuyerId| Some((*buyer, places.get(&event_id)?.get(buyer)?.place));
        let found = buyers.iter().filter_map(of).collect();
        Box::pin(std::future::ready(Ok(found)))
    }

    fn agree(
        &self,
        event_id: EventId,
        frontier: Frontier,
    ) -> BoxFuture<'_, Result<LineProgress, StoreError>> {
        let given_beyond = self.blocks.given_beyond(event_id);
        Box::pin(std::future::ready(Ok(LineProgress { frontier, given_beyond })))
    }

    fn given_beyond(&self, event_id: EventId) -> u64 {
        self.blocks.given_beyond(event_id)
    }

    fn pass_over(&self, event_id: EventId, reached: Frontier, given: u64) -> Frontier {
        self.blocks.pass_over(event_id, reached, given)
    }

    fn forget(&self, event_id: EventId) -> BoxFuture<'_, ()> {
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

    #[tokio::test]
    async fn keeps_the_pace() {
        for seed in 0..8 {
            crate::pace_contract::keeps_the_pace(seed, 1, |reserver, block| {
                Arc::new(MemoryStore::new(reserver, block))
            })
            .await;
        }
    }
}
