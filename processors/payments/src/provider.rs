//! What is asked of a payment provider.

use floodgate_domain::{EventId, HoldId, LogTime, PaymentMethod};

/// One attempt to pay one order. `(hold_id, attempt)` of an event is the idempotency key:
/// asking again never moves money twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payment {
    pub event_id: EventId,
    pub hold_id: HoldId,
    pub attempt: u8,
    /// Empty where the provider's answer came after the attempt was given up: the key says enough.
    pub method: PaymentMethod,
    /// In minor units.
    pub amount: u64,
    /// When the order's payment time is over.
    pub deadline: LogTime,
}

/// How an authorisation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authorisation {
    Authorised,
    Declined,
    /// No answer yet. Ask again later.
    Open,
    /// The buyer's bank asks him something. That is not lost, however long he takes: the order's
    /// own time bounds it. The answer may come here, or to a gateway, which tells the engine.
    Asking,
}

/// How a capture ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Captured {
    Done,
    /// For good: the authorisation is gone.
    Failed,
}

/// The provider could not be reached or failed; asking again is safe.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the payment provider did not answer: {0}")]
pub struct ProviderError(pub String);

/// A payment provider. Every call is idempotent and returns soon: what takes long answers
/// [`Authorisation::Open`] or [`Authorisation::Asking`] and is asked again.
pub trait Provider: Send + Sync + std::fmt::Debug + 'static {
    /// Holds the money, or says how far that has come.
    fn authorise(&self, payment: &Payment, now: LogTime) -> Result<Authorisation, ProviderError>;
    /// Moves the money that is held.
    fn capture(&self, payment: &Payment) -> Result<Captured, ProviderError>;
    /// Lets go of money that is held, or of an attempt that never got there.
    fn void(&self, payment: &Payment) -> Result<(), ProviderError>;
    /// Gives captured money back; money that is only held is let go.
    fn refund(&self, payment: &Payment) -> Result<(), ProviderError>;
}
