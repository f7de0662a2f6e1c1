//! Reading a partition forward: from the file while behind, then from memory.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row};

use floodgate_domain::LogTime;
use floodgate_domain::wire::{Cursor, WireError};

use super::Shared;
use super::checksum::{self, Parts};
use super::ends::{self, EndError};
use super::schema::{HEADERS_MAX, open_reading};
use super::slot::{Slot, signed};
use super::tail::Look;
use crate::topics::Cleanup;
use crate::traits::{LogError, LogReader, Offset, Record, Value};

/// Reads one table; opens its connection when first used.
#[derive(Debug)]
pub(super) struct FileReader {
    path: PathBuf,
    slot: Slot,
    /// Files of older builds, which are only read, have no checksums.
    has_checksums: bool,
    connection: Option<Connection>,
    /// Where its end is damaged, the last record says where the partition ends.
    is_mending: bool,
}

impl FileReader {
    pub(super) fn new(shared: &Shared, slot: Slot) -> Self {
        let Shared { path, has_checksums, is_mending, .. } = shared;
        let (path, has_checksums, is_mending) = (path.clone(), *has_checksums, *is_mending);
        FileReader { path, slot, has_checksums, connection: None, is_mending }
    }

    fn connection(&mut self) -> Result<&Connection, LogError> {
        if self.connection.is_none() {
            self.connection = Some(open_reading(&self.path).map_err(backend)?);
        }
        self.connection.as_ref().ok_or(LogError::Closed)
    }

    /// Appends up to `max` records in `from..end` to `into`: every one of them, checked, or an
    /// error and none.
    pub(super) fn read(
        &mut self,
        from: Offset,
        end: Offset,
        max: usize,
        into: &mut Vec<Record>,
    ) -> Result<usize, LogError> {
        let before = into.len();
        let outcome = match self.read_checked(from, end, max, into) {
            Ok(None) => return Ok(into.len() - before),
            Ok(Some(missing)) => self.missing(from, missing),
            Err(error) => error,
        };
        into.truncate(before);
        Err(outcome)
    }

    /// The same; a record that should be there and is not comes back as its offset.
    fn read_checked(
        &mut self,
        from: Offset,
        end: Offset,
        max: usize,
        into: &mut Vec<Record>,
    ) -> Result<Option<Offset>, LogError> {
        let (slot, has_checksums) = (self.slot, self.has_checksums);
        let sql = format!(
            "SELECT \"offset\", at, key, value, headers, {} FROM {}
             WHERE \"offset\" >= ?1 AND \"offset\" < ?2 ORDER BY \"offset\" LIMIT ?3",
            if has_checksums { "checksum" } else { "NULL" },
            slot.table()
        );
        let failed = |error, at| failed(slot, at, error);
        let mut expected = from;
        let connection = self.connection()?;
        let mut statement = connection.prepare_cached(&sql).map_err(|error| failed(error, from))?;
        let bounds = [signed(from), signed(end), signed(max as u64)];
        let mut rows = statement.query(bounds).map_err(|error| failed(error, from))?;
        let wanted = end.saturating_sub(from).min(max as u64);
        while expected - from < wanted {
            let row = rows.next().map_err(|error| failed(error, expected))?;
            let found = row.map(|row| record_of(row, slot, has_checksums)).transpose()?;
            match found.filter(|record| record.offset == expected) {
                Some(record) => into.push(record),
                None => return Ok(Some(expected)),
            }
            expected += 1;
        }
        Ok(None)
    }

    /// Why a record is not where it should be: those before may have been removed meanwhile, as
    /// old records are.
    fn missing(&mut self, from: Offset, expected: Offset) -> LogError {
        match self.first() {
            Ok(Some(first)) if from < first => LogError::Trimmed { first },
            Ok(_) => damaged(self.slot, expected, "it is missing"),
            Err(error) => error,
        }
    }

    /// The first offset in the file. A damaged page can hide what lies before it, which then would
    /// look as old records do that were removed.
    pub(super) fn first(&mut self) -> Result<Option<Offset>, LogError> {
        if !self.has_checksums || self.is_mending || self.slot.in_memory {
            return self.extreme("min");
        }
        // First the end: appends meanwhile then hide nothing.
        let (slot, end, first) = (self.slot, self.end()?, self.extreme("min")?);
        let is_hidden = match first {
            // The last record always stays.
            None => end > 0,
            Some(0) => false,
            Some(first) if first >= end || slot.topic.cleanup() == Cleanup::Keep => true,
            Some(first) => self.has(first - 1)?,
        };
        if is_hidden {
            return Err(damaged(slot, 0, "records before the first one that is found are missing"));
        }
        Ok(first)
    }

    fn has(&mut self, offset: Offset) -> Result<bool, LogError> {
        let sql = format!("SELECT 1 FROM {} WHERE \"offset\" = ?1", self.slot.table());
        let found = self.connection()?.query_row(&sql, [signed(offset)], |_| Ok(())).optional();
        found.map(|found| found.is_some()).map_err(|error| failed(self.slot, offset, error))
    }

    /// One past the last offset in the file.
    pub(super) fn end(&mut self) -> Result<Offset, LogError> {
        if !self.has_checksums || self.slot.in_memory {
            return Ok(self.extreme("max")?.map_or(0, |last| last + 1));
        }
        let slot = self.slot;
        // What is written of it, so that a read up to there notices what is missing.
        match ends::written(self.connection()?, slot) {
            Ok(Some(next)) => Ok(next),
            Ok(None) | Err(_) if self.is_mending => {
                Ok(self.extreme("max")?.map_or(0, |last| last + 1))
            }
            // Before its first record; or a damaged page hides where it ends.
            Ok(None) if self.extreme("max")?.is_none() => Ok(0),
            Ok(None) => match ends::written(self.connection()?, slot) {
                // Written meanwhile.
                Ok(Some(next)) => Ok(next),
                _ => Err(damaged(slot, 0, "its end is missing")),
            },
            Err(EndError::Sql(error)) => Err(failed(slot, 0, error)),
            Err(error @ EndError::Damaged { .. }) => Err(damaged(slot, 0, error)),
        }
    }

    fn extreme(&mut self, which: &str) -> Result<Option<Offset>, LogError> {
        if self.slot.in_memory {
            return Ok(None);
        }
        let sql = format!("SELECT {which}(\"offset\") FROM {}", self.slot.table());
        let found = self.connection()?.query_row(&sql, [], |row| row.get(0)).optional();
        let found: Option<Option<i64>> = match found {
            // A topic that is younger than a file which is only read.
            Err(error) if error.to_string().contains("no such table") => None,
            found => found.map_err(backend)?,
        };
        Ok(found.flatten().map(i64::unsigned_abs))
    }
}

/// Follows a partition; on a log opened to read only, the file alone.
#[derive(Debug)]
pub(super) struct TailReader {
    shared: Arc<Shared>,
    slot: Slot,
    file: FileReader,
    position: Offset,
    /// Whether the first record kept has been compared with where reading starts.
    is_checked: bool,
}

impl TailReader {
    pub(super) fn new(shared: Arc<Shared>, slot: Slot, file: FileReader, from: Offset) -> Self {
        TailReader { shared, slot, file, position: from, is_checked: false }
    }

    fn read_file(
        &mut self,
        end: Offset,
        max: usize,
        into: &mut Vec<Record>,
    ) -> Result<usize, LogError> {
        if self.position >= end {
            return Ok(0);
        }
        if !self.is_checked {
            let first = self.file.first()?.unwrap_or(end);
            if self.position < first {
                return Err(LogError::Trimmed { first });
            }
            self.is_checked = true;
        }
        self.file.read(self.position, end, max, into)
    }

    fn look(
        &mut self,
        max: usize,
        wait: Duration,
        into: &mut Vec<Record>,
    ) -> Result<usize, LogError> {
        let Some(tail) = self.shared.tails.get(self.slot.index) else {
            let end = self.file.end()?;
            return self.read_file(end, max, into);
        };
        match tail.look(self.position, max, wait, into) {
            Look::Found(count) => Ok(count),
            Look::Quiet => Ok(0),
            Look::Behind { .. } if self.slot.in_memory => {
                Err(LogError::Trimmed { first: tail.first() })
            }
            Look::Behind { end } => self.read_file(end, max, into),
            Look::Closed => Err(LogError::Closed),
        }
    }
}

impl LogReader for TailReader {
    fn poll(
        &mut self,
        max: usize,
        wait: Duration,
        into: &mut Vec<Record>,
    ) -> Result<usize, LogError> {
        let count = self.look(max, wait, into)?;
        if let Some(last) = into.last().filter(|_| count > 0) {
            self.position = last.offset + 1;
        }
        Ok(count)
    }

    fn position(&self) -> Offset {
        self.position
    }

    fn behind(&mut self) -> Result<u64, LogError> {
        let end = match self.shared.tails.get(self.slot.index) {
            Some(tail) => tail.end(),
            None => self.file.end()?,
        };
        Ok(end.saturating_sub(self.position))
    }
}

fn record_of(row: &Row<'_>, slot: Slot, has_checksum: bool) -> Result<Record, LogError> {
    let offset = row.get::<_, i64>(0).map_err(backend)?.unsigned_abs();
    let failed = |error| failed(slot, offset, error);
    let bytes = |column: usize| match row.get_ref(column).map_err(failed)? {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Ok(Some(bytes)),
        _ => Ok::<_, LogError>(None),
    };
    let parts = Parts {
        offset,
        at: row.get::<_, i64>(1).map_err(failed)?.unsigned_abs(),
        key: bytes(2)?.unwrap_or_default(),
        value: bytes(3)?,
        headers: bytes(4)?.unwrap_or_default(),
    };
    if has_checksum {
        let written: Option<i64> = row.get(5).map_err(failed)?;
        let sum = checksum::of_record(slot.topic.name(), slot.partition, parts);
        if written != Some(i64::from(sum)) {
            return Err(damaged(slot, offset, "its checksum is wrong"));
        }
    }
    record_from(slot, parts)
}

/// The record that these parts are.
pub(super) fn record_from(slot: Slot, parts: Parts<'_>) -> Result<Record, LogError> {
    let offset = parts.offset;
    Ok(Record {
        offset,
        at: LogTime(parts.at),
        key: Bytes::copy_from_slice(parts.key),
        value: parts.value.map_or(Value::ABSENT, |bytes| Bytes::copy_from_slice(bytes).into()),
        headers: headers_of(parts.headers).map_err(|error| damaged(slot, offset, error))?,
    })
}

fn headers_of(bytes: &[u8]) -> Result<Vec<(String, Bytes)>, WireError> {
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    let mut cursor = Cursor::new(bytes);
    let count = cursor.usize(HEADERS_MAX, "a count of headers")?;
    let mut headers = Vec::with_capacity(count);
    for _ in 0..count {
        let name = cursor.text(256)?;
        let size = cursor.usize(bytes.len(), "a header's size")?;
        let value = Bytes::copy_from_slice(cursor.bytes(size)?);
        headers.push((name, value));
    }
    Ok(headers)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape map_err wants")]
fn backend(error: rusqlite::Error) -> LogError {
    LogError::Backend(error.to_string())
}

/// An error of SQLite while it read a record: what it finds wrong with the file is damage.
fn failed(slot: Slot, offset: Offset, error: rusqlite::Error) -> LogError {
    match &error {
        rusqlite::Error::SqliteFailure(code, _)
            if matches!(code.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) =>
        {
            damaged(slot, offset, error)
        }
        rusqlite::Error::InvalidColumnType(..) | rusqlite::Error::IntegralValueOutOfRange(..) => {
            damaged(slot, offset, error)
        }
        _ => backend(error),
    }
}

fn damaged(slot: Slot, offset: Offset, reason: impl std::fmt::Display) -> LogError {
    LogError::Damaged {
        topic: slot.topic.name(),
        partition: slot.partition,
        offset,
        reason: reason.to_string(),
    }
}
