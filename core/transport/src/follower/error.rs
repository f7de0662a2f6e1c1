//! Why a follower has to restart.

use floodgate_event_log::{LogError, Offset, Partition};

/// Why a follower has to restart.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FollowError {
    #[error(transparent)]
    Log(#[from] LogError),
    /// What the handler writes to has read further than the log goes. Going on would pass over
    /// records of this log, silently.
    #[error(
        "it has read {topic}/{partition} up to {reached}, and the log ends at {end}: the log is \
         new, or was put back from an older copy. Put the right log back; if this one is right, \
         move what was built from the other one away, and it is built anew"
    )]
    Beyond { topic: &'static str, partition: Partition, reached: Offset, end: Offset },
    /// What the handler writes to fails.
    #[error("{0}")]
    Store(String),
}

impl FollowError {
    /// Whether what is written to belongs to another log.
    pub(super) fn is_beyond(&self) -> bool {
        matches!(self, FollowError::Beyond { .. })
    }

    /// Whether nothing in this process brings it back: a log that has closed stays closed.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, FollowError::Log(LogError::Closed))
    }
}
