//! Two databases of a sale in SQLite, row by row.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use floodgate_event_log::{Checkpoint, Offset, Partition};

use crate::sink::{Fill, Sink, SinkError};
use crate::tables::compared;

/// Faults of the file itself that are listed.
const FAULTS_MAX: u32 = 5;

/// What of the database at `path` is not in the one at `aside`, which is empty and filled by `fresh` up
/// to where the first one is.
pub(crate) fn compare(
    path: &Path,
    aside: &Path,
    fresh: &mut dyn Sink,
    fill: &mut Fill<'_>,
) -> Result<Vec<String>, SinkError> {
    let mut found = Vec::new();
    let mut look = || -> rusqlite::Result<Result<(), SinkError>> {
        let both = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        both.busy_timeout(Duration::from_secs(5))?;
        let mut faults = both.prepare(&format!("PRAGMA integrity_check({FAULTS_MAX})"))?;
        let faults = faults.query_map([], |row| row.get::<_, String>(0))?;
        for fault in faults {
            found.extend(Some(fault?).filter(|fault| fault != "ok"));
        }
        both.execute("ATTACH ?1 AS fresh", [aside.display().to_string()])?;
        // From here on it is as it is now, whoever writes to it.
        both.execute_batch("BEGIN")?;
        for (partition, stored) in positions(&both)? {
            match fill(fresh, partition, stored) {
                Ok(fault) => found.extend(fault),
                Err(error) => return Ok(Err(error)),
            }
        }
        for (what, rows) in compared() {
            let count = |of: &str, without: &str| {
                let [of, without] = [of, without].map(|name| rows.replace("SCHEMA", name));
                let ask = format!("SELECT count(*) FROM ({of} EXCEPT {without})");
                both.query_row(&ask, [], |row| row.get::<_, u32>(0))
            };
            let (wrong, missing) = (count("main", "fresh")?, count("fresh", "main")?);
            if wrong + missing > 0 {
                found.push(format!(
                    "{what}: {wrong} rows are not what the ledger leads to, {missing} are missing"
                ));
            }
        }
        Ok(Ok(()))
    };
    match look() {
        Ok(Ok(())) => Ok(found),
        Ok(Err(error)) => Err(error),
        // What cannot be read any more differs, too.
        Err(error) => {
            found.push(error.to_string());
            Ok(found)
        }
    }
}

/// Where each partition stands in the database.
fn positions(of: &Connection) -> rusqlite::Result<Vec<(Partition, Checkpoint)>> {
    let mut ask = of.prepare("SELECT partition, next, mark FROM main.positions")?;
    let rows = ask.query_map([], |row| {
        let (next, mark): (i64, Option<String>) = (row.get(1)?, row.get(2)?);
        let mark = mark.and_then(|mark| mark.parse().ok());
        Ok((row.get(0)?, Checkpoint { next: Offset::try_from(next).unwrap_or(0), mark }))
    })?;
    rows.collect()
}
