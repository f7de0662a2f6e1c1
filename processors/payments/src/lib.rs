//! Payments: facts to a provider, its answers to commands.
//!
//! Money moves in three steps, each repeatable: authorise, confirm in the log, capture. Nothing is
//! kept here; a restart folds the facts again and asks the provider under the same names. Start
//! reading at [`provider`], then [`worker`].
//!
//! | module | holds |
//! |---|---|
//! | [`provider`], [`web`] | the interface: what a provider does, and its web part |
//! | [`worker`], `open` | processes a partition's payments; which are open and due |
//! | [`calls`] | the pool that waits for providers |
//! | [`outbox`] | the follower of a partition |
//! | [`sandbox`], [`stripe`] | providers, one folder each |

pub mod calls;
mod error;
mod open;
pub mod outbox;
pub mod provider;
pub mod sandbox;
pub mod stripe;
pub mod web;
pub mod worker;

pub use calls::ProviderCalls;
pub use error::ProviderError;
pub use outbox::Outbox;
pub use provider::{Authorisation, Captured, Charge, Payment, Provider};
pub use sandbox::Sandbox;
pub use worker::{OutboxConfig, PaymentWorker};
