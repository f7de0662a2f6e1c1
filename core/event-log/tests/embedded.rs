//! The embedded backend: the contract, a full disk, a file somebody else holds.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use floodgate_event_log::{
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
    let small = EmbeddedOptions { pages_max: Some(100), ..options() };
    let log = EmbeddedLog::open(folder.path(), &small).unwrap();
    let mut acknowledged = Vec::new();
    let refused = loop {
        let record = NewRecord::new("key", vec![acknowledged.len() as u8; 10_000]);
        match log.append(Topic::Commands, 0, vec![record]).wait() {
            Ok(appended) => acknowledged.push(appended.first),
            Err(error) => break error,
        }
        assert!(acknowledged.len() < 1_000, "100 pages of 16 KiB never filled up");
    };
    assert!(matches!(refused, LogError::DiskFull), "{refused:?}");
    assert!(refused.nothing_written());
    assert!(matches!(log.health(), Err(LogError::DiskFull)));
    assert_eq!(log.end(Topic::Commands, 0).unwrap(), acknowledged.len() as u64);
    drop(log);

    // With room again, everything acknowledged is there and the log goes on.
    let log = EmbeddedLog::open(folder.path(), &options()).unwrap();
    let mut reader = log.reader(Topic::Commands, 0, 0).unwrap();
    let mut records = Vec::new();
    while reader.position() < acknowledged.len() as u64 {
        reader.poll(100, std::time::Duration::from_secs(10), &mut records).unwrap();
    }
    for (number, record) in records.iter().enumerate() {
        assert_eq!(record.value[..], vec![number as u8; 10_000]);
    }
    let next = log.append(Topic::Commands, 0, vec![NewRecord::new("key", "more")]).wait().unwrap();
    assert_eq!(next.first, acknowledged.len() as u64);
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
    let mut appends = Vec::new();
    let refused = (0..1_000_000).find_map(|_| {
        let mut append = log.append(Topic::Commands, 0, vec![NewRecord::new("key", "value")]);
        match append.try_outcome() {
            Some(Err(error)) => Some(error),
            _ => {
                appends.push(append);
                None
            }
        }
    });
    assert!(matches!(refused, Some(LogError::Overloaded)), "{refused:?}");
    let taken = appends.len() as u64;
    appends.into_iter().for_each(|append| assert!(append.wait().is_ok()));
    assert_eq!(log.end(Topic::Commands, 0).unwrap(), taken, "what was not refused was written");
}

/// A file as builds before format 2 made it: one partition, one record.
fn file_of_format_1(folder: &std::path::Path) {
    let file = rusqlite::Connection::open(folder.join("log.db")).unwrap();
    file.execute_batch(
        "CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
         INSERT INTO about VALUES ('partitions', '2'), ('format', '1');",
    )
    .unwrap();
    // The topics of then; one that came later has no table.
    for topic in Topic::ALL.into_iter().filter(|topic| *topic != Topic::Audience) {
        for partition in 0..2 {
            file.execute_batch(&format!(
                "CREATE TABLE \"{}/{partition}\" (\"offset\" INTEGER PRIMARY KEY, at INTEGER NOT NULL,
                 key, value BLOB NOT NULL, headers BLOB)",
                topic.name()
            ))
            .unwrap();
        }
    }
    let old = "INSERT INTO \"floodgate.counts.v1/1\" VALUES (0, 5, 'old', x'6f6c64', NULL),
               (1, 6, 'empty', x'', NULL)";
    file.execute_batch(old).unwrap();
}

fn all(log: &EmbeddedLog, topic: Topic) -> Vec<(String, Option<Vec<u8>>)> {
    let mut reader = log.reader(topic, 1, 0).unwrap();
    let mut records = Vec::new();
    while reader.poll(100, std::time::Duration::ZERO, &mut records).unwrap() > 0 {}
    let pair = |record: floodgate_event_log::Record| {
        let key = String::from_utf8(record.key.to_vec()).unwrap();
        (key, record.value.bytes().map(|bytes| bytes.to_vec()))
    };
    records.into_iter().map(pair).collect()
}

#[test]
fn a_file_of_format_1_is_read_as_it_was_and_takes_tombstones() {
    let folder = tempfile::tempdir().unwrap();
    file_of_format_1(folder.path());
    let old = [("old".to_owned(), Some(b"old".to_vec())), ("empty".to_owned(), Some(Vec::new()))];
    // Who only reads changes nothing.
    let reader = EmbeddedLog::open_read_only(folder.path()).unwrap();
    assert_eq!(all(&reader, Topic::Counts), old);
    assert_eq!(all(&reader, Topic::Audience), []);
    for _ in 0..2 {
        let log = EmbeddedLog::open(folder.path(), &options()).unwrap();
        log.append(Topic::Counts, 1, vec![NewRecord::tombstone("gone")]).wait().unwrap();
        log.append(Topic::Audience, 1, vec![NewRecord::tombstone("gone")]).wait().unwrap();
    }
    let log = EmbeddedLog::open(folder.path(), &options()).unwrap();
    let gone = ("gone".to_owned(), None);
    assert_eq!(all(&log, Topic::Counts), [&old[..], &[gone.clone(), gone.clone()]].concat());
    assert_eq!(all(&log, Topic::Audience), [gone.clone(), gone]);
    drop(log);
    let file = rusqlite::Connection::open(folder.path().join("log.db")).unwrap();
    let ask = "SELECT value FROM about WHERE name = 'format'";
    assert_eq!(file.query_row(ask, [], |row| row.get::<_, String>(0)).unwrap(), "3");
    file.execute("UPDATE about SET value = '4' WHERE name = 'format'", []).unwrap();
    let newer = EmbeddedLog::open(folder.path(), &options());
    assert!(matches!(newer, Err(OpenError::Newer { found: 4, .. })), "{newer:?}");
    let newer = EmbeddedLog::open_read_only(folder.path());
    assert!(matches!(newer, Err(OpenError::Newer { found: 4, .. })), "{newer:?}");
}
