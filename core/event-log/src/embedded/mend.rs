//! Mending a log file: what a checksum alone can put right, and a file written anew.
//!
//! A CRC-32 does not only find a flipped bit, it says which one it was: every bit of a record
//! changes the sum in its own way. What is found so is certain for one flipped bit; for more of
//! them a wrong answer has a chance of the record's bits in 2^32, so whoever mends compares what
//! follows from it.

use std::path::{Path, PathBuf};

use rusqlite::OptionalExtension;
use rusqlite::types::ValueRef;

use super::checksum::{self, Parts};
use super::reader::record_from;
use super::schema::{Schema, open_reading};
use super::slot::{Slot, signed, slot_of};
use super::{EmbeddedLog, EmbeddedOptions, ends, writer};
use crate::topics::Topic;
use crate::traits::{Log, LogError, Offset, Partition, Record};

/// A row as it lies there.
struct Row {
    at: u64,
    key: Vec<u8>,
    value: Option<Vec<u8>>,
    headers: Vec<u8>,
    checksum: u32,
}

/// The part of a row a flipped bit is in, and which bit of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flipped {
    At(usize),
    Key(usize),
    Value(usize),
    Headers(usize),
    Checksum,
}

impl EmbeddedLog {
    /// The record as it was written, if one flipped bit is all that is wrong with it.
    #[must_use]
    pub fn corrected(&self, topic: Topic, partition: Partition, offset: Offset) -> Option<Record> {
        let slot = slot_of(topic, partition, self.partitions(topic)).ok()?;
        let mut row = row_of(&self.shared.path, slot, offset)?;
        let flipped = find_flipped(slot, offset, &row)?;
        let flip = |bytes: &mut [u8], bit: usize| bytes[bit / 8] ^= 1 << (bit % 8);
        match flipped {
            Flipped::At(bit) => row.at ^= 1 << bit,
            Flipped::Key(bit) => flip(&mut row.key, bit),
            Flipped::Value(bit) => flip(row.value.as_mut()?, bit),
            Flipped::Headers(bit) => flip(&mut row.headers, bit),
            Flipped::Checksum => {}
        }
        record_from(slot, row.parts(offset)).ok()
    }

    /// The record as it was written, time included, if `value` is what it said: then the checksum of
    /// what lies there fits again.
    #[must_use]
    pub fn with_value(
        &self,
        (topic, partition, offset): (Topic, Partition, Offset),
        value: &[u8],
    ) -> Option<Record> {
        let slot = slot_of(topic, partition, self.partitions(topic)).ok()?;
        let mut row = row_of(&self.shared.path, slot, offset)?;
        row.value = Some(value.to_vec());
        let sum = checksum::of_record(slot.topic.name(), slot.partition, row.parts(offset));
        (sum == row.checksum).then(|| record_from(slot, row.parts(offset)).ok()).flatten()
    }
}

impl Row {
    fn parts(&self, offset: Offset) -> Parts<'_> {
        let Row { at, key, value, headers, .. } = self;
        Parts { offset, at: *at, key, value: value.as_deref(), headers }
    }
}

fn row_of(path: &Path, slot: Slot, offset: Offset) -> Option<Row> {
    let connection = open_reading(path).ok()?;
    let table = slot.table();
    let ask =
        format!("SELECT at, key, value, headers, checksum FROM {table} WHERE \"offset\" = ?1");
    let row = connection.query_row(&ask, [signed(offset)], |row| {
        let bytes = |column: usize| match row.get_ref(column)? {
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                Ok::<_, rusqlite::Error>(Some(bytes.to_vec()))
            }
            _ => Ok(None),
        };
        Ok(Row {
            at: row.get::<_, i64>(0)?.cast_unsigned(),
            key: bytes(1)?.unwrap_or_default(),
            value: bytes(2)?,
            headers: bytes(3)?.unwrap_or_default(),
            // One flipped bit may have made it larger than any sum is.
            checksum: row.get::<_, i64>(4)?.cast_unsigned() as u32,
        })
    });
    row.optional().ok().flatten()
}

/// Which bit makes the sum what it was. Goes from the last byte to the first: how a flipped bit
/// changes the sum depends only on how many bytes follow it.
fn find_flipped(slot: Slot, offset: Offset, row: &Row) -> Option<Flipped> {
    let sum = checksum::of_record(slot.topic.name(), slot.partition, row.parts(offset));
    let difference = sum ^ row.checksum;
    if difference.count_ones() <= 1 {
        return Some(Flipped::Checksum);
    }
    let mut effects: [u32; 8] = std::array::from_fn(|bit| checksum::step(1 << bit));
    let mut look = |count: usize| {
        (0..count).rev().find_map(|byte| {
            let found = effects.iter().position(|effect| *effect == difference);
            effects = effects.map(checksum::step);
            found.map(|bit| byte * 8 + bit)
        })
    };
    // In the order of `checksum::of_record`, from behind; what is not stored is only stepped over.
    let value = row.value.as_deref().unwrap_or_default();
    for (part, bytes) in [
        (Flipped::Headers as fn(usize) -> Flipped, row.headers.len()),
        (Flipped::Value, value.len()),
        (Flipped::Key, row.key.len()),
    ] {
        if let Some(bit) = look(bytes) {
            return Some(part(bit));
        }
        if look(size_of::<u64>()).is_some() {
            return None;
        }
    }
    if look(1).is_some() {
        return None;
    }
    look(size_of::<u64>()).map(Flipped::At)
}

/// A log file that is written record by record, each with the offset and time it has already.
#[derive(Debug)]
pub struct LogFile {
    schema: Schema,
    partitions: u32,
    path: PathBuf,
}

impl LogFile {
    /// Makes the file; there must be none.
    pub fn create(path: &Path, partitions: u32) -> Result<Self, LogError> {
        if path.exists() {
            let what = format!("{} is there already; move it away", path.display());
            return Err(LogError::Backend(what));
        }
        let options = EmbeddedOptions { partitions, ..EmbeddedOptions::default() };
        let schema = Schema::open(path, &options).map_err(backend)?;
        schema.prepare(&options).map_err(backend)?;
        schema.connection.execute_batch("BEGIN IMMEDIATE").map_err(backend)?;
        Ok(LogFile { schema, partitions, path: path.to_owned() })
    }

    /// Writes records of one partition that follow each other.
    pub fn put(
        &mut self,
        topic: Topic,
        partition: Partition,
        records: Vec<Record>,
    ) -> Result<(), LogError> {
        let slot = slot_of(topic, partition, self.partitions)?;
        let Some(last) = records.last().map(|record| record.offset) else { return Ok(()) };
        writer::insert(&self.schema.connection, &(slot, records))
            .and_then(|()| ends::write(&self.schema.connection, slot, last + 1))
            .map_err(backend)
    }

    /// Everything is on the disk, in the one file, when this returns.
    pub fn finish(self) -> Result<(), LogError> {
        let LogFile { schema, path, .. } = self;
        schema
            .connection
            .execute_batch("COMMIT; PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE")
            .map_err(backend)?;
        drop(schema);
        let synced = std::fs::File::open(&path).and_then(|file| file.sync_all());
        synced.map_err(|error| LogError::Backend(format!("{}: {error}", path.display())))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape map_err wants")]
fn backend(error: rusqlite::Error) -> LogError {
    LogError::Backend(error.to_string())
}

/// How many partitions a file has by its tables, where what it says of itself is damaged.
pub(super) fn partitions_by_tables(schema: &Schema) -> rusqlite::Result<u32> {
    let pattern = format!("{}/%", Topic::Commands.name());
    let ask = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name LIKE ?1";
    schema.connection.query_row(ask, [pattern], |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_of_a_row_is_known_by_its_sum() {
        let slot = slot_of(Topic::Commands, 1, 4).unwrap_or_else(|error| panic!("{error}"));
        let whole = || Row {
            at: 1_767_225_600_000,
            key: b"evt_1".to_vec(),
            value: Some((0..=255).collect()),
            headers: vec![7; 9],
            checksum: 0,
        };
        let sum = checksum::of_record(slot.topic.name(), slot.partition, whole().parts(17));
        let flipped = |change: &dyn Fn(&mut Row)| {
            let mut row = Row { checksum: sum, ..whole() };
            change(&mut row);
            find_flipped(slot, 17, &row)
        };
        for bit in 0..64 {
            assert_eq!(flipped(&|row| row.at ^= 1 << bit), Some(Flipped::At(bit)));
        }
        let flip = |bytes: &mut [u8], bit: usize| bytes[bit / 8] ^= 1 << (bit % 8);
        for bit in 0..5 * 8 {
            assert_eq!(flipped(&|row| flip(&mut row.key, bit)), Some(Flipped::Key(bit)));
        }
        for bit in 0..256 * 8 {
            let change = |row: &mut Row| row.value.iter_mut().for_each(|value| flip(value, bit));
            assert_eq!(flipped(&change), Some(Flipped::Value(bit)));
        }
        for bit in 0..9 * 8 {
            assert_eq!(flipped(&|row| flip(&mut row.headers, bit)), Some(Flipped::Headers(bit)));
        }
        for bit in 0..32 {
            assert_eq!(flipped(&|row| row.checksum ^= 1 << bit), Some(Flipped::Checksum));
        }
        assert_eq!(flipped(&|row| row.at ^= 3), None);
        assert_eq!(flipped(&|row| row.value = Some(vec![1, 2, 3])), None);
    }
}
