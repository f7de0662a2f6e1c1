//! The file: its settings, its tables, its metadata.
//!
//! One table per topic and partition, named like `floodgate.commands.v1/0`, with the record's
//! offset, time in milliseconds, key (text where it is text), value and headers. A NULL value
//! is a tombstone.
//!
//! | format | since then |
//! |---|---|
//! | 1 | values could not be NULL |
//! | 2 | they can; the records of format 1 are as they were |

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::EmbeddedOptions;
use crate::topics::Topic;
use crate::traits::{LogError, Offset, Partition};

/// The form this build writes; it reads every one before, and none after.
pub(super) const FORMAT: u32 = 2;
/// Headers of one record; CloudEvents and dead letters need about ten.
pub(super) const HEADERS_MAX: usize = 64;

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
    pub(super) fn table(self) -> String {
        format!("\"{}/{}\"", self.topic.name(), self.partition)
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

/// Where a partition ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct End {
    pub(super) next: Offset,
    pub(super) last_at: u64,
}

/// The writing connection.
#[derive(Debug)]
pub(super) struct Schema {
    pub(super) connection: Connection,
}

impl Schema {
    pub(super) fn open(path: &Path, options: &EmbeddedOptions) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        // A checkpoint syncs the file itself; every 32 MiB of log is rare enough.
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             PRAGMA wal_autocheckpoint = 8192; PRAGMA temp_store = MEMORY;
             CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL);",
        )?;
        connection.execute(
            "INSERT OR IGNORE INTO about VALUES ('partitions', ?1), ('format', ?2)",
            [options.partitions.to_string(), FORMAT.to_string()],
        )?;
        Ok(Schema { connection })
    }

    /// Makes of the file what this build writes; its format must have been looked at before.
    pub(super) fn prepare(&self, options: &EmbeddedOptions) -> rusqlite::Result<()> {
        if self.format()? == 1 {
            self.allow_tombstones()?;
        }
        for slot in slots(self.partitions()?).filter(|slot| !slot.in_memory) {
            self.connection.execute_batch(&format!(
                "CREATE TABLE IF NOT EXISTS {} (\"offset\" INTEGER PRIMARY KEY, at INTEGER NOT NULL,
                 key, value BLOB, headers BLOB)",
                slot.table()
            ))?;
        }
        // Last, so that a file near its limit can still be opened.
        if let Some(pages) = options.pages_max {
            self.connection.execute_batch(&format!("PRAGMA max_page_count = {pages}"))?;
        }
        self.connection.set_prepared_statement_cache_capacity(64);
        Ok(())
    }

    /// From format 1 to 2: only what the file says of its tables changes, no record is written
    /// anew, and all of it or nothing happens.
    fn allow_tombstones(&self) -> rusqlite::Result<()> {
        let mut steps = String::from("BEGIN IMMEDIATE;");
        for slot in slots(self.partitions()?).filter(|slot| !slot.in_memory) {
            if self.has_table(slot)? {
                let table = slot.table();
                steps.push_str(&format!("ALTER TABLE {table} ALTER COLUMN value DROP NOT NULL;"));
            }
        }
        steps.push_str("UPDATE about SET value = '2' WHERE name = 'format'; COMMIT;");
        self.connection.execute_batch(&steps)
    }

    /// Topics that came later than the file have no table yet.
    fn has_table(&self, slot: Slot) -> rusqlite::Result<bool> {
        let name = format!("{}/{}", slot.topic.name(), slot.partition);
        let ask = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?1";
        self.connection.query_row(ask, [name], |row| row.get(0))
    }

    /// The form of the file.
    pub(super) fn format(&self) -> rusqlite::Result<u32> {
        self.about("format")
    }

    pub(super) fn open_to_read(path: &Path) -> rusqlite::Result<Self> {
        open_reading(path).map(|connection| Schema { connection })
    }

    pub(super) fn partitions(&self) -> rusqlite::Result<u32> {
        self.about("partitions")
    }

    fn about(&self, name: &str) -> rusqlite::Result<u32> {
        let ask = "SELECT value FROM about WHERE name = ?1";
        let text: String = self.connection.query_row(ask, [name], |row| row.get(0))?;
        text.parse().map_err(|_| rusqlite::Error::InvalidQuery)
    }

    pub(super) fn ends(&self, partitions: u32) -> rusqlite::Result<Vec<End>> {
        slots(partitions).map(|slot| self.end_of(slot)).collect()
    }

    fn end_of(&self, slot: Slot) -> rusqlite::Result<End> {
        if slot.in_memory {
            return Ok(End::default());
        }
        let table = slot.table();
        let sql = format!("SELECT \"offset\", at FROM {table} ORDER BY \"offset\" DESC LIMIT 1");
        let last: Option<(i64, i64)> =
            self.connection.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        // Trimmed partitions go on where they were: their last record is never trimmed.
        Ok(last.map_or(End::default(), |(offset, at)| End {
            next: offset.unsigned_abs() + 1,
            last_at: at.unsigned_abs(),
        }))
    }
}

/// A connection that reads. Not opened read-only, because a file left by a killed process
/// needs its write-ahead log recovered; `query_only` keeps it from anything else.
pub(super) fn open_reading(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.execute_batch("PRAGMA query_only = ON")?;
    Ok(connection)
}
