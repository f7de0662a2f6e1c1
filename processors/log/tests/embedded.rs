//! The embedded backend: the contract, a full disk, a file somebody else holds.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use floodgate_log::{
    EmbeddedLog, EmbeddedOptions, Log, LogError, NewRecord, OpenError, Topic, contract,
};

fn options() -> EmbeddedOptions {
    EmbeddedOptions { partitions: 2, ..EmbeddedOptions::default() }
}

#[test]
fn keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let log: Arc<dyn Log> = Arc::new(EmbeddedLog::open(folder.path(), &options()).unwrap());
    contract::keeps_the_contract(&log);
}

#[test]
fn survives_reopening() {
    let folder = tempfile::tempdir().unwrap();
    contract::survives_reopening(|| {
        Arc::new(EmbeddedLog::open(folder.path(), &options()).unwrap())
    });
}

#[test]
fn a_full_disk_refuses_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let small = EmbeddedOptions { pages_max: Some(400), ..options() };
    let log = EmbeddedLog::open(folder.path(), &small).unwrap();
    let mut told = Vec::new();
    let refused = loop {
        let record = NewRecord::new("key", vec![told.len() as u8; 10_000]);
        match log.append(Topic::Commands, 0, vec![record]).wait() {
            Ok(appended) => told.push(appended.first),
            Err(error) => break error,
        }
        assert!(told.len() < 1_000, "400 pages of 4 KiB never filled up");
    };
    assert!(matches!(refused, LogError::DiskFull), "{refused:?}");
    assert!(refused.nothing_written());
    assert!(matches!(log.health(), Err(LogError::DiskFull)));
    assert_eq!(log.end(Topic::Commands, 0).unwrap(), told.len() as u64);
    drop(log);

    // With room again, everything acknowledged is there and the log goes on.
    let log = EmbeddedLog::open(folder.path(), &options()).unwrap();
    let mut reader = log.reader(Topic::Commands, 0, 0).unwrap();
    let mut records = Vec::new();
    while reader.position() < told.len() as u64 {
        reader.poll(100, std::time::Duration::from_secs(10), &mut records).unwrap();
    }
    for (number, record) in records.iter().enumerate() {
        assert_eq!(record.value, vec![number as u8; 10_000]);
    }
    let next = log.append(Topic::Commands, 0, vec![NewRecord::new("key", "more")]).wait().unwrap();
    assert_eq!(next.first, told.len() as u64);
}

#[test]
fn one_writer_at_a_time_and_readers_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let log = EmbeddedLog::open(folder.path(), &options()).unwrap();
    log.append(Topic::Ledger, 1, vec![NewRecord::new("key", "value")]).wait().unwrap();
    let second = EmbeddedLog::open(folder.path(), &options());
    assert!(matches!(second, Err(OpenError::InUse { .. })));
    let reader = EmbeddedLog::open_read_only(folder.path()).unwrap();
    assert_eq!(reader.end(Topic::Ledger, 1).unwrap(), 1);
    assert!(reader.append(Topic::Ledger, 1, vec![NewRecord::new("k", "v")]).wait().is_err());
    drop(log);
    let other = EmbeddedOptions { partitions: 3, ..options() };
    let wrong = EmbeddedLog::open(folder.path(), &other);
    assert!(matches!(wrong, Err(OpenError::Partitions { found: 2, asked: 3, .. })));
    let nothing = EmbeddedLog::open_read_only(&folder.path().join("elsewhere"));
    assert!(matches!(nothing, Err(OpenError::Missing { .. })));
}

#[test]
fn more_than_may_wait_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let tiny = EmbeddedOptions { queue_records_max: 10, ..options() };
    let log = EmbeddedLog::open(folder.path(), &tiny).unwrap();
    // Nobody waits for anything here, so the writer cannot keep up for long.
    let mut tickets = Vec::new();
    let refused = (0..1_000_000).find_map(|_| {
        let mut ticket = log.append(Topic::Commands, 0, vec![NewRecord::new("key", "value")]);
        match ticket.try_outcome() {
            Some(Err(error)) => Some(error),
            _ => {
                tickets.push(ticket);
                None
            }
        }
    });
    assert!(matches!(refused, Some(LogError::Overloaded)), "{refused:?}");
    let taken = tickets.len() as u64;
    tickets.into_iter().for_each(|ticket| assert!(ticket.wait().is_ok()));
    assert_eq!(log.end(Topic::Commands, 0).unwrap(), taken, "what was not refused was written");
}
