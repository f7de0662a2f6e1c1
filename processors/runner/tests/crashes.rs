//! The owner crashes at every step it can crash at; the facts come out as if it never had.
#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use floodgate_log::{Log, NewRecord, ReplySender, Topic};
use floodgate_onsale::plan::{Category, Labels, Plan, Row, Run, Section, Shape};
use floodgate_onsale::wire::{decode_fact, encode_command};
use floodgate_onsale::{
    Actor, BuyerId, CategorySet, Command, CommandId, Currency, EngineLimits, Envelope, EventId,
    GatewayId, LogTime, NewEvent, Policy, PriceTable, Reply, StaffId,
};
use floodgate_runner::memory_log::{Fate, MemoryLog};
use floodgate_runner::{FolderStore, LoopConfig, PartitionLoop, Runner, RunnerError};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const EVENT: EventId = EventId(3);
const LIMITS: EngineLimits = EngineLimits { outcomes_max: 4096, events_max: 4 };

#[derive(Debug, Default)]
struct Mailbox(Mutex<Vec<Reply>>);

impl ReplySender for Mailbox {
    fn send(&self, replies: Vec<Reply>) {
        self.0.lock().unwrap().extend(replies);
    }
}

fn plan() -> Plan {
    let run = |count| Run {
        category: 0,
        labels: Labels::Numbers { first: 1, step: 1, count },
        shape: Shape::default(),
        flags: Vec::new(),
    };
    let row = |at: u32| Row { label: at.to_string(), rank: at, runs: vec![run(10)] };
    Plan {
        name: "House".into(),
        categories: vec![Category { name: "All".into(), color: [0; 3] }],
        sections: vec![Section {
            name: "Floor".into(),
            rows: (0..4).map(row).collect(),
            ..Section::default()
        }],
        size: (10, 10),
    }
}

fn append(log: &MemoryLog, number: u64, actor: Actor, event_id: EventId, command: Command) {
    let envelope = Envelope {
        command_id: CommandId(u128::from(number)),
        fingerprint: 0,
        event_id,
        actor,
        reply_to: GatewayId(1),
        command,
    };
    let mut value = Vec::new();
    encode_command(&envelope, &mut value);
    log.append(Topic::Commands, 0, vec![NewRecord::new(event_id.to_string(), value)])
        .wait()
        .unwrap();
}

/// A log of random holds and releases over some minutes, a foreign record in the middle.
fn write_commands(log: &MemoryLog, rng: &mut StdRng, count: u64) {
    let staff = Actor::Staff(StaffId(1));
    let policy = Policy { pass_required: false, hold_ms: 5_000, ..Policy::default() };
    let new = NewEvent {
        name: "Show".into(),
        plan: plan(),
        prices: PriceTable::flat(Currency::default(), &[100]),
        policy,
        ..NewEvent::default()
    };
    let mut now = 1_000_000;
    log.set_time(LogTime(now));
    append(log, 1, staff, EVENT, Command::CreateEvent(Box::new(new)));
    append(log, 2, staff, EVENT, Command::OpenSale);
    for number in 3..count {
        now += rng.random_range(0..700);
        log.set_time(LogTime(now));
        if number == count / 2 {
            let foreign = NewRecord::new("x", b"not a command".to_vec());
            log.append(Topic::Commands, 0, vec![foreign]).wait().unwrap();
        }
        let buyer = Actor::Buyer(BuyerId(rng.random_range(1..9)));
        let command = match rng.random_range(0..10) {
            0 => Command::Leave,
            1 => Command::Tick,
            _ => Command::HoldBest { count: rng.random_range(1..4), categories: CategorySet::ANY },
        };
        append(log, number, buyer, EVENT, command);
    }
}

fn config(log: &MemoryLog, folder: &std::path::Path) -> LoopConfig {
    LoopConfig {
        partition: 0,
        log: Arc::new(log.clone()),
        replies: Arc::new(Mailbox::default()),
        snapshots: Arc::new(FolderStore::new(folder)),
        limits: LIMITS,
        snapshot_every: 10,
    }
}

/// Runs incarnations until everything is applied; each may be cut off by a fate or by `crash`.
fn run_to_end(config: &LoopConfig, mut crash: impl FnMut() -> bool) -> Vec<u8> {
    loop {
        let Ok(mut owner) = PartitionLoop::start(config.clone()) else { continue };
        loop {
            if crash() {
                owner.abandon();
                break;
            }
            match owner.turn(Duration::ZERO) {
                Ok(turn) if turn.commands == 0 && turn.behind == 0 => {
                    let Ok((_, state)) = owner.finish() else { break };
                    return state;
                }
                Ok(_) => {}
                Err(_) => {
                    owner.abandon();
                    break;
                }
            }
            if crash() {
                owner.abandon();
                break;
            }
            if let Some((next, state)) = owner.storable_snapshot() {
                config.snapshots.save(0, next, &state).unwrap();
            }
        }
    }
}

fn values(log: &MemoryLog, topic: Topic) -> Vec<Vec<u8>> {
    log.records(topic, 0).into_iter().map(|record| record.value.to_vec()).collect()
}

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
    let sources: Vec<_> = values(&log, Topic::Ledger)
        .iter()
        .map(|value| decode_fact(value).unwrap().source)
        .collect();
    assert!(sources.windows(2).all(|pair| pair[0] < pair[1]));
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
fn the_owner_lets_time_pass_and_stops_when_told() {
    let log = MemoryLog::new(1);
    write_commands(&log, &mut StdRng::seed_from_u64(1), 3);
    let hold = Command::HoldBest { count: 2, categories: CategorySet::ANY };
    append(&log, 3, Actor::Buyer(BuyerId(1)), EVENT, hold);
    let folder = tempfile::tempdir().unwrap();
    let config = config(&log, folder.path());
    // The log's clock is far behind the wall clock, so every hold is due at once.
    let handle = Runner::spawn(config.clone()).unwrap();
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
