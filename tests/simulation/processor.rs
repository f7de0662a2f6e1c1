//! A process that owns and follows partitions: the supervisor, its workers and payments, as they
//! are in production, but for threads, sockets and the time of day.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use floodgate_event_log::{Log, Partition, Topic};
use floodgate_payments::PaymentWorker;
use floodgate_runner::supervisor::crew::{Crew, PartitionCompanion, PartitionRunner};
use floodgate_runner::supervisor::policy::PolicyOptions;
use floodgate_runner::supervisor::{Progress, Supervision, SupervisorError};
use floodgate_runner::{
    Condition, Control, GroupVersion, LoopConfig, RunnerError, StartAs, StepOutcome, Worker,
};
use floodgate_testkit::MemoryLog;
use floodgate_transport::{Health, Reading};

use super::clock::Clock;
use super::group::{Group, SimMember};
use super::store::{SimStore, SlowWriter};

/// How partitions are worked on: the same for every process, but for what identifies it.
#[derive(Clone)]
pub(crate) struct Ground {
    pub(crate) log: MemoryLog,
    pub(crate) clock: Clock,
    pub(crate) group: Arc<Mutex<Group>>,
    pub(crate) store: Arc<SimStore>,
    /// For any partition.
    pub(crate) config: LoopConfig,
    pub(crate) payments: fn(&Ground, Partition) -> Reading<PaymentWorker>,
    pub(crate) bank: Arc<super::bank::Bank>,
    pub(crate) counts: Rc<Counts>,
}

impl Ground {
    /// Everything that is on its way to the log is there, or is refused.
    pub(crate) fn let_all_arrive(&self) {
        for topic in [Topic::Commands, Topic::Ledger] {
            for partition in 0..self.log.partitions(topic) {
                while self.log.deliver(topic, partition, usize::MAX) > 0 {}
            }
        }
    }
}

/// What happened in a history, so that one that proves little is seen to.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) warm_takeovers: Cell<u32>,
    pub(crate) cold_starts: Cell<u32>,
    pub(crate) steps_back: Cell<u32>,
    pub(crate) restarts: Cell<u32>,
    pub(crate) gained_again: Cell<u32>,
}

fn count(cell: &Cell<u32>) {
    cell.set(cell.get() + 1);
}

/// Shorter rests are for facts on their way.
const RESTART_MIN: Duration = Duration::from_millis(50);

/// A running process.
pub(crate) struct Processor {
    supervision: Supervision,
    pub(crate) bench: Rc<RefCell<Bench>>,
    member: Arc<Mutex<Option<u64>>>,
    clock: Clock,
    started_at: u64,
    pub(crate) producer: u32,
    pub(crate) frozen_until: u64,
    pub(crate) should_stop: bool,
    pub(crate) last: Option<Progress>,
}

/// What a process works with, by partition.
#[derive(Default)]
pub(crate) struct Bench {
    pub(crate) runners: BTreeMap<Partition, Rc<RefCell<SimRunner>>>,
    pub(crate) payments: BTreeMap<Partition, Rc<RefCell<SimPayments>>>,
}

/// A worker without its thread.
pub(crate) struct SimRunner {
    control: Control,
    pub(crate) worker: Option<Worker>,
    outcome: Option<Result<(), RunnerError>>,
    rest_until: u64,
    counts: Rc<Counts>,
}

/// Payments without their thread.
pub(crate) struct SimPayments {
    worker: Option<Reading<PaymentWorker>>,
    /// Whether it carries payments forward, by what the supervisor said last.
    pub(crate) carries: bool,
}

impl Processor {
    /// Starts the `nth` process. Some follow everything, some little, some nothing.
    pub(crate) fn start(ground: &Ground, nth: usize, producer: u32) -> Self {
        let standbys_max = [usize::MAX, 1, 0, 2][nth % 4];
        let Ground { clock, group, config, .. } = ground;
        let options = PolicyOptions {
            partitions: config.log.partitions(Topic::Commands),
            standbys_max,
            is_shared: true,
        };
        let member = SimMember::new(group, clock);
        let (bench, version) = (Rc::<RefCell<Bench>>::default(), GroupVersion::default());
        let mut ground = ground.clone();
        ground.config.group_version = version.clone();
        ground.config.log = Arc::new(ground.log.of_producer(producer));
        // Short enough that followers run ahead of the ledger again and again.
        let trail = [0, 40, 3, 10_000][nth % 4];
        let crew = SimCrew { ground: ground.clone(), bench: Rc::clone(&bench), trail };
        Processor {
            member: member.id(),
            supervision: Supervision::new(options, Box::new(member), Box::new(crew), version),
            bench,
            clock: ground.clock.clone(),
            started_at: ground.clock.now(),
            producer,
            frozen_until: 0,
            should_stop: false,
            last: None,
        }
    }

    pub(crate) fn is_awake(&self) -> bool {
        self.frozen_until <= self.clock.now()
    }

    /// What the library does beside everything else, while the process is awake.
    pub(crate) fn beat(&self, ground: &Ground) {
        if let Some(id) = *self.member.lock().unwrap() {
            ground.group.lock().unwrap().hear(id, ground.clock.now());
        }
    }

    /// How long ago it started: the time its supervisor goes by.
    pub(crate) fn running_for(&self) -> Duration {
        Duration::from_millis(self.clock.now() - self.started_at)
    }

    /// The supervisor takes a turn.
    pub(crate) fn supervise(&mut self) {
        self.last =
            Some(self.supervision.turn(self.running_for(), Duration::ZERO, self.should_stop));
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.last.as_ref().is_some_and(|last| last.has_ended)
    }

    pub(crate) fn into_outcome(self) -> Result<(), SupervisorError> {
        self.supervision.into_outcome()
    }

    pub(crate) fn supervision(&self) -> &Supervision {
        &self.supervision
    }

    /// The worker of a partition takes a step, if there is one.
    pub(crate) fn work(&self, partition: Partition, clock: &Clock) {
        let runner = self.bench.borrow().runners.get(&partition).cloned();
        runner.into_iter().for_each(|runner| runner.borrow_mut().step(clock));
    }

    /// Its payments take a turn, if they are carried here.
    pub(crate) fn pay(&self, partition: Partition, clock: &Clock) {
        let payments = self.bench.borrow().payments.get(&partition).cloned();
        payments.into_iter().for_each(|payments| payments.borrow_mut().turn(clock));
    }
}

impl SimRunner {
    fn step(&mut self, clock: &Clock) {
        if self.rest_until > clock.now() {
            return;
        }
        let Some(worker) = &mut self.worker else { return };
        let was_owning = worker.is_owning();
        match worker.step(clock.log_time(), Duration::ZERO) {
            StepOutcome::Continue => {}
            StepOutcome::Rest(pause) => {
                if pause >= RESTART_MIN {
                    count(&self.counts.restarts);
                }
                self.rest_until = clock.now() + pause.as_millis() as u64;
            }
            StepOutcome::Ended(outcome) => {
                self.worker = None;
                self.outcome = Some(outcome);
            }
        }
        let is_owning = self.worker.as_ref().is_some_and(Worker::is_owning);
        if was_owning && !is_owning && self.rest_until <= clock.now() {
            count(&self.counts.steps_back);
        }
    }

    pub(crate) fn is_owning(&self) -> bool {
        self.worker.as_ref().is_some_and(Worker::is_owning)
    }

    pub(crate) fn applied(&self) -> u64 {
        self.control.applied()
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.outcome.is_some()
    }
}

impl SimPayments {
    fn turn(&mut self, clock: &Clock) {
        if let Some(worker) = self.worker.as_mut().filter(|_| self.carries) {
            // After a failed append the next turn begins again, as a follower does.
            let _ = worker.turn(clock.log_time(), Duration::ZERO);
        }
    }
}

#[derive(Clone)]
struct SimCrew {
    ground: Ground,
    bench: Rc<RefCell<Bench>>,
    trail: u64,
}

impl std::fmt::Debug for SimCrew {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SimCrew")
    }
}

impl Crew for SimCrew {
    fn start_runner(
        &mut self,
        partition: Partition,
        role: StartAs,
    ) -> io::Result<Box<dyn PartitionRunner>> {
        let Ground { clock, store, config, counts, .. } = &self.ground;
        if role == StartAs::Owner {
            count(&counts.cold_starts);
        }
        let config = LoopConfig { partition, ..config.clone() };
        let writer = SlowWriter::new(clock.clone(), store.takes_ms());
        let (worker, control) = Worker::new(config, role, Box::new(writer));
        let worker = Some(worker.with_trail(self.trail));
        let (outcome, counts) = (None, Rc::clone(counts));
        let runner = SimRunner { control, worker, outcome, rest_until: 0, counts };
        let runner = Rc::new(RefCell::new(runner));
        let before = self.bench.borrow_mut().runners.insert(partition, Rc::clone(&runner));
        assert!(before.is_none(), "two runners of partition {partition} in one process");
        Ok(Box::new(RunnerOf { partition, runner, crew: self.clone() }))
    }

    fn start_companions(
        &mut self,
        partition: Partition,
        role: StartAs,
    ) -> io::Result<Vec<Box<dyn PartitionCompanion>>> {
        let worker = Some((self.ground.payments)(&self.ground, partition));
        let payments = SimPayments { worker, carries: role == StartAs::Owner };
        let payments = Rc::new(RefCell::new(payments));
        let before = self.bench.borrow_mut().payments.insert(partition, Rc::clone(&payments));
        assert!(before.is_none(), "payments of partition {partition} twice in one process");
        Ok(vec![Box::new(PaymentsOf { partition, payments, crew: self.clone() })])
    }
}

/// The supervisor's handle of a runner.
#[derive(Debug)]
struct RunnerOf {
    partition: Partition,
    runner: Rc<RefCell<SimRunner>>,
    crew: SimCrew,
}

impl std::fmt::Debug for SimRunner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SimRunner at {}", self.applied())
    }
}

impl RunnerOf {
    /// A changed role ends the rest, as unparking a thread does.
    fn steer(&self, role: impl Fn(&Control)) {
        let mut runner = self.runner.borrow_mut();
        runner.rest_until = 0;
        role(&runner.control);
    }
}

impl PartitionRunner for RunnerOf {
    fn own(&self) {
        count(&self.crew.ground.counts.warm_takeovers);
        self.steer(Control::own);
    }

    fn stand_by(&self) {
        self.steer(Control::stand_by);
    }

    fn retire(&self) {
        self.steer(Control::retire);
    }

    fn stop(&self) {
        self.steer(Control::stop);
    }

    fn condition(&self) -> Condition {
        self.runner.borrow().control.condition()
    }

    fn join(self: Box<Self>) -> Result<(), RunnerError> {
        // What a thread would do while it is waited for.
        for _ in 0..1_000 {
            if self.runner.borrow().has_ended() {
                break;
            }
            self.crew.ground.let_all_arrive();
            self.runner.borrow_mut().rest_until = 0;
            self.runner.borrow_mut().step(&self.crew.ground.clock);
        }
        self.crew.bench.borrow_mut().runners.remove(&self.partition);
        let outcome = self.runner.borrow_mut().outcome.take();
        outcome.expect("a runner that was asked to stop has ended")
    }

    fn health(&self) -> Health {
        self.runner.borrow().control.health()
    }
}

/// The supervisor's handle of payments.
#[derive(Debug)]
struct PaymentsOf {
    partition: Partition,
    payments: Rc<RefCell<SimPayments>>,
    crew: SimCrew,
}

impl std::fmt::Debug for SimPayments {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SimPayments, carries: {}", self.carries)
    }
}

impl PartitionCompanion for PaymentsOf {
    fn own(&self) {
        let owns = self.crew.bench.borrow().runners.get(&self.partition).cloned();
        if owns.is_some_and(|runner| runner.borrow().is_owning()) {
            count(&self.crew.ground.counts.gained_again);
        }
        self.payments.borrow_mut().carries = true;
    }

    fn rest(&self) {
        self.payments.borrow_mut().carries = false;
    }

    fn stop(&self) {
        let mut payments = self.payments.borrow_mut();
        (payments.carries, payments.worker) = (false, None);
    }

    fn join(self: Box<Self>) {
        self.crew.bench.borrow_mut().payments.remove(&self.partition);
    }

    fn health(&self) -> Health {
        Health::Ready
    }
}
