//! The log written anew, and put in the place of the damaged one, which is kept.

use std::fs::{File, rename};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use floodgate_event_log::embedded::{EmbeddedLog, LogFile};
use floodgate_event_log::{Log, Record, Topic};

use super::super::super::exit::Failure;
use super::mending::Mending;

/// Records written at once.
const BATCH_MAX: usize = 4096;
/// What belongs to a log file and is moved with it.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// Writes every record into a new file, moves the damaged log aside and the new one into its place;
/// returns where the damaged one is. A crash leaves one of the two where the log belongs, or the new
/// one beside it, named `log.db.repaired`.
pub(super) fn write_anew(
    data: &Path,
    log: &EmbeddedLog,
    mending: &Mending<'_>,
) -> Result<PathBuf, Failure> {
    let (damaged, repaired) = (data.join("log.db"), data.join("log.db.repaired"));
    for path in [repaired.clone(), beside(&repaired, BESIDE[0]), beside(&repaired, BESIDE[1])] {
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Failure::io(error));
            }
            _ => {}
        }
    }
    let mut file =
        LogFile::create(&repaired, log.partitions(Topic::Commands)).map_err(Failure::io)?;
    for topic in Topic::ALL.into_iter().filter(|topic| *topic != Topic::Replies) {
        for partition in 0..log.partitions(topic) {
            let mut batch: Vec<Record> = Vec::new();
            mending.each(topic, partition, &mut |record| {
                batch.push(record.clone());
                if batch.len() < BATCH_MAX {
                    return Ok(());
                }
                file.put(topic, partition, std::mem::take(&mut batch)).map_err(Failure::io)
            })?;
            file.put(topic, partition, batch).map_err(Failure::io)?;
        }
    }
    file.finish().map_err(Failure::io)?;
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let kept = data.join(format!("log.db.damaged-{}", since_epoch.as_secs()));
    for suffix in BESIDE {
        match rename(beside(&damaged, suffix), beside(&kept, suffix)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Failure::io(error));
            }
            _ => {}
        }
    }
    rename(&damaged, &kept)?;
    rename(&repaired, &damaged)?;
    File::open(data).and_then(|folder| folder.sync_all())?;
    Ok(kept)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
