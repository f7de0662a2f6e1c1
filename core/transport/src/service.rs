//! What a running process is made of.

use std::fmt;

use crate::health::Health;

/// Why a service ended by itself, or could not end well.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{service}: {reason}")]
pub struct ServiceError {
    pub service: String,
    pub reason: String,
}

impl ServiceError {
    #[must_use]
    pub fn new(service: impl Into<String>, reason: impl fmt::Display) -> Self {
        ServiceError { service: service.into(), reason: reason.to_string() }
    }
}

/// Something that runs in a process until it is stopped. Whoever makes it starts it.
pub trait Service: Send + Sync + fmt::Debug + 'static {
    /// Its name in readiness, metrics and logs: `views`, `sink-postgres`.
    fn name(&self) -> &str;

    /// How it is now. Asked several times a second: must not wait for anything.
    fn health(&self) -> Health;

    /// What people should know of it although it works.
    fn notice(&self) -> Option<String> {
        None
    }

    /// Asks it to end and returns at once. Asking again changes nothing.
    fn stop(&self);

    /// Waits until it has ended; must not be called inside async tasks. A second caller finds it
    /// ended, and does not get the error again.
    fn join(&self) -> Result<(), ServiceError>;
}
