//! Who owns which partition: the engine's runner and the payments of each.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};

use floodgate_config::Settings;
use floodgate_log::kafka::{Change, Membership};
use floodgate_log::{Log, Partition, ReplySender, Topic, Tracer};
use floodgate_onsale::EngineLimits;
use floodgate_payments::{Outbox, OutboxConfig, OutboxHandle, Provider};
use floodgate_runner::{LoopConfig, Runner, RunnerHandle, SnapshotStore};

/// How often the group is asked for this process's share.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A processor that has no share for so long is one too many, and ready to step in.
const SHARE_WITHIN: Duration = Duration::from_secs(15);

/// What owning a partition takes.
#[derive(Debug, Clone)]
pub(super) struct OwnerParts {
    pub(super) log: Arc<dyn Log>,
    pub(super) replies: Arc<dyn ReplySender>,
    pub(super) provider: Option<Arc<dyn Provider>>,
    pub(super) snapshots: Arc<dyn SnapshotStore>,
    pub(super) settings: Settings,
    pub(super) tracer: Tracer,
}

#[derive(Debug)]
struct Owner {
    runner: RunnerHandle,
    outbox: Option<OutboxHandle>,
}

impl Owner {
    fn start(parts: &OwnerParts, partition: Partition) -> Result<Self> {
        let runner = Runner::spawn(LoopConfig {
            partition,
            log: Arc::clone(&parts.log),
            replies: Arc::clone(&parts.replies),
            snapshots: Arc::clone(&parts.snapshots),
            limits: EngineLimits::default(),
            snapshot_every: parts.settings.engine.snapshot_every,
            tracer: parts.tracer.clone(),
        })
        .context("a partition's thread could not start")?;
        let payments = &parts.settings.payments;
        let outbox = parts.provider.as_ref().map(|provider| {
            Outbox::spawn(OutboxConfig {
                log: Arc::clone(&parts.log),
                partition,
                provider: Arc::clone(provider),
                patience: payments.patience.0,
                late_window: payments.late_window.0,
            })
        });
        let outbox = outbox.transpose().context("a payment thread could not start")?;
        Ok(Owner { runner, outbox })
    }

    fn stop(&self) {
        self.outbox.iter().for_each(OutboxHandle::stop);
        self.runner.stop();
    }

    fn join(self) -> Result<()> {
        self.stop();
        self.outbox.into_iter().for_each(OutboxHandle::join);
        Ok(self.runner.join()?)
    }
}

/// The partitions of this process, for as long as it runs.
#[derive(Debug)]
pub(super) struct Owners {
    stop: Arc<AtomicBool>,
    ready: Arc<AtomicBool>,
    thread: JoinHandle<Result<()>>,
}

impl Owners {
    /// Owns what `membership` says, or everything without one.
    pub(super) fn spawn(parts: OwnerParts, membership: Option<Membership>) -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let ready = Arc::new(AtomicBool::new(false));
        let (theirs, says) = (Arc::clone(&stop), Arc::clone(&ready));
        let thread = std::thread::Builder::new()
            .name("owners".to_owned())
            .spawn(move || run(&parts, membership, &theirs, &says))?;
        Ok(Owners { stop, ready, thread })
    }

    /// Whether everything owned has caught up.
    pub(super) fn is_ready(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.ready)
    }

    /// Whether it ended by itself: its error is told by [`Owners::join`].
    pub(super) fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }

    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Release);
    }

    pub(super) fn join(self) -> Result<()> {
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

fn run(
    parts: &OwnerParts,
    mut membership: Option<Membership>,
    stop: &AtomicBool,
    ready: &AtomicBool,
) -> Result<()> {
    let mut owned: BTreeMap<Partition, Owner> = BTreeMap::new();
    let outcome = own(parts, membership.as_mut(), &mut owned, stop, ready);
    ready.store(false, Ordering::Release);
    // All at once, so that their last snapshots are written side by side; then the group is left,
    // and whoever takes over finds them.
    owned.values().for_each(Owner::stop);
    let ended: Vec<Result<()>> = owned.into_values().map(Owner::join).collect();
    drop(membership);
    outcome.and(ended.into_iter().collect())
}

/// Follows the group until told to stop, or until an owner cannot go on.
fn own(
    parts: &OwnerParts,
    mut membership: Option<&mut Membership>,
    owned: &mut BTreeMap<Partition, Owner>,
    stop: &AtomicBool,
    ready: &AtomicBool,
) -> Result<()> {
    if membership.is_none() {
        for partition in 0..parts.log.partitions(Topic::Commands) {
            owned.insert(partition, Owner::start(parts, partition)?);
        }
    }
    let started = Instant::now();
    while !stop.load(Ordering::Acquire) {
        match &mut membership {
            Some(membership) => follow(parts, membership.poll(LOOK_EVERY)?, owned)?,
            // Only the health below is looked at; nothing is waited for.
            None => std::thread::park_timeout(LOOK_EVERY),
        }
        let ended = owned.iter().find(|(_, owner)| owner.runner.has_ended());
        if let Some(partition) = ended.map(|(&partition, _)| partition) {
            let why = owned.remove(&partition).map_or(Ok(()), Owner::join);
            return why.and_then(|()| Err(anyhow!("partition {partition} ended by itself")));
        }
        let all = owned.values().all(|owner| owner.runner.is_ready());
        // Without a share nothing is known yet, unless there are more processors than partitions.
        let has_share = !owned.is_empty() || started.elapsed() > SHARE_WITHIN;
        ready.store(all && has_share, Ordering::Release);
    }
    Ok(())
}

/// Lets go of what was lost, then takes what was gained.
fn follow(
    parts: &OwnerParts,
    change: Change,
    owned: &mut BTreeMap<Partition, Owner>,
) -> Result<()> {
    let lost: Vec<_> = change.lost.iter().filter_map(|lost| owned.remove(lost)).collect();
    lost.iter().for_each(Owner::stop);
    lost.into_iter().map(Owner::join).collect::<Result<Vec<()>>>()?;
    for partition in change.gained {
        tracing::info!(partition, "gained");
        owned.insert(partition, Owner::start(parts, partition)?);
    }
    Ok(())
}
