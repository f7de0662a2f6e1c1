//! What a payment provider is: the one trait a provider implements.
//!
//! Everything here is plain data. The callers, outbox and gateways, know no provider
//! by name; see `sandbox/` and `stripe/` for two of them.

use std::time::Duration;

use floodgate_domain::{
    AuthorisedPayment, Currency, LogTime, PaymentAction, PaymentMethod, PaymentReference, Subject,
};

use crate::error::ProviderError;
use crate::web::{CardForm, PageAnswer, PageRequest, PaymentReport, Webhook, WebhookError};

/// One attempt to pay for something. Subject and attempt are its name: whatever is done to it again
/// under that name never moves money twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    pub subject: Subject,
    pub attempt: u8,
    /// What the buyer pays with, how much and in what. `None` where the provider's answer came
    /// after the attempt was given up: name and reference say enough to capture it or to let go of
    /// it.
    pub charge: Option<Charge>,
    /// What the provider calls it, once it said.
    pub reference: Option<PaymentReference>,
    /// When the time to pay is over.
    pub deadline: LogTime,
}

impl Payment {
    /// The name of one operation on it, for providers that take such keys.
    #[must_use]
    pub fn idempotency_key(&self, operation: &str) -> String {
        format!("{}/{}/{operation}", self.subject, self.attempt)
    }
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
    /// For good: the authorisation is gone. Only said when the provider said so.
    Failed,
}

/// A payment provider.
///
/// The four operations are called from a pool of threads, several at once, never two at once about
/// one payment. Each is idempotent and returns within [`CALL_WITHIN`]: what takes longer answers
/// [`Authorisation::Open`] or [`Authorisation::ActionRequired`] and is asked again.
pub trait Provider: Send + Sync + std::fmt::Debug + 'static {
    /// Its name in settings, addresses and metrics.
    fn name(&self) -> &'static str;

    /// Whether real money moves. A form has to be allowed to start on one that moves none.
    fn moves_money(&self) -> bool;

    /// Holds the money, or says how far that has come.
    fn authorise(&self, payment: &Payment, now: LogTime) -> Result<Authorisation, ProviderError>;
    /// Moves the money that is held.
    fn capture(&self, payment: &Payment) -> Result<Captured, ProviderError>;
    /// Lets go of money that is held, or of an attempt that never got there.
    fn void(&self, payment: &Payment) -> Result<(), ProviderError>;
    /// Gives captured money back; money that is only held is let go.
    fn refund(&self, payment: &Payment) -> Result<(), ProviderError>;

    /// The longest pause between two questions about one open authorisation: short where answers
    /// are only found by asking, longer where webhooks bring them.
    fn ask_again_max(&self) -> Duration {
        Duration::from_secs(5)
    }

    /// How the pay page gets a token for a way to pay.
    fn card_form(&self) -> CardForm;

    /// Answers a request for one of its own pages. Called from a gateway, several at once; must not
    /// wait for anything.
    fn page(&self, request: &PageRequest<'_>) -> PageAnswer;

    /// Checks what claims to come from the provider and says what it reports. Called from a
    /// gateway, several at once; may ask the provider and returns within [`CALL_WITHIN`].
    fn webhook(&self, webhook: &Webhook<'_>) -> Result<Vec<PaymentReport>, WebhookError>;
}

/// How long a call to a provider may take, everything included. Longer than any card network takes
/// to answer; a thread of the pool that waits longer is lost to the others for nothing.
pub const CALL_WITHIN: Duration = Duration::from_secs(30);
