//! The one way to read a topic: decode, drop duplicates, set aside what cannot be read, report
//! the lag, restart after a failure.
//!
//! A role implements [`Handler`]; [`Follower`] runs it on its own thread; [`Reading`] is the
//! same without thread or clock, for simulations.

mod aside;
mod error;
mod handler;
mod reading;
mod thread;

pub use error::FollowError;
pub use handler::{Batch, Followed, Handler, PollTiming, StartFrom, Tick};
pub use reading::Reading;
pub use thread::Follower;

use std::sync::Arc;

use floodgate_event_log::{Log, Offset, Partition, ReaderName, Reads, Topic};

/// Which partitions one follower reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Partitions {
    One(Partition),
    /// All of the topic, in turn, on one thread.
    All,
}

/// What becomes of a record that cannot be read. It is passed over in any case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// It becomes a dead letter of this role, once.
    SetAside { role: String, reads: Reads },
    /// It is counted under this role: many read the same, and one of them sets it aside.
    Counted { role: &'static str },
    /// Another follower of the same role takes care of it.
    PassedOver,
}

/// What a follower needs to know beside its handler.
#[derive(Debug, Clone)]
pub struct FollowerConfig {
    /// Its name in readiness, metrics and logs: `views-3`.
    pub name: String,
    pub log: Arc<dyn Log>,
    pub topic: Topic,
    pub partitions: Partitions,
    /// Records read at once, and so what one turn costs at most.
    pub batch_max: usize,
    /// Ready while fewer records than this wait; `u64::MAX` for those whom nobody waits for.
    pub ready_behind: u64,
    pub unreadable: Unreadable,
    /// Whether its thread lets others go first: nobody waits for what it does.
    pub gives_way: bool,
}

impl FollowerConfig {
    /// Shows how far a partition is read, under the name of the role: that of the follower without
    /// its partition.
    fn note_position(&self, partition: Partition, next: Offset) {
        let name = match self.name.rsplit_once('-') {
            Some((role, number)) if number.bytes().all(|b| b.is_ascii_digit()) => role,
            _ => &self.name,
        };
        let reader = match self.unreadable {
            Unreadable::Counted { .. } => ReaderName::OfEachGateway(name),
            _ => ReaderName::Shared(name),
        };
        self.log.note_position(reader, (self.topic, partition), next);
    }
}
