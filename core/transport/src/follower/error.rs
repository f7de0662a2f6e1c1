//! Why a follower has to restart.

use floodgate_event_log::{CheckpointError, LogError};

/// Why a follower has to restart.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FollowError {
    #[error(transparent)]
    Log(#[from] LogError),
    /// What the handler writes to was built from another log, or from records that are gone. Going
    /// on would pass over records, silently.
    #[error(
        "{0}: the log is new, or was put back from another copy. Put the right log back; if this \
         one is right, what was built from the other one has to be built anew: `floodgate views \
         rebuild` for tables, a restart for everything else"
    )]
    Mismatched(CheckpointError),
    /// What the handler writes to fails.
    #[error("{0}")]
    Store(String),
}

impl From<CheckpointError> for FollowError {
    fn from(error: CheckpointError) -> Self {
        match error {
            CheckpointError::Log(error) => FollowError::Log(error),
            error => FollowError::Mismatched(error),
        }
    }
}

impl FollowError {
    /// Whether what is written to belongs to another log.
    pub(super) fn is_mismatch(&self) -> bool {
        matches!(self, FollowError::Mismatched(_))
    }

    /// Whether nothing in this process brings it back: a log that has closed stays closed.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, FollowError::Log(LogError::Closed))
    }
}
