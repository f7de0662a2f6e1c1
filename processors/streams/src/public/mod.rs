//! What other teams read: JSON bodies in CloudEvents envelopes.
//!
//! The engine's facts use a compact wire form; here they get the form of the public
//! topics: one flat object, names in snake case, times in RFC 3339, money in minor units.
//!
//! | module | holds |
//! |---|---|
//! | `fact`, `announcement`, `dials`, `notification` | the bodies of what happened |
//! | `counts`, `window`, `audience`, `live` | the bodies of numbers |
//! | `relay` | publishes facts and notifications by position |
//! | `notifier` | who is notified of what, and when |
//! | `schemas` | JSON Schemas and the AsyncAPI document, from the bodies |

mod announcement;
mod audience;
mod counts;
mod details;
mod dials;
mod fact;
mod live;
mod notification;
mod notifier;
pub(crate) mod relay;
mod schemas;
mod window;

use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;

use floodgate_domain::{FactPosition, LogTime};
use floodgate_event_log::Partition;

pub use audience::AudienceCell;
pub use counts::{AsOf, Counts};
pub use dials::DialsBody;
pub use fact::{FactBody, Position};
pub use live::{LiveBody, LiveKind};
pub use notification::Notification;
pub(crate) use relay::Relay;
pub use relay::{ledger_offset, public_record};
pub use schemas::{asyncapi, schemas};
pub use window::{NumbersBody, WindowBody};

/// The attributes of a CloudEvent, spec version 1.0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attributes {
    /// `floodgate.<what>.<happened>.v1`.
    pub kind: String,
    /// `/floodgate/<role>/<partition>`.
    pub source: String,
    /// Unique within its source, in every installation: the position, then what differs
    /// between records of one position: the event, whose id no other installation has, or the key.
    pub id: String,
    /// What it is about: an event, an order.
    pub subject: String,
    pub time: String,
}

impl Attributes {
    /// Attributes of a record that follows from the command at `position`; `scope` is what others
    /// of that position, and those of other installations, do not have.
    #[must_use]
    pub fn new(
        kind: impl Into<String>,
        role: &str,
        subject: impl Into<String>,
        scope: &str,
        (partition, position, at): (Partition, FactPosition, LogTime),
    ) -> Self {
        let FactPosition { offset, index } = position;
        Attributes {
            kind: kind.into(),
            source: format!("/floodgate/{role}/{partition}"),
            id: format!("{partition}-{offset}-{index}-{scope}"),
            subject: subject.into(),
            time: time_text(at),
        }
    }

    /// Headers of the Kafka protocol binding in binary mode.
    #[must_use]
    pub fn headers(&self) -> Vec<(String, Bytes)> {
        let pairs = [
            ("ce_specversion", "1.0"),
            ("ce_type", &self.kind),
            ("ce_source", &self.source),
            ("ce_id", &self.id),
            ("ce_subject", &self.subject),
            ("ce_time", &self.time),
            ("content-type", "application/json"),
        ];
        pairs
            .into_iter()
            .map(|(name, value)| (name.to_owned(), Bytes::copy_from_slice(value.as_bytes())))
            .collect()
    }
}

/// The attribute that says which event a record lies with, where its key says more than that: its
/// partition is that of the event's id (CloudEvents' extension for partitioning).
pub(crate) const PARTITION_KEY: &str = "ce_partitionkey";

/// The header of a record that lies in the partition of this event, and not of its own key.
pub(crate) fn partition_key(event_id: &str) -> (String, Bytes) {
    (PARTITION_KEY.to_owned(), Bytes::copy_from_slice(event_id.as_bytes()))
}

/// RFC 3339 in UTC with milliseconds.
#[must_use]
pub fn time_text(at: LogTime) -> String {
    // Year 9999 is where the form ends.
    let at = UNIX_EPOCH + Duration::from_millis(at.0.min(253_402_300_799_999));
    humantime::format_rfc3339_millis(at).to_string()
}

/// `SeatsHeld` as `seats_held`, for type names.
#[must_use]
pub fn snake_case(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(c.to_ascii_lowercase());
    }
    text
}
