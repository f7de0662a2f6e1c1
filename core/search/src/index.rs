//! What an index is.

use floodgate_domain::LogTime;

use crate::document::{Document, DocumentKey};
use crate::query::{EventHits, EventQuery, SeatFindings, SeatQuery};

/// Why an index did not do what it was asked to.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SearchError {
    /// It may do it later.
    #[error("{0}")]
    Unavailable(String),
    /// It is not there, or was deleted: it has to be made and written from the first fact.
    #[error("the index is not there")]
    Missing,
}

/// How far a partition has been written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reached {
    pub partition: u32,
    /// The offset of the next fact of the ledger.
    pub next: u64,
    /// When the newest fact happened that was written.
    pub at: LogTime,
}

/// A document that an index will never take, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    pub key: DocumentKey,
    pub version: u64,
    pub reason: String,
}

/// An index of documents. Calls block; they must be made outside async tasks.
pub trait SearchIndex: Send + Sync + std::fmt::Debug {
    /// Makes it if it is not there. What it has stays.
    fn open(&self) -> Result<(), SearchError>;

    /// How far a partition has been written; 0 if nothing of it was, or the index is new.
    fn next(&self, partition: u32) -> Result<u64, SearchError>;

    /// Takes documents, then notes how far they reach. A document that is older than the one it
    /// has is passed over. Answers with what it will never take; after an error it may have taken
    /// some, and takes all of them again.
    fn put(&self, documents: &[Document], reached: Reached) -> Result<Vec<Unfit>, SearchError>;

    /// Forgets how far a partition has been written, so that all of it is written again.
    fn rewind(&self, partition: u32) -> Result<(), SearchError>;

    /// Removes it with all it has.
    fn remove(&self) -> Result<(), SearchError>;

    /// Lets what was put be found at once. It is otherwise within a second or so.
    fn refresh(&self) -> Result<(), SearchError>;

    /// What it is, such as `OpenSearch 2.19.1`.
    fn about(&self) -> Result<String, SearchError>;

    fn events(&self, query: &EventQuery) -> Result<EventHits, SearchError>;

    /// `None` if it has not heard of the event.
    fn seats(&self, query: &SeatQuery) -> Result<Option<SeatFindings>, SearchError>;
}
