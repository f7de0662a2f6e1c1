//! A cell of people, as advertisers read it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// About how many people of an event are in one cell. Only of people who agreed, only with noise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AudienceCell {
    /// Event, window and cell. The same product is the same record, however often it is delivered.
    pub product_id: String,
    /// The entry in the ledger of privacy that this belongs to, as does all else with this id.
    pub release_id: String,
    pub event_id: String,
    /// Who is on stage, where the event says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artist: Option<String>,
    /// An ISO week such as `2026-W48`; where the installation has other windows, their first
    /// instant.
    pub window: String,
    /// The window's first instant.
    pub from: String,
    /// The first instant after it.
    pub until: String,
    /// What `count` is as of: whoever had withdrawn by then is not in it.
    pub released_at: String,
    /// `all`, `age`, `region` or `age_region`.
    pub cell: String,
    /// `18-24`, `25-34`, `35-44`, `45-54`, `55-64` or `65+`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age: Option<String>,
    /// A country, two letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// People who share this, with noise.
    pub count: u64,
    /// How far from the true number `count` is at most, in 95 of 100 cells.
    pub margin: u64,
    /// No cell says less.
    pub threshold: u64,
    /// What the release has cost each person who is counted, in millionths of ε.
    pub epsilon_micros: u32,
    /// What the releases of this event within the 365 days before, and this one, have cost together.
    pub spent_micros: u32,
}
