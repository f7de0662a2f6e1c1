//! The tables of a sale in PostgreSQL: the same as in SQLite, many rows per statement.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use postgres::types::ToSql;
use postgres::{Client, NoTls, Transaction};

use floodgate_config::SinksSettings;
use floodgate_domain::FactRecord;
use floodgate_event_log::{Checkpoint, Offset, Partition};

use crate::columns::{Column, ColumnType};
use crate::inspect::{failed, inspect_postgres};
use crate::rows::{self, ColumnValue, Rows, signed};
use crate::sink::{Destination, Inspection, Sink, SinkError};
use crate::tables::{Dialect, Lacking, Write, drop_all};

const DIALECT: Dialect = Dialect {
    table_suffix: "",
    create_view: |name| format!("CREATE OR REPLACE VIEW {name}"),
    source: columns,
};

/// `unnest($1::text[], …) AS given ("event_id", …)`: rows from a list a column.
fn columns(columns: &[&Column]) -> String {
    let numbered = columns.iter().enumerate();
    let lists = numbered.map(|(at, column)| format!("${}::{}[]", at + 1, column.kind.name()));
    let names = columns.iter().map(|column| format!("\"{}\"", column.name));
    let (lists, names) = (lists.collect::<Vec<_>>(), names.collect::<Vec<_>>());
    format!("unnest({}) AS given ({})", lists.join(", "), names.join(", "))
}

/// Several sinks may start at once; one of them makes the tables.
const SCHEMA_LOCK: i64 = 0x666c_6f6f_6467;
/// Whoever carries facts has a share of this lock for as long as it is connected.
const CARRYING: i64 = SCHEMA_LOCK + 1;
/// How long a server may take to accept a connection, to confirm what was sent to it, and to answer
/// when it is only asked whether it is there. What the settings say instead goes before.
const CONNECTED_WITHIN: Duration = Duration::from_secs(5);
const CONFIRMED_WITHIN: Duration = Duration::from_secs(10);
const PROBED_WITHIN: Duration = Duration::from_secs(3);
/// Rows sent in one statement: about a megabyte.
const ROWS_MAX: usize = 10_000;

/// The database that `sinks.postgres` names.
struct PostgresDestination {
    /// As given: `host=… user=…` or a URL. It may hold a password.
    config: String,
}

impl std::fmt::Debug for PostgresDestination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PostgresDestination")
    }
}

pub(crate) fn destination(
    settings: &SinksSettings,
) -> Result<Option<Arc<dyn Destination>>, SinkError> {
    let config = settings.postgres.clone();
    if config.is_empty() {
        return Ok(None);
    }
    let wrong = |error: postgres::Error| SinkError::Misconfigured {
        setting: "sinks.postgres",
        reason: std::error::Error::source(&error).unwrap_or(&error).to_string(),
    };
    config.parse::<postgres::Config>().map_err(wrong)?;
    Ok(Some(Arc::new(PostgresDestination { config })))
}

impl Destination for PostgresDestination {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn open(&self) -> Result<Box<dyn Sink>, SinkError> {
        Ok(Box::new(PostgresSink::open(&self.config)?))
    }

    fn exists(&self) -> bool {
        true
    }

    fn clear(&self) -> Result<(), SinkError> {
        let mut client = reach(&self.config)?;
        alone(&mut client)?;
        let mut transaction = client.transaction().map_err(failed)?;
        transaction.batch_execute(&drop_all()).map_err(failed)?;
        transaction.commit().map_err(failed)
    }

    fn inspect(&self) -> Result<Inspection, SinkError> {
        inspect_postgres(&self.config)
    }
}

/// The sink that keeps a PostgreSQL database.
pub struct PostgresSink {
    /// As given: `host=… user=…` or a URL.
    config: String,
    /// `None` after it was set back: its lock goes with the connection.
    client: Option<Client>,
}

impl std::fmt::Debug for PostgresSink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PostgresSink")
    }
}

impl PostgresSink {
    /// Connects and makes the tables if needed.
    pub fn open(config: &str) -> Result<Self, SinkError> {
        let mut sink = PostgresSink { config: config.to_owned(), client: None };
        sink.client()?;
        Ok(sink)
    }

    fn client(&mut self) -> Result<&mut Client, SinkError> {
        let client = match self.client.take() {
            Some(client) if !client.is_closed() => client,
            _ => connect(&self.config)?,
        };
        Ok(self.client.insert(client))
    }
}

/// Every sink has a share of the lock; all of it can be had only when no other has any.
fn alone(client: &mut Client) -> Result<(), SinkError> {
    let lock = client.query_one("SELECT pg_try_advisory_lock($1)", &[&CARRYING]).map_err(failed)?;
    match lock.get(0) {
        true => Ok(()),
        false => Err(SinkError::InUse("sinks.postgres".to_owned())),
    }
}

/// The columns of a table where it would be made; none if it is not there.
fn columns_of(
    transaction: &mut Transaction<'_>,
    table: &str,
) -> Result<Vec<String>, postgres::Error> {
    let ask = "SELECT column_name::text FROM information_schema.columns
        WHERE table_schema = current_schema() AND table_name = $1";
    let rows = transaction.query(ask, &[&table])?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// A connection that notices when there is nobody any more: by default TCP waits for hours.
fn reach(config: &str) -> Result<Client, SinkError> {
    let mut config: postgres::Config = config.parse().map_err(failed)?;
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECTED_WITHIN);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(CONFIRMED_WITHIN);
        config.keepalives_idle(CONFIRMED_WITHIN);
    }
    config.connect(NoTls).map_err(failed)
}

fn connect(config: &str) -> Result<Client, SinkError> {
    let mut client = reach(config)?;
    let mut transaction = client.transaction().map_err(failed)?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&SCHEMA_LOCK]).map_err(failed)?;
    let lacking = Lacking::of(|table| columns_of(&mut transaction, table)).map_err(failed)?;
    lacking.checked()?;
    for step in lacking.add.iter().chain([&DIALECT.schema()]) {
        transaction.batch_execute(step).map_err(failed)?;
    }
    transaction
        .commit()
        .and_then(|()| client.execute("SELECT pg_advisory_lock_shared($1)", &[&CARRYING]))
        .map_err(failed)?;
    Ok(client)
}

impl Sink for PostgresSink {
    fn checkpoint(&mut self, partition: Partition) -> Result<Checkpoint, SinkError> {
        let ask = "SELECT next, mark FROM positions WHERE partition = $1";
        let stored = self.client()?.query_opt(ask, &[&i64::from(partition)]).map_err(failed)?;
        Ok(stored.map_or(Checkpoint::default(), |row| rows::checkpoint(row.get(0), row.get(1))))
    }

    fn write(
        &mut self,
        partition: Partition,
        facts: &[FactRecord],
        behind: Checkpoint,
    ) -> Result<(), SinkError> {
        write_all(self.client()?, partition, facts, behind).map_err(failed)
    }

    fn probe(&mut self) -> Result<(), SinkError> {
        self.client()?.is_valid(PROBED_WITHIN).map_err(failed)
    }

    fn rewind(&mut self, partition: Partition, to: Offset) -> Result<(), SinkError> {
        let client = self.client()?;
        alone(client)?;
        let back = "UPDATE positions SET next = $2, mark = NULL WHERE partition = $1 AND next > $2";
        let set = client.execute(back, &[&i64::from(partition), &signed(to)]).map_err(failed);
        // The lock goes with the connection.
        self.client = None;
        set.map(|_| ())
    }
}

fn write_all(
    client: &mut Client,
    partition: Partition,
    facts: &[FactRecord],
    behind: Checkpoint,
) -> Result<(), postgres::Error> {
    let mut transaction = client.transaction()?;
    let mut rows = Collected::new(&mut transaction);
    for fact in facts {
        rows::write(fact, &mut rows)?;
    }
    rows.send()?;
    transaction.execute(
        "INSERT INTO positions (partition, next, mark) VALUES ($1, $2, $3)
         ON CONFLICT (partition) DO UPDATE SET next = excluded.next, mark = excluded.mark
         WHERE positions.next <= excluded.next",
        &[&i64::from(partition), &signed(behind.next), &behind.mark.map(|mark| mark.to_string())],
    )?;
    transaction.commit()
}

/// Rows on their way, by statement.
struct Collected<'a, 'b> {
    transaction: &'a mut Transaction<'b>,
    batches: [Batch; Write::ALL.len()],
}

impl<'a, 'b> Collected<'a, 'b> {
    fn new(transaction: &'a mut Transaction<'b>) -> Self {
        Collected { transaction, batches: Write::ALL.map(Batch::new) }
    }

    /// Sends what was collected. Rows go before what changes rows; as either yields to what is
    /// newer, that comes to the same as fact by fact.
    fn send(&mut self) -> Result<(), postgres::Error> {
        for batch in &mut self.batches {
            batch.send(self.transaction)?;
        }
        Ok(())
    }
}

impl Rows for Collected<'_, '_> {
    type Error = postgres::Error;

    fn take(&mut self, write: Write, row: &[ColumnValue<'_>]) -> Result<(), postgres::Error> {
        let batch = &mut self.batches[write as usize];
        batch.push(row.iter().map(|cell| Value::of(*cell)).collect());
        if batch.rows.len() == ROWS_MAX { self.send() } else { Ok(()) }
    }
}

/// A [`ColumnValue`] that is kept for a while.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Value {
    Null,
    Number(i64),
    Flag(bool),
    Text(String),
}

impl Value {
    fn of(cell: ColumnValue<'_>) -> Self {
        match cell {
            ColumnValue::Null => Value::Null,
            ColumnValue::Number(number) => Value::Number(number),
            ColumnValue::Flag(flag) => Value::Flag(flag),
            ColumnValue::Text(text) => Value::Text(text.to_owned()),
        }
    }

    fn text(&self) -> Option<&str> {
        if let Value::Text(text) = self { Some(text) } else { None }
    }

    fn number(&self) -> Option<i64> {
        if let Value::Number(number) = self { Some(*number) } else { None }
    }

    fn flag(&self) -> Option<bool> {
        if let Value::Flag(flag) = self { Some(*flag) } else { None }
    }
}

/// The rows of one statement.
#[derive(Debug)]
struct Batch {
    write: Write,
    rows: Vec<Vec<Value>>,
    /// Of a statement that takes one row of a key: where key and version are in a row, and where
    /// the row of each key is.
    once: Option<(Vec<usize>, usize)>,
    newest: HashMap<Vec<Value>, usize>,
}

impl Batch {
    fn new(write: Write) -> Self {
        Batch { write, rows: Vec::new(), once: write.once(), newest: HashMap::new() }
    }

    fn push(&mut self, row: Vec<Value>) {
        let Some((key, version)) = &self.once else {
            return self.rows.push(row);
        };
        let key = key.iter().map(|at| row[*at].clone()).collect();
        let at = *self.newest.entry(key).or_insert(self.rows.len());
        match self.rows.get_mut(at) {
            None => self.rows.push(row),
            Some(before) if before[*version] < row[*version] => *before = row,
            Some(_) => {}
        }
    }

    fn send(&mut self, transaction: &mut Transaction<'_>) -> Result<(), postgres::Error> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let given = self.write.given().into_iter().enumerate();
        let rows = std::mem::take(&mut self.rows);
        let lists: Vec<_> = given.map(|(at, column)| list(&rows, column.kind, at)).collect();
        let lists: Vec<_> = lists.iter().map(|list| &**list).collect();
        transaction.execute(&self.write.sql(DIALECT), &lists)?;
        self.newest.clear();
        Ok(())
    }
}

/// One column of all rows.
fn list(rows: &[Vec<Value>], kind: ColumnType, at: usize) -> Box<dyn ToSql + Sync + '_> {
    let values = rows.iter().map(|row| &row[at]);
    match kind {
        ColumnType::Text => Box::new(values.map(Value::text).collect::<Vec<_>>()),
        ColumnType::Number => Box::new(values.map(Value::number).collect::<Vec<_>>()),
        ColumnType::Flag => Box::new(values.map(Value::flag).collect::<Vec<_>>()),
    }
}
