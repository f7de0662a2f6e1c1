//! Why a follower has to restart.

use floodgate_event_log::LogError;

/// Why a follower has to restart.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FollowError {
    #[error(transparent)]
    Log(#[from] LogError),
    /// What the handler writes to fails.
    #[error("{0}")]
    Store(String),
}

impl FollowError {
    /// Whether nothing in this process brings it back: a log that has closed stays closed.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, FollowError::Log(LogError::Closed))
    }
}
