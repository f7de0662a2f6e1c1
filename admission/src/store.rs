//! Who has which place: counters behind one trait, in memory or in Redis.

use std::future::Future;
use std::pin::Pin;

use floodgate_domain::{BuyerId, EventId, Frontier, Place};

use crate::puzzle::Proof;

/// A boxed future, so that the trait can be used behind a pointer.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Why no place could be given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Trying again later is safe: joining is idempotent.
    #[error("no place could be reserved: {0}")]
    Unavailable(String),
    #[error("the queue of this event is full")]
    Full,
    #[error("this proof was already used for a place")]
    ProofSpent,
}

/// Somebody who wants a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    pub buyer: BuyerId,
    /// A place of theirs that is used up: a new one is given then.
    pub spent: Option<Place>,
    /// What they passed the door with; a new place spends it.
    pub proof: Option<Proof>,
}

impl Wanted {
    /// A first place for a buyer, at a door that asks for nothing.
    #[must_use]
    pub fn by(buyer: BuyerId) -> Self {
        Wanted { buyer, spent: None, proof: None }
    }
}

/// Reserves blocks of places where they are counted once for all: in the log.
pub trait PlaceReserver: Send + Sync + std::fmt::Debug + 'static {
    /// Reserves `count` places of an event that nobody else was or will be given.
    fn reserve(&self, event_id: EventId, count: u32) -> BoxFuture<'_, Result<Place, StoreError>>;
}

/// Gives out places.
pub trait AdmissionStore: Send + Sync + std::fmt::Debug + 'static {
    /// The buyer's place; the same one however often they ask, as long as the store remembers.
    /// A remembered place that is spent makes room for a new one, which takes, in the same step, a
    /// proof issued later than the last one this buyer spent.
    fn join(&self, event_id: EventId, wanted: Wanted) -> BoxFuture<'_, Result<Place, StoreError>>;

    /// Publishes our frontier to the other gateways and returns the furthest of all: with one
    /// store, every gateway shows the same.
    fn agree(
        &self,
        event_id: EventId,
        mine: Frontier,
    ) -> BoxFuture<'_, Result<Frontier, StoreError>>;

    /// Drops everything about an event that is over.
    fn forget(&self, event_id: EventId) -> BoxFuture<'_, ()>;
}
