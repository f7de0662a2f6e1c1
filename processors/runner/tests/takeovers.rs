//! Owners die, sleep or step back at every step; followers take over; the facts come out as if
//! one owner had done it all.
#![allow(clippy::unwrap_used)]

mod history;

use std::time::Duration;

use floodgate_domain::wire::decode_fact;
use floodgate_domain::{Actor, Command, FactPosition, LogTime};
use floodgate_event_log::{Log, NewRecord, Topic};
use floodgate_runner::{LoopConfig, PartitionLoop, Standby};
use floodgate_testkit::{Fate, MemoryLog};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use history::{EVENT, append, config, run_to_end, values, write_commands};

/// One partition, whoever owns it, and those who follow.
struct PartitionGroup {
    rng: StdRng,
    config: LoopConfig,
    log: MemoryLog,
    owner: Option<PartitionLoop>,
    /// Owners that were replaced and do not know it.
    ghosts: Vec<PartitionLoop>,
    standbys: Vec<Standby>,
    /// How many took over with facts their predecessor had not published.
    warm: u32,
    crashes: u32,
}

impl PartitionGroup {
    fn new(seed: u64, log: &MemoryLog, folder: &std::path::Path) -> Self {
        PartitionGroup {
            rng: StdRng::seed_from_u64(seed),
            config: config(log, folder),
            log: log.clone(),
            owner: None,
            ghosts: Vec::new(),
            standbys: Vec::new(),
            warm: 0,
            crashes: 0,
        }
    }

    fn follow(&mut self) {
        if self.standbys.len() < 3 {
            // Short enough that followers run ahead of the ledger again and again.
            let trail = [0, 1, 5, 40, 10_000][self.rng.random_range(0..5)];
            let standby = Standby::start(self.config.clone()).unwrap().with_trail(trail);
            self.standbys.push(standby);
        }
    }

    fn take_over(&mut self) {
        if self.standbys.is_empty() || self.rng.random_bool(0.1) {
            self.owner = PartitionLoop::start(self.config.clone()).ok();
            return;
        }
        let at = self.rng.random_range(0..self.standbys.len());
        let standby = self.standbys.swap_remove(at);
        self.warm += u32::from(standby.next() > 0);
        self.owner = standby.take_over().ok();
    }

    /// Something happens, faults included.
    fn step(&mut self, with_ghosts: bool) {
        match self.rng.random_range(0..100) {
            0..10 => self.follow(),
            10..50 => {
                for standby in &mut self.standbys {
                    standby.turn(Duration::ZERO).unwrap();
                }
            }
            50..58 => {
                let fates = [Fate::Refused, Fate::WrittenButFailed];
                self.log.next_fate(Topic::Ledger, fates[self.rng.random_range(0..2)]);
            }
            58..66 => self.lose_owner(with_ghosts),
            _ => self.turn(),
        }
        if with_ghosts && self.rng.random_bool(0.3) && !self.ghosts.is_empty() {
            let at = self.rng.random_range(0..self.ghosts.len());
            let mut ghost = self.ghosts.swap_remove(at);
            if ghost.turn(Duration::ZERO).is_ok() && self.rng.random_bool(0.9) {
                self.ghosts.push(ghost);
            } else {
                ghost.abandon();
            }
        }
    }

    /// It dies, or steps back and follows, or sleeps and will wake.
    fn lose_owner(&mut self, with_ghosts: bool) {
        let Some(owner) = self.owner.take() else { return };
        self.crashes += 1;
        match self.rng.random_range(0..3) {
            0 => self.standbys.extend(owner.stand_by()),
            1 if with_ghosts => self.ghosts.push(owner),
            _ => owner.abandon(),
        }
    }

    fn turn(&mut self) {
        let Some(mut owner) = self.owner.take() else { return self.take_over() };
        if owner.turn(Duration::ZERO).is_err() {
            self.crashes += 1;
            return owner.abandon();
        }
        if let Some((next, state)) = owner.storable_snapshot() {
            self.config.snapshots.save(0, next, &state).unwrap();
        }
        self.owner = Some(owner);
    }

    /// Calm: the last owner comes to the end, and a follower that saw it all has the same state.
    fn come_to_rest(mut self) -> Vec<u8> {
        self.ghosts.into_iter().for_each(PartitionLoop::abandon);
        let mut follower = self.standbys.pop();
        let mut owner = self.owner;
        let state = loop {
            let Some(one) = &mut owner else {
                owner = PartitionLoop::start(self.config.clone()).ok();
                continue;
            };
            match one.turn(Duration::ZERO) {
                Ok(turn) if turn.commands == 0 && turn.behind == 0 => {
                    if let Ok((_, state)) = one.finish() {
                        break state;
                    }
                }
                Ok(_) => continue,
                Err(_) => {}
            }
            owner.take().unwrap().abandon();
        };
        if let Some(follower) = &mut follower {
            while follower.turn(Duration::ZERO).unwrap().commands > 0 {}
        }
        if let Some(follower) = follower {
            let mut successor = follower.take_over().unwrap();
            while successor.turn(Duration::ZERO).unwrap().behind > 0 {}
            assert!(successor.finish().unwrap().1 == state, "a follower went another way");
        }
        state
    }
}

fn position(value: &[u8]) -> FactPosition {
    decode_fact(value).unwrap().position
}

/// What a reader takes who drops whatever is not greater than what it had.
fn as_read(values: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let mut last = None;
    values
        .into_iter()
        .filter(|value| {
            let is_new = last < Some(position(value));
            last = last.max(Some(position(value)));
            is_new
        })
        .collect()
}

fn storm(seed: u64, with_ghosts: bool) -> u32 {
    let mut rng = StdRng::seed_from_u64(seed);
    let log = MemoryLog::new(1);
    write_commands(&log, &mut rng, 400);
    let folder = tempfile::tempdir().unwrap();
    let calm = run_to_end(&config(&log, folder.path()), || false);
    let calm_facts = values(&log, Topic::Ledger);

    // A turn takes all there is, so the stormy log is fed command by command.
    let fed = MemoryLog::new(1);
    let folder = tempfile::tempdir().unwrap();
    let mut group = PartitionGroup::new(seed, &fed, folder.path());
    for record in log.records(Topic::Commands, 0) {
        fed.set_time(record.at);
        let again = NewRecord::new(record.key, record.value);
        fed.append(Topic::Commands, 0, vec![again]).wait().unwrap();
        for _ in 0..group.rng.random_range(0..4) {
            group.step(with_ghosts);
        }
    }
    let (warm, crashes) = (group.warm, group.crashes);
    let end = group.come_to_rest();
    assert!(end == calm, "seed {seed}: the states differ");
    let facts = values(&fed, Topic::Ledger);
    if !with_ghosts {
        assert_eq!(facts, calm_facts, "seed {seed}: not byte-equal");
    }
    assert_eq!(as_read(facts), calm_facts, "seed {seed}: readers see another history");
    assert!(crashes > 10, "seed {seed}: only {crashes} crashes");
    let parked = fed.records(Topic::DeadLetters, 0).len();
    assert!(with_ghosts || parked == 1, "seed {seed}: parked {parked} times");
    warm
}

#[test]
fn followers_take_over_at_any_step() {
    let warm: u32 = (0..40).map(|seed| storm(seed, false)).sum();
    assert!(warm > 400, "only {warm} takeovers by a follower: too quiet to prove much");
}

#[test]
fn owners_that_were_replaced_harm_nobody() {
    let warm: u32 = (0..40).map(|seed| storm(seed, true)).sum();
    assert!(warm > 400, "only {warm} takeovers by a follower: too quiet to prove much");
}

#[test]
fn a_record_that_is_no_command_is_put_aside_by_the_successor() {
    let log = MemoryLog::new(1);
    let folder = tempfile::tempdir().unwrap();
    let foreign = || vec![NewRecord::new("x", b"not a command".to_vec())];
    log.append(Topic::Commands, 0, foreign()).wait().unwrap();
    // Nobody owns the partition: the follower passes the record because it is old.
    let mut standby = Standby::start(config(&log, folder.path())).unwrap().with_trail(0);
    assert_eq!(standby.turn(Duration::ZERO).unwrap().behind, 0);
    assert_eq!(standby.next(), 1);
    let successor = standby.take_over().unwrap();
    assert_eq!(log.records(Topic::DeadLetters, 0).len(), 1);
    // Once put aside, it stays one.
    let standby = successor.stand_by().unwrap();
    drop(standby.take_over().unwrap());
    log.append(Topic::Commands, 0, foreign()).wait().unwrap();
    let mut owner = PartitionLoop::start(config(&log, folder.path())).unwrap();
    owner.turn(Duration::ZERO).unwrap();
    assert_eq!(log.records(Topic::DeadLetters, 0).len(), 2);
}

#[test]
fn a_follower_stays_within_its_distance_when_nobody_publishes() {
    let log = MemoryLog::new(1);
    write_commands(&log, &mut StdRng::seed_from_u64(5), 200);
    let folder = tempfile::tempdir().unwrap();
    let mut standby = Standby::start(config(&log, folder.path())).unwrap().with_trail(50);
    while standby.turn(Duration::ZERO).unwrap().commands > 0 {}
    // The first command has facts; beyond it nothing may be folded until they are in the ledger.
    assert_eq!(standby.next(), 1);
    let mut owner = PartitionLoop::start(config(&log, folder.path())).unwrap();
    owner.turn(Duration::ZERO).unwrap();
    while standby.turn(Duration::ZERO).unwrap().commands > 0 {}
    assert!(standby.next() > 150, "at {} though everything is published", standby.next());
}

#[test]
fn what_is_no_fact_in_the_ledger_stops_no_follower() {
    let log = MemoryLog::new(1);
    let folder = tempfile::tempdir().unwrap();
    let foreign = || {
        let garbage = vec![NewRecord::new("x", b"no fact".to_vec()), NewRecord::tombstone("x")];
        log.append(Topic::Ledger, 0, garbage).wait().unwrap();
    };
    write_commands(&log, &mut StdRng::seed_from_u64(5), 200);
    let mut standby = Standby::start(config(&log, folder.path())).unwrap();
    let mut owner = PartitionLoop::start(config(&log, folder.path())).unwrap();
    owner.turn(Duration::ZERO).unwrap();
    foreign();
    // Behind the last fact it meets nothing but garbage, and still knows that fact.
    while standby.turn(Duration::ZERO).unwrap().commands > 0 {}
    assert!(standby.next() > 150, "at {} though everything is published", standby.next());
    // Every hold ends at once: facts for the successor to publish, behind more garbage.
    log.set_time(LogTime(100_000_000));
    append(&log, 1_000, Actor::System, EVENT, Command::Tick);
    foreign();
    let mut successor = standby.take_over().unwrap();
    while successor.turn(Duration::ZERO).unwrap().commands > 0 {}
    successor.finish().unwrap();
    let ledger = log.records(Topic::Ledger, 0);
    let facts = ledger.iter().filter_map(|record| decode_fact(&record.value).ok());
    let positions: Vec<FactPosition> = facts.map(|fact| fact.position).collect();
    assert_eq!(positions.len(), ledger.len() - 4);
    assert!(positions.is_sorted_by(|one, next| one < next), "a fact is there twice");
    assert_eq!(
        positions.last().unwrap().offset,
        log.records(Topic::Commands, 0).len() as u64 - 1,
        "the successor published nothing"
    );
}
