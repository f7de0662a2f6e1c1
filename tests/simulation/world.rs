//! A world of processes, people and faults, one step at a time.

use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use floodgate_domain::{LogTime, Reply};
use floodgate_engine::{EngineLimits, NEWEST_VERSION};
use floodgate_event_log::{Log, NewRecord, Partition, Topic, Tracer};
use floodgate_payments::{Outbox, OutboxConfig, PaymentWorker, ProviderCalls};
use floodgate_runner::supervisor::SupervisorError;
use floodgate_runner::{GroupVersion, LoopConfig, RunnerError};
use floodgate_testkit::{Fate, MemoryLog};
use floodgate_transport::{Reading, ReplySender};
use rand::RngExt;
use rand::seq::SliceRandom;

use super::bank::Bank;
use super::buyers::{Buyers, partition};
use super::clock::Clock;
use super::group::Group;
use super::model::books::Wrong;
use super::model::judge::Judge;
use super::process_checks::ProcessChecks;
use super::processor::{Counts, Ground, Processor};
use super::store::SimStore;
use super::streams::Streams;

pub(crate) const PARTITIONS: u32 = 3;
/// Processes at once; one of them is more than there are partitions.
const PLACES: usize = 4;
/// Topics whose appends are on their way for a while.
const SLOW: [Topic; 2] = [Topic::Commands, Topic::Ledger];
/// Between two marks of time, as the streams make them.
const MARK_EVERY_MS: u64 = 1_000;

/// Where answers go.
#[derive(Debug, Default)]
struct Mailbox(Mutex<Vec<Reply>>);

impl ReplySender for Mailbox {
    fn send(&self, replies: Vec<Reply>) {
        self.0.lock().unwrap().extend(replies);
    }
}

/// Where a process may be.
enum Place {
    Up(Box<Processor>),
    Down { until: u64 },
}

/// What was done to a world.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Faults {
    pub(crate) crashes: u32,
    pub(crate) freezes: u32,
    pub(crate) stops: u32,
    pub(crate) moves: u32,
    pub(crate) failed_appends: u32,
    pub(crate) snapshots_lost: u32,
    pub(crate) group_failures: u32,
    pub(crate) replies_lost: u32,
}

pub(crate) struct World {
    streams: Streams,
    pub(crate) log: MemoryLog,
    pub(crate) ground: Ground,
    mailbox: Arc<Mailbox>,
    places: Vec<Place>,
    pub(crate) buyers: Buyers,
    pub(crate) judge: Judge,
    pub(crate) process_checks: ProcessChecks,
    pub(crate) faults: Faults,
    /// Partitions whose appends are not acknowledged for a while.
    slow_until: [u64; PARTITIONS as usize],
    /// Each process appends by a name of its own.
    processes: u32,
    marked_at: u64,
    looked_at: u64,
}

fn payments(ground: &Ground, partition: Partition) -> Reading<PaymentWorker> {
    Outbox::reading(OutboxConfig {
        log: Arc::clone(&ground.config.log),
        partition,
        calls: ProviderCalls::inline(Arc::clone(&ground.bank) as Arc<_>),
        patience: Duration::from_secs(2),
        late_window: Duration::from_secs(10),
    })
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let log = MemoryLog::new(PARTITIONS);
        SLOW.into_iter().for_each(|topic| log.slow_down(topic));
        let (mailbox, store) = (Arc::new(Mailbox::default()), Arc::new(SimStore::default()));
        let config = LoopConfig {
            partition: 0,
            log: Arc::new(log.clone()),
            replies: Arc::clone(&mailbox) as Arc<dyn ReplySender>,
            snapshots: Arc::clone(&store) as Arc<_>,
            limits: EngineLimits {
                outcomes_max: 1 << 12,
                events_max: 4,
                version_max: NEWEST_VERSION,
            },
            group_version: GroupVersion::default(),
            snapshot_every: 15,
            tracer: Tracer::default(),
        };
        let ground = Ground {
            log: log.clone(),
            clock: Clock::default(),
            group: Group::new(PARTITIONS),
            store,
            config,
            payments,
            bank: Arc::new(Bank::new(seed)),
            counts: Rc::new(Counts::default()),
        };
        let mut streams = Streams::new(seed);
        let places = (0..PLACES)
            .map(|place| match place {
                0 => Place::Up(Box::new(Processor::start(&ground, 0, 1))),
                _ => Place::Down { until: streams.faults.random_range(0..4_000) },
            })
            .collect();
        let mut world = World {
            streams,
            ground,
            mailbox,
            places,
            buyers: Buyers::new(&log),
            judge: Judge::new(&log),
            process_checks: ProcessChecks::default(),
            faults: Faults::default(),
            slow_until: [0; PARTITIONS as usize],
            processes: 1,
            marked_at: 0,
            looked_at: 0,
            log,
        };
        world.buyers.open_the_sales();
        world
    }

    fn now(&self) -> u64 {
        self.ground.clock.now()
    }

    /// One step of everything.
    pub(crate) fn step(&mut self) -> Result<(), Wrong> {
        let ms = match self.streams.schedule.random_range(0..100) {
            0..90 => self.streams.schedule.random_range(1..30),
            90..99 => self.streams.schedule.random_range(30..120),
            _ => self.streams.schedule.random_range(120..600),
        };
        self.pass(ms);
        self.fail_something();
        for _ in 0..self.streams.arrivals.random_range(0..3) {
            let now = self.now();
            self.buyers.arrive(&mut self.streams, &self.ground.bank, now);
        }
        self.run(0.8);
        self.let_appends_arrive();
        self.deliver(0.05);
        self.check()
    }

    /// One step without faults and without anybody new.
    pub(crate) fn calm_step(&mut self) -> Result<(), Wrong> {
        self.pass(50);
        self.run(1.0);
        self.ground.let_all_arrive();
        self.buyers.report_again();
        self.deliver(0.0);
        self.check()
    }

    /// No more faults: everybody wakes and comes back.
    pub(crate) fn calm_down(&mut self) {
        self.ground.let_all_arrive();
        let now = self.now();
        self.ground.bank.calm_down();
        self.ground.store.fail(0);
        self.log.clear_fates();
        for place in &mut self.places {
            match place {
                Place::Up(processor) => processor.frozen_until = 0,
                Place::Down { until } => *until = now,
            }
        }
    }

    /// Asks everybody who is up to end; `true` once nobody is.
    pub(crate) fn end(&mut self) -> bool {
        for place in &mut self.places {
            match place {
                Place::Up(processor) => processor.should_stop = true,
                Place::Down { until } => *until = u64::MAX,
            }
        }
        self.places.iter().all(|place| matches!(place, Place::Down { .. }))
    }

    fn pass(&mut self, ms: u64) {
        self.ground.clock.advance(ms);
        self.log.set_time(LogTime(self.now()));
        if self.now() >= self.marked_at + MARK_EVERY_MS {
            self.marked_at = self.now();
            self.buyers.mark_time();
        }
        for (at, place) in self.places.iter_mut().enumerate() {
            if matches!(place, Place::Down { until } if *until <= self.ground.clock.now()) {
                self.processes += 1;
                let processor = Processor::start(&self.ground, at, self.processes);
                *place = Place::Up(Box::new(processor));
            }
        }
    }

    /// A process that may be hurt, if another one is left to go on.
    fn victim(&mut self) -> Option<(usize, &mut Processor)> {
        let mut up: Vec<(usize, &mut Processor)> = self
            .places
            .iter_mut()
            .enumerate()
            .filter_map(|(at, place)| match place {
                Place::Up(one) if one.is_awake() && !one.should_stop => Some((at, &mut **one)),
                _ => None,
            })
            .collect();
        if up.len() < 2 {
            return None;
        }
        let at = self.streams.faults.random_range(0..up.len());
        Some(up.swap_remove(at))
    }

    fn fail_something(&mut self) {
        let now = self.now();
        let partition = self.streams.faults.random_range(0..PARTITIONS);
        let (ms, few) = (
            self.streams.faults.random_range(200..4_000),
            self.streams.faults.random_range(0..6_usize),
        );
        match self.streams.faults.random_range(0..1000) {
            0..5 => self.crash(now + ms),
            5..10 => {
                if let Some((_, one)) = self.victim() {
                    one.frozen_until = now + ms;
                    self.faults.freezes += 1;
                }
            }
            10..13 => {
                if let Some((_, one)) = self.victim() {
                    one.should_stop = true;
                    self.faults.stops += 1;
                }
            }
            13..21 => {
                self.ground.group.lock().unwrap().move_one(partition, few);
                self.faults.moves += 1;
            }
            21..45 => self.fail_append(few),
            45..50 => {
                let lost = self.ground.store.lose(partition);
                self.faults.snapshots_lost += u32::from(lost);
            }
            50..53 => {
                let damaged = self.ground.store.damage(partition);
                self.faults.snapshots_lost += u32::from(damaged);
            }
            53..56 => self.ground.store.fail(few as u64),
            56..59 => self.ground.store.take(ms / 8),
            59..60 => {
                self.ground.group.lock().unwrap().fail_once();
                self.faults.group_failures += 1;
            }
            60..66 => self.slow_until[partition as usize] = now + ms / 5,
            66..68 => {
                let foreign = vec![NewRecord::new("x", b"not a command".to_vec())];
                drop(self.log.append(Topic::Commands, partition, foreign));
            }
            _ => {}
        }
    }

    /// Most appends arrive with the next step, some a few steps later, and now and then none for long.
    fn let_appends_arrive(&mut self) {
        let now = self.now();
        for topic in SLOW {
            for partition in 0..PARTITIONS {
                if topic == Topic::Ledger && self.slow_until[partition as usize] > now {
                    continue;
                }
                let schedule = &mut self.streams.schedule;
                let is_quick = schedule.random_bool(0.7);
                let max = if is_quick { usize::MAX } else { schedule.random_range(0..3) };
                self.log.deliver(topic, partition, max);
            }
        }
        self.buyers.report_again();
    }

    /// It dies where it stands, says nothing to anybody, and comes back later.
    fn crash(&mut self, until: u64) {
        let Some((at, victim)) = self.victim() else { return };
        let producer = victim.producer;
        // What it had on its way was sent, or was not.
        if self.streams.faults.random_bool(0.5) {
            self.log.drop_flights_of(producer);
        }
        self.places[at] = Place::Down { until };
        self.process_checks.forget(at);
        self.faults.crashes += 1;
    }

    fn fail_append(&mut self, few: usize) {
        let topics = [Topic::Commands, Topic::Ledger, Topic::Ledger];
        let fates = [Fate::Refused, Fate::WrittenButFailed, Fate::Overloaded];
        let fate = fates[self.streams.faults.random_range(0..3)];
        self.log.next_fate(topics[few % 3], fate);
        self.faults.failed_appends += 1;
        // Behind others that are still on their way it does the most harm.
        if fate == Fate::Overloaded {
            let now = self.now();
            self.slow_until.iter_mut().for_each(|until| *until = (*until).max(now + 150));
        }
    }

    /// Everybody who is awake does what they do, in any order; each with this chance.
    fn run(&mut self, chance: f64) {
        let clock = self.ground.clock.clone();
        let mut tasks = Vec::new();
        for (at, place) in self.places.iter().enumerate() {
            let Place::Up(processor) = place else { continue };
            if processor.is_awake() {
                processor.beat(&self.ground);
                let of_partitions = (0..PARTITIONS).flat_map(|p| [Task::Work(p), Task::Pay(p)]);
                let own = of_partitions.chain([Task::Supervise]).map(|task| (at, task));
                tasks.extend(own);
            }
        }
        self.ground.group.lock().unwrap().miss(clock.now());
        tasks.shuffle(&mut self.streams.schedule);
        for (at, task) in tasks {
            if !self.streams.schedule.random_bool(chance) {
                continue;
            }
            let Place::Up(processor) = &mut self.places[at] else { continue };
            match task {
                Task::Work(partition) => {
                    for _ in 0..self.streams.schedule.random_range(1..4) {
                        processor.work(partition, &clock);
                    }
                }
                Task::Pay(partition) => processor.pay(partition, &clock),
                Task::Supervise => self.supervise(at),
            }
        }
    }

    fn supervise(&mut self, at: usize) {
        let Place::Up(processor) = &mut self.places[at] else { return };
        processor.supervise();
        if !processor.has_ended() {
            return;
        }
        let until = self.now() + self.streams.faults.random_range(100..3_000);
        let ended = std::mem::replace(&mut self.places[at], Place::Down { until });
        self.process_checks.forget(at);
        let Place::Up(processor) = ended else { return };
        match processor.into_outcome() {
            Ok(()) => {}
            // It could not go on because the group, or while it stopped the log, failed.
            Err(SupervisorError::Group(_)) if self.faults.group_failures > 0 => {}
            Err(SupervisorError::Runner { error: RunnerError::Log(_), .. })
                if self.faults.failed_appends > 0 => {}
            Err(error) => panic!("process {at} ended by itself: {error}"),
        }
    }

    /// Answers in transit: the judge gets all of them, the buyers most.
    fn deliver(&mut self, lost: f64) {
        for reply in std::mem::take(&mut *self.mailbox.0.lock().unwrap()) {
            self.judge.hear(partition(reply.event_id, PARTITIONS), reply.clone());
            if lost > 0.0 && self.streams.faults.random_bool(lost) {
                self.faults.replies_lost += 1;
                continue;
            }
            self.buyers.hear(reply);
        }
    }

    /// Everything that must hold now. Draws nothing at random.
    fn check(&mut self) -> Result<(), Wrong> {
        let now = self.now();
        let up: Vec<(usize, &Processor, bool)> = self
            .places
            .iter()
            .enumerate()
            .filter_map(|(at, place)| match place {
                Place::Up(one) => Some((at, &**one, one.is_awake())),
                Place::Down { .. } => None,
            })
            .collect();
        let passed = now - std::mem::replace(&mut self.looked_at, now);
        if !up.is_empty() {
            self.process_checks.look(PARTITIONS, &up, (now, passed))?;
            self.judge.look(now)?;
        }
        Ok(())
    }

    /// How many processes own a partition.
    pub(crate) fn owners_of(&self, partition: Partition) -> usize {
        let owns = |place: &&Place| match place {
            Place::Up(one) => {
                let bench = one.bench.borrow();
                bench.runners.get(&partition).is_some_and(|one| one.borrow().is_owning())
            }
            Place::Down { .. } => false,
        };
        self.places.iter().filter(owns).count()
    }

    /// Whether every process that is up says that it is ready.
    pub(crate) fn all_ready(&self) -> bool {
        self.places.iter().all(|place| match place {
            Place::Up(one) => one.last.as_ref().is_some_and(|last| last.health.is_ready()),
            Place::Down { .. } => true,
        })
    }
}

#[derive(Debug, Clone, Copy)]
enum Task {
    Supervise,
    Work(Partition),
    Pay(Partition),
}
