//! How a PostgreSQL is, beside how its sink needs it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use postgres::{Config, NoTls};

use floodgate_domain::LogTime;

use crate::postgres::failed;
use crate::pump::SinkError;

/// How long connecting may take; a setting of the connection's own text wins.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// A PostgreSQL as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresFound {
    pub version: String,
    /// The same as one number: 170002 for 17.2.
    pub version_number: i32,
    /// Whether it follows another and takes no writes.
    pub is_standby: bool,
    /// Whether tables may be made where they would be made.
    pub may_create: bool,
    /// Our clock before the question, its clock, ours after the answer.
    pub clocks: [LogTime; 3],
}

/// Asks the database that `config` names; changes nothing. Must be called outside async tasks.
pub fn inspect_postgres(config: &str) -> Result<PostgresFound, SinkError> {
    let mut config: Config = config.parse().map_err(failed)?;
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_WITHIN);
    }
    let mut client = config.connect(NoTls).map_err(failed)?;
    let about = client
        .query_one(
            "SELECT current_setting('server_version'), current_setting('server_version_num')::int,
                    pg_is_in_recovery(),
                    coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)",
            &[],
        )
        .map_err(failed)?;
    let before = now();
    let theirs: i64 = client
        .query_one("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint", &[])
        .map_err(failed)?
        .get(0);
    Ok(PostgresFound {
        version: about.get(0),
        version_number: about.get(1),
        is_standby: about.get(2),
        may_create: about.get(3),
        clocks: [before, LogTime(theirs.unsigned_abs()), now()],
    })
}

fn now() -> LogTime {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    LogTime(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}
