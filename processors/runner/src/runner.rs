//! The thread of a partition: it owns it, or stands by, as it is told.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use floodgate_event_log::Offset;

use crate::owning;
use crate::partition_loop::{LoopConfig, PartitionLoop, RunnerError};
use crate::standby::Standby;

/// The longest a quiet follower waits before it looks whether it shall take over.
const QUIET_MAX: Duration = Duration::from_millis(25);
/// First and longest pause between incarnations after the log failed.
pub(crate) const RESTART_MIN: Duration = Duration::from_millis(50);
const RESTART_MAX: Duration = Duration::from_secs(5);
/// An owner with fewer commands before it than this answers within moments.
const READY_BEHIND: u64 = 10_000;

/// Starts threads of partitions.
#[derive(Debug)]
pub struct Runner;

/// The thread of a partition. Dropping the handle does not stop it; call [`RunnerHandle::stop`].
#[derive(Debug)]
pub struct RunnerHandle {
    shared: Arc<Shared>,
    thread: JoinHandle<Result<(), RunnerError>>,
}

/// What the thread is told to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Wish {
    Standby = 0,
    Own = 1,
    /// Own, but store a snapshot now: somebody else will soon.
    Retire = 2,
    End = 3,
}

#[derive(Debug)]
pub(crate) struct Shared {
    wish: AtomicU8,
    /// When the partition was gained. A plain mutex: touched when roles change.
    gained_at: Mutex<Instant>,
    pub(crate) applied: AtomicU64,
    pub(crate) behind: AtomicU64,
    is_warm: AtomicBool,
    pub(crate) has_retired: AtomicBool,
}

impl Shared {
    pub(crate) fn wish(&self) -> Wish {
        match self.wish.load(Ordering::Acquire) {
            0 => Wish::Standby,
            1 => Wish::Own,
            2 => Wish::Retire,
            _ => Wish::End,
        }
    }

    pub(crate) fn gained_at(&self) -> Instant {
        *self.gained_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the thread has become.
#[derive(Debug)]
pub(crate) enum State {
    Cold,
    Warm(Box<Standby>),
    Owner(Box<PartitionLoop>),
}

impl Runner {
    /// Takes a partition on a thread of its own.
    pub fn spawn(config: LoopConfig) -> std::io::Result<RunnerHandle> {
        Runner::spawn_as(config, Wish::Own)
    }

    /// Follows a partition on a thread of its own, ready to own it.
    pub fn spawn_standby(config: LoopConfig) -> std::io::Result<RunnerHandle> {
        Runner::spawn_as(config, Wish::Standby)
    }

    fn spawn_as(config: LoopConfig, wish: Wish) -> std::io::Result<RunnerHandle> {
        let shared = Arc::new(Shared {
            wish: AtomicU8::new(wish as u8),
            gained_at: Mutex::new(Instant::now()),
            applied: AtomicU64::new(0),
            behind: AtomicU64::new(u64::MAX),
            is_warm: AtomicBool::new(false),
            has_retired: AtomicBool::new(false),
        });
        let name = format!("runner-{}", config.partition);
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name(name).spawn(move || run(&config, &theirs))?;
        Ok(RunnerHandle { shared, thread })
    }
}

impl RunnerHandle {
    fn tell(&self, wish: Wish) {
        self.shared.wish.store(wish as u8, Ordering::Release);
        self.thread.thread().unpark();
    }

    /// Makes it the owner.
    pub fn own(&self) {
        *self.shared.gained_at.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        // What an earlier time as the owner left there says nothing about this one.
        self.shared.behind.store(u64::MAX, Ordering::Release);
        self.tell(Wish::Own);
    }

    /// Makes it follow whoever owns the partition.
    pub fn stand_by(&self) {
        self.tell(Wish::Standby);
    }

    /// Asks the owner to store a snapshot while it goes on, so that a stop is quick and whoever
    /// takes over begins close to the end.
    pub fn retire(&self) {
        if self.shared.wish() == Wish::Own {
            self.tell(Wish::Retire);
        } else {
            self.shared.has_retired.store(true, Ordering::Release);
        }
    }

    /// Whether [`RunnerHandle::retire`] is done, well or not.
    #[must_use]
    pub fn has_retired(&self) -> bool {
        self.has_ended() || self.shared.has_retired.load(Ordering::Acquire)
    }

    /// Asks an owner to finish what it has and store a snapshot, unless it has retired; a follower
    /// just ends.
    pub fn stop(&self) {
        self.tell(Wish::End);
    }

    /// Waits for the end; the error says why if it ended by itself.
    pub fn join(self) -> Result<(), RunnerError> {
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    /// The next command it needs.
    #[must_use]
    pub fn applied(&self) -> Offset {
        self.shared.applied.load(Ordering::Acquire)
    }

    /// Whether it ended, told to or by itself.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }

    /// Whether it owns the partition and has caught up with the log once.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        !self.has_ended() && self.shared.behind.load(Ordering::Acquire) < READY_BEHIND
    }

    /// Whether it has once folded everything a follower may fold.
    #[must_use]
    pub fn is_warm(&self) -> bool {
        self.shared.is_warm.load(Ordering::Acquire)
    }
}

/// Role after role, incarnation after incarnation, until told to end or until an owner cannot go on.
fn run(config: &LoopConfig, shared: &Shared) -> Result<(), RunnerError> {
    let LoopConfig { partition, .. } = *config;
    let mut state = State::Cold;
    let mut pause = RESTART_MIN;
    loop {
        let wish = shared.wish();
        let turned = match wish {
            Wish::Standby => stand_by(config, shared, state, &mut pause),
            Wish::Own | Wish::Retire => owning::own(config, shared, state, &mut pause),
            Wish::End => {
                let ended = owning::end(config, shared, state);
                if let Err(error) = &ended {
                    tracing::error!(partition, %error, "the partition stops");
                }
                return ended;
            }
        };
        let error = match turned {
            Ok(next) => {
                state = next;
                continue;
            }
            Err(error) => error,
        };
        state = State::Cold;
        shared.is_warm.store(false, Ordering::Release);
        if wish == Wish::Standby {
            tracing::warn!(partition, %error, "a follower fell behind; it starts again");
            wait_for_better(shared, &error);
        } else if !error.is_worth_a_restart() || matches!(shared.wish(), Wish::Retire | Wish::End) {
            // An owner that was just told to stand by is needed as a follower still.
            tracing::error!(partition, %error, "the partition stops");
            return Err(error);
        } else {
            tracing::warn!(partition, %error, "a new incarnation follows");
            metrics::counter!("floodgate_runner_restarts_total").increment(1);
        }
        // Backing off from a failing disk or broker, not waiting for a state; a changed role
        // ends the pause.
        std::thread::park_timeout(pause);
        pause = (pause * 2).min(RESTART_MAX);
    }
}

/// A follower whom starting again would not help must not stop its process: it waits for another
/// role, whose start will say the same.
fn wait_for_better(shared: &Shared, error: &RunnerError) {
    while !error.is_worth_a_restart() && shared.wish() == Wish::Standby {
        std::thread::park_timeout(RESTART_MAX);
    }
}

/// Follows until told otherwise.
fn stand_by(
    config: &LoopConfig,
    shared: &Shared,
    state: State,
    pause: &mut Duration,
) -> Result<State, RunnerError> {
    let LoopConfig { partition, .. } = *config;
    let mut standby = match state {
        State::Cold => Standby::start(config.clone())?,
        State::Warm(standby) => *standby,
        State::Owner(owner) => owner.stand_by()?,
    };
    shared.is_warm.store(false, Ordering::Release);
    tracing::info!(partition, next = standby.next(), "standing by");
    let label = partition.to_string();
    let lag = metrics::gauge!("floodgate_standby_lag_records", "partition" => label);
    let mut wait = Duration::ZERO;
    while shared.wish() == Wish::Standby {
        let turn = standby.turn(wait)?;
        *pause = RESTART_MIN;
        shared.applied.store(standby.next(), Ordering::Release);
        lag.set(turn.behind as f64);
        if turn.behind == 0 && !shared.is_warm.swap(true, Ordering::AcqRel) {
            tracing::info!(partition, next = standby.next(), "a follower is warm");
        }
        wait = if turn.behind == 0 { QUIET_MAX } else { Duration::ZERO };
    }
    lag.set(0.0);
    Ok(State::Warm(Box::new(standby)))
}
