//! What is asked of a payment provider.

use floodgate_domain::{
    AuthorisedPayment, Currency, LogTime, PaymentAction, PaymentMethod, PaymentReference, Subject,
};

/// One attempt to pay for something. Subject and attempt are its name: whatever is done to it again
/// under that name never moves money twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    pub subject: Subject,
    pub attempt: u8,
    /// What the buyer pays with, how much and in what. `None` where the provider's answer came after
    /// the attempt was given up: name and reference say enough to capture it or to let go of it.
    pub charge: Option<Charge>,
    /// What the provider calls it, once it said.
    pub reference: Option<PaymentReference>,
    /// When the time to pay is over.
    pub deadline: LogTime,
}

/// What is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charge {
    pub method: PaymentMethod,
    /// In minor units.
    pub amount: u64,
    pub currency: Currency,
}

/// How an authorisation stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authorisation {
    Authorised(AuthorisedPayment),
    /// A no, and it will stay one.
    Declined,
    /// No answer yet; asked again later. With what the provider calls it, if it said.
    Open(Option<PaymentReference>),
    /// The buyer has to act. That is not lost, however long they take: the order's own time bounds
    /// it. The answer may come here, or to a gateway.
    ActionRequired(PaymentAction),
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
/// [`Authorisation::Open`] or [`Authorisation::ActionRequired`] and is asked again.
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
