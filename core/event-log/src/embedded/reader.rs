//! Reading a partition forward: from the file while behind, then from memory.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row};

use floodgate_domain::LogTime;
use floodgate_domain::wire::Cursor;

use super::Shared;
use super::schema::{HEADERS_MAX, Slot, open_reading, signed};
use super::tail::Look;
use crate::traits::{LogError, LogReader, Offset, Record, Value};

/// Reads one table; opens its connection when first used.
#[derive(Debug)]
pub(super) struct FileReader {
    path: PathBuf,
    slot: Slot,
    connection: Option<Connection>,
}

impl FileReader {
    pub(super) fn new(path: &Path, slot: Slot) -> Self {
        FileReader { path: path.to_owned(), slot, connection: None }
    }

    fn connection(&mut self) -> Result<&Connection, LogError> {
        if self.connection.is_none() {
            self.connection = Some(open_reading(&self.path).map_err(backend)?);
        }
        self.connection.as_ref().ok_or(LogError::Closed)
    }

    /// Appends up to `max` records in `from..end` to `into`.
    pub(super) fn read(
        &mut self,
        from: Offset,
        end: Offset,
        max: usize,
        into: &mut Vec<Record>,
    ) -> Result<usize, LogError> {
        let sql = format!(
            "SELECT \"offset\", at, key, value, headers FROM {}
             WHERE \"offset\" >= ?1 AND \"offset\" < ?2 ORDER BY \"offset\" LIMIT ?3",
            self.slot.table()
        );
        let mut statement = self.connection()?.prepare_cached(&sql).map_err(backend)?;
        let bounds = [signed(from), signed(end), signed(max as u64)];
        let mut rows = statement.query(bounds).map_err(backend)?;
        let before = into.len();
        while let Some(row) = rows.next().map_err(backend)? {
            into.push(record_of(row)?);
        }
        Ok(into.len() - before)
    }

    /// The first offset in the file.
    pub(super) fn first(&mut self) -> Result<Option<Offset>, LogError> {
        self.extreme("min")
    }

    /// One past the last offset in the file.
    pub(super) fn end(&mut self) -> Result<Offset, LogError> {
        Ok(self.extreme("max")?.map_or(0, |last| last + 1))
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

fn record_of(row: &Row<'_>) -> Result<Record, LogError> {
    let bytes = |column: usize| match row.get_ref(column) {
        Ok(ValueRef::Text(bytes) | ValueRef::Blob(bytes)) => Ok(Bytes::copy_from_slice(bytes)),
        Ok(_) => Ok(Bytes::new()),
        Err(error) => Err(backend(error)),
    };
    let value = match row.get_ref(3) {
        Ok(ValueRef::Null) => Value::ABSENT,
        _ => bytes(3)?.into(),
    };
    let number = |column: usize| row.get::<_, i64>(column).map(i64::unsigned_abs).map_err(backend);
    Ok(Record {
        offset: number(0)?,
        at: LogTime(number(1)?),
        key: bytes(2)?,
        value,
        headers: headers_of(&bytes(4)?)?,
    })
}

fn headers_of(bytes: &[u8]) -> Result<Vec<(String, Bytes)>, LogError> {
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    let damaged = |error: floodgate_domain::wire::WireError| LogError::Backend(error.to_string());
    let mut cursor = Cursor::new(bytes);
    let count = cursor.usize(HEADERS_MAX, "a count of headers").map_err(damaged)?;
    let mut headers = Vec::with_capacity(count);
    for _ in 0..count {
        let name = cursor.text(256).map_err(damaged)?;
        let size = cursor.usize(bytes.len(), "a header's size").map_err(damaged)?;
        let value = Bytes::copy_from_slice(cursor.bytes(size).map_err(damaged)?);
        headers.push((name, value));
    }
    Ok(headers)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape map_err wants")]
fn backend(error: rusqlite::Error) -> LogError {
    LogError::Backend(error.to_string())
}
