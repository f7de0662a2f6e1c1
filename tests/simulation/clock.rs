//! The one clock of a world. It stands still until the world moves it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use floodgate_domain::LogTime;

/// Milliseconds; clones show the same time.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clock(Arc<AtomicU64>);

impl Clock {
    pub(crate) fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn log_time(&self) -> LogTime {
        LogTime(self.now())
    }

    pub(crate) fn advance(&self, ms: u64) {
        self.0.fetch_add(ms, Ordering::Relaxed);
    }
}
