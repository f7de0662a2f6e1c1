//! The first outcome of every recent command, so that a retry gets it again.
//!
//! A ring of fixed size: the oldest outcome makes room for the newest. A command
//! repeated after that many others is decided anew; limits and seat states still prevent
//! getting anything twice.

use super::table::{Index, mix64};
use floodgate_domain::ids::{CommandId, HoldId, LogTime, Place};
use floodgate_domain::refusal::Refusal;

/// What a command came to, small enough to keep a million of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Refused(Refusal),
    Done,
    /// The answer is the order as it then stands.
    Order(HoldId),
    Entered {
        place: Place,
        until: LogTime,
    },
    Places {
        first: Place,
        count: u32,
    },
    /// The answer is the status as it then stands.
    Status,
}

/// An outcome with the command it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Remembered {
    pub(super) command_id: CommandId,
    pub(super) fingerprint: u32,
    pub(super) outcome: Outcome,
}

/// The ring and its index.
#[derive(Debug)]
pub(super) struct Outcomes {
    ring: Vec<Remembered>,
    /// Where the next one goes once the ring is full.
    next: usize,
    max: usize,
    index: Index,
}

fn hash(command_id: CommandId) -> u64 {
    mix64(command_id.0 as u64 ^ (command_id.0 >> 64) as u64)
}

impl Outcomes {
    pub(super) fn new(max: usize) -> Self {
        let max = max.clamp(1, 1 << 30);
        // Reserved at once, so that no decision pays for growth; pages are touched as used.
        let ring = Vec::with_capacity(max);
        Outcomes { ring, next: 0, max, index: Index::with_room_for(max) }
    }

    pub(super) fn find(&self, command_id: CommandId) -> Option<&Remembered> {
        self.index
            .find(hash(command_id), |at| self.ring[at as usize].command_id == command_id)
            .map(|at| &self.ring[at as usize])
    }

    /// Loads what finding `command_id` and remembering it as the `ahead`th from now will need.
    pub(super) fn touch(&self, command_id: CommandId, ahead: usize) {
        self.index.touch(hash(command_id));
        if let Some(oldest) = self.ring.get((self.next + ahead) % self.max)
            && self.ring.len() == self.max
        {
            self.index.touch(hash(oldest.command_id));
        }
    }

    /// Remembers an outcome whose command is not known yet.
    pub(super) fn remember(&mut self, remembered: Remembered) {
        let at = self.next;
        let command_id = remembered.command_id;
        if self.ring.len() < self.max {
            self.ring.push(remembered);
        } else {
            self.index.remove(hash(self.ring[at].command_id), at as u32);
            self.ring[at] = remembered;
        }
        self.index.insert(hash(command_id), at as u32);
        self.next = (at + 1) % self.max;
    }

    /// From the oldest to the newest.
    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &Remembered> {
        let split = if self.ring.len() < self.max { 0 } else { self.next };
        let count = self.ring.len();
        (0..count).map(move |at| &self.ring[(split + at) % count.max(1)])
    }
}
