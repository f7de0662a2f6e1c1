//! The owner crashes at every step it can crash at; the facts come out as if it never had.
#![allow(clippy::unwrap_used)]

mod history;

use std::time::Duration;

use floodgate_domain::wire::decode_fact;
use floodgate_domain::{Actor, BuyerId, CategorySet, Command, LogTime};
use floodgate_event_log::{Log, NewRecord, Topic};
use floodgate_runner::{PartitionLoop, Runner, RunnerError, StartAs};
use floodgate_testkit::{Fate, MemoryLog};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use history::{EVENT, append, config, run_to_end, values, write_commands};

#[test]
fn crashes_at_any_step_change_nothing() {
    for seed in 0..60 {
        let mut rng = StdRng::seed_from_u64(seed);
        let log = MemoryLog::new(1);
        write_commands(&log, &mut rng, 300);
        let commands = log.records(Topic::Commands, 0);

        let folder = tempfile::tempdir().unwrap();
        let calm = run_to_end(&config(&log, folder.path()), || false);
        let calm_facts = values(&log, Topic::Ledger);
        assert!(calm_facts.len() > 100, "seed {seed}: the history is too quiet to prove much");

        // The same commands in a new log, taken by owners that die.
        let stormy = MemoryLog::new(1);
        for record in commands {
            stormy.set_time(record.at);
            let again = NewRecord::new(record.key, record.value);
            stormy.append(Topic::Commands, 0, vec![again]).wait().unwrap();
        }
        for _ in 0..12 {
            let fate = [Fate::Durable, Fate::Refused, Fate::WrittenButFailed];
            stormy.next_fate(Topic::Ledger, fate[rng.random_range(0..3)]);
            stormy.next_fate(Topic::DeadLetters, fate[rng.random_range(0..2)]);
        }
        let folder = tempfile::tempdir().unwrap();
        let mut crashes = 40;
        let end = run_to_end(&config(&stormy, folder.path()), || {
            let dies = crashes > 0 && rng.random_bool(0.5);
            crashes -= u32::from(dies);
            dies
        });
        assert_eq!(values(&stormy, Topic::Ledger), calm_facts, "seed {seed}");
        assert!(end == calm, "seed {seed}: the states differ");
        let parked = stormy.records(Topic::DeadLetters, 0).len();
        assert!(parked <= 1, "seed {seed}: parked {parked} times");
    }
}

#[test]
fn facts_carry_growing_sources() {
    let mut rng = StdRng::seed_from_u64(7);
    let log = MemoryLog::new(1);
    write_commands(&log, &mut rng, 200);
    let folder = tempfile::tempdir().unwrap();
    run_to_end(&config(&log, folder.path()), || false);
    let positions: Vec<_> = values(&log, Topic::Ledger)
        .iter()
        .map(|value| decode_fact(value).unwrap().position)
        .collect();
    assert!(positions.windows(2).all(|pair| pair[0] < pair[1]));
}

#[test]
fn a_damaged_snapshot_is_skipped() {
    let mut rng = StdRng::seed_from_u64(9);
    let log = MemoryLog::new(1);
    write_commands(&log, &mut rng, 100);
    let folder = tempfile::tempdir().unwrap();
    let config = config(&log, folder.path());
    let calm = run_to_end(&config, || false);
    let facts = values(&log, Topic::Ledger);
    config.snapshots.save(0, 50, b"not a state").unwrap();
    assert_eq!(run_to_end(&config, || false), calm);
    assert_eq!(values(&log, Topic::Ledger), facts);
}

#[test]
fn garbage_behind_the_facts_is_passed_over_and_a_later_build_is_not() {
    let mut rng = StdRng::seed_from_u64(11);
    let log = MemoryLog::new(1);
    write_commands(&log, &mut rng, 120);
    let folder = tempfile::tempdir().unwrap();
    run_to_end(&config(&log, folder.path()), || false);
    let calm = values(&log, Topic::Ledger);
    let last = calm.last().unwrap().clone();
    let key = EVENT.to_string();
    let garbage = [
        NewRecord::new("x", b"\xffno fact".to_vec()),
        NewRecord::new(key.clone(), last[..last.len() / 2].to_vec()),
        NewRecord::tombstone(key.clone()),
    ];
    // More of it than is looked at in one step.
    let all: Vec<_> = garbage.iter().cycle().take(300).cloned().collect();
    log.append(Topic::Ledger, 0, all).wait().unwrap();
    append(&log, 900, Actor::Buyer(BuyerId(5)), EVENT, Command::Leave);
    let fresh = tempfile::tempdir().unwrap();
    run_to_end(&config(&log, fresh.path()), || false);
    let facts: Vec<_> =
        values(&log, Topic::Ledger).into_iter().filter(|v| decode_fact(v).is_ok()).collect();
    assert_eq!(facts[..calm.len()], calm, "nothing is published twice");

    // A kind this build does not know, under the key of an event: the same version of the wire.
    let mut later = last;
    later[1] = 250;
    log.append(Topic::Ledger, 0, vec![NewRecord::new(key, later)]).wait().unwrap();
    let refused = PartitionLoop::start(config(&log, fresh.path()));
    assert!(matches!(refused, Err(RunnerError::ForeignFact { .. })), "{refused:?}");

    // Nothing but garbage: every fact is still to be published.
    let empty = MemoryLog::new(1);
    empty.append(Topic::Ledger, 0, garbage.to_vec()).wait().unwrap();
    for record in log.records(Topic::Commands, 0) {
        empty.set_time(record.at);
        let again = NewRecord::new(record.key, record.value);
        empty.append(Topic::Commands, 0, vec![again]).wait().unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    run_to_end(&config(&empty, folder.path()), || false);
    assert_eq!(values(&empty, Topic::Ledger)[garbage.len()..], facts[..]);
}

#[test]
fn the_owner_lets_time_pass_and_stops_when_asked() {
    let log = MemoryLog::new(1);
    write_commands(&log, &mut StdRng::seed_from_u64(1), 3);
    let hold = Command::best(2, CategorySet::ANY);
    append(&log, 3, Actor::Buyer(BuyerId(1)), EVENT, hold);
    let folder = tempfile::tempdir().unwrap();
    let config = config(&log, folder.path());
    // The log's clock is far behind the wall clock, so every hold is due at once.
    let handle = Runner::spawn(config.clone(), StartAs::Owner).unwrap();
    let mut reader = log.reader(Topic::Ledger, 0, 0).unwrap();
    let mut facts = Vec::new();
    let mut seen = Vec::new();
    while !seen.contains(&"SeatsHeld") {
        facts.clear();
        reader.poll(100, Duration::from_secs(10), &mut facts).unwrap();
        assert!(!facts.is_empty(), "no hold in ten seconds: {seen:?}");
        seen.extend(facts.iter().map(|fact| decode_fact(&fact.value).unwrap().fact.name()));
    }
    // The next record is a Tick, stamped with a time at which the hold is over.
    log.set_time(LogTime(2_000_000));
    while !seen.contains(&"HoldExpired") {
        facts.clear();
        reader.poll(100, Duration::from_secs(10), &mut facts).unwrap();
        assert!(!facts.is_empty(), "no expiry in ten seconds: {seen:?}");
        seen.extend(facts.iter().map(|fact| decode_fact(&fact.value).unwrap().fact.name()));
    }
    handle.stop();
    handle.join().unwrap();
    let snapshot = config.snapshots.list(0).unwrap();
    assert_eq!(snapshot.first(), Some(&log.end(Topic::Commands, 0).unwrap()));
}

#[test]
fn what_a_full_log_refuses_leaves_no_gap_behind_what_is_on_its_way() {
    let commands = MemoryLog::new(1);
    write_commands(&commands, &mut StdRng::seed_from_u64(9), 60);
    let folder = tempfile::tempdir().unwrap();
    run_to_end(&config(&commands, folder.path()), || false);
    let facts = values(&commands, Topic::Ledger);

    let log = MemoryLog::new(1);
    log.slow_down(Topic::Ledger);
    let folder = tempfile::tempdir().unwrap();
    let mut owner = PartitionLoop::start(config(&log, folder.path())).unwrap();
    let mut refused = 0;
    for (at, record) in commands.records(Topic::Commands, 0).into_iter().enumerate() {
        log.set_time(record.at);
        let again = NewRecord::new(record.key, record.value);
        log.append(Topic::Commands, 0, vec![again]).wait().unwrap();
        // Batches pile up, now and then one is refused at once, and then some arrive.
        if at % 7 == 5 {
            log.next_fate(Topic::Ledger, Fate::Overloaded);
        }
        if owner.turn(Duration::ZERO).is_err() {
            refused += 1;
            while log.deliver(Topic::Ledger, 0, 1) > 0 {}
            owner.abandon();
            owner = PartitionLoop::start(config(&log, folder.path())).unwrap();
        }
        log.deliver(Topic::Ledger, 0, at % 3);
    }
    assert!(refused > 3, "only {refused} batches were refused");
    // Whoever comes last publishes the rest, behind what has arrived.
    log.clear_fates();
    owner.turn(Duration::ZERO).unwrap();
    while log.deliver(Topic::Ledger, 0, 1) > 0 {}
    owner.finish().unwrap();
    assert!(values(&log, Topic::Ledger) == facts, "a fact is missing, or there twice");
}
