//! What an owner's thread does: turns, ticks, snapshots, and how long it took to take over.

use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use floodgate_domain::LogTime;
use floodgate_event_log::{Offset, Topic};

use crate::partition_loop::{LoopConfig, PartitionLoop, RunnerError};
use crate::runner::{RESTART_MIN, Shared, State, Wish};
use crate::snapshots::SnapshotStore;

/// The longest a quiet owner waits before it looks whether it shall stop.
const QUIET_MAX: Duration = Duration::from_millis(100);

/// Owns until told otherwise.
pub(crate) fn own(
    config: &LoopConfig,
    shared: &Shared,
    state: State,
    pause: &mut Duration,
) -> Result<State, RunnerError> {
    let mut takeover = Some(Takeover::begin(config)?);
    let mut owner = match state {
        State::Cold => PartitionLoop::start(config.clone())?,
        State::Warm(standby) => standby.take_over()?,
        State::Owner(owner) => *owner,
    };
    let first = owner.next();
    let mut snapshots = Snapshots::default();
    let outcome = loop {
        let wish = shared.wish();
        if !matches!(wish, Wish::Own | Wish::Retire) {
            break Ok(());
        }
        let turn = match owner.turn(patience(&owner)) {
            Ok(turn) => turn,
            Err(error) => break Err(error),
        };
        *pause = RESTART_MIN;
        shared.applied.store(owner.next(), Ordering::Release);
        shared.behind.store(turn.behind, Ordering::Release);
        metrics::gauge!("floodgate_runner_lag_records").set(turn.behind as f64);
        if let Some(done) = takeover.take_if(|takeover| owner.next() >= takeover.end) {
            done.tell(config, shared, &owner, first);
        }
        // A Tick lets time pass that nobody else lets pass; while behind, commands do.
        if turn.behind == 0 {
            owner.tick_if_due(now());
        }
        if snapshots.are_done(config, &mut owner, wish == Wish::Retire) {
            shared.has_retired.store(true, Ordering::Release);
        }
    };
    snapshots.wait();
    match outcome {
        Ok(()) => Ok(State::Owner(Box::new(owner))),
        Err(error) => {
            owner.abandon();
            Err(error)
        }
    }
}

/// The end of a thread: an owner leaves its state behind, unless it has done so just now.
pub(crate) fn end(config: &LoopConfig, shared: &Shared, state: State) -> Result<(), RunnerError> {
    let State::Owner(mut owner) = state else { return Ok(()) };
    if shared.has_retired.load(Ordering::Acquire) {
        return owner.close();
    }
    let (next, state) = owner.finish()?;
    save(&*config.snapshots, config, next, &state);
    Ok(())
}

/// From gaining a partition to having decided everything that waited for it.
#[derive(Debug)]
struct Takeover {
    /// The commands' end when the partition was taken.
    end: Offset,
}

impl Takeover {
    fn begin(config: &LoopConfig) -> Result<Self, RunnerError> {
        Ok(Takeover { end: config.log.end(Topic::Commands, config.partition)? })
    }

    fn tell(&self, config: &LoopConfig, shared: &Shared, owner: &PartitionLoop, first: Offset) {
        let LoopConfig { partition, .. } = *config;
        let took = shared.gained_at().elapsed();
        let from = owner.origin().name();
        metrics::histogram!("floodgate_takeover_seconds", "from" => from).record(took);
        let (replayed, ms) = (self.end.saturating_sub(first), took.as_millis() as u64);
        tracing::info!(partition, from, replayed, ms, "partition owned, nothing waits");
    }
}

/// Snapshots on their way. They are written on a thread of their own: the loop never waits for a
/// disk.
#[derive(Debug, Default)]
struct Snapshots {
    storing: Option<JoinHandle<()>>,
    /// Whether the last one before the end is written down.
    is_last: bool,
}

impl Snapshots {
    /// Stores what can be stored. `true` once the last one, if one is asked for, is stored or lost.
    fn are_done(&mut self, config: &LoopConfig, owner: &mut PartitionLoop, last: bool) -> bool {
        if last && !self.is_last {
            self.is_last = true;
            owner.take_snapshot();
        }
        if self.storing.as_ref().is_some_and(|storing| !storing.is_finished()) {
            return false;
        }
        self.wait();
        if let Some((next, state)) = owner.storable_snapshot() {
            self.storing = store(config, next, state);
        }
        self.is_last && self.storing.is_none() && !owner.has_snapshot_waiting()
    }

    fn wait(&mut self) {
        if let Some(storing) = self.storing.take() {
            // It reports its own failures.
            let _ = storing.join();
        }
    }
}

fn store(config: &LoopConfig, next: Offset, state: Vec<u8>) -> Option<JoinHandle<()>> {
    let config = config.clone();
    std::thread::Builder::new()
        .name(format!("snapshot-{}", config.partition))
        .spawn(move || save(&*config.snapshots, &config, next, &state))
        .ok()
}

fn save(snapshots: &dyn SnapshotStore, config: &LoopConfig, next: Offset, state: &[u8]) {
    let LoopConfig { partition, .. } = *config;
    match snapshots.save(partition, next, state) {
        Ok(()) => metrics::gauge!("floodgate_runner_snapshot_bytes").set(state.len() as f64),
        // The log has everything; only the next start takes longer.
        Err(error) => tracing::warn!(partition, next, %error, "a snapshot was not stored"),
    }
}

/// Until something is due, but not longer than a stop may take.
fn patience(owner: &PartitionLoop) -> Duration {
    let due = owner.next_due().map(|due| due.0.saturating_sub(now().0));
    due.map_or(QUIET_MAX, |ms| Duration::from_millis(ms).min(QUIET_MAX))
        // A Tick on its way needs a moment; looking again at once would only spin.
        .max(Duration::from_millis(1))
}

fn now() -> LogTime {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    LogTime(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}
