//! Where somebody goes on in a partition, and how it is known that it is still the same log.
//!
//! An offset alone says nothing about the log it was taken from: one that was put back from an
//! older copy, or made anew, goes on past it with other records, and whoever continues there passes
//! over what it never read. So whoever stores an offset stores with it what the last record before
//! it looked like, and that is compared before anything is read.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::topics::Topic;
use crate::traits::{Log, LogError, Offset, Partition, Record};

/// How long a record that is there may take to come.
const RECORD_WITHIN: Duration = Duration::from_secs(10);

/// What a record looked like: its time in the log, and the CRC-32 of what it says. As text
/// `1767225600000-0a1b2c3d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordMark {
    at: u64,
    sum: u32,
}

impl RecordMark {
    /// Its size as bytes.
    pub const BYTES: usize = 12;

    /// The mark of a record.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        RecordMark { at: record.at.0, sum: crc32fast::hash(&record.value) }
    }

    /// Little-endian: the time, then the sum.
    #[must_use]
    pub fn to_bytes(self) -> [u8; RecordMark::BYTES] {
        let mut bytes = [0; RecordMark::BYTES];
        let (at, sum) = bytes.split_at_mut(8);
        at.copy_from_slice(&self.at.to_le_bytes());
        sum.copy_from_slice(&self.sum.to_le_bytes());
        bytes
    }

    /// What [`RecordMark::to_bytes`] wrote. `None` of zeroes, which stand for no record.
    #[must_use]
    pub fn from_bytes(bytes: [u8; RecordMark::BYTES]) -> Option<Self> {
        let (at, sum) = bytes.split_at(8);
        let at = u64::from_le_bytes(at.try_into().ok()?);
        let sum = u32::from_le_bytes(sum.try_into().ok()?);
        Some(RecordMark { at, sum }).filter(|_| bytes != [0; RecordMark::BYTES])
    }
}

impl fmt::Display for RecordMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:08x}", self.at, self.sum)
    }
}

/// The text is no mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the mark of a record")]
pub struct NoMark;

impl FromStr for RecordMark {
    type Err = NoMark;

    fn from_str(text: &str) -> Result<Self, NoMark> {
        let (at, sum) = text.split_once('-').ok_or(NoMark)?;
        let at = at.parse().map_err(|_| NoMark)?;
        let sum = u32::from_str_radix(sum, 16).map_err(|_| NoMark)?;
        Ok(RecordMark { at, sum })
    }
}

/// Where somebody goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Checkpoint {
    /// The next record.
    pub next: Offset,
    /// What the last one before it looked like; `None` where that is not known, or there is none.
    pub mark: Option<RecordMark>,
}

impl Checkpoint {
    /// Behind a record.
    #[must_use]
    pub fn behind(record: &Record) -> Self {
        Checkpoint { next: record.offset + 1, mark: Some(RecordMark::of(record)) }
    }

    /// A checkpoint of which nothing but the offset is known.
    #[must_use]
    pub fn at(next: Offset) -> Self {
        Checkpoint { next, mark: None }
    }
}

/// Why nobody may go on at a checkpoint.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CheckpointError {
    #[error(transparent)]
    Log(#[from] LogError),
    /// The log is shorter than what was read of it.
    #[error("{topic}/{partition} was read up to {next}, and it ends at {end}")]
    Beyond { topic: &'static str, partition: Partition, next: Offset, end: Offset },
    /// The log has another record there than the one that was read.
    #[error("record {offset} of {topic}/{partition} is not the one that was read")]
    Replaced { topic: &'static str, partition: Partition, offset: Offset },
    /// Records that were not read yet are gone.
    #[error("{topic}/{partition} was read up to {next}, and it begins at {first} now")]
    Gone { topic: &'static str, partition: Partition, next: Offset, first: Offset },
}

impl Checkpoint {
    /// Looks whether the log is the one this checkpoint was taken of. A record that is no longer kept
    /// cannot be compared, so a checkpoint whose record has just gone passes.
    pub fn check(
        self,
        log: &dyn Log,
        topic: Topic,
        partition: Partition,
    ) -> Result<(), CheckpointError> {
        let Checkpoint { next, mark } = self;
        let name = topic.name();
        let end = log.end(topic, partition)?;
        if next > end {
            return Err(CheckpointError::Beyond { topic: name, partition, next, end });
        }
        let first = log.first(topic, partition)?;
        if next < first {
            return Err(CheckpointError::Gone { topic: name, partition, next, first });
        }
        let (Some(mark), Some(offset)) = (mark, next.checked_sub(1)) else { return Ok(()) };
        if offset < first {
            return Ok(());
        }
        let mut found = Vec::new();
        if log.reader(topic, partition, offset)?.poll(1, RECORD_WITHIN, &mut found)? == 0 {
            let late = format!("record {offset} of {name}/{partition} did not come in time");
            return Err(LogError::Backend(late).into());
        }
        let is_same = |record: &Record| record.offset == offset && RecordMark::of(record) == mark;
        if found.iter().all(is_same) {
            return Ok(());
        }
        Err(CheckpointError::Replaced { topic: name, partition, offset })
    }
}

#[cfg(test)]
mod tests {
    use floodgate_domain::LogTime;

    use super::*;
    use crate::traits::Value;

    #[test]
    fn a_mark_is_what_it_was_written_as() {
        let record = Record {
            offset: 6,
            at: LogTime(1_767_225_600_000),
            key: "k".into(),
            value: Value::from("v"),
            headers: Vec::new(),
        };
        let mark = RecordMark::of(&record);
        assert_eq!(mark.to_string().parse(), Ok(mark));
        assert_eq!(RecordMark::from_bytes(mark.to_bytes()), Some(mark));
        assert_eq!(RecordMark::from_bytes([0; RecordMark::BYTES]), None);
        assert_eq!(Checkpoint::behind(&record), Checkpoint { next: 7, mark: Some(mark) });
        for wrong in ["", "-", "1", "1-", "-1", "1-xyz", "a-00000000", "1-123456789"] {
            assert_eq!(wrong.parse::<RecordMark>(), Err(NoMark), "{wrong}");
        }
    }
}
