//! The file: its settings, its tables, its metadata.
//!
//! One table per topic and partition, named like `floodgate.commands.v1/0`, with the record's
//! offset, time in milliseconds, key (text where it is text), value, headers and checksum. A NULL
//! value is a tombstone.
//!
//! | format | since then |
//! |---|---|
//! | 1 | values could not be NULL |
//! | 2 | they can; the records of format 1 are as they were |
//! | 3 | every record has a checksum, and so has what the file says of itself |

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::slot::slots;
use super::{EmbeddedOptions, checksum, ends};

/// The form this build writes; it reads every one before, and none after.
pub(super) const FORMAT: u32 = 3;
/// Records have a checksum since.
pub(super) const CHECKED_SINCE: u32 = 3;
/// Headers of one record; CloudEvents and dead letters need about ten.
pub(super) const HEADERS_MAX: usize = 64;

/// The writing connection.
#[derive(Debug)]
pub(super) struct Schema {
    pub(super) connection: Connection,
}

impl Schema {
    pub(super) fn open(path: &Path, options: &EmbeddedOptions) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        // A page is written whole, with two system calls: in a burst a group fills several of
        // this size. A file that is there keeps the size it has. A checkpoint syncs the file
        // itself; every 32 MiB of log is rare enough.
        connection.execute_batch(
            "PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             PRAGMA wal_autocheckpoint = 2048; PRAGMA temp_store = MEMORY;
             BEGIN IMMEDIATE;
             CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL);",
        )?;
        let schema = Schema { connection };
        let count: u32 =
            schema.connection.query_row("SELECT count(*) FROM about", [], |row| row.get(0))?;
        if count == 0 {
            schema.connection.execute(
                "INSERT INTO about VALUES ('partitions', ?1), ('format', ?2)",
                [options.partitions.to_string(), FORMAT.to_string()],
            )?;
            schema.seal_about()?;
        }
        schema.connection.execute_batch("COMMIT")?;
        Ok(schema)
    }

    /// Adds what the file lacks; it must be in the form of this build.
    pub(super) fn prepare(&self, options: &EmbeddedOptions) -> rusqlite::Result<()> {
        for slot in slots(self.partitions()?).filter(|slot| !slot.in_memory) {
            self.connection.execute_batch(&format!(
                "CREATE TABLE IF NOT EXISTS {} (\"offset\" INTEGER PRIMARY KEY, at INTEGER NOT NULL,
                 key, value BLOB, headers BLOB, checksum INTEGER NOT NULL)",
                slot.table()
            ))?;
        }
        self.connection.execute_batch(ends::TABLE)?;
        // Last, so that a file near its limit can still be opened.
        if let Some(pages) = options.pages_max {
            self.connection.execute_batch(&format!("PRAGMA max_page_count = {pages}"))?;
        }
        self.connection.set_prepared_statement_cache_capacity(64);
        Ok(())
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

    /// Whether the records of this file have checksums.
    pub(super) fn has_checksums(&self) -> rusqlite::Result<bool> {
        Ok(self.format()? >= CHECKED_SINCE)
    }

    /// Writes the checksum of what the file says of itself.
    pub(super) fn seal_about(&self) -> rusqlite::Result<()> {
        let sum = self.about_checksum()?.to_string();
        let write = "INSERT OR REPLACE INTO about VALUES ('checksum', ?1)";
        self.connection.execute(write, [sum]).map(drop)
    }

    /// Whether what the file says of itself is what was written; older forms cannot know.
    pub(super) fn is_about_whole(&self) -> rusqlite::Result<bool> {
        let ask = "SELECT value FROM about WHERE name = 'checksum'";
        let written: Option<String> =
            self.connection.query_row(ask, [], |row| row.get(0)).optional()?;
        match written {
            Some(written) => Ok(written == self.about_checksum()?.to_string()),
            None => Ok(!self.has_checksums()?),
        }
    }

    fn about_checksum(&self) -> rusqlite::Result<u32> {
        let ask = "SELECT name, value FROM about WHERE name <> 'checksum' ORDER BY name";
        let mut statement = self.connection.prepare(ask)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let rows: Vec<(String, String)> = rows.collect::<rusqlite::Result<_>>()?;
        let texts = rows.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Ok(checksum::of_about(texts))
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
