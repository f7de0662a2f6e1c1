//! The state of a PostgreSQL server, compared with what its sink needs.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use postgres::{Config, NoTls};

use floodgate_domain::LogTime;

use crate::sink::{ClockReading, Inspection, SinkError};

/// How long connecting may take; a setting of the connection's own text wins.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// The oldest version with everything that is asked of it.
const VERSION_MIN: i32 = 120_000;

/// A PostgreSQL as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Found {
    version: String,
    /// The same as one number: 170002 for 17.2.
    version_number: i32,
    /// Whether it is a standby and accepts no writes.
    is_standby: bool,
    /// Whether tables may be made where they would be made.
    may_create: bool,
    clocks: [LogTime; 3],
}

/// Asks the database that `config` names; changes nothing. Must be called outside async tasks.
pub(crate) fn inspect_postgres(config: &str) -> Result<Inspection, SinkError> {
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
    Ok(judged(Found {
        version: about.get(0),
        version_number: about.get(1),
        is_standby: about.get(2),
        may_create: about.get(3),
        clocks: [before, LogTime(theirs.unsigned_abs()), now()],
    }))
}

fn judged(found: Found) -> Inspection {
    let Found { version, version_number, is_standby, may_create, clocks } = found;
    let answers = format!("PostgreSQL {version} answers");
    let fault = |what: &str, fix: &str| Some((format!("{answers}{what}"), fix.to_owned()));
    let fault = if version_number < VERSION_MIN {
        fault("", "take PostgreSQL 12 or later")
    } else if is_standby {
        let fix = "set sinks.postgres to the one it follows";
        fault(", and is a standby: it accepts no writes", fix)
    } else if !may_create {
        let fix = "grant create on the schema to the user of sinks.postgres";
        fault(", and this user may make no tables", fix)
    } else {
        None
    };
    let clock = ClockReading { check: "postgres clock", whose: "PostgreSQL", clocks };
    Inspection { found: answers, fault, clock: Some(clock) }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape map_err wants")]
pub(crate) fn failed(error: postgres::Error) -> SinkError {
    // The cause says more than the kind.
    let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
    let message = format!("{error}: {cause}");
    // Class 22: the data itself is wrong, and will be the next time.
    let is_data = error.code().is_some_and(|code| code.code().starts_with("22"));
    if is_data { SinkError::Refused(message) } else { SinkError::Unavailable(message) }
}

fn now() -> LogTime {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    LogTime(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_is_found_by_itself() {
        let good = Found {
            version: "17.2".into(),
            version_number: 170_002,
            is_standby: false,
            may_create: true,
            clocks: [LogTime(1_000_000); 3],
        };
        assert_eq!(judged(good.clone()).fault, None);
        let rows = [
            (Found { version_number: 110_000, ..good.clone() }, "12"),
            (Found { is_standby: true, ..good.clone() }, "follows"),
            (Found { may_create: false, ..good }, "grant"),
        ];
        for (found, says) in rows {
            let fix = judged(found.clone()).fault.map(|(_, fix)| fix).unwrap_or_default();
            assert!(fix.contains(says), "{found:?}: {fix}");
        }
    }
}
