//! The partitions of a process: who owns, who stands by, and what goes with the owners.
//!
//! | file | holds |
//! |---|---|
//! | `policy` | what to do, and when: pure; read this first |
//! | `crew` | what works on a partition, as the supervisor sees it; threads |
//! | `supervision` | carries the policy out on a crew and a membership, turn by turn |
//!
//! This file has the thread that takes the turns, as a service of its process.

pub mod crew;
pub mod policy;
mod supervision;

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use floodgate_transport::{Health, Service, ServiceError};

pub use self::supervision::{Progress, Supervision, SupervisorError};

/// How often the group is asked for this process's share.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// As readiness, metrics and logs name it.
const NAME: &str = "supervisor";

/// The supervisor of a process's partitions, on a thread of its own.
#[derive(Debug)]
pub struct Supervisor {
    shared: Arc<Shared>,
    // A plain mutex: taken once, at the end.
    thread: Mutex<Option<JoinHandle<Result<(), SupervisorError>>>>,
}

#[derive(Debug)]
struct Shared {
    should_stop: AtomicBool,
    /// Written fifty times a second by the one thread, read by probes.
    health: Mutex<Health>,
    is_ready: Arc<AtomicBool>,
}

impl Shared {
    fn report(&self, health: Health) {
        self.is_ready.store(health.is_ready(), Ordering::Release);
        *self.health.lock().unwrap_or_else(PoisonError::into_inner) = health;
    }
}

impl Supervisor {
    /// Takes the turns of what `begin` makes, until it is stopped or cannot go on.
    pub fn spawn(begin: impl FnOnce() -> Supervision + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            should_stop: AtomicBool::new(false),
            health: Mutex::new(Health::Starting),
            is_ready: Arc::default(),
        });
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name(NAME.to_owned())
            .spawn(move || run(begin(), &theirs))?;
        Ok(Supervisor { shared, thread: Mutex::new(Some(thread)) })
    }

    /// Whether its health is ready, for those who look at every request.
    #[must_use]
    pub fn is_ready(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.shared.is_ready)
    }
}

fn run(mut supervision: Supervision, shared: &Shared) -> Result<(), SupervisorError> {
    let started = Instant::now();
    loop {
        let should_stop = shared.should_stop.load(Ordering::Acquire);
        let progress = supervision.turn(started.elapsed(), LOOK_EVERY, should_stop);
        shared.report(progress.health);
        if progress.has_ended {
            return supervision.into_outcome();
        }
        if !progress.has_waited {
            std::thread::park_timeout(LOOK_EVERY);
        }
    }
}

impl Service for Supervisor {
    fn name(&self) -> &str {
        NAME
    }

    fn health(&self) -> Health {
        let reported = self.shared.health.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        let has_panicked = !self.shared.should_stop.load(Ordering::Acquire)
            && reported.reason().is_none()
            && thread.as_ref().is_some_and(JoinHandle::is_finished);
        if has_panicked { Health::failed("its thread panicked") } else { reported }
    }

    fn stop(&self) {
        self.shared.should_stop.store(true, Ordering::Release);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        thread.iter().for_each(|thread| thread.thread().unpark());
    }

    fn join(&self) -> Result<(), ServiceError> {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(thread) = thread else { return Ok(()) };
        let outcome = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        outcome.map_err(|error| ServiceError::new(NAME, error))
    }
}
