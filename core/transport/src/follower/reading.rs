//! A follower without its thread: open, read, hand on.

use std::collections::HashMap;
use std::time::Duration;

use floodgate_domain::{FactPosition, LogTime};
use floodgate_event_log::topics::Cleanup;
use floodgate_event_log::{Checkpoint, Log, LogError, LogReader, Offset, Partition, Topic};

use super::aside::Aside;
use super::error::FollowError;
use super::handler::{Batch, Followed, Handler, PollTiming, StartFrom, Tick};
use super::{FollowerConfig, Partitions};

/// What is known of a partition across failures.
#[derive(Debug, Clone, Copy, Default)]
struct Progress {
    /// Behind the last batch that was taken.
    reached: Option<Checkpoint>,
    /// The last item that was taken.
    last: Option<FactPosition>,
    /// Behind the furthest record that had been read when something failed.
    doubt: Offset,
}

/// An open partition.
struct Open {
    partition: Partition,
    reader: Box<dyn LogReader>,
    patience: Duration,
    /// Records that still wait, as far as is known.
    behind: u64,
}

/// Reads a topic for a handler, one turn at a time. After an error the next turn starts over.
pub struct Reading<H: Handler> {
    config: FollowerConfig,
    handler: H,
    aside: Aside,
    progress: HashMap<Partition, Progress>,
    /// Empty before the first turn and after a failure.
    open: Vec<Open>,
    /// What is written to is of another log.
    mismatch: Option<FollowError>,
    was_quiet: bool,
    has_advanced: bool,
    batch: Buffers<H::Item>,
}

/// Kept from batch to batch; as large as the largest.
struct Buffers<T> {
    records: Vec<floodgate_event_log::Record>,
    items: Vec<T>,
    offsets: Vec<Offset>,
    /// Of one record.
    decoded: Vec<T>,
}

impl<H: Handler> std::fmt::Debug for Reading<H> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reading of {} at {:?}", self.config.name, self.progress)
    }
}

impl<H: Handler> Reading<H> {
    /// Reads nothing yet: the first turn opens the log.
    #[must_use]
    pub fn new(config: FollowerConfig, handler: H) -> Self {
        let batch = Buffers { records: vec![], items: vec![], offsets: vec![], decoded: vec![] };
        Reading {
            aside: Aside::new(&config),
            config,
            handler,
            progress: HashMap::new(),
            open: Vec::new(),
            mismatch: None,
            was_quiet: false,
            has_advanced: false,
            batch,
        }
    }

    /// How the handler wants to be driven.
    #[must_use]
    pub fn poll_timing(&self) -> PollTiming {
        self.handler.poll_timing()
    }

    /// Reads each partition once, waiting up to `wait` for the first record where all were quiet,
    /// hands on what is new, and lets the handler do what is due at `now`.
    pub fn turn(&mut self, now: LogTime, wait: Duration) -> Result<Tick, FollowError> {
        let outcome = self.attempt(now, wait);
        if outcome.is_err() {
            self.give_up();
        }
        outcome
    }

    /// Whether a failure is overcome: everything that was read before it has been taken again and
    /// handed on.
    #[must_use]
    pub fn has_recovered(&self) -> bool {
        let is_behind_it =
            |progress: &Progress| progress.reached.unwrap_or_default().next >= progress.doubt;
        !self.open.is_empty()
            && self.progress.values().all(is_behind_it)
            && self.handler.is_settled()
    }

    /// Whether, since this was asked last, the handler has begun further on than where its last
    /// batch had been taken: part of a batch that failed was kept, so it does get on.
    pub(super) fn take_advanced(&mut self) -> bool {
        std::mem::take(&mut self.has_advanced)
    }

    fn attempt(&mut self, now: LogTime, wait: Duration) -> Result<Tick, FollowError> {
        if self.open.is_empty() {
            self.open()?;
        }
        let count = self.open.len();
        // A quiet round waits, spread over the partitions; a busy one does not. One alone may
        // always wait: the first record ends it.
        let wait = match u32::try_from(count) {
            Ok(0 | 1) => wait,
            Ok(count) if self.was_quiet => wait / count,
            _ => Duration::ZERO,
        };
        let (mut read, mut has_more) = (0, false);
        for at in 0..count {
            let taken = self.read(at, now, wait)?;
            read += taken;
            has_more |= taken == self.config.batch_max;
        }
        self.was_quiet = read == 0;
        let behind = self.open.iter().fold(0_u64, |sum, open| sum.saturating_add(open.behind));
        let tick = Tick { now, read, has_more, behind };
        self.handler.tick(tick)?;
        Ok(tick)
    }

    fn open(&mut self) -> Result<(), FollowError> {
        // Until the next start: the log may grow to where the store is, and would not fit then.
        if let Some(mismatch) = &self.mismatch {
            return Err(mismatch.clone());
        }
        let opened = self.open_all();
        self.mismatch = opened.as_ref().err().filter(|error| error.is_mismatch()).cloned();
        self.open = opened?;
        Ok(())
    }

    fn open_all(&mut self) -> Result<Vec<Open>, FollowError> {
        let partitions = match self.config.partitions {
            Partitions::One(partition) => partition..partition.saturating_add(1),
            Partitions::All => 0..self.config.log.partitions(self.config.topic),
        };
        let patience = self.handler.poll_timing().patience;
        let mut open = Vec::new();
        for partition in partitions {
            let progress = self.progress.entry(partition).or_default();
            let reached = progress.reached.map(|checkpoint| checkpoint.next);
            let start = self.handler.resume_from(partition, reached)?;
            let (log, topic) = (&*self.config.log, self.config.topic);
            let checkpoint = checkpoint(log, (topic, partition), start, progress.reached)?;
            let reader = reader(log, topic, partition, (checkpoint.next, patience))?;
            // A handler that continues still has the last item; one that does not takes everything.
            let goes_on = !matches!(start, StartFrom::First | StartFrom::End)
                && reached == Some(checkpoint.next);
            progress.last = progress.last.filter(|_| goes_on);
            self.has_advanced |= reached.is_some_and(|reached| checkpoint.next > reached);
            progress.reached = Some(checkpoint);
            open.push(Open { partition, reader, patience, behind: u64::MAX });
        }
        Ok(open)
    }

    /// One batch of one partition; how many records it had.
    fn read(&mut self, at: usize, now: LogTime, wait: Duration) -> Result<usize, FollowError> {
        let Reading { config, handler, aside, open, progress, batch, .. } = self;
        let Open { partition, reader, patience, behind } = &mut open[at];
        let wanted = handler.poll_timing().patience;
        if wanted != *patience {
            let from = reader.position();
            *reader = self::reader(&*config.log, config.topic, *partition, (from, wanted))?;
            *patience = wanted;
        }
        let Buffers { records, items, offsets, decoded } = batch;
        records.clear();
        items.clear();
        offsets.clear();
        let read = reader.poll(config.batch_max, wait, records)?;
        // A log that cannot say it now is read all the same.
        *behind = reader.behind().unwrap_or(*behind);
        if read == 0 {
            config.note_position(*partition, reader.position());
            return Ok(0);
        }
        let progress = progress.entry(*partition).or_default();
        let mut last = progress.last;
        for record in records.iter() {
            decoded.clear();
            if let Err(error) = H::Item::decode(record, decoded) {
                aside.unreadable(*partition, record, &error.to_string())?;
                continue;
            }
            for item in decoded.drain(..) {
                let position = item.position();
                if position.is_some_and(|here| last.is_some_and(|last| here <= last)) {
                    continue;
                }
                last = position.or(last);
                items.push(item);
                offsets.push(record.offset);
            }
        }
        let next = reader.position();
        let (partition, items, offsets) = (*partition, &**items, &**offsets);
        let checkpoint = records.last().map_or(Checkpoint::at(next), Checkpoint::behind);
        handler.take(&mut Batch { partition, items, offsets, next, now, records, aside })?;
        progress.reached = Some(checkpoint);
        progress.last = last;
        config.note_position(partition, next);
        Ok(read)
    }

    /// Closes the readers, and remembers how far they had come.
    fn give_up(&mut self) {
        for Open { partition, reader, .. } in self.open.drain(..) {
            let progress = self.progress.entry(partition).or_default();
            progress.doubt = progress.doubt.max(reader.position());
        }
        self.was_quiet = false;
    }
}

/// Where to begin, if the log is the one that was read before.
fn checkpoint(
    log: &dyn Log,
    (topic, partition): (Topic, Partition),
    start: StartFrom,
    reached: Option<Checkpoint>,
) -> Result<Checkpoint, FollowError> {
    let checkpoint = match start {
        StartFrom::At(next) => {
            reached.filter(|reached| reached.next == next).unwrap_or(Checkpoint::at(next))
        }
        StartFrom::Behind(checkpoint) => checkpoint,
        // What is folded from a topic that keeps everything is wrong without its beginning.
        StartFrom::First if topic.cleanup() == Cleanup::Keep => Checkpoint::at(0),
        StartFrom::First => return Ok(Checkpoint::at(log.first(topic, partition)?)),
        StartFrom::End => return Ok(Checkpoint::at(log.end(topic, partition)?)),
    };
    checkpoint.check(log, topic, partition)?;
    Ok(checkpoint)
}

fn reader(
    log: &dyn Log,
    topic: Topic,
    partition: Partition,
    (from, patience): (Offset, Duration),
) -> Result<Box<dyn LogReader>, LogError> {
    match patience {
        Duration::ZERO => log.reader(topic, partition, from),
        patience => log.follower(topic, partition, from, patience),
    }
}
