//! The thread of a partition's worker, and the clock of the log it takes its steps by.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use floodgate_event_log::{Log, Offset};
use floodgate_transport::Health;

use crate::error::RunnerError;
use crate::partition_loop::LoopConfig;
use crate::role::{Condition, Control, StartAs};
use crate::storing::WriterThread;
use crate::worker::{StepOutcome, Worker};

/// Starts threads of partitions.
#[derive(Debug)]
pub struct Runner;

/// The thread of a partition. Dropping the handle does not stop it; call [`RunnerHandle::stop`].
#[derive(Debug)]
pub struct RunnerHandle {
    control: Control,
    thread: JoinHandle<Result<(), RunnerError>>,
}

impl Runner {
    /// Works on a partition on a thread of its own.
    pub fn spawn(config: LoopConfig, role: StartAs) -> std::io::Result<RunnerHandle> {
        let name = format!("runner-{}", config.partition);
        let writer = Box::new(WriterThread::new(config.partition));
        let log = Arc::clone(&config.log);
        let (worker, control) = Worker::new(config, role, writer);
        let thread = std::thread::Builder::new().name(name).spawn(move || run(worker, &*log))?;
        Ok(RunnerHandle { control, thread })
    }
}

impl RunnerHandle {
    /// Makes it the owner.
    pub fn own(&self) {
        self.control.own();
        self.thread.thread().unpark();
    }

    /// Makes it follow whoever owns the partition.
    pub fn stand_by(&self) {
        self.control.stand_by();
        self.thread.thread().unpark();
    }

    /// Asks the owner to store a snapshot while it goes on.
    pub fn retire(&self) {
        self.control.retire();
        self.thread.thread().unpark();
    }

    /// Asks it to end.
    pub fn stop(&self) {
        self.control.stop();
        self.thread.thread().unpark();
    }

    /// Waits for the end; the error says why if it ended by itself.
    pub fn join(self) -> Result<(), RunnerError> {
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    /// The next command it needs.
    #[must_use]
    pub fn applied(&self) -> Offset {
        self.control.applied()
    }

    /// Why it cannot go on, for now or for good.
    #[must_use]
    pub fn health(&self) -> Health {
        if self.thread.is_finished() {
            return Health::failed("its thread has ended");
        }
        self.control.health()
    }

    /// How it is doing. A thread that panicked has ended too.
    #[must_use]
    pub fn condition(&self) -> Condition {
        let reported = self.control.condition();
        if self.thread.is_finished() {
            return Condition { is_ready: false, has_retired: true, has_ended: true, ..reported };
        }
        // Until the thread is over, joining it would still wait.
        Condition { has_ended: false, ..reported }
    }
}

fn run(mut worker: Worker, log: &dyn Log) -> Result<(), RunnerError> {
    loop {
        match worker.step(log.now(), Duration::MAX) {
            StepOutcome::Continue => {}
            // A changed role ends the rest.
            StepOutcome::Rest(pause) => std::thread::park_timeout(pause),
            StepOutcome::Ended(outcome) => return outcome,
        }
    }
}
