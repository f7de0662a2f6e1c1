//! Who owns which partition, and who stands by: the engine's runner and the payments of each.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};

use floodgate_config::Settings;
use floodgate_event_log::kafka::{Change, Membership};
use floodgate_event_log::{Log, Partition, Topic, Tracer};
use floodgate_payments::{Outbox, OutboxConfig, Provider};
use floodgate_runner::{
    EngineLimits, GroupVersion, LoopConfig, Runner, RunnerHandle, SnapshotStore, StartAs,
};
use floodgate_transport::{Health, ReplySender, Service, ServiceError};

use super::SharedLog;

/// How often the group is asked for this process's share.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// A processor that has no share for so long is one too many, and ready to step in.
const SHARE_WITHIN: Duration = Duration::from_secs(15);
/// How long followers may take to get warm before the group is joined all the same.
const WARM_WITHIN: Duration = Duration::from_secs(10);
/// How long the last snapshots may take; their store gives up before.
const RETIRE_WITHIN: Duration = Duration::from_secs(15);
/// How long an owner goes on after its partition was given to another: the group needs a heartbeat
/// and a round of messages until that one knows, and it a reader of its own; half a second where
/// the machines have room, and four times that. Two owners at once are harmless, since both publish
/// the same facts; none at all is a pause everybody waits for.
const LINGER: Duration = Duration::from_secs(2);
/// How often it is asked meanwhile whether there is anybody to go on for.
const LINGER_LOOK: Duration = Duration::from_millis(500);

/// What owning a partition takes.
#[derive(Debug, Clone)]
pub(super) struct OwnerParts {
    pub(super) log: SharedLog,
    pub(super) replies: Arc<dyn ReplySender>,
    pub(super) provider: Option<Arc<dyn Provider>>,
    pub(super) snapshots: Arc<dyn SnapshotStore>,
    pub(super) settings: Settings,
    pub(super) tracer: Tracer,
}

/// As it is named in readiness.
const NAME: &str = "owners";

/// The partitions of this process, for as long as it runs.
#[derive(Debug)]
pub(super) struct Owners {
    shared: Arc<Shared>,
    // A plain mutex: taken once, at the end.
    thread: Mutex<Option<JoinHandle<Result<()>>>>,
}

#[derive(Debug)]
struct Shared {
    stop: AtomicBool,
    // A plain mutex: written fifty times a second, read by probes.
    health: Mutex<Health>,
}

impl Shared {
    fn report(&self, health: Health) {
        *self.health.lock().unwrap_or_else(PoisonError::into_inner) = health;
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }
}

impl Owners {
    /// Owns what the group of processors says, or everything where there is none.
    pub(super) fn spawn(parts: OwnerParts) -> Result<Self> {
        let health = Mutex::new(Health::Starting);
        let shared = Arc::new(Shared { stop: AtomicBool::new(false), health });
        let house = House::new(parts);
        let theirs = Arc::clone(&shared);
        let thread =
            std::thread::Builder::new().name(NAME.to_owned()).spawn(move || house.run(&theirs))?;
        Ok(Owners { shared, thread: Mutex::new(Some(thread)) })
    }
}

impl Service for Owners {
    fn name(&self) -> &str {
        NAME
    }

    fn health(&self) -> Health {
        let health = self.shared.health.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        let has_ended = thread.as_ref().is_some_and(JoinHandle::is_finished);
        let has_panicked = has_ended && health.reason().is_none() && !self.shared.is_stopped();
        if has_panicked { Health::failed("it panicked") } else { health }
    }

    fn stop(&self) {
        self.shared.stop.store(true, Ordering::Release);
    }

    fn join(&self) -> Result<(), ServiceError> {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(thread) = thread else { return Ok(()) };
        let ended = thread.join().unwrap_or_else(|_| Err(anyhow!("it panicked")));
        ended.map_err(|error| ServiceError::new(NAME, format!("{error:#}")))
    }
}

/// Threads by partition, and which of them own theirs.
#[derive(Debug)]
struct House {
    parts: OwnerParts,
    log: Arc<dyn Log>,
    runners: BTreeMap<Partition, RunnerHandle>,
    owned: BTreeSet<Partition>,
    outboxes: BTreeMap<Partition, Outbox>,
    /// Lost to another processor, and owned until then.
    lingering: BTreeMap<Partition, Instant>,
    group_version: GroupVersion,
}

impl House {
    fn new(parts: OwnerParts) -> Self {
        let log = parts.log.shared();
        House {
            parts,
            log,
            runners: BTreeMap::new(),
            owned: BTreeSet::new(),
            outboxes: BTreeMap::new(),
            lingering: BTreeMap::new(),
            group_version: GroupVersion::default(),
        }
    }

    fn run(mut self, shared: &Shared) -> Result<()> {
        let mut membership = None;
        let outcome = self.live(&mut membership, shared);
        shared.report(match &outcome {
            Ok(()) => Health::Starting,
            Err(error) => Health::failed(format!("{error:#}")),
        });
        self.end(outcome, membership)
    }

    /// Follows the group until told to stop, or until an owner cannot go on.
    fn live(&mut self, membership: &mut Option<Membership>, shared: &Shared) -> Result<()> {
        if self.parts.log.is_shared() {
            self.get_warm(shared)?;
            *membership = self.parts.log.join_processors(EngineLimits::default().version_max)?;
        } else {
            self.group_version.set(Some(EngineLimits::default().version_max));
            (0..self.log.partitions(Topic::Commands)).try_for_each(|all| self.own(all))?;
        }
        let started = Instant::now();
        let mut was_ready = false;
        while !shared.is_stopped() {
            match membership {
                Some(membership) => {
                    self.follow(membership.poll(LOOK_EVERY)?)?;
                    self.group_version.set(membership.group_version());
                }
                // Only the health below is looked at; nothing is waited for.
                None => std::thread::park_timeout(LOOK_EVERY),
            }
            self.look_after()?;
            let mut owners = self.owned.iter().filter_map(|owned| self.runners.get(owned));
            let all = owners.all(|owner| owner.condition().is_ready);
            // Without a share nothing is known yet, unless there are more processors than
            // partitions.
            let has_share = !self.owned.is_empty() || started.elapsed() > SHARE_WITHIN;
            // Later changes of who owns what are no reason to send visitors elsewhere.
            was_ready |= all && has_share;
            let itself = if was_ready { Health::Ready } else { Health::Starting };
            let payments = self.outboxes.values().map(|one| (one.name(), one.health()));
            let payments = Health::of_all(payments.filter(|(_, one)| one.reason().is_some()));
            shared.report(if payments.is_ready() { itself } else { payments });
        }
        Ok(())
    }

    /// Follows before the group is joined, so that what is gained then is owned at once.
    fn get_warm(&mut self, shared: &Shared) -> Result<()> {
        self.choose_standbys()?;
        let until = Instant::now() + WARM_WITHIN;
        while !shared.is_stopped()
            && Instant::now() < until
            && !self.runners.values().all(|runner| runner.condition().is_warm)
        {
            self.look_after()?;
            std::thread::park_timeout(LOOK_EVERY);
        }
        Ok(())
    }

    /// Takes what was gained; goes on with what was lost until its new owner surely has it.
    fn follow(&mut self, change: Change) -> Result<()> {
        for lost in change.lost {
            tracing::info!(partition = lost, "lost");
            self.owned.remove(&lost);
            self.lingering.insert(lost, Instant::now() + LINGER);
            if let Some(outbox) = self.outboxes.get(&lost) {
                outbox.rest();
            }
        }
        for gained in change.gained {
            tracing::info!(partition = gained, "gained");
            self.own(gained)?;
        }
        let now = Instant::now();
        let over: Vec<_> =
            self.lingering.iter().filter(|(_, until)| **until <= now).map(|(p, _)| *p).collect();
        for partition in &over {
            self.lingering.remove(partition);
            if let Some(runner) = self.runners.get(partition) {
                runner.stand_by();
            }
        }
        self.choose_standbys()
    }

    fn own(&mut self, partition: Partition) -> Result<()> {
        self.owned.insert(partition);
        let lingers = self.lingering.remove(&partition).is_some();
        match self.runners.get(&partition) {
            Some(_) if lingers => {}
            Some(runner) => runner.own(),
            None => {
                let runner = Runner::spawn(self.config(partition), StartAs::Owner);
                self.runners.insert(partition, runner.context("a partition's thread")?);
            }
        }
        self.begin_payments(partition, true)
    }

    fn config(&self, partition: Partition) -> LoopConfig {
        LoopConfig {
            partition,
            log: Arc::clone(&self.log),
            replies: Arc::clone(&self.parts.replies),
            snapshots: Arc::clone(&self.parts.snapshots),
            limits: EngineLimits::default(),
            group_version: self.group_version.clone(),
            snapshot_every: self.parts.settings.engine.snapshot_every,
            tracer: self.parts.tracer.clone(),
        }
    }

    /// Carries the payments of a partition, or keeps the book of them.
    fn begin_payments(&mut self, partition: Partition, carries: bool) -> Result<()> {
        let payments = &self.parts.settings.payments;
        let Some(provider) = &self.parts.provider else { return Ok(()) };
        if let Some(outbox) = self.outboxes.get(&partition) {
            outbox.carry();
            return Ok(());
        }
        let config = OutboxConfig {
            log: Arc::clone(&self.log),
            partition,
            provider: Arc::clone(provider),
            patience: payments.patience.0,
            late_window: payments.late_window.0,
        };
        let outbox = if carries { Outbox::spawn(config) } else { Outbox::spawn_resting(config) };
        self.outboxes.insert(partition, outbox.context("a payment thread could not start")?);
        Ok(())
    }

    fn end_payments(&mut self, partition: Partition) {
        if let Some(outbox) = self.outboxes.remove(&partition) {
            outbox.stop();
            // It follows a partition that is no longer this process's concern.
            let _ = outbox.join();
        }
    }

    /// Starts followers that are missing, and ends those that are too many.
    fn choose_standbys(&mut self) -> Result<()> {
        let busy = |partition: &Partition| {
            self.owned.contains(partition) || self.lingering.contains_key(partition)
        };
        let partitions = self.log.partitions(Topic::Commands);
        // From the first one's own on, so that processors with few followers follow different ones.
        let from = self.owned.first().copied().unwrap_or(0);
        let wanted: BTreeSet<Partition> = (0..partitions)
            .map(|number| (from + number) % partitions)
            .filter(|partition| !busy(partition))
            .take(self.parts.settings.engine.standbys.count_max())
            .collect();
        let surplus: Vec<Partition> =
            self.runners.keys().filter(|p| !busy(p) && !wanted.contains(p)).copied().collect();
        for partition in surplus {
            if let Some(runner) = self.runners.remove(&partition) {
                runner.stop();
                self.end_payments(partition);
                runner.join()?;
            }
        }
        for partition in wanted {
            if !self.runners.contains_key(&partition) {
                let runner = Runner::spawn(self.config(partition), StartAs::Standby);
                self.runners.insert(partition, runner.context("a follower's thread")?);
                self.begin_payments(partition, false)?;
            }
        }
        Ok(())
    }

    /// Finds owners that ended by themselves.
    fn look_after(&mut self) -> Result<()> {
        let ended = self.runners.iter().find(|(_, runner)| runner.condition().has_ended);
        let Some(partition) = ended.map(|(&partition, _)| partition) else { return Ok(()) };
        let why = self.runners.remove(&partition).map_or(Ok(()), RunnerHandle::join);
        why.with_context(|| format!("partition {partition}"))?;
        Err(anyhow!("partition {partition} ended by itself"))
    }

    /// Snapshots first, while everything goes on; then the group is left, and whoever takes over
    /// finds them; then this process's owners end.
    fn end(mut self, outcome: Result<()>, membership: Option<Membership>) -> Result<()> {
        let others_may_follow = outcome.is_ok() && membership.is_some();
        if others_may_follow {
            self.runners.values().for_each(RunnerHandle::retire);
            let until = Instant::now() + RETIRE_WITHIN;
            while Instant::now() < until
                && !self.runners.values().all(|runner| runner.condition().has_retired)
            {
                std::thread::park_timeout(LOOK_EVERY);
            }
        }
        // Only now, so that no payment waits for a snapshot.
        self.outboxes.values().for_each(Service::stop);
        for outbox in std::mem::take(&mut self.outboxes).values() {
            outbox.join()?;
        }
        drop(membership);
        if others_may_follow {
            let others_take_over = Instant::now() + LINGER;
            while Instant::now() < others_take_over && self.parts.log.has_processors() {
                std::thread::park_timeout(LINGER_LOOK);
            }
        }
        self.runners.values().for_each(RunnerHandle::stop);
        let ended: Vec<Result<()>> =
            self.runners.into_values().map(|runner| Ok(runner.join()?)).collect();
        outcome.and(ended.into_iter().collect())
    }
}
