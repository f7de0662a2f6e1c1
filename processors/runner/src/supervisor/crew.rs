//! What works on a partition, as the supervisor sees it, and who starts it.

use std::fmt;
use std::io;

use floodgate_event_log::Partition;
use floodgate_transport::Health;

use crate::error::RunnerError;
use crate::partition_loop::LoopConfig;
use crate::role::{Condition, StartAs};
use crate::runner::{Runner, RunnerHandle};

/// A partition's runner.
pub trait PartitionRunner: fmt::Debug {
    /// It owns from now on.
    fn own(&self);
    /// It follows from now on.
    fn stand_by(&self);
    /// It stores a snapshot while it goes on.
    fn retire(&self);
    /// It ends soon.
    fn stop(&self);
    fn condition(&self) -> Condition;
    /// Waits for the end; the error says why, if it ended by itself.
    fn join(self: Box<Self>) -> Result<(), RunnerError>;

    /// Why it cannot go on for now, if it owns.
    fn health(&self) -> Health;
}

/// What goes with the owner of a partition and works only beside it: payments, say.
pub trait PartitionCompanion: fmt::Debug {
    /// This process owns the partition: works from now on.
    fn own(&self);
    /// Another does: keeps itself ready.
    fn rest(&self);
    /// It ends soon.
    fn stop(&self);
    /// Waits for the end.
    fn join(self: Box<Self>);
    fn health(&self) -> Health;
}

/// Starts what works on a partition.
pub trait Crew: fmt::Debug {
    fn start_runner(
        &mut self,
        partition: Partition,
        role: StartAs,
    ) -> io::Result<Box<dyn PartitionRunner>>;

    fn start_companions(
        &mut self,
        partition: Partition,
        role: StartAs,
    ) -> io::Result<Vec<Box<dyn PartitionCompanion>>>;
}

/// Starts a companion of a partition.
pub type StartCompanion =
    Box<dyn Fn(Partition, StartAs) -> io::Result<Box<dyn PartitionCompanion>> + Send>;

/// A crew of threads.
pub struct Threads {
    /// Of any partition.
    config: LoopConfig,
    companions: Vec<StartCompanion>,
}

impl fmt::Debug for Threads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Threads with {} companions", self.companions.len())
    }
}

impl Threads {
    /// Every runner is started with `config`, for its own partition.
    #[must_use]
    pub fn new(config: LoopConfig) -> Self {
        Threads { config, companions: Vec::new() }
    }

    /// Something more that goes with the owner of each partition.
    #[must_use]
    pub fn with(mut self, start: StartCompanion) -> Self {
        self.companions.push(start);
        self
    }
}

impl Crew for Threads {
    fn start_runner(
        &mut self,
        partition: Partition,
        role: StartAs,
    ) -> io::Result<Box<dyn PartitionRunner>> {
        let config = LoopConfig { partition, ..self.config.clone() };
        Ok(Box::new(Runner::spawn(config, role)?))
    }

    fn start_companions(
        &mut self,
        partition: Partition,
        role: StartAs,
    ) -> io::Result<Vec<Box<dyn PartitionCompanion>>> {
        self.companions.iter().map(|start| start(partition, role)).collect()
    }
}

impl PartitionRunner for RunnerHandle {
    fn own(&self) {
        RunnerHandle::own(self);
    }

    fn stand_by(&self) {
        RunnerHandle::stand_by(self);
    }

    fn retire(&self) {
        RunnerHandle::retire(self);
    }

    fn stop(&self) {
        RunnerHandle::stop(self);
    }

    fn condition(&self) -> Condition {
        RunnerHandle::condition(self)
    }

    fn join(self: Box<Self>) -> Result<(), RunnerError> {
        RunnerHandle::join(*self)
    }

    fn health(&self) -> Health {
        RunnerHandle::health(self)
    }
}
