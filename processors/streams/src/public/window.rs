//! Windows of a sale, as other teams read them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use floodgate_domain::tally::Tally;

use super::AsOf;

/// The numbers of the domain's tally: a number that is added there does not compile before it is
/// here.
macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What happened, counted; money in minor units.
        #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
        pub struct NumbersBody {
            $($(#[$doc])* pub $name: u64,)*
            /// Without fees and without what was given back; below zero where more came back.
            pub net: i64,
        }

        impl From<&Tally> for NumbersBody {
            fn from(tally: &Tally) -> Self {
                let net = tally.net();
                let Tally { $($name),* } = *tally;
                NumbersBody { $($name,)* net }
            }
        }
    };
}
numbers! {
    /// Places of the line that gateways have reserved, in blocks: fewer people came than that.
    places,
    /// Passes given; whoever comes back counts again.
    entered,
    /// Whoever is out of the shop again.
    left,
    holds,
    /// Extensions of holds.
    extended,
    /// Holds that were let go of.
    released,
    /// Holds that ended before anybody tried to pay.
    holds_expired,
    /// Holds of which somebody tried to pay, once each.
    paying,
    /// Tries to pay.
    attempts,
    declined,
    /// Tries that the provider did not answer in time.
    unanswered,
    confirmed,
    /// Orders whose money has arrived.
    settled,
    /// Orders that ended after a try to pay.
    orders_expired,
    /// Orders whose money could not be captured.
    cancelled,
    refunded,
    seats_held,
    seats_sold,
    /// Sold seats that came back.
    seats_back,
    /// Seats that the house gave away.
    seats_given,
    /// What confirmed orders cost, fees included.
    gross,
    /// Of which fees.
    fees,
    /// What was given back, fees included.
    returned,
    /// Of which fees.
    fees_returned,
}

/// A record of the topic of windows: one window of one event, and everything since its beginning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WindowBody {
    pub event_id: String,
    /// When the window begins, in log time; the last record of a window is what it came to.
    pub begins_at: String,
    pub length_ms: u64,
    pub currency: String,
    /// When the sale first opened to all, so that sales can be laid over each other.
    pub opened_at: Option<String>,
    /// What happened within the window.
    pub window: NumbersBody,
    /// What happened since the event was created.
    pub totals: NumbersBody,
    /// Seats that are sold now, by the index of their section and of their price category.
    pub sections_sold: Vec<u32>,
    pub categories_sold: Vec<u32>,
    pub as_of: AsOf,
}
