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
    /// How far the line was called: a new place is never before that, for then its owner would walk
    /// in without having waited.
    pub not_below: Frontier,
}

impl Wanted {
    /// A first place for a buyer, at a door that asks for nothing.
    #[must_use]
    pub fn by(buyer: BuyerId) -> Self {
        Wanted { buyer, spent: None, proof: None, not_below: Frontier(0) }
    }
}

/// How far all gateways together are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineProgress {
    /// The furthest frontier of all.
    pub frontier: Frontier,
    /// One more than the last place given out; 0 where the store cannot know.
    pub given_beyond: u64,
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

    /// The places these buyers have, as far as the store remembers. Nobody is given one.
    fn places_of<'a>(
        &'a self,
        event_id: EventId,
        buyers: &'a [BuyerId],
    ) -> BoxFuture<'a, Result<Vec<(BuyerId, Place)>, StoreError>>;

    /// Publishes our frontier, and what was given out here, to the other gateways and returns the
    /// furthest of all: with one store, every gateway shows the same.
    fn agree(
        &self,
        event_id: EventId,
        mine: Frontier,
    ) -> BoxFuture<'_, Result<LineProgress, StoreError>>;

    /// One more than the last place given out by this process; 0 before the first.
    fn given_beyond(&self, event_id: EventId) -> u64;

    /// Where a line that has come to `reached` may go at once, `given` places being given out: beyond
    /// numbers that nobody has and nobody will be given. Those are not given out from then on.
    fn pass_over(&self, event_id: EventId, reached: Frontier, given: u64) -> Frontier;

    /// Drops everything about an event that is over.
    fn forget(&self, event_id: EventId) -> BoxFuture<'_, ()>;
}
