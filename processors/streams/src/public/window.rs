//! Windows of a sale, as other teams read them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use floodgate_domain::tally::Tally;

use super::AsOf;

/// The numbers of the domain's tally: a number that is added there does not compile before it is
/// here.
macro_rules! numbers {
    ($($name:ident)*) => {
        /// What happened, counted; money in minor units.
        #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
        pub struct NumbersBody {
            $(pub $name: u64,)*
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
    places entered left
    holds extended released holds_expired
    paying attempts declined unanswered
    confirmed settled orders_expired cancelled refunded
    seats_held seats_sold seats_back seats_given
    gross fees returned fees_returned
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
