//! Tables of another log take nothing, tables of an older build say so, and both are built anew by
//! one call.

use std::path::Path;
use std::sync::Arc;

use floodgate_domain::FactRecord;
use floodgate_domain::wire::encode_fact;
use floodgate_event_log::{Checkpoint, Log, NewRecord, Topic};
use floodgate_sinks::{Destination, Sink, SinkError, SqliteSink, destinations, rebuild, spawn};
use floodgate_testkit::{MemoryLog, cut};
use floodgate_transport::{Health, Service};
use rusqlite::Connection;

use crate::history::history;

fn append(log: &MemoryLog, facts: &[FactRecord]) {
    let record = |fact: &FactRecord| {
        let mut value = Vec::new();
        encode_fact(fact, &mut value);
        NewRecord::new("event", value)
    };
    log.append(Topic::Ledger, 0, facts.iter().map(record).collect()).wait().unwrap();
}

fn tables(folder: &Path) -> Arc<dyn Destination> {
    let settings = floodgate_config::Settings::default().sinks;
    destinations(&settings, folder).unwrap().remove(0)
}

/// Every seat's row, as text.
fn rows(path: &Path) -> Vec<String> {
    let file = Connection::open(path).unwrap();
    let ask = "SELECT event_id || seat_id || status || reservation_version FROM reservations
        ORDER BY 1";
    let mut ask = file.prepare(ask).unwrap();
    ask.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

#[test]
fn tables_of_another_log_take_nothing_until_they_are_built_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("views.db");
    let (old, new) = (MemoryLog::new(1), MemoryLog::new(1));
    append(&old, &history(1)[..50]);
    // It is longer than what was read of the other: the offset alone would fit.
    append(&new, &history(2));
    let to = tables(folder.path());
    let expected = {
        let other = tempfile::tempdir().unwrap();
        rebuild(&(Arc::new(new.clone()) as Arc<dyn Log>), &tables(other.path()), |_| {}).unwrap();
        rows(&other.path().join("views.db"))
    };
    rebuild(&(Arc::new(old) as Arc<dyn Log>), &to, |_| {}).unwrap();
    let before = rows(&path);

    let sink = spawn(Arc::new(new.clone()), Arc::clone(&to)).unwrap();
    cut::until("it is noticed", || matches!(sink.health(), Health::Mismatched { .. }));
    let reason = sink.health().reason().unwrap().to_owned();
    assert!(reason.contains("is not the one that was read"), "{reason}");
    assert!(reason.contains("floodgate views rebuild"), "{reason}");
    sink.stop();
    sink.join().unwrap();
    assert_eq!(rows(&path), before, "nothing was mixed");

    let mut behind = Vec::new();
    rebuild(&(Arc::new(new) as Arc<dyn Log>), &to, |left| behind.push(left)).unwrap();
    assert_eq!(rows(&path), expected);
    assert_eq!(behind.last(), Some(&0));
}

#[test]
fn a_file_in_use_is_not_emptied_and_a_damaged_one_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("views.db");
    let log: Arc<dyn Log> = Arc::new(MemoryLog::new(1));
    let mut sink = SqliteSink::open(&path).unwrap();
    sink.write(0, &history(1), Checkpoint::at(200)).unwrap();
    let to = tables(folder.path());
    assert!(matches!(to.clear(), Err(SinkError::InUse(_))));
    drop(sink);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[..100].fill(7);
    std::fs::write(&path, bytes).unwrap();
    assert!(to.open().is_err());
    rebuild(&log, &to, |_| {}).unwrap();
    assert!(rows(&path).is_empty());
}

/// Of a build before checkpoints, and of one that had fewer columns.
#[test]
fn what_tables_of_an_older_build_lack_is_added_or_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("views.db");
    SqliteSink::open(&path).unwrap().write(0, &history(1), Checkpoint::at(200)).unwrap();
    let alter = |what: &str| Connection::open(&path).unwrap().execute_batch(what).unwrap();
    alter("ALTER TABLE positions DROP COLUMN mark");
    let mut sink = SqliteSink::open(&path).unwrap();
    assert_eq!(sink.checkpoint(0).unwrap(), Checkpoint::at(200));
    drop(sink);
    alter("DROP VIEW event_status; ALTER TABLE reservations DROP COLUMN redeemed");
    let error = SqliteSink::open(&path).unwrap_err().to_string();
    assert!(error.contains("reservations.redeemed"), "{error}");
    assert!(error.contains("floodgate views rebuild"), "{error}");
}

#[test]
fn views_of_an_older_build_are_made_anew_and_others_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("views.db");
    drop(SqliteSink::open(&file).unwrap());
    let reader = Connection::open(&file).unwrap();
    let version = || reader.query_row("PRAGMA schema_version", [], |row| row.get::<_, i64>(0));
    let before = version().unwrap();
    drop(SqliteSink::open(&file).unwrap());
    assert_eq!(version().unwrap(), before, "opening what is up to date writes nothing");
    reader.execute_batch("DROP VIEW free_seats; CREATE VIEW free_seats AS SELECT 1").unwrap();
    drop(SqliteSink::open(&file).unwrap());
    let free = reader.prepare("SELECT event_id, seat_id FROM free_seats");
    assert!(free.is_ok(), "{free:?}");
}
