//! Where every partition ends, written in the transaction that moves it.
//!
//! The tables say it too, but a damaged page can hide the last of its records, and what follows
//! would be written in their place. So it is written down twice, and both must agree.

use rusqlite::{Connection, OptionalExtension};

use super::checksum;
use super::slot::{Slot, signed};
use crate::traits::Offset;

/// A row for every partition that was ever written to: what the next record gets, with a checksum.
pub(super) const TABLE: &str = "CREATE TABLE IF NOT EXISTS ends
    (name TEXT PRIMARY KEY, next INTEGER NOT NULL, checksum INTEGER NOT NULL)";

/// Where a partition ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct End {
    pub(super) next: Offset,
    /// The time of the last record, in milliseconds.
    pub(super) last_at: u64,
}

/// What is wrong with the end of a partition.
#[derive(Debug, thiserror::Error)]
pub(super) enum EndError {
    #[error("{0}")]
    Sql(#[from] rusqlite::Error),
    #[error("the end of {name} is not as written")]
    Damaged { name: String },
}

/// Writes where a partition ends.
pub(super) fn write(connection: &Connection, slot: Slot, next: Offset) -> rusqlite::Result<()> {
    let name = slot.name();
    let sum = sum(&name, next);
    let mut statement =
        connection.prepare_cached("INSERT OR REPLACE INTO ends VALUES (?1, ?2, ?3)")?;
    statement.execute((name, signed(next), sum)).map(drop)
}

/// Where a partition ends, if what the file says of it agrees.
pub(super) fn read(connection: &Connection, slot: Slot) -> Result<End, EndError> {
    if slot.in_memory {
        return Ok(End::default());
    }
    let (written, last) = (written(connection, slot)?, last(connection, slot)?);
    // Trimmed partitions go on where they were: their last record is never trimmed.
    let found = last.map_or(End::default(), |(offset, at)| End { next: offset + 1, last_at: at });
    if written != Some(found.next) && (written, found.next) != (None, 0) {
        return Err(EndError::Damaged { name: slot.name() });
    }
    Ok(found)
}

/// What is written of a partition's end; `None` before its first record.
pub(super) fn written(connection: &Connection, slot: Slot) -> Result<Option<Offset>, EndError> {
    let name = slot.name();
    let ask = "SELECT next, checksum FROM ends WHERE name = ?1";
    let row: Option<(i64, i64)> =
        connection.query_row(ask, [&name], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((next, written)) = row else { return Ok(None) };
    let next = next.unsigned_abs();
    if written != i64::from(sum(&name, next)) {
        return Err(EndError::Damaged { name });
    }
    Ok(Some(next))
}

/// Offset and time of the last record of a table.
pub(super) fn last(connection: &Connection, slot: Slot) -> rusqlite::Result<Option<(Offset, u64)>> {
    let table = slot.table();
    let ask = format!("SELECT \"offset\", at FROM {table} ORDER BY \"offset\" DESC LIMIT 1");
    connection
        .query_row(&ask, [], |row| {
            let (offset, at): (i64, i64) = (row.get(0)?, row.get(1)?);
            Ok((offset.unsigned_abs(), at.unsigned_abs()))
        })
        .optional()
}

fn sum(name: &str, next: Offset) -> u32 {
    checksum::of_about([(name, &*next.to_string())].into_iter())
}
