//! What went wrong with a call to a provider.

use std::time::Duration;

/// The provider could not be reached or failed; asking again is safe.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the payment provider did not answer: {reason}")]
pub struct ProviderError {
    pub reason: String,
    /// How long it wants to be left alone.
    pub retry_after: Option<Duration>,
}

impl ProviderError {
    #[must_use]
    pub fn new(reason: impl Into<String>) -> Self {
        ProviderError { reason: reason.into(), retry_after: None }
    }
}
