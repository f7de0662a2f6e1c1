//! The store in PostgreSQL: for many processes.

use std::collections::HashMap;
use std::time::Duration;

use postgres::types::{IsNull, ToSql, Type, private::BytesMut, to_sql_checked};
use postgres::{Client, NoTls, Statement};

use crate::PeopleError;
use crate::database::{Access, StoreConnection, StoredRow, StoredValue};
use crate::schema::schema;

/// How long a server may take to accept a connection, and to confirm what was sent to it.
const CONNECTED_WITHIN: Duration = Duration::from_secs(5);
const CONFIRMED_WITHIN: Duration = Duration::from_secs(10);
/// Several processes may start at once; one of them makes the tables.
const SCHEMA_LOCK: i64 = 0x7065_6f70_6c65;

pub(crate) struct PostgresConnection {
    client: Client,
    /// As many as this crate has statements.
    prepared: HashMap<String, Statement>,
}

impl PostgresConnection {
    pub(crate) fn open(config: &str) -> Result<Self, PeopleError> {
        let mut client = reach(config)?;
        let mut transaction = client.transaction().map_err(failed)?;
        transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&SCHEMA_LOCK]).map_err(failed)?;
        transaction.batch_execute(&schema("BYTEA")).map_err(failed)?;
        transaction.commit().map_err(failed)?;
        Ok(PostgresConnection { client, prepared: HashMap::new() })
    }

    fn prepare(&mut self, sql: &str) -> Result<Statement, PeopleError> {
        if let Some(statement) = self.prepared.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql).map_err(failed)?;
        self.prepared.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

/// Connects, and notices when there is nobody any more: by default TCP waits for hours.
fn reach(config: &str) -> Result<Client, PeopleError> {
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

/// Whether the server answers; makes nothing there.
pub(crate) fn answers(config: &str) -> Result<(), PeopleError> {
    reach(config)?.is_valid(CONNECTED_WITHIN).map_err(failed)
}

/// The server's own words: the outer error says no more than that there was one.
#[expect(clippy::needless_pass_by_value, reason = "the shape map_err wants")]
fn failed(error: postgres::Error) -> PeopleError {
    let text = std::error::Error::source(&error).unwrap_or(&error).to_string();
    PeopleError::Unavailable(text)
}

impl ToSql for StoredValue {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            StoredValue::Null => Ok(IsNull::Yes),
            StoredValue::Int(value) => value.to_sql(kind, out),
            StoredValue::Text(value) => value.to_sql(kind, out),
            StoredValue::Bytes(value) => value.to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        [Type::INT8, Type::TEXT, Type::BYTEA].contains(kind)
    }

    to_sql_checked!();
}

fn read(row: &postgres::Row, at: usize) -> Result<StoredValue, PeopleError> {
    let kind = row.columns()[at].type_();
    let value = if *kind == Type::INT8 {
        row.try_get::<_, Option<i64>>(at).map(StoredValue::from)
    } else if *kind == Type::INT4 {
        // A number that stands in the statement itself.
        row.try_get::<_, Option<i32>>(at).map(|value| StoredValue::from(value.map(i64::from)))
    } else if *kind == Type::TEXT {
        row.try_get::<_, Option<String>>(at).map(StoredValue::from)
    } else if *kind == Type::BYTEA {
        row.try_get::<_, Option<Vec<u8>>>(at).map(StoredValue::from)
    } else {
        return Err(PeopleError::Damaged(format!("a column is of the type {kind}")));
    };
    value.map_err(failed)
}

impl StoreConnection for PostgresConnection {
    fn begin(&mut self, access: Access) -> Result<(), PeopleError> {
        let begin = match access {
            Access::Read => "BEGIN READ ONLY",
            Access::Write => "BEGIN",
        };
        self.client.batch_execute(begin).map_err(failed)
    }

    fn commit(&mut self) -> Result<(), PeopleError> {
        self.client.batch_execute("COMMIT").map_err(failed)
    }

    fn rollback(&mut self) {
        // A connection that is gone has nothing open.
        let _ = self.client.batch_execute("ROLLBACK");
    }

    fn run(&mut self, sql: &str, values: &[StoredValue]) -> Result<u64, PeopleError> {
        let statement = self.prepare(sql)?;
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|one| one as _).collect();
        self.client.execute(&statement, &values).map_err(failed)
    }

    fn rows(&mut self, sql: &str, values: &[StoredValue]) -> Result<Vec<StoredRow>, PeopleError> {
        let statement = self.prepare(sql)?;
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|one| one as _).collect();
        let rows = self.client.query(&statement, &values).map_err(failed)?;
        let cells =
            |row: &postgres::Row| (0..row.len()).map(|at| read(row, at)).collect::<Result<_, _>>();
        rows.iter().map(|row| cells(row).map(StoredRow)).collect()
    }

    /// The server vacuums by itself; `docs/operations.md` says what its backups and write-ahead
    /// archive keep for how long.
    fn purge(&mut self) -> Result<(), PeopleError> {
        Ok(())
    }

    fn is_usable(&self) -> bool {
        !self.client.is_closed()
    }
}
