//! A place in the group of processes that share the partitions of the commands.
//!
//! The group is only asked who owns what; it carries no records. What it knows about its members
//! may grow: followers of the group take what they need from here.

use std::time::Duration;

use crate::traits::{LogError, Partition};

/// Partitions that came and went since the last look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reassignment {
    pub gained: Vec<Partition>,
    pub lost: Vec<Partition>,
}

/// A place in the group. Dropping it leaves the group.
pub trait Membership: Send + std::fmt::Debug {
    /// Joins: from now on partitions may be gained.
    fn join(&mut self) -> Result<(), LogError>;

    /// Waits a while and says what changed. Must be called again and again while in the group.
    fn poll(&mut self, wait: Duration) -> Result<Reassignment, LogError>;

    /// Leaves, so that others take over at once. Nothing is gained or lost any more.
    fn leave(&mut self);

    /// Whether there are other members, or may be: that is not known while partitions are being
    /// shared out. Asked after leaving too.
    fn has_others(&mut self) -> bool;

    /// The newest rules of the engine that every member can run, as of some seconds ago; `None` while
    /// that is not known.
    fn group_version(&self) -> Option<u32>;
}

/// The membership of a process that is alone: it owns everything.
#[derive(Debug)]
pub struct Alone {
    partitions: u32,
    engine_version: u32,
    is_known: bool,
    /// How often it was waited on.
    waits: u32,
}

/// Waits while owners begin, and how much longer the later ones are.
const BEGINNING_WAITS: u32 = 100;
const REST_TIMES: u32 = 10;

impl Alone {
    /// Of a log with so many partitions, by a build with rules up to `engine_version`.
    #[must_use]
    pub fn new(partitions: u32, engine_version: u32) -> Self {
        Alone { partitions, engine_version, is_known: false, waits: 0 }
    }
}

impl Membership for Alone {
    fn join(&mut self) -> Result<(), LogError> {
        Ok(())
    }

    fn poll(&mut self, wait: Duration) -> Result<Reassignment, LogError> {
        if std::mem::replace(&mut self.is_known, true) {
            // Nothing will change; whoever asks looks after its owners in between, and once they
            // have surely begun, less often.
            self.waits = self.waits.saturating_add(1);
            let times = if self.waits > BEGINNING_WAITS { REST_TIMES } else { 1 };
            std::thread::park_timeout(wait * times);
            return Ok(Reassignment::default());
        }
        Ok(Reassignment { gained: (0..self.partitions).collect(), lost: Vec::new() })
    }

    fn leave(&mut self) {}

    fn has_others(&mut self) -> bool {
        false
    }

    fn group_version(&self) -> Option<u32> {
        Some(self.engine_version)
    }
}
