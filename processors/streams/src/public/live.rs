//! What advertisers read of a sale while it runs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a record says something of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LiveKind {
    /// How many wait and how many shop.
    Concurrency,
    /// How fast orders come.
    Velocity,
}

impl LiveKind {
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            LiveKind::Concurrency => "concurrency",
            LiveKind::Velocity => "velocity",
        }
    }

    pub(crate) fn event_type(self) -> &'static str {
        match self {
            LiveKind::Concurrency => "floodgate.concurrency.measured.v1",
            LiveKind::Velocity => "floodgate.velocity.measured.v1",
        }
    }
}

/// A number of an event for one stretch of log time: only with noise, only where there are enough
/// people. What is below the threshold is left out, and a stretch of which nothing is left has no
/// record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LiveBody {
    /// Event, kind and begin. The same product is the same record, however often it is delivered.
    pub product_id: String,
    pub kind: LiveKind,
    pub event_id: String,
    /// Who is on stage, where the event says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artist: Option<String>,
    /// The stretch's first instant.
    pub from: String,
    /// The first instant after it; people are counted as of then.
    pub until: String,
    /// Of concurrency: places of the line that are reserved and not called, with noise; gateways reserve
    /// them in blocks, so no fewer than wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<u64>,
    /// Of concurrency: people in the shop, with noise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shopping: Option<u64>,
    /// Of velocity: orders of these ten minutes, where 100 stands for those of the sale's first ten; both
    /// with noise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<u64>,
    /// How far each number is from the true one at most, in 95 of 100.
    pub margin: u64,
    /// No number of people says less, and no index is of fewer first orders.
    pub threshold: u64,
    /// What the record costs whoever is in one of its numbers, in millionths of ε.
    pub epsilon_micros: u32,
}
