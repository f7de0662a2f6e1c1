//! The thread around the loop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use floodgate_log::Offset;
use floodgate_onsale::LogTime;

use crate::partition_loop::{LoopConfig, PartitionLoop, RunnerError};
use crate::snapshots::SnapshotStore;

/// The longest a quiet owner waits before it looks whether it shall stop.
const QUIET_MAX: Duration = Duration::from_millis(100);
/// First and longest pause between incarnations after the log failed.
const RESTART_MIN: Duration = Duration::from_millis(50);
const RESTART_MAX: Duration = Duration::from_secs(5);

/// Starts owners.
#[derive(Debug)]
pub struct Runner;

/// A running owner. Dropping it does not stop it; call [`RunnerHandle::stop`].
#[derive(Debug)]
pub struct RunnerHandle {
    shared: Arc<Shared>,
    thread: JoinHandle<Result<(), RunnerError>>,
}

#[derive(Debug, Default)]
struct Shared {
    stop: AtomicBool,
    applied: AtomicU64,
    behind: AtomicU64,
}

impl Runner {
    /// Takes a partition on a thread of its own.
    pub fn spawn(config: LoopConfig) -> std::io::Result<RunnerHandle> {
        let shared = Arc::new(Shared { behind: AtomicU64::new(u64::MAX), ..Shared::default() });
        let name = format!("runner-{}", config.partition);
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name(name).spawn(move || own(&config, &theirs))?;
        Ok(RunnerHandle { shared, thread })
    }
}

impl RunnerHandle {
    /// Asks the owner to finish what it has and store a snapshot.
    pub fn stop(&self) {
        self.shared.stop.store(true, Ordering::Release);
    }

    /// Waits for the end; the error says why if it ended by itself.
    pub fn join(self) -> Result<(), RunnerError> {
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    /// The next command the owner needs.
    #[must_use]
    pub fn applied(&self) -> Offset {
        self.shared.applied.load(Ordering::Acquire)
    }

    /// Whether the owner ended, told to or by itself.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }

    /// Whether the owner runs and has caught up with the log once.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        !self.thread.is_finished() && self.shared.behind.load(Ordering::Acquire) < 10_000
    }
}

/// Incarnation after incarnation until told to stop or until a restart would not help.
fn own(config: &LoopConfig, shared: &Shared) -> Result<(), RunnerError> {
    let mut pause = RESTART_MIN;
    loop {
        match live(config, shared, &mut pause) {
            Ok(()) => return Ok(()),
            Err(error) if !error.is_worth_a_restart() || shared.stop.load(Ordering::Acquire) => {
                tracing::error!(partition = config.partition, %error, "the partition stops");
                return Err(error);
            }
            Err(error) => {
                tracing::warn!(partition = config.partition, %error, "a new incarnation follows");
                metrics::counter!("floodgate_runner_restarts_total").increment(1);
                // Backing off from a failing disk, not waiting for a state.
                std::thread::sleep(pause);
                pause = (pause * 2).min(RESTART_MAX);
            }
        }
    }
}

fn live(config: &LoopConfig, shared: &Shared, pause: &mut Duration) -> Result<(), RunnerError> {
    let mut partition = PartitionLoop::start(config.clone())?;
    let mut storing: Option<JoinHandle<()>> = None;
    let outcome = loop {
        if shared.stop.load(Ordering::Acquire) {
            break finish(config, &mut partition);
        }
        let turn = match partition.turn(patience(&partition)) {
            Ok(turn) => turn,
            Err(error) => break Err(error),
        };
        *pause = RESTART_MIN;
        shared.applied.store(partition.next(), Ordering::Release);
        shared.behind.store(turn.behind, Ordering::Release);
        metrics::gauge!("floodgate_runner_lag_records").set(turn.behind as f64);
        // A Tick lets time pass that nobody else lets pass; while behind, commands do.
        if turn.behind == 0 {
            partition.tick_if_due(now());
        }
        if storing.as_ref().is_none_or(JoinHandle::is_finished)
            && let Some((next, state)) = partition.storable_snapshot()
        {
            storing = store(config, next, state);
        }
    };
    if let Some(storing) = storing {
        // It reports its own failures.
        let _ = storing.join();
    }
    if outcome.is_err() {
        partition.abandon();
    }
    outcome
}

fn finish(config: &LoopConfig, partition: &mut PartitionLoop) -> Result<(), RunnerError> {
    let (next, state) = partition.finish()?;
    save(&*config.snapshots, config, next, &state);
    Ok(())
}

/// Until something is due, but not longer than a stop may take.
fn patience(partition: &PartitionLoop) -> Duration {
    let due = partition.next_due().map(|due| due.0.saturating_sub(now().0));
    due.map_or(QUIET_MAX, |ms| Duration::from_millis(ms).min(QUIET_MAX))
        // A Tick on its way needs a moment; looking again at once would only spin.
        .max(Duration::from_millis(1))
}

/// Writes a snapshot on a thread of its own: the loop never waits for a disk.
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

fn now() -> LogTime {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    LogTime(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}
