//! Which rules a log follows: who writes it down, when, and what a build does that lacks them.
//!
//! Version 2 is the tests' own: holds last twice as long.
#![allow(clippy::unwrap_used)]

mod history;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use floodgate_domain::wire::{decode_command, decode_fact};
use floodgate_domain::{Actor, BuyerId, CategorySet, Command, Fact, LogTime};
use floodgate_engine::{BASE_VERSION, EngineLimits, InForce, NewerVersion, TEST_VERSION};
use floodgate_event_log::{Log, NewRecord, Topic};
use floodgate_runner::{
    GroupVersion, LoopConfig, PartitionLoop, RunnerError, Saving, SnapshotWriter, Standby, StartAs,
    StepOutcome, Worker,
};
use floodgate_testkit::{Fate, MemoryLog};
use rand::SeedableRng;
use rand::rngs::StdRng;

use history::{EVENT, Mailbox, append, config, run_to_end, values, write_commands};

const SYSTEM: Actor = Actor::System;

/// A build that has rules up to `version`, in a group nothing is known of.
fn build(log: &MemoryLog, folder: &Path, version: u32) -> LoopConfig {
    let config = config(log, folder);
    let group_version = GroupVersion::default();
    LoopConfig {
        limits: EngineLimits { version_max: version, ..config.limits },
        group_version,
        ..config
    }
}

fn catch_up(owner: &mut PartitionLoop) {
    while owner.turn(Duration::ZERO).unwrap().commands > 0 {}
}

/// Every version the log says, one for each time it says it.
fn written(log: &MemoryLog) -> Vec<u32> {
    let version = |value: Vec<u8>| match decode_command(&value).ok()?.command {
        Command::EngineVersion { version } => Some(version),
        _ => None,
    };
    values(log, Topic::Commands).into_iter().filter_map(version).collect()
}

/// Every version that came into force.
fn came_into_force(log: &MemoryLog) -> Vec<u32> {
    let version = |value: Vec<u8>| match decode_fact(&value).unwrap().fact {
        Fact::EngineVersionSet { version } => Some(version),
        _ => None,
    };
    values(log, Topic::Ledger).into_iter().filter_map(version).collect()
}

#[test]
fn a_fresh_log_says_its_version_first() {
    let (log, folder) = (MemoryLog::new(1), tempfile::tempdir().unwrap());
    let config = build(&log, folder.path(), BASE_VERSION);
    let (mut worker, control) = Worker::new(config.clone(), StartAs::Owner, Box::new(AtOnce));
    let mut steps = |count: usize| {
        for _ in 0..count {
            assert!(matches!(worker.step(LogTime(1), Duration::ZERO), StepOutcome::Continue));
        }
    };
    steps(5);
    assert_eq!(written(&log), [0; 0], "nothing is known of the group");
    config.group_version.set(Some(BASE_VERSION));
    steps(5);
    assert_eq!(written(&log), [BASE_VERSION]);
    write_commands(&log, &mut StdRng::seed_from_u64(1), 50);
    steps(10);
    assert_eq!((written(&log), came_into_force(&log)), (vec![BASE_VERSION], vec![BASE_VERSION]));
    control.stop();
    assert!(matches!(worker.step(LogTime(1), Duration::ZERO), StepOutcome::Ended(Ok(()))));
}

#[test]
fn two_owners_write_it_twice_and_it_comes_into_force_once() {
    let (log, folder) = (MemoryLog::new(1), tempfile::tempdir().unwrap());
    let config = build(&log, folder.path(), TEST_VERSION);
    config.group_version.set(Some(TEST_VERSION));
    let mut owners: Vec<_> =
        (0..2).map(|_| PartitionLoop::start(config.clone()).unwrap()).collect();
    owners.iter_mut().for_each(PartitionLoop::write_version_if_due);
    owners.iter_mut().for_each(PartitionLoop::write_version_if_due);
    owners.iter_mut().for_each(catch_up);
    owners.iter_mut().for_each(PartitionLoop::write_version_if_due);
    assert_eq!(written(&log), [TEST_VERSION; 2]);
    let states: Vec<_> = owners.iter_mut().map(|owner| owner.finish().unwrap()).collect();
    assert_eq!(states[0], states[1]);
    // Both publish what they decided, and it is the same fact.
    let facts = values(&log, Topic::Ledger);
    assert_eq!((facts.len(), &facts[0]), (2, &facts[1]));
}

#[test]
fn an_append_that_failed_is_made_again() {
    let (log, folder) = (MemoryLog::new(1), tempfile::tempdir().unwrap());
    let config = build(&log, folder.path(), BASE_VERSION);
    config.group_version.set(Some(BASE_VERSION));
    let mut owner = PartitionLoop::start(config).unwrap();
    log.next_fate(Topic::Commands, Fate::Refused);
    log.next_fate(Topic::Commands, Fate::WrittenButFailed);
    for _ in 0..4 {
        owner.write_version_if_due();
    }
    assert_eq!(written(&log), [BASE_VERSION; 2], "one was written, and its owner does not know");
    catch_up(&mut owner);
    owner.finish().unwrap();
    assert_eq!(came_into_force(&log), [BASE_VERSION]);
}

#[test]
fn new_rules_wait_for_the_last_old_build_of_the_group() {
    let (log, folder) = (MemoryLog::new(1), tempfile::tempdir().unwrap());
    let hold = || Command::best(1, CategorySet::ANY);
    write_commands(&log, &mut StdRng::seed_from_u64(1), 3);
    let config = build(&log, folder.path(), TEST_VERSION);
    let mut owner = PartitionLoop::start(config.clone()).unwrap();
    let mut look = |group, expected: &[u32]| {
        config.group_version.set(group);
        for _ in 0..3 {
            catch_up(&mut owner);
            owner.write_version_if_due();
        }
        assert_eq!(written(&log), expected, "with a group at {group:?}");
    };
    // Another member is at 1; then the partitions are being shared out; then it is gone.
    look(Some(BASE_VERSION), &[BASE_VERSION]);
    append(&log, 101, Actor::Buyer(BuyerId(101)), EVENT, hold());
    look(None, &[BASE_VERSION]);
    look(Some(TEST_VERSION), &[BASE_VERSION, TEST_VERSION]);
    append(&log, 102, Actor::Buyer(BuyerId(102)), EVENT, hold());
    // An old build that comes late takes nothing back, and a newer one is not this build's to follow.
    look(Some(BASE_VERSION), &[BASE_VERSION, TEST_VERSION]);
    look(Some(TEST_VERSION + 1), &[BASE_VERSION, TEST_VERSION]);
    owner.finish().unwrap();
    let lasts = |value: Vec<u8>| match decode_fact(&value).unwrap() {
        record if matches!(record.fact, Fact::SeatsHeld { .. }) => {
            let Fact::SeatsHeld { until, .. } = record.fact else { unreachable!() };
            Some(until.0 - record.at.0)
        }
        _ => None,
    };
    let lengths: Vec<_> = values(&log, Topic::Ledger).into_iter().filter_map(lasts).collect();
    assert_eq!(lengths, [5_000, 10_000]);
}

/// A log of two builds' time: what the old one decided, the barrier, what the new one decided.
struct TwoTimes {
    log: MemoryLog,
    barrier: u64,
    ledger: Vec<Vec<u8>>,
    state: Vec<u8>,
}

fn two_times() -> TwoTimes {
    let (log, folder) = (MemoryLog::new(1), tempfile::tempdir().unwrap());
    write_commands(&log, &mut StdRng::seed_from_u64(2), 60);
    let old = build(&log, folder.path(), BASE_VERSION);
    old.group_version.set(Some(BASE_VERSION));
    let mut owner = PartitionLoop::start(old).unwrap();
    catch_up(&mut owner);
    owner.write_version_if_due();
    catch_up(&mut owner);
    owner.finish().unwrap();

    let new = build(&log, folder.path(), TEST_VERSION);
    new.group_version.set(Some(TEST_VERSION));
    let mut owner = PartitionLoop::start(new.clone()).unwrap();
    catch_up(&mut owner);
    let barrier = log.end(Topic::Commands, 0).unwrap();
    owner.write_version_if_due();
    for number in 1_000..1_040 {
        let hold = Command::best(1, CategorySet::ANY);
        append(&log, number, Actor::Buyer(BuyerId(number)), EVENT, hold);
        log.set_time(LogTime(2_000_000 + number * 700));
    }
    catch_up(&mut owner);
    let in_force = InForce { version: TEST_VERSION, since: Some(barrier) };
    assert_eq!(owner.engine().in_force(), in_force);
    let (_, state) = owner.finish().unwrap();
    let ledger = values(&log, Topic::Ledger);
    TwoTimes { log, barrier, ledger, state }
}

/// The same commands in a log of their own, without facts.
fn commands_only(log: &MemoryLog) -> MemoryLog {
    let again = MemoryLog::new(1);
    for record in log.records(Topic::Commands, 0) {
        again.set_time(record.at);
        let record = NewRecord::new(record.key, record.value);
        again.append(Topic::Commands, 0, vec![record]).wait().unwrap();
    }
    again
}

#[test]
fn an_old_log_is_the_same_to_a_build_with_newer_rules() {
    let two = two_times();
    let times: Vec<_> = two.log.records(Topic::Commands, 0).iter().map(|one| one.at).collect();
    // From zero, with a snapshot now and then; the folder is left to those that follow.
    let (log, folder) = (commands_only(&two.log), tempfile::tempdir().unwrap());
    let new = build(&log, folder.path(), TEST_VERSION);
    assert!(run_to_end(&new, || false) == two.state, "the states differ");
    assert_eq!(values(&log, Topic::Ledger), two.ledger);

    // From a snapshot at every place, before the barrier, at it and behind it.
    for cut in [1, 30, two.barrier, two.barrier + 1, times.len() as u64 - 1] {
        let folder = tempfile::tempdir().unwrap();
        save_at(&two.log, folder.path(), cut);
        let log = commands_only(&two.log);
        publish_before(&two.log, &log, cut);
        let new = build(&log, folder.path(), TEST_VERSION);
        let mut owner = PartitionLoop::start(new).unwrap();
        assert_eq!(owner.next(), cut, "the snapshot is used");
        catch_up(&mut owner);
        assert!(owner.finish().unwrap().1 == two.state, "the states differ from {cut} on");
        let facts = values(&log, Topic::Ledger);
        assert_eq!(facts, two.ledger, "from a snapshot at {cut}");
    }
}

/// Leaves a snapshot of a log up to `cut` in the folder, as a build with all rules writes it.
fn save_at(log: &MemoryLog, folder: &Path, cut: u64) {
    let head = MemoryLog::new(1);
    for record in log.records(Topic::Commands, 0).into_iter().take(cut as usize) {
        head.set_time(record.at);
        let record = NewRecord::new(record.key, record.value);
        head.append(Topic::Commands, 0, vec![record]).wait().unwrap();
    }
    let apart = tempfile::tempdir().unwrap();
    let mut owner = PartitionLoop::start(build(&head, apart.path(), TEST_VERSION)).unwrap();
    catch_up(&mut owner);
    let (next, state) = owner.finish().unwrap();
    assert_eq!(next, cut);
    config(log, folder).snapshots.save(0, next, &state).unwrap();
}

/// The facts that were there when a snapshot of everything before `cut` was stored; how many.
fn publish_before(from: &MemoryLog, log: &MemoryLog, cut: u64) -> usize {
    let mut facts = from.records(Topic::Ledger, 0);
    facts.retain(|fact| decode_fact(&fact.value).unwrap().position.offset < cut);
    let count = facts.len();
    let facts = facts.into_iter().map(|fact| NewRecord::new(fact.key, fact.value)).collect();
    log.append(Topic::Ledger, 0, facts).wait().unwrap();
    count
}

#[test]
fn a_build_without_the_rules_stops_the_partition_and_says_why() {
    let two = two_times();
    let newer = NewerVersion { version: TEST_VERSION, offset: two.barrier, known: BASE_VERSION };
    let is_it = |error: &RunnerError| matches!(error, RunnerError::NewerVersion { partition: 0, newer: found } if *found == newer);
    let before = |value: &Vec<u8>| decode_fact(value).unwrap().position.offset < two.barrier;
    let lawful: Vec<_> = two.ledger.iter().filter(|value| before(value)).cloned().collect();

    for cut in [0, 30, two.barrier] {
        let (log, folder) = (commands_only(&two.log), tempfile::tempdir().unwrap());
        if cut > 0 {
            save_at(&two.log, folder.path(), cut);
        }
        let known = publish_before(&two.log, &log, cut);
        let mailbox = Arc::new(Mailbox::default());
        let old = build(&log, folder.path(), BASE_VERSION);
        let old = LoopConfig { replies: mailbox.clone(), ..old };
        old.group_version.set(Some(TEST_VERSION));
        let mut owner = PartitionLoop::start(old).unwrap();
        assert_eq!(owner.next(), cut);
        let error = owner.turn(Duration::ZERO).unwrap_err();
        assert!(is_it(&error) && !error.is_worth_a_restart(), "{error}");
        owner.abandon();
        let facts = values(&log, Topic::Ledger).split_off(known);
        assert!(lawful.ends_with(&facts), "what was decided before it is published");
        assert_eq!(facts.is_empty(), cut == two.barrier);
        let answered: Vec<_> = mailbox.0.lock().unwrap().iter().map(|reply| reply.offset).collect();
        assert!(answered.iter().all(|&offset| offset < two.barrier), "and answered: {answered:?}");
        assert_eq!(answered.is_empty(), cut == two.barrier);
    }
    for cut in [two.barrier + 1, two.barrier + 10] {
        let folder = tempfile::tempdir().unwrap();
        save_at(&two.log, folder.path(), cut);
        let old = build(&two.log, folder.path(), BASE_VERSION);
        for error in [
            PartitionLoop::start(old.clone()).unwrap_err(),
            Standby::start(old.clone()).unwrap_err(),
        ] {
            assert!(is_it(&error), "from a snapshot at {cut}: {error}");
        }
    }
    let text = RunnerError::NewerVersion { partition: 0, newer }.to_string();
    let begins = format!("partition 0: from offset 61 on the log follows version {TEST_VERSION}");
    assert!(text.starts_with(&begins), "{text}");
}

/// Stores snapshots in the middle of a step.
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

/// Steps until the worker has ended.
fn end_of(worker: &mut Worker) -> Result<(), RunnerError> {
    for _ in 0..1_000 {
        match worker.step(LogTime(1), Duration::ZERO) {
            StepOutcome::Continue => {}
            StepOutcome::Ended(outcome) => return outcome,
            StepOutcome::Rest(pause) => panic!("it rests for {pause:?}"),
        }
    }
    panic!("it goes on and on");
}

#[test]
fn a_worker_of_an_old_build_ends_in_every_role_and_in_peace_if_it_was_leaving() {
    let two = two_times();
    for role in [StartAs::Owner, StartAs::Standby] {
        let folder = tempfile::tempdir().unwrap();
        let old = build(&two.log, folder.path(), BASE_VERSION);
        let (mut worker, control) = Worker::new(old, role, Box::new(AtOnce));
        let error = end_of(&mut worker).unwrap_err();
        assert!(matches!(error, RunnerError::NewerVersion { .. }), "{role:?}: {error}");
        assert!(control.condition().has_ended);
    }
    // The last old build leaves its group, goes on for a moment, and meets its successor's barrier.
    let (log, folder) = (MemoryLog::new(1), tempfile::tempdir().unwrap());
    write_commands(&log, &mut StdRng::seed_from_u64(3), 30);
    let old = build(&log, folder.path(), BASE_VERSION);
    let (mut worker, control) = Worker::new(old, StartAs::Owner, Box::new(AtOnce));
    for _ in 0..5 {
        assert!(matches!(worker.step(LogTime(1), Duration::ZERO), StepOutcome::Continue));
    }
    control.retire();
    append(&log, 0, SYSTEM, floodgate_domain::EventId(0), Command::EngineVersion { version: 2 });
    end_of(&mut worker).unwrap();
}
