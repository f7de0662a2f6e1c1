//! A cell of people, as advertisers read it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many people of an event are in one cell. Only of people who agreed, only of many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AudienceCell {
    /// Event, window and cell. The same product is the same record, however often it is delivered.
    pub product_id: String,
    pub event_id: String,
    /// An ISO week such as `2026-W48`; where the installation has other windows, their first
    /// instant.
    pub window: String,
    /// The window's first instant.
    pub from: String,
    /// The first instant after it: what `count` is true as of.
    pub until: String,
    /// `all`, `age`, `region` or `age_region`.
    pub cell: String,
    /// `18-24`, `25-34`, `35-44`, `45-54`, `55-64` or `65+`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age: Option<String>,
    /// A country, two letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// People who shared this at the end of the window, rounded down to tens.
    pub count: u64,
    /// No cell of fewer people is published, nor one that fewer have joined or left since its
    /// last record.
    pub threshold: u64,
}
