//! The log as operators look at it.

use serde::Serialize;
use utoipa::ToSchema;

/// How far the readers of this server are, and what could not be read.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LogView {
    /// By name and topic; those of other servers are in the broker's own tools.
    pub(crate) readers: Vec<LogReaderView>,
    /// Topics of records that were set aside; `floodgate dlq list` shows them.
    pub(crate) dead_letters: Vec<DeadLetterCount>,
}

/// One reader of this server in one topic.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LogReaderView {
    /// The role that reads.
    #[schema(example = "processor")]
    pub(crate) reader: String,
    #[schema(example = "floodgate.commands.v1")]
    pub(crate) topic: &'static str,
    pub(crate) partitions: u32,
    /// Records that are in the log and not read yet, over all its partitions.
    pub(crate) behind: u64,
    /// The same of the partition in which it is furthest behind.
    pub(crate) behind_most: u64,
}

/// How many records of a topic were set aside.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeadLetterCount {
    #[schema(example = "floodgate.dlq.v1")]
    pub(crate) topic: &'static str,
    pub(crate) records: u64,
}
