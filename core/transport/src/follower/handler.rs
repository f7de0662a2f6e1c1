//! What a role does with the records it follows.

use std::time::Duration;

use floodgate_domain::wire::{WireError, decode_fact, decode_replies};
use floodgate_domain::{FactPosition, FactRecord, LogTime, Reply};
use floodgate_event_log::{Checkpoint, Offset, Partition, Record};

use super::aside::Aside;
use super::error::FollowError;

/// What the records of a topic hold.
pub trait Followed: Sized {
    /// Adds what a record holds; several where records carry pages.
    fn decode(record: &Record, into: &mut Vec<Self>) -> Result<(), WireError>;

    /// Its place in the order of its partition, if there is one: what is not greater than the last
    /// one is a repetition and is dropped.
    fn position(&self) -> Option<FactPosition>;
}

impl Followed for FactRecord {
    fn decode(record: &Record, into: &mut Vec<Self>) -> Result<(), WireError> {
        into.push(decode_fact(&record.value)?);
        Ok(())
    }

    fn position(&self) -> Option<FactPosition> {
        Some(self.position)
    }
}

impl Followed for Reply {
    fn decode(record: &Record, into: &mut Vec<Self>) -> Result<(), WireError> {
        into.append(&mut decode_replies(&record.value)?);
        Ok(())
    }

    fn position(&self) -> Option<FactPosition> {
        None
    }
}

/// Where a partition is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartFrom {
    /// The first record; of a topic that keeps everything, it must be there still.
    First,
    At(Offset),
    /// Behind the record that was read last, which must still be the same one.
    Behind(Checkpoint),
    /// Behind the last one: only what comes from now on.
    End,
}

/// How a handler wants to be driven now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PollTiming {
    /// The longest wait for records before [`Handler::tick`] is called, and so how soon a stop is
    /// noticed.
    pub wait: Duration,
    /// The same once nothing has come for a second and nothing is owed: a process that has nothing to
    /// do sleeps. The first record ends it where one partition is followed.
    pub rest: Duration,
    /// How long records may lie before they are read, where nobody waits for them; it costs the log
    /// less.
    pub patience: Duration,
}

/// What one turn came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tick {
    /// The wall clock.
    pub now: LogTime,
    /// Records read in this turn.
    pub read: usize,
    /// Whether as much was read as may be read at once, so that more may be there already.
    pub has_more: bool,
    /// Records that still wait, as far as is known; `u64::MAX` while nothing is known.
    pub behind: u64,
}

/// What was read of one partition at once.
pub struct Batch<'a, T> {
    pub partition: Partition,
    /// In order; none that was there before. Empty when nothing of it is new or can be read.
    pub items: &'a [T],
    /// The offset of the record of each item.
    pub offsets: &'a [Offset],
    /// Where the next batch begins.
    pub next: Offset,
    /// The wall clock.
    pub now: LogTime,
    pub(super) records: &'a [Record],
    pub(super) aside: &'a mut Aside,
}

impl<T> Batch<'_, T> {
    /// Where the next batch begins, to be kept by those who go on there after a restart.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint {
        self.records.last().map_or(Checkpoint::at(self.next), Checkpoint::behind)
    }

    /// The checkpoint behind the record that the item at `index` came from.
    #[must_use]
    pub fn checkpoint_behind(&self, index: usize) -> Checkpoint {
        Checkpoint::behind(self.record(index))
    }

    fn record(&self, index: usize) -> &Record {
        let offset = self.offsets[index];
        &self.records[self.records.partition_point(|record| record.offset < offset)]
    }

    /// Makes a dead letter of the record that the item at `index` came from, because it will never
    /// be taken. It is durable when this returns.
    pub fn set_aside(&mut self, index: usize, reason: &str) -> Result<(), FollowError> {
        let offset = self.offsets[index];
        let at = self.records.partition_point(|record| record.offset < offset);
        self.aside.refused(self.partition, &self.records[at], reason)
    }
}

impl<T> std::fmt::Debug for Batch<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (partition, count, next) = (self.partition, self.items.len(), self.next);
        write!(f, "Batch of {count} items of partition {partition} before {next}")
    }
}

/// A role's part of following: what it does with what it reads.
pub trait Handler {
    type Item: Followed;

    /// Where to read a partition from: at the start, and after every failure. `reached` is what is
    /// behind the last batch that was taken. Who still has what it took goes on there; who cannot
    /// know what became of it builds itself anew and says where it begins.
    fn resume_from(
        &mut self,
        partition: Partition,
        reached: Option<Offset>,
    ) -> Result<StartFrom, FollowError>;

    /// Takes a batch, whole or not at all: after an error it is read again from where
    /// [`Handler::resume_from`] says.
    fn take(&mut self, batch: &mut Batch<'_, Self::Item>) -> Result<(), FollowError>;

    /// Called after every turn, whether or not there was something to take.
    fn tick(&mut self, _tick: Tick) -> Result<(), FollowError> {
        Ok(())
    }

    /// Whether all that was taken has been handed on. Only then has a follower got over a failure.
    fn is_settled(&self) -> bool {
        true
    }

    fn poll_timing(&self) -> PollTiming;
}
