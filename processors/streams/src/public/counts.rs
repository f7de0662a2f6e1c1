//! Live totals, as other teams read them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use floodgate_event_log::Partition;

/// The position a total is true as of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AsOf {
    pub partition: Partition,
    pub offset: u64,
    pub index: u16,
    pub at: String,
}

/// A record of the counts topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    pub event_id: String,
    /// event, section or category.
    pub scope: String,
    pub index: u32,
    pub name: String,
    pub capacity: i64,
    pub free: i64,
    pub held: i64,
    pub sold: i64,
    pub as_of: AsOf,
}
