//! What a visitor has at an event, and what they share to be counted.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::LogPosition;
use super::event::EventSummary;
use super::order::Order;

/// What this device has: enough to restore a page after a refresh.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Me {
    pub(crate) device: bool,
    /// The place in the line, while it counts: one that has entered and left is used up.
    pub(crate) place: Option<u64>,
    /// A code of the presale is claimed on this device.
    pub(crate) has_code: bool,
    pub(crate) pass_expires_at: Option<String>,
    /// In the shop, without an order that runs: the visit ends then unless something is done, see
    /// `stayInShop`. Absent where nothing ends because nobody does anything.
    pub(crate) idle_at: Option<String>,
    /// The last visit ended because nothing had happened for so long; absent once there is another
    /// place in the line.
    pub(crate) went_idle_after_ms: Option<u64>,
    /// Why the last visit to the shop ended: left, purchased, pass_expired or idle; absent once there
    /// is another place in the line, and where there was no visit.
    #[schema(example = "pass_expired")]
    pub(crate) visit_ended: Option<&'static str>,
    /// After seats that were given back unpaid: no hold before this. Absent when nothing is in the way.
    pub(crate) hold_again_at: Option<String>,
    /// Newest first.
    pub(crate) orders: Vec<Order>,
    /// Orders of others that have tickets given to this device.
    pub(crate) received: Vec<String>,
    pub(crate) as_of: LogPosition,
}

/// What a person has at all events.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MyOrders {
    /// The one that starts last first.
    pub(crate) events: Vec<MyEvent>,
}

/// What a person has at one event.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MyEvent {
    pub(crate) event: EventSummary,
    /// Newest first.
    pub(crate) orders: Vec<Order>,
    /// Orders of others that have tickets given to this person.
    pub(crate) received: Vec<String>,
    pub(crate) as_of: LogPosition,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CohortAnswers {
    /// Must be `true`: the person was asked, agreed, is of age, and can withdraw.
    #[serde(default)]
    #[schema(required, example = true)]
    pub(crate) consent: bool,
    /// What they agreed to, by name; the one purpose there is, where it is left out.
    #[serde(default)]
    #[schema(example = "audience")]
    pub(crate) purpose: CohortPurpose,
    /// 18-24, 25-34, 35-44, 45-54, 55-64 or 65+; absent when not given.
    #[schema(example = "25-34")]
    pub(crate) age: Option<String>,
    /// A country, as its ISO 3166-1 alpha-2 code; absent when not given.
    #[schema(example = "CH")]
    pub(crate) region: Option<String>,
}

/// What somebody agrees to be counted for. Another purpose would be another question to the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CohortPurpose {
    /// In weekly tables of the event, with noise, which are published and sold; see docs/audience.md.
    #[default]
    Audience,
}
