//! A log in memory that fails on purpose, for simulations and tests.
//!
//! Time stands still until it is set; appends are durable at once, or fail, or are written and
//! not acknowledged, as the test decides; the whole log can be cut off and restored. What is
//! durable survives a [`MemoryLog`]'s users; the log itself is the disk. It keeps what a test
//! writes, all of it: a test is as long as it is.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use floodgate_domain::LogTime;
use floodgate_event_log::embedded::RECORD_BYTES_MAX;
use floodgate_event_log::{
    Ack, Appended, Log, LogError, LogReader, NewRecord, Offset, Partition, Record, Topic,
};

/// What becomes of an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Durable,
    /// Nothing is written, and the error says so.
    Refused,
    /// It is written, but the error leaves that open.
    WrittenButFailed,
}

#[derive(Debug, Default)]
struct State {
    records: HashMap<(Topic, Partition), Vec<Record>>,
    now: u64,
    /// Fates of coming appends to a topic, first in front; then all are durable.
    fates: HashMap<Topic, VecDeque<Fate>>,
    /// Whether nobody reaches the log.
    is_cut: bool,
}

impl State {
    fn reached(&self) -> Result<(), LogError> {
        if self.is_cut { Err(LogError::Backend("the log is cut off".into())) } else { Ok(()) }
    }
}

/// The log; clones share the same records.
#[derive(Debug, Clone)]
pub struct MemoryLog {
    partitions: u32,
    state: Arc<(Mutex<State>, Condvar)>,
}

impl MemoryLog {
    /// An empty log at time zero.
    #[must_use]
    pub fn new(partitions: u32) -> Self {
        MemoryLog { partitions, state: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves the clock that stamps records; it never goes back.
    pub fn set_time(&self, now: LogTime) {
        let mut state = self.lock();
        state.now = state.now.max(now.0);
    }

    /// Decides what becomes of the next append to `topic`.
    pub fn next_fate(&self, topic: Topic, fate: Fate) {
        self.lock().fates.entry(topic).or_default().push_back(fate);
    }

    /// Cuts the log off: until [`MemoryLog::restore`], appends write nothing and fail, reads
    /// fail, and those that wait for records fail at once.
    pub fn cut(&self) {
        self.lock().is_cut = true;
        self.state.1.notify_all();
    }

    /// Everything works again, and nothing was lost.
    pub fn restore(&self) {
        self.lock().is_cut = false;
    }

    /// Forgets what was decided and has not come about.
    pub fn clear_fates(&self) {
        self.lock().fates.clear();
    }

    /// Every record of a partition.
    #[must_use]
    pub fn records(&self, topic: Topic, partition: Partition) -> Vec<Record> {
        self.lock().records.get(&(topic, partition)).cloned().unwrap_or_default()
    }

    /// The state, if there is such a partition and it can be reached.
    fn reach(&self, topic: Topic, partition: Partition) -> Result<MutexGuard<'_, State>, LogError> {
        if partition >= self.partitions {
            return Err(LogError::UnknownPartition { topic: topic.name(), partition });
        }
        let state = self.lock();
        state.reached().map(|()| state)
    }
}

impl Log for MemoryLog {
    fn partitions(&self, _topic: Topic) -> u32 {
        self.partitions
    }

    fn append_with(&self, topic: Topic, partition: Partition, records: Vec<NewRecord>, ack: Ack) {
        let mut state = match self.reach(topic, partition) {
            Ok(state) => state,
            Err(error) => return ack.tell(Err(error)),
        };
        let size = |record: &NewRecord| record.key.len() + record.value.len();
        if let Some(bytes) = records.iter().map(size).find(|&bytes| bytes > RECORD_BYTES_MAX) {
            drop(state);
            return ack.tell(Err(LogError::TooLarge { bytes, max: RECORD_BYTES_MAX }));
        }
        let fate = state.fates.get_mut(&topic).and_then(VecDeque::pop_front);
        let fate = fate.unwrap_or(Fate::Durable);
        if fate == Fate::Refused {
            drop(state);
            return ack.tell(Err(LogError::DiskFull));
        }
        let at = LogTime(state.now);
        let stored = state.records.entry((topic, partition)).or_default();
        let first = stored.len() as u64;
        for (offset, NewRecord { key, value, headers }) in (first..).zip(records) {
            stored.push(Record { offset, at, key, value, headers });
        }
        drop(state);
        self.state.1.notify_all();
        if fate == Fate::WrittenButFailed {
            return ack.tell(Err(LogError::Backend("the answer was lost".into())));
        }
        ack.tell(Ok(Appended { first, at }));
    }

    fn reader(
        &self,
        topic: Topic,
        partition: Partition,
        from: Offset,
    ) -> Result<Box<dyn LogReader>, LogError> {
        drop(self.reach(topic, partition)?);
        Ok(Box::new(MemoryReader { log: self.clone(), topic, partition, position: from }))
    }

    fn end(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        let state = self.reach(topic, partition)?;
        Ok(state.records.get(&(topic, partition)).map_or(0, Vec::len) as u64)
    }

    fn first(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        self.reach(topic, partition).map(|_| 0)
    }

    fn last(&self, topic: Topic, partition: Partition) -> Result<Option<Record>, LogError> {
        let state = self.reach(topic, partition)?;
        Ok(state.records.get(&(topic, partition)).and_then(|all| all.last().cloned()))
    }

    fn health(&self) -> Result<(), LogError> {
        self.lock().reached()
    }
}

#[derive(Debug)]
struct MemoryReader {
    log: MemoryLog,
    topic: Topic,
    partition: Partition,
    position: Offset,
}

impl LogReader for MemoryReader {
    fn poll(
        &mut self,
        max: usize,
        wait: Duration,
        into: &mut Vec<Record>,
    ) -> Result<usize, LogError> {
        let key = (self.topic, self.partition);
        let end = |state: &State| state.records.get(&key).map_or(0, Vec::len);
        let position = self.position as usize;
        let (state, _) = self
            .log
            .state
            .1
            .wait_timeout_while(self.log.lock(), wait, |state| {
                !state.is_cut && end(state) <= position
            })
            .unwrap_or_else(PoisonError::into_inner);
        state.reached()?;
        let fresh = state.records.get(&key).and_then(|all| all.get(position..)).unwrap_or_default();
        let count = fresh.len().min(max);
        into.extend_from_slice(&fresh[..count]);
        self.position += count as u64;
        Ok(count)
    }

    fn position(&self) -> Offset {
        self.position
    }

    fn behind(&mut self) -> Result<u64, LogError> {
        Ok(self.log.end(self.topic, self.partition)?.saturating_sub(self.position))
    }
}
