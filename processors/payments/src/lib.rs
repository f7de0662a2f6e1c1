//! The payment outbox: facts to provider to commands.
//!
//! Money moves in three steps, each repeatable: authorise, confirm in the log, capture. The
//! outbox keeps nothing of its own; a restart folds the facts again and asks the provider
//! under the same idempotency keys. Start reading at [`outbox`].

mod book;
pub mod outbox;
pub mod provider;
pub mod sandbox;

pub use outbox::{Outbox, OutboxConfig, PaymentWorker};
pub use provider::{Authorisation, Captured, Payment, Provider, ProviderError};
pub use sandbox::Sandbox;
