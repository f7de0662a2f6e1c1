//! The store as a file, `people.db`: the default, for one process.

use std::path::Path;
use std::time::Duration;

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection as File, OpenFlags, params_from_iter};

use crate::PeopleError;
use crate::database::{Access, StoreConnection, StoredRow, StoredValue};
use crate::schema::schema;

/// How long a writer waits for another one.
const BUSY: Duration = Duration::from_secs(10);
/// Statements that are kept prepared by each connection.
const STATEMENTS_KEPT: usize = 64;

pub(crate) struct SqliteConnection {
    file: File,
}

impl SqliteConnection {
    pub(crate) fn open(path: &Path) -> Result<Self, PeopleError> {
        let file = File::open(path).map_err(failed)?;
        file.busy_timeout(BUSY).map_err(failed)?;
        file.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        // What is deleted is overwritten: a key that was forgotten must not be found in a free
        // page.
        file.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;
             PRAGMA foreign_keys = ON;",
        )
        .map_err(failed)?;
        file.execute_batch(&format!("BEGIN IMMEDIATE; {} COMMIT;", schema("BLOB")))
            .map_err(failed)?;
        Ok(SqliteConnection { file })
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape map_err wants")]
fn failed(error: rusqlite::Error) -> PeopleError {
    PeopleError::Unavailable(error.to_string())
}

/// Whether the file is a database; makes and changes nothing.
pub(crate) fn answers(path: &Path) -> Result<(), PeopleError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let file = File::open_with_flags(path, flags).map_err(failed)?;
    file.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |_| Ok(())).map_err(failed)
}

/// SQLite numbers its parameters with a question mark.
fn numbered(sql: &str) -> String {
    sql.replace('$', "?")
}

impl ToSql for StoredValue {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            StoredValue::Null => ValueRef::Null,
            StoredValue::Int(value) => ValueRef::Integer(*value),
            StoredValue::Text(value) => ValueRef::Text(value.as_bytes()),
            StoredValue::Bytes(value) => ValueRef::Blob(value),
        }))
    }
}

fn read(value: ValueRef<'_>) -> StoredValue {
    match value {
        ValueRef::Null | ValueRef::Real(_) => StoredValue::Null,
        ValueRef::Integer(value) => StoredValue::Int(value),
        ValueRef::Text(value) => StoredValue::Text(String::from_utf8_lossy(value).into_owned()),
        ValueRef::Blob(value) => StoredValue::Bytes(value.to_vec()),
    }
}

#[cfg(test)]
thread_local! {
    /// What the statements of this thread have cost, in steps of SQLite's machine.
    pub(crate) static STEPS: std::cell::Cell<i64> = const { std::cell::Cell::new(0) };
}

#[cfg(test)]
fn note_steps(statement: &rusqlite::Statement<'_>) {
    let steps = statement.reset_status(rusqlite::StatementStatus::VmStep);
    STEPS.set(STEPS.get() + i64::from(steps));
}

impl StoreConnection for SqliteConnection {
    fn begin(&mut self, access: Access) -> Result<(), PeopleError> {
        let begin = match access {
            Access::Read => "BEGIN",
            Access::Write => "BEGIN IMMEDIATE",
        };
        self.file.execute_batch(begin).map_err(failed)
    }

    fn commit(&mut self) -> Result<(), PeopleError> {
        self.file.execute_batch("COMMIT").map_err(failed)
    }

    fn rollback(&mut self) {
        // Nothing is open where this fails.
        let _ = self.file.execute_batch("ROLLBACK");
    }

    fn run(&mut self, sql: &str, values: &[StoredValue]) -> Result<u64, PeopleError> {
        let mut statement = self.file.prepare_cached(&numbered(sql)).map_err(failed)?;
        let changed = statement.execute(params_from_iter(values)).map_err(failed)?;
        #[cfg(test)]
        note_steps(&statement);
        Ok(changed as u64)
    }

    fn rows(&mut self, sql: &str, values: &[StoredValue]) -> Result<Vec<StoredRow>, PeopleError> {
        let mut statement = self.file.prepare_cached(&numbered(sql)).map_err(failed)?;
        let count = statement.column_count();
        let mut rows = statement.query(params_from_iter(values)).map_err(failed)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(failed)? {
            let cells = (0..count).map(|at| row.get_ref(at).map(read));
            found.push(StoredRow(cells.collect::<Result<_, _>>().map_err(failed)?));
        }
        #[cfg(test)]
        {
            drop(rows);
            note_steps(&statement);
        }
        Ok(found)
    }

    fn purge(&mut self) -> Result<(), PeopleError> {
        // The write-ahead log still holds the pages as they were before.
        self.file
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0))
            .map_err(failed)
            .and_then(|busy| match busy {
                0 => Ok(()),
                _ => Err(PeopleError::Unavailable("the store is being read".to_owned())),
            })
    }

    fn is_usable(&self) -> bool {
        true
    }
}
