//! The tables of a sale in SQLite, row by row. The file can be deleted: it is rebuilt from the
//! log.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension, Transaction, params, params_from_iter,
};

use floodgate_config::SinksSettings;
use floodgate_domain::FactRecord;
use floodgate_event_log::{Checkpoint, Offset, Partition};

use crate::columns::Column;
use crate::comparison::compare;
use crate::rows::{self, ColumnValue, Rows, signed};
use crate::sink::{Destination, Fill, Inspection, Sink, SinkError};
use crate::tables::{Dialect, Lacking, Write, outdated_views};

const DIALECT: Dialect = Dialect {
    table_suffix: " WITHOUT ROWID",
    create_view: |name| format!("CREATE VIEW IF NOT EXISTS {name}"),
    source: one_row,
};

/// `(SELECT ?1 AS "event_id", …) AS given`: a row from the parameters.
fn one_row(columns: &[&Column]) -> String {
    let numbered = columns.iter().enumerate();
    let cells = numbered.map(|(at, column)| format!("?{} AS \"{}\"", at + 1, column.name));
    format!("(SELECT {}) AS given", cells.collect::<Vec<_>>().join(", "))
}

/// `views.db` in the data folder.
#[derive(Debug)]
struct SqliteDestination {
    path: PathBuf,
}

pub(crate) fn destination(settings: &SinksSettings, data: &Path) -> Option<Arc<dyn Destination>> {
    let path = data.join("views.db");
    settings.sqlite.then(|| Arc::new(SqliteDestination { path }) as Arc<dyn Destination>)
}

impl Destination for SqliteDestination {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn open(&self) -> Result<Box<dyn Sink>, SinkError> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).map_err(|error| self.unusable(&error))?;
        Ok(Box::new(SqliteSink::open(&self.path).map_err(|error| self.unusable(&error))?))
    }

    fn exists(&self) -> bool {
        self.path.exists()
    }

    /// Without looking inside: it may be damaged.
    fn clear(&self) -> Result<(), SinkError> {
        if !self.exists() {
            return Ok(());
        }
        let carrying = File::create(lock_of(&self.path)).map_err(unavailable)?;
        if carrying.try_lock().is_err() {
            return Err(SinkError::InUse(self.path.display().to_string()));
        }
        remove_database(&self.path)
    }

    fn differences(&self, fill: &mut Fill<'_>) -> Result<Option<Vec<String>>, SinkError> {
        if !self.exists() {
            return Ok(Some(Vec::new()));
        }
        // Beside it, where there is as much space.
        let aside = self.path.with_added_extension("check");
        remove_database(&aside)?;
        let fresh = SqliteSink::open(&aside);
        let found = fresh.and_then(|mut fresh| compare(&self.path, &aside, &mut fresh, fill));
        remove_database(&aside)?;
        std::fs::remove_file(lock_of(&aside)).map_err(unavailable)?;
        found.map(Some)
    }

    fn inspect(&self) -> Result<Inspection, SinkError> {
        let name = self.path.display();
        let found = if self.exists() {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
            Connection::open_with_flags(&self.path, flags)
                .and_then(|file| file.query_row("PRAGMA schema_version", [], |_| Ok(())))
                .map_err(|error| self.unusable(&error))?;
            format!("{name} can be read")
        } else {
            format!("{name} is not there yet and will be made")
        };
        Ok(Inspection { found, fault: None, clock: None })
    }
}

impl SqliteDestination {
    fn unusable(&self, error: &dyn std::fmt::Display) -> SinkError {
        let name = self.path.display();
        SinkError::Unavailable(format!(
            "{name} cannot be used: {error}; it can be deleted, the log has everything"
        ))
    }
}

/// The sink that keeps `views.db`.
#[derive(Debug)]
pub struct SqliteSink {
    connection: Connection,
    /// One for each of [`Write::ALL`].
    statements: [String; Write::ALL.len()],
    path: PathBuf,
    /// Shared by all who carry facts into the file.
    carrying: File,
}

impl SqliteSink {
    /// Opens the file, making it and its tables if needed.
    pub fn open(path: &Path) -> Result<Self, SinkError> {
        let connection = Connection::open(path).map_err(failed)?;
        connection.busy_timeout(Duration::from_secs(5)).map_err(failed)?;
        connection.set_prepared_statement_cache_capacity(32);
        // NORMAL: a power failure may cost the last rows together with the position behind
        // them; both are then written again. Rows come in no order: 32 MiB keep most pages at hand,
        // and a checkpoint every 32 MiB writes a page once that was changed in many transactions.
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
                 PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 8192;",
            )
            .map_err(failed)?;
        let lacking = Lacking::of(|table| columns_of(&connection, table)).map_err(failed)?;
        lacking.checked()?;
        let outdated = outdated_views(|view| sql_of(&connection, view)).map_err(failed)?;
        for step in lacking.add.iter().chain(&outdated).chain([&DIALECT.schema()]) {
            connection.execute_batch(step).map_err(failed)?;
        }
        let carrying = File::create(lock_of(path)).map_err(unavailable)?;
        carrying.lock_shared().map_err(unavailable)?;
        let statements = Write::ALL.map(|write| write.sql(DIALECT));
        Ok(SqliteSink { connection, statements, path: path.to_owned(), carrying })
    }

    fn write_all(
        &mut self,
        partition: Partition,
        facts: &[FactRecord],
        behind: Checkpoint,
    ) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        let mut rows = Transfer { transaction: &transaction, statements: &self.statements };
        for fact in facts {
            rows::write(fact, &mut rows)?;
        }
        transaction
            .prepare_cached(
                "INSERT OR REPLACE INTO positions (partition, next, mark) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![partition, signed(behind.next), behind.mark.map(|m| m.to_string())])?;
        transaction.commit()
    }
}

impl Sink for SqliteSink {
    fn checkpoint(&mut self, partition: Partition) -> Result<Checkpoint, SinkError> {
        let ask = "SELECT next, mark FROM positions WHERE partition = ?1";
        let stored: Option<(i64, Option<String>)> = self
            .connection
            .query_row(ask, [partition], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()
            .map_err(failed)?;
        Ok(stored
            .map_or(Checkpoint::default(), |(next, mark)| rows::checkpoint(next, mark.as_deref())))
    }

    fn write(
        &mut self,
        partition: Partition,
        facts: &[FactRecord],
        behind: Checkpoint,
    ) -> Result<(), SinkError> {
        self.write_all(partition, facts, behind).map_err(failed)
    }

    fn rewind(&mut self, partition: Partition, to: Offset) -> Result<(), SinkError> {
        if self.carrying.try_lock().is_err() {
            return Err(SinkError::InUse(self.path.display().to_string()));
        }
        let back = "UPDATE positions SET next = ?2, mark = NULL WHERE partition = ?1 AND next > ?2";
        let set = self.connection.execute(back, params![partition, signed(to)]).map_err(failed);
        // Others may carry again.
        self.carrying.lock_shared().map_err(unavailable)?;
        set.map(|_| ())
    }
}

/// An open transaction that takes rows.
struct Transfer<'a> {
    transaction: &'a Transaction<'a>,
    statements: &'a [String],
}

impl Rows for Transfer<'_> {
    type Error = rusqlite::Error;

    fn take(&mut self, write: Write, row: &[ColumnValue<'_>]) -> rusqlite::Result<()> {
        let mut statement = self.transaction.prepare_cached(&self.statements[write as usize])?;
        statement.execute(params_from_iter(row)).map(|_| ())
    }
}

impl ToSql for ColumnValue<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            ColumnValue::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            ColumnValue::Number(number) => ToSqlOutput::Borrowed(ValueRef::Integer(*number)),
            ColumnValue::Flag(flag) => ToSqlOutput::Borrowed(ValueRef::Integer(i64::from(*flag))),
            ColumnValue::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
        })
    }
}

/// Removes a database and what SQLite keeps beside it.
pub(crate) fn remove_database(path: &Path) -> Result<(), SinkError> {
    for suffix in ["", "-wal", "-shm"] {
        let mut file = path.to_owned().into_os_string();
        file.push(suffix);
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(unavailable(error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The file whose lock all share who carry facts into another.
fn lock_of(path: &Path) -> PathBuf {
    path.with_added_extension("lock")
}

fn columns_of(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut ask = connection.prepare("SELECT name FROM pragma_table_info(?1)")?;
    ask.query_map([table], |row| row.get(0))?.collect()
}

fn sql_of(connection: &Connection, view: &str) -> rusqlite::Result<Option<String>> {
    let ask = "SELECT sql FROM sqlite_master WHERE type = 'view' AND name = ?1";
    connection.query_row(ask, [view], |row| row.get(0)).optional()
}

#[expect(clippy::needless_pass_by_value, reason = "the shape map_err wants")]
fn unavailable(error: std::io::Error) -> SinkError {
    SinkError::Unavailable(error.to_string())
}

#[expect(clippy::needless_pass_by_value, reason = "the shape map_err wants")]
fn failed(error: rusqlite::Error) -> SinkError {
    let is_damage = matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    );
    let repair = if is_damage { "; stop the server and run `floodgate views rebuild`" } else { "" };
    SinkError::Unavailable(format!("{error}{repair}"))
}
