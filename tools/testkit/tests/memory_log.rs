//! The log in memory keeps the contract of every log, and fails as it is asked to.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use floodgate_domain::LogTime;
use floodgate_event_log::{Log, LogError, NewRecord, Topic, contract};
use floodgate_testkit::{Fate, MemoryLog};

/// A log whose clock is set to now: the contract compares its times with the machine's.
fn log() -> MemoryLog {
    let log = MemoryLog::new(2);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    log.set_time(LogTime(now.as_millis().try_into().unwrap()));
    log
}

#[test]
fn keeps_the_contract() {
    let log: Arc<dyn Log> = Arc::new(log());
    contract::keeps_the_contract(&log);
}

#[test]
fn survives_its_users() {
    let log = log();
    contract::survives_reopening(|| Arc::new(log.clone()));
}

#[test]
fn appends_meet_the_fate_that_was_decided() {
    let log = log();
    let append = || log.append(Topic::Ledger, 0, vec![NewRecord::new("key", "value")]).wait();
    log.next_fate(Topic::Ledger, Fate::Refused);
    log.next_fate(Topic::Ledger, Fate::WrittenButFailed);
    assert!(append().unwrap_err().nothing_written());
    assert_eq!(log.end(Topic::Ledger, 0).unwrap(), 0);
    assert!(!append().unwrap_err().nothing_written());
    assert_eq!(log.end(Topic::Ledger, 0).unwrap(), 1);
    assert_eq!(append().unwrap().first, 1);
}

#[test]
fn a_log_that_is_cut_off_fails_until_it_is_restored() {
    let log = log();
    let mut reader = log.reader(Topic::Commands, 0, 0).unwrap();
    let waits = std::thread::spawn(move || {
        let outcome = reader.poll(1, Duration::from_secs(30), &mut Vec::new());
        (reader, outcome)
    });
    log.cut();
    let (mut reader, outcome) = waits.join().unwrap();
    assert!(matches!(outcome, Err(LogError::Backend(_))), "{outcome:?}");
    let lost = log.append(Topic::Commands, 0, vec![NewRecord::new("key", "value")]).wait();
    assert!(matches!(lost, Err(LogError::Backend(_))), "{lost:?}");
    assert!(log.health().is_err() && log.end(Topic::Commands, 0).is_err());

    log.restore();
    assert!(log.health().is_ok());
    assert_eq!(log.end(Topic::Commands, 0).unwrap(), 0, "nothing was written meanwhile");
    log.append(Topic::Commands, 0, vec![NewRecord::new("key", "value")]).wait().unwrap();
    let mut records = Vec::new();
    assert_eq!(reader.poll(1, Duration::from_secs(30), &mut records).unwrap(), 1);
}
