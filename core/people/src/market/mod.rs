//! What advertisers buy: products of events, and their orders.
//!
//! Nothing here is about a fan: an order is of a staff key, and what it pays for are numbers. It is
//! beside the people because these are the rows that gateways share.

mod delivery;
mod invoices;
mod keys;
mod offers;
mod orders;

use floodgate_domain::EventId;
use floodgate_event_log::Topic;

use crate::PeopleError;

pub use delivery::{PRODUCT_DELIVERED, ProductDelivery, ProductDeliveryChange};
pub use invoices::{InvoiceParty, InvoiceTerms};
pub use keys::{BUYER_KEYS_MAX, BuyerKey};
pub use offers::ProductOffer;
pub use orders::{NewProductOrder, ProductOrder, ProductState};

/// A kind of product. Each is of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum ProductKind {
    /// Weekly tables of the people who agreed to be counted.
    #[default]
    Cohorts,
    /// How many wait and how many shop, to the minute.
    Concurrency,
    /// How fast orders come, against the first ten minutes.
    Velocity,
}

impl ProductKind {
    pub const ALL: [ProductKind; 3] =
        [ProductKind::Cohorts, ProductKind::Concurrency, ProductKind::Velocity];

    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            ProductKind::Cohorts => "cohorts",
            ProductKind::Concurrency => "concurrency",
            ProductKind::Velocity => "velocity",
        }
    }

    /// What the product of an event is called.
    #[must_use]
    pub fn product_id(self, event_id: EventId) -> String {
        match self {
            // As it was called when it was the only one.
            ProductKind::Cohorts => format!("audience/{event_id}"),
            ProductKind::Concurrency | ProductKind::Velocity => {
                format!("{}/{event_id}", self.code())
            }
        }
    }

    /// Where its records are; they lie with their event.
    #[must_use]
    pub fn topic(self) -> Topic {
        match self {
            ProductKind::Cohorts => Topic::Audience,
            ProductKind::Concurrency | ProductKind::Velocity => Topic::Live,
        }
    }

    pub(crate) fn number(self) -> u8 {
        match self {
            ProductKind::Cohorts => 0,
            ProductKind::Concurrency => 1,
            ProductKind::Velocity => 2,
        }
    }

    fn numbered(number: i64) -> Result<Self, PeopleError> {
        let found = ProductKind::ALL.into_iter().find(|kind| i64::from(kind.number()) == number);
        found.ok_or_else(|| PeopleError::Damaged("a product has no kind".to_owned()))
    }
}
