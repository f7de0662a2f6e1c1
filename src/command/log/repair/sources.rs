//! Where a damaged record is found as it was: in its own checksum, or in a copy of the log.

use std::time::Duration;

use floodgate_event_log::embedded::EmbeddedLog;
use floodgate_event_log::{Log, Offset, Partition, Record, RecordMark, Topic};

/// How long a record that is there may take to come.
const READ_WITHIN: Duration = Duration::from_secs(10);
/// How far a neighbour is looked for by which a copy is known to be one of this log.
const NEIGHBOURS_MAX: u64 = 256;

/// What a repaired record was taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FoundIn {
    /// One bit was flipped, and the checksum says which.
    Checksum,
    Copy,
    /// A command that is lost; the ledger says what it led to.
    Ledger,
    /// A fact that follows from its command.
    Commands,
    /// A public record that follows from its fact.
    Facts,
    /// Given up.
    Nothing,
}

impl FoundIn {
    pub(super) fn name(self) -> &'static str {
        match self {
            FoundIn::Checksum => "from its checksum",
            FoundIn::Copy => "from a copy",
            FoundIn::Ledger => "from the ledger: what it led to",
            FoundIn::Commands => "from the commands",
            FoundIn::Facts => "from the ledger",
            FoundIn::Nothing => "given up",
        }
    }
}

/// The record as it was written, if its checksum or a copy knows it.
pub(super) fn find(
    log: &EmbeddedLog,
    copies: &[EmbeddedLog],
    (topic, partition, offset): (Topic, Partition, Offset),
) -> Option<(Record, FoundIn)> {
    if let Some(record) = log.corrected(topic, partition, offset) {
        return Some((record, FoundIn::Checksum));
    }
    let is_copy = |copy: &&EmbeddedLog| is_of_same_log(log, copy, (topic, partition, offset));
    let found = copies.iter().filter(is_copy);
    found.filter_map(|copy| one(copy, topic, partition, offset)).next().map(|record| {
        // Of a copy whose neighbours are ours, so is this one.
        (record, FoundIn::Copy)
    })
}

/// Whether the nearest records that both have are the same ones.
fn is_of_same_log(
    log: &EmbeddedLog,
    copy: &EmbeddedLog,
    (topic, partition, offset): (Topic, Partition, Offset),
) -> bool {
    let before = (offset.saturating_sub(NEIGHBOURS_MAX)..offset).rev();
    let behind = offset + 1..=offset + NEIGHBOURS_MAX;
    let same = |at: Offset| {
        let ours = one(log, topic, partition, at)?;
        let theirs = one(copy, topic, partition, at)?;
        Some(RecordMark::of(&ours) == RecordMark::of(&theirs) && ours.key == theirs.key)
    };
    let (before, behind) = (before.into_iter().find_map(same), behind.into_iter().find_map(same));
    match (before, behind) {
        (None, None) => false,
        (before, behind) => before.unwrap_or(true) && behind.unwrap_or(true),
    }
}

/// One record, if it is there and as it was written.
pub(super) fn one(
    log: &EmbeddedLog,
    topic: Topic,
    partition: Partition,
    offset: Offset,
) -> Option<Record> {
    if offset >= log.end(topic, partition).ok()? {
        return None;
    }
    let mut found = Vec::new();
    let mut reader = log.reader(topic, partition, offset).ok()?;
    reader.poll(1, READ_WITHIN, &mut found).ok()?;
    found.pop().filter(|record| record.offset == offset)
}
