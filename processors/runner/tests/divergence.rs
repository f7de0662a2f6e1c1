//! Commands, ledger and snapshots that do not belong together: the partition stops, says why, and
//! publishes nothing more.
#![allow(clippy::unwrap_used)]

mod history;

use std::path::Path;
use std::time::Duration;

use floodgate_domain::LogTime;
use floodgate_domain::wire::{decode_fact, encode_fact};
use floodgate_event_log::{Log, LogError, NewRecord, Record, Topic};
use floodgate_runner::{LoopConfig, PartitionLoop, RunnerError, StartAs, StepOutcome, Worker};
use floodgate_runner::{Saving, SnapshotWriter};
use floodgate_testkit::MemoryLog;
use floodgate_transport::Health;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use history::{config, run_to_end, write_commands};

/// A log as it was written, and the same with another ledger.
fn written(seed: u64, folder: &Path) -> MemoryLog {
    let log = MemoryLog::new(1);
    write_commands(&log, &mut StdRng::seed_from_u64(seed), 120);
    run_to_end(&config(&log, folder), || false);
    log
}

fn copy(log: &MemoryLog, ledger: Vec<Record>) -> MemoryLog {
    let copy = MemoryLog::new(1);
    let commands = log.records(Topic::Commands, 0);
    for (topic, records) in [(Topic::Commands, commands), (Topic::Ledger, ledger)] {
        for Record { at, key, value, headers, .. } in records {
            copy.set_time(at);
            copy.append(topic, 0, vec![NewRecord { key, value, headers }]).wait().unwrap();
        }
    }
    copy
}

/// Turns until everything is applied, or the error it ends with.
fn replay(config: &LoopConfig) -> Result<(), RunnerError> {
    let mut owner = PartitionLoop::start(config.clone())?;
    while owner.turn(Duration::ZERO)?.behind > 0 {}
    owner.turn(Duration::ZERO).map(drop)
}

/// One thing that is wrong with a ledger: which, and how it is called.
fn alter(ledger: &mut Vec<Record>, random: &mut StdRng) -> &'static str {
    let at = random.random_range(1..ledger.len() - 1);
    let changed = |ledger: &mut Vec<Record>, change: fn(&mut floodgate_domain::FactRecord)| {
        let mut fact = decode_fact(&ledger[at].value).unwrap();
        change(&mut fact);
        let mut value = Vec::new();
        encode_fact(&fact, &mut value);
        ledger[at].value = value.into();
    };
    match random.random_range(0..4) {
        0 => {
            ledger.remove(at);
            "a fact is missing"
        }
        1 => {
            changed(ledger, |fact| fact.at.0 += 1);
            "a fact has another time"
        }
        2 => {
            let other = ledger[at - 1].clone();
            let position = decode_fact(&ledger[at].value).unwrap().position;
            let mut fact = decode_fact(&other.value).unwrap();
            fact.position = position;
            let mut value = Vec::new();
            encode_fact(&fact, &mut value);
            ledger[at].value = value.into();
            "a fact says what another said"
        }
        _ => {
            let mut added = decode_fact(&ledger[at].value).unwrap();
            added.position.index += 40;
            let mut value = Vec::new();
            encode_fact(&added, &mut value);
            ledger.insert(at + 1, Record { value: value.into(), ..ledger[at].clone() });
            "a fact was added"
        }
    }
}

#[test]
fn a_ledger_that_does_not_follow_from_its_commands_stops_the_replay() {
    for seed in 0..200 {
        let folder = tempfile::tempdir().unwrap();
        let log = written(seed, folder.path());
        let mut ledger = log.records(Topic::Ledger, 0);
        let mut random = StdRng::seed_from_u64(seed);
        let what = alter(&mut ledger, &mut random);
        let facts = ledger.len();
        let damaged = copy(&log, ledger);
        let empty = tempfile::tempdir().unwrap();
        let outcome = replay(&config(&damaged, empty.path()));
        assert!(
            matches!(outcome, Err(RunnerError::Diverged { .. })),
            "seed {seed}: {what}, and the replay said {outcome:?}"
        );
        assert_eq!(damaged.records(Topic::Ledger, 0).len(), facts, "seed {seed}: it published");
    }
}

#[test]
fn a_ledger_as_it_was_passes_from_the_beginning_and_from_every_snapshot() {
    for seed in 0..60 {
        let folder = tempfile::tempdir().unwrap();
        let log = written(seed, folder.path());
        let empty = tempfile::tempdir().unwrap();
        replay(&config(&log, empty.path())).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let snapshots = config(&log, folder.path()).snapshots;
        for next in snapshots.list(0).unwrap() {
            let one = tempfile::tempdir().unwrap();
            let config = config(&log, one.path());
            config.snapshots.save(0, next, &snapshots.load(0, next).unwrap()).unwrap();
            replay(&config).unwrap_or_else(|error| panic!("seed {seed}, from {next}: {error}"));
        }
    }
}

#[derive(Debug)]
struct AtOnce;

impl SnapshotWriter for AtOnce {
    fn begin(&mut self, saving: Saving) {
        saving();
    }

    fn is_busy(&mut self) -> bool {
        false
    }

    fn wait(&mut self) {}
}

/// A worker that has met what it cannot go on with: it is there, says why, and ends when asked to.
fn stops(config: &LoopConfig, says: &str) {
    for role in [StartAs::Owner, StartAs::Standby] {
        let (mut worker, control) = Worker::new(config.clone(), role, Box::new(AtOnce));
        for _ in 0..20 {
            let step = worker.step(LogTime(1), Duration::ZERO);
            assert!(!matches!(step, StepOutcome::Ended(_)), "{role:?}: {step:?}");
            control.own();
        }
        let Health::Degraded { reason, .. } = control.health() else {
            panic!("{role:?} is {:?}", control.health());
        };
        assert!(reason.contains(says), "{reason}");
        assert!(!control.condition().is_ready);
        control.stop();
        let last = (0..5)
            .map(|_| worker.step(LogTime(1), Duration::ZERO))
            .find(|step| matches!(step, StepOutcome::Ended(_)));
        assert!(matches!(last, Some(StepOutcome::Ended(Ok(())))), "{role:?}: {last:?}");
    }
}

#[test]
fn a_partition_that_stops_says_why_and_its_process_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let log = written(1, folder.path());
    let mut ledger = log.records(Topic::Ledger, 0);
    ledger.remove(3);
    let empty = tempfile::tempdir().unwrap();
    stops(&config(&copy(&log, ledger), empty.path()), "lacks a fact");
}

#[test]
fn snapshots_of_another_log_stop_the_partition() {
    let folder = tempfile::tempdir().unwrap();
    let log = written(1, folder.path());
    // Emptied, put back from an older copy, and made anew with as many commands.
    let emptied = MemoryLog::new(1);
    let mut older = log.records(Topic::Commands, 0);
    older.truncate(30);
    let put_back = MemoryLog::new(1);
    for Record { at, key, value, headers, .. } in older {
        put_back.set_time(at);
        let record = NewRecord { key, value, headers };
        put_back.append(Topic::Commands, 0, vec![record]).wait().unwrap();
    }
    let anew = MemoryLog::new(1);
    write_commands(&anew, &mut StdRng::seed_from_u64(2), 200);
    for (log, what) in [(emptied, "emptied"), (put_back, "put back"), (anew, "made anew")] {
        let config = config(&log, folder.path());
        let outcome = replay(&config);
        assert!(matches!(outcome, Err(RunnerError::ForeignSnapshot { .. })), "{what}: {outcome:?}");
        stops(&config, "is not from this log");
        assert_eq!(log.records(Topic::Ledger, 0).len(), 0, "{what}: it published");
    }
}

/// A retention that nobody asked for, or records deleted by hand.
#[test]
fn commands_that_are_gone_stop_the_partition_unless_a_snapshot_has_them() {
    let folder = tempfile::tempdir().unwrap();
    let log = written(1, folder.path());
    let snapshots = config(&log, folder.path()).snapshots.list(0).unwrap();
    let (newest, oldest) = (snapshots[0], *snapshots.last().unwrap());
    let empty = tempfile::tempdir().unwrap();
    log.trim(Topic::Commands, 0, 1);
    stops(&config(&log, empty.path()), "before 1 are gone, and no snapshot reaches so far");
    // The snapshot itself is whole, and what it rests on need not be read again.
    log.trim(Topic::Commands, 0, newest);
    replay(&config(&log, folder.path())).unwrap();
    log.trim(Topic::Commands, 0, newest + 1);
    stops(&config(&log, folder.path()), "are gone, and no snapshot reaches so far");
    assert!(oldest <= newest);
}

#[test]
fn a_ledger_that_ends_before_its_snapshot_or_behind_its_commands_stops_the_partition() {
    let folder = tempfile::tempdir().unwrap();
    let log = written(1, folder.path());
    let ledger = log.records(Topic::Ledger, 0);
    for kept in [0, 1, ledger.len() / 2] {
        let damaged = copy(&log, ledger[..kept].to_vec());
        stops(&config(&damaged, folder.path()), "ends before a fact that a snapshot rests on");
        // Without the snapshot all of it follows from the commands again.
        let empty = tempfile::tempdir().unwrap();
        let restored = copy(&log, ledger[..kept].to_vec());
        replay(&config(&restored, empty.path())).unwrap();
        let values = |records: Vec<Record>| -> Vec<_> {
            records.into_iter().map(|record| record.value).collect()
        };
        assert_eq!(values(restored.records(Topic::Ledger, 0)), values(ledger.clone()));
    }
    // Commands made anew, or put back from an older copy, beside the ledger of the others.
    let shorter = MemoryLog::new(1);
    for Record { key, value, headers, .. } in ledger {
        let record = NewRecord { key, value, headers };
        shorter.append(Topic::Ledger, 0, vec![record]).wait().unwrap();
    }
    let empty = tempfile::tempdir().unwrap();
    stops(&config(&shorter, empty.path()), "holds facts of commands that are not in the log");
}

#[test]
fn damage_is_not_tried_again() {
    let damaged = LogError::Damaged {
        topic: Topic::Commands.name(),
        partition: 0,
        offset: 7,
        reason: "its checksum is wrong".to_owned(),
    };
    assert!(!RunnerError::Log(damaged).is_worth_a_restart());
    assert!(RunnerError::Log(LogError::DiskFull).is_worth_a_restart());
}
