//! The thread that carries a partition's payments forward, and its handle.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{SystemTime, UNIX_EPOCH};

use floodgate_domain::LogTime;
use floodgate_event_log::LogError;

use crate::worker::{OutboxConfig, PaymentWorker};

/// Starts outboxes.
#[derive(Debug)]
pub struct Outbox;

/// A running outbox.
#[derive(Debug)]
pub struct OutboxHandle {
    shared: Arc<Shared>,
    thread: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    stop: AtomicBool,
    /// Whether it carries payments forward, or only knows which are open.
    carries: AtomicBool,
}

impl Outbox {
    /// Carries the payments of one partition on a thread of its own.
    pub fn spawn(config: OutboxConfig) -> std::io::Result<OutboxHandle> {
        Outbox::spawn_as(config, true)
    }

    /// Knows the open payments of a partition somebody else carries forward, ready to take over.
    pub fn spawn_resting(config: OutboxConfig) -> std::io::Result<OutboxHandle> {
        Outbox::spawn_as(config, false)
    }

    fn spawn_as(config: OutboxConfig, carries: bool) -> std::io::Result<OutboxHandle> {
        let carries = AtomicBool::new(carries);
        let shared = Arc::new(Shared { stop: AtomicBool::new(false), carries });
        let theirs = Arc::clone(&shared);
        let name = format!("payments-{}", config.partition);
        let thread = std::thread::Builder::new().name(name).spawn(move || {
            if let Err(error) = run(config, &theirs) {
                tracing::error!(%error, "payments stop");
            }
        })?;
        Ok(OutboxHandle { shared, thread })
    }
}

fn run(config: OutboxConfig, shared: &Shared) -> Result<(), LogError> {
    let mut worker = PaymentWorker::new(config)?;
    let mut carries = true;
    while !shared.stop.load(Ordering::Acquire) {
        let wanted = shared.carries.load(Ordering::Acquire);
        if wanted != carries {
            worker.listen(wanted)?;
            carries = wanted;
        }
        let wait = worker.wait();
        let turned = if carries { worker.turn(now(), wait) } else { worker.rest(now(), wait) };
        match turned {
            Err(LogError::Closed) => return Ok(()),
            turned => turned?,
        }
    }
    Ok(())
}

impl OutboxHandle {
    /// Carries payments forward from now on.
    pub fn carry(&self) {
        self.shared.carries.store(true, Ordering::Release);
    }

    /// Only follows from now on.
    pub fn rest(&self) {
        self.shared.carries.store(false, Ordering::Release);
    }

    /// Whether its thread is over, asked to or not.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }

    pub fn stop(&self) {
        self.shared.stop.store(true, Ordering::Release);
    }

    pub fn join(self) {
        if let Err(panic) = self.thread.join() {
            std::panic::resume_unwind(panic);
        }
    }
}

fn now() -> LogTime {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    LogTime(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}
