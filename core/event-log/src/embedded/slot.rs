//! One topic's partition in the file and in memory.

use crate::topics::Topic;
use crate::traits::{LogError, Partition};

/// A number as the tables have it; none of ours comes near the end of them.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// One topic's partition: where it is in memory, and its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) topic: Topic,
    pub(super) partition: Partition,
    pub(super) index: usize,
    /// Never written to the file: answers nobody could wait for after a restart.
    pub(super) in_memory: bool,
}

impl Slot {
    pub(super) fn name(self) -> String {
        format!("{}/{}", self.topic.name(), self.partition)
    }

    pub(super) fn table(self) -> String {
        format!("\"{}\"", self.name())
    }
}

pub(super) fn slot_of(
    topic: Topic,
    partition: Partition,
    partitions: u32,
) -> Result<Slot, LogError> {
    if partition >= partitions {
        return Err(LogError::UnknownPartition { topic: topic.name(), partition });
    }
    let number = Topic::ALL.iter().position(|&other| other == topic).unwrap_or(0);
    let index = number * partitions as usize + partition as usize;
    Ok(Slot { topic, partition, index, in_memory: topic == Topic::Replies })
}

/// Every slot, in the order of their index.
pub(super) fn slots(partitions: u32) -> impl Iterator<Item = Slot> {
    Topic::ALL.into_iter().flat_map(move |topic| {
        (0..partitions).filter_map(move |at| slot_of(topic, at, partitions).ok())
    })
}
