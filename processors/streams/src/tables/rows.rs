//! The rows: flat, whole, and alike in every record, so that tools take them without code.
//!
//! Columns are those of the SQL tables. What is not known is null and never absent; times are
//! milliseconds since 1970 in UTC; `…_version` grows with every change of a row.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The state of a seat that was ever touched. Key: event id, then the seat's number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReservationRow {
    pub event_id: String,
    /// Its number in the plan.
    pub seat_id: u32,
    pub venue_id: String,
    pub section: String,
    pub row: String,
    pub seat: String,
    /// Price category.
    pub seat_type: String,
    /// `free`, `held`, `sold` or `not_for_sale`.
    pub status: String,
    /// Whose it is: a pseudonym; null where nobody has it.
    pub user_id: Option<String>,
    /// The hold or order it belongs to; of a free seat, belonged to. Empty where staff took it off
    /// sale or put it back.
    pub session_id: String,
    /// When it is free again unless its buyer does something.
    #[schemars(extend("x-logical" = "timestamp"))]
    pub lock_expiry: Option<i64>,
    /// Whether it has been let in with at the gate.
    pub redeemed: bool,
    #[schemars(extend("x-logical" = "timestamp"))]
    pub changed_at: i64,
    pub reservation_version: i64,
}

/// An order, from its hold on. Key: event id, then the order's id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderRow {
    pub event_id: String,
    pub order_id: String,
    /// Who made it: a pseudonym.
    pub user_id: String,
    /// `held`, `payment_pending`, `declined`, `no_answer`, `confirmed`, `expired`, `released`,
    /// `refunded` or `cancelled`.
    pub status: String,
    /// Numbers of the plan, with commas between them.
    pub seats: String,
    pub seat_count: i32,
    /// In minor units, fees included.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// When its status ends by itself.
    #[schemars(extend("x-logical" = "timestamp"))]
    pub until: Option<i64>,
    /// Attempts to pay.
    pub attempts: i32,
    /// Whether the money has been captured.
    pub settled: bool,
    /// Why it was refunded: `requested`, `event_changed`, `event_cancelled`, `duplicate`, `fraud`,
    /// `goodwill` or `other`.
    pub refund_reason: Option<String>,
    #[schemars(extend("x-logical" = "timestamp"))]
    pub created_at: i64,
    #[schemars(extend("x-logical" = "timestamp"))]
    pub changed_at: i64,
    pub order_version: i64,
}

/// An event: what it says of itself, and its phase. Key: event id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EventRow {
    pub event_id: String,
    pub event_name: String,
    pub event_description: String,
    pub artist: Option<String>,
    pub venue_id: String,
    pub venue_name: Option<String>,
    pub venue_address: Option<String>,
    /// Name in the IANA time zone database.
    pub time_zone: Option<String>,
    #[schemars(extend("x-logical" = "timestamp"))]
    pub doors_at: Option<i64>,
    #[schemars(extend("x-logical" = "timestamp"))]
    pub starts_at: Option<i64>,
    #[schemars(extend("x-logical" = "timestamp"))]
    pub ends_at: Option<i64>,
    /// When the sale opens by itself, and when it closes.
    #[schemars(extend("x-logical" = "timestamp"))]
    pub opens_at: Option<i64>,
    #[schemars(extend("x-logical" = "timestamp"))]
    pub closes_at: Option<i64>,
    pub age_min: Option<i32>,
    /// `announced`, `open`, `paused`, `closed`, `cancelled` …
    pub phase: String,
    /// ISO 4217.
    pub currency: String,
    /// Seats of the plan, for sale or not.
    pub seat_count: i32,
    #[schemars(extend("x-logical" = "timestamp"))]
    pub changed_at: i64,
    pub event_version: i64,
}
