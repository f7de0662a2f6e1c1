//! The index that visitors search, as handlers use it: off the async threads, a bounded number of
//! searches at once.

mod towns;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use floodgate_search::{SearchError, SearchIndex};

pub(crate) use self::towns::GeoPoint;
pub use self::towns::Towns;
use crate::problem::{ApiError, Code};

/// Searches at once: each has a thread for the milliseconds it takes.
const SEARCHES_MAX: usize = 16;
/// How long a search waits for its turn.
const PATIENCE: Duration = Duration::from_secs(1);

/// What answers searches, and where towns are.
#[derive(Debug, Default)]
pub struct SearchParts {
    /// `None` where search is off.
    pub index: Option<Arc<dyn SearchIndex>>,
    pub towns: Towns,
}

/// Searches; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct SearchDesk {
    index: Option<Arc<dyn SearchIndex>>,
    towns: Arc<Towns>,
    turns: Arc<Semaphore>,
}

impl SearchDesk {
    pub(crate) fn new(parts: SearchParts) -> Self {
        let turns = Arc::new(Semaphore::new(SEARCHES_MAX));
        SearchDesk { index: parts.index, towns: Arc::new(parts.towns), turns }
    }

    pub(crate) fn towns(&self) -> &Towns {
        &self.towns
    }

    /// Asks the index.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&dyn SearchIndex) -> Result<T, SearchError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let index = self.index.clone().ok_or_else(|| ApiError::new(Code::SearchOff))?;
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.turns).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return Err(ApiError::new(Code::Overloaded)) };
        let asked = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            ask(&*index)
        });
        let answer = asked.await.map_err(|error| ApiError::internal(&error))?;
        answer.map_err(|error| {
            tracing::warn!(%error, "the search index does not answer");
            ApiError::new(Code::SearchUnavailable)
        })
    }
}
