//! People: who can be reached, and how.
//!
//! The log knows pseudonyms. What is personal (addresses, and which pseudonyms are one person) is
//! in this store and nowhere else, sealed under a key of each person: forgetting somebody is
//! deleting a row. A SQLite file for one process, or a PostgreSQL database for many.
//!
//! | module | holds |
//! |---|---|
//! | `store`, `database`, `sqlite`, `postgres`, `schema` | transactions, on two databases |
//! | `contacts`, `sign_in`, `identities`, `passkeys` | addresses; devices; ways to sign in |
//! | `audience`, `messages`, `reports`, `failures` | whom messages reach; what became of each |
//! | `webhooks`, `deliveries`, `codes`, `code_messages`, `market` | calls; codes; tables |
//! | `forget`, `look_ups`, `seal`, `links`, `address` | deleting, finding; encryption; proofs |

mod address;
mod audience;
mod code_messages;
mod codes;
mod contacts;
mod database;
mod deliveries;
mod failures;
mod forget;
mod identities;
mod links;
mod look_ups;
mod market;
mod messages;
mod passkeys;
mod positions;
mod postgres;
mod reports;
mod schema;
mod seal;
mod share_links;
mod sign_in;
mod sqlite;
mod staff_sessions;
mod store;
mod webhooks;

#[cfg(test)]
mod tests;

pub use address::{Address, AddressError, EMAIL_BYTES_MAX};
pub use audience::{Reach, ReachCount, ReachQuery, ReachedContact, SeatGain};
pub use code_messages::QueuedCodes;
pub use contacts::{AskOutcome, Confirmed, Contact, NewContact, PersonView, Want};
pub use deliveries::{
    DELIVERIES_WAITING_MAX, DeliveryQuery, DeliveryState, DueDelivery, NewDelivery, TryOutcome,
    WebhookDelivery, WebhookTry,
};
pub use failures::{AGAIN_MAX, FailedMessage, FailedQuery, REPEATABLE};
pub use forget::Forgotten;
pub use identities::{KnownIdentity, NewDevice};
pub use links::Link;
pub use look_ups::PersonAtAddress;
pub use market::*;
pub use messages::{DueMessage, InboxMessage, NewMessage, TEST, Verdict, Via};
pub use passkeys::{PasskeyKey, PersonPasskey, StoredPasskey};
pub use positions::FOLDED_TABLES;
pub use reports::{Report, VerdictOf};
pub use share_links::{SHARE_LINKS_MAX, ShareLink};
pub use sign_in::{PersonDevice, SignedIn};
pub use staff_sessions::{NewStaffSession, SessionMark, StaffSession};
pub use store::{People, PeopleLocation, Work};
pub use webhooks::{
    NewWebhook, WEBHOOK_TEST, WEBHOOKS_MAX, WebhookChange, WebhookSubscription, is_webhook_url,
};

/// Why the store did not do something; nothing of the transaction was done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeopleError {
    /// It may do it later.
    #[error("the people store: {0}")]
    Unavailable(String),
    /// What it holds is not what was put there.
    #[error("the people store is damaged: {0}")]
    Damaged(String),
}
