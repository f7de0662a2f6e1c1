//! A log in memory that fails on purpose, for simulations and tests.
//!
//! Time does not pass until it is set; appends are durable at once, or fail, or are written but
//! not acknowledged, or are delayed, as the test decides; the whole log can be cut off and
//! restored. What is durable survives a [`MemoryLog`]'s users; the log itself is the disk. It keeps
//! everything a test writes, without a limit.

use std::collections::{HashMap, HashSet, VecDeque};
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
    /// There is no room for it now: refused at once, whatever else is on its way.
    Overloaded,
}

/// An append on its way.
#[derive(Debug)]
struct Flight {
    producer: u32,
    records: Vec<NewRecord>,
    ack: Ack,
    fate: Fate,
}

#[derive(Debug, Default)]
struct State {
    records: HashMap<(Topic, Partition), Vec<Record>>,
    now: u64,
    /// Fates of coming appends to a topic, first in front; then all are durable.
    fates: HashMap<Topic, VecDeque<Fate>>,
    /// Topics whose appends take time, and what is on its way to each partition of them.
    slow: HashSet<Topic>,
    in_flight: HashMap<(Topic, Partition), VecDeque<Flight>>,
    /// The first record that is kept, where that is not the very first.
    first: HashMap<(Topic, Partition), Offset>,
    /// Whether nobody reaches the log.
    is_cut: bool,
}

impl State {
    fn reached(&self) -> Result<(), LogError> {
        if self.is_cut { Err(LogError::Backend("the log is cut off".into())) } else { Ok(()) }
    }

    /// What becomes of an append that has arrived.
    fn write(
        &mut self,
        key: (Topic, Partition),
        records: Vec<NewRecord>,
        fate: Fate,
    ) -> Result<Appended, LogError> {
        match fate {
            Fate::Refused => return Err(LogError::DiskFull),
            Fate::Overloaded => return Err(LogError::Overloaded),
            Fate::Durable | Fate::WrittenButFailed => {}
        }
        let at = LogTime(self.now);
        let stored = self.records.entry(key).or_default();
        let first = stored.len() as u64;
        for (offset, NewRecord { key, value, headers }) in (first..).zip(records) {
            stored.push(Record { offset, at, key, value, headers });
        }
        if fate == Fate::WrittenButFailed {
            return Err(LogError::Backend("the answer was lost".into()));
        }
        Ok(Appended { first, at })
    }
}

/// The log; clones share the same records.
#[derive(Debug, Clone)]
pub struct MemoryLog {
    partitions: u32,
    /// Who appends through this handle.
    producer: u32,
    state: Arc<(Mutex<State>, Condvar)>,
}

impl MemoryLog {
    /// An empty log at time zero.
    #[must_use]
    pub fn new(partitions: u32) -> Self {
        MemoryLog { partitions, producer: 0, state: Arc::default() }
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

    /// The records before `first` are no longer kept, as if a retention had taken them.
    pub fn trim(&self, topic: Topic, partition: Partition, first: Offset) {
        self.lock().first.insert((topic, partition), first);
    }

    /// Every record is gone, and the next ones get the first offsets again: a log made anew where
    /// another one was.
    pub fn make_anew(&self) {
        let mut state = self.lock();
        state.records.clear();
        state.first.clear();
    }

    /// Forgets what was decided and has not come about.
    pub fn clear_fates(&self) {
        self.lock().fates.clear();
    }

    /// The same log as another process has it: an append that fails takes along what its own process
    /// has sent behind it, and nobody else's.
    #[must_use]
    pub fn of_producer(&self, producer: u32) -> Self {
        MemoryLog { producer, ..self.clone() }
    }

    /// From now on appends to `topic` take until [`MemoryLog::deliver`]. Nobody may wait for one in
    /// the thread that delivers.
    pub fn slow_down(&self, topic: Topic) {
        self.lock().slow.insert(topic);
    }

    /// Lets up to `max` appends to a partition arrive, in order. Returns how many did.
    pub fn deliver(&self, topic: Topic, partition: Partition, max: usize) -> usize {
        let mut acks = Vec::new();
        let mut state = self.lock();
        let mut flights = state.in_flight.remove(&(topic, partition)).unwrap_or_default();
        let mut count = 0;
        while count < max
            && let Some(Flight { producer, records, ack, fate }) = flights.pop_front()
        {
            count += 1;
            let written = state.write((topic, partition), records, fate);
            if written.is_err() {
                // Without a gap: what its process sent behind it is lost as well.
                let (behind, others) =
                    flights.into_iter().partition(|one| one.producer == producer);
                flights = others;
                let lost: VecDeque<Flight> = behind;
                let error = || LogError::Backend("an earlier append failed".into());
                acks.extend(lost.into_iter().map(|flight| (flight.ack, Err(error()))));
            }
            acks.push((ack, written));
        }
        if !flights.is_empty() {
            state.in_flight.insert((topic, partition), flights);
        }
        drop(state);
        self.state.1.notify_all();
        acks.into_iter().for_each(|(ack, outcome)| ack.complete(outcome));
        count
    }

    /// Nothing that a process has on its way ever arrives: it died before it was sent.
    pub fn drop_flights_of(&self, producer: u32) {
        let mut state = self.lock();
        state.in_flight.values_mut().for_each(|all| all.retain(|one| one.producer != producer));
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
            Err(error) => return ack.complete(Err(error)),
        };
        let size = |record: &NewRecord| record.key.len() + record.value.len();
        if let Some(bytes) = records.iter().map(size).find(|&bytes| bytes > RECORD_BYTES_MAX) {
            drop(state);
            return ack.complete(Err(LogError::TooLarge { bytes, max: RECORD_BYTES_MAX }));
        }
        let fate = state.fates.get_mut(&topic).and_then(VecDeque::pop_front);
        let fate = fate.unwrap_or(Fate::Durable);
        if state.slow.contains(&topic) && fate != Fate::Overloaded {
            let flight = Flight { producer: self.producer, records, ack, fate };
            state.in_flight.entry((topic, partition)).or_default().push_back(flight);
            return;
        }
        let outcome = state.write((topic, partition), records, fate);
        drop(state);
        self.state.1.notify_all();
        ack.complete(outcome);
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
        let state = self.reach(topic, partition)?;
        Ok(state.first.get(&(topic, partition)).copied().unwrap_or(0))
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
        if let Some(&first) = state.first.get(&key).filter(|first| **first > self.position) {
            return Err(LogError::Trimmed { first });
        }
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
