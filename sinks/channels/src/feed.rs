//! From the ledger to the people store: who holds, waits and follows, and which messages are due.
//!
//! Everything is read from the first fact on, since seats and words are known from there; only what
//! lies behind the checkpoint is written, in the transaction that moves the checkpoint: nothing is
//! missed and nothing is written twice. What the public topic of notifications says follows from
//! the same facts by the same effects, so one checkpoint is enough.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use floodgate_domain::{FactPosition, FactRecord};
use floodgate_event_log::{Checkpoint, Log, Offset, Partition, Reads, Topic};
use floodgate_people::{People, PeopleError};
use floodgate_transport::{
    Batch, FollowError, Follower, FollowerConfig, Handler, Partitions, PollTiming, StartFrom, Tick,
    Unreadable,
};

use crate::changes::StoreChange;
use crate::words::Words;
use crate::world::World;

/// Facts written in one transaction.
const BATCH_MAX: usize = 4096;
/// How long facts may lie: a message that comes a tenth of a second later is as good.
const PATIENCE: Duration = Duration::from_millis(100);
/// How long all partitions are waited on where nothing happens at all.
const REST: Duration = Duration::from_millis(400);
/// How often the clock is looked at for holds that end and sales that open soon.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Follows every partition on a thread of its own.
pub(crate) fn spawn(
    log: Arc<dyn Log>,
    people: People,
    words: Arc<Words>,
) -> std::io::Result<Follower> {
    Follower::spawn(following(&log), move || LedgerFeed::new(log, people, words))
}

pub(crate) fn following(log: &Arc<dyn Log>) -> FollowerConfig {
    FollowerConfig {
        name: "channels-feed".to_owned(),
        log: Arc::clone(log),
        topic: Topic::Ledger,
        partitions: Partitions::All,
        batch_max: BATCH_MAX,
        ready_behind: u64::MAX,
        gives_way: false,
        unreadable: Unreadable::SetAside {
            role: "channels".to_owned(),
            reads: Reads::FromTheFirst,
        },
    }
}

/// What was folded and is not yet in the store.
#[derive(Debug)]
struct Unwritten {
    partition: Partition,
    /// Each with the offset of its fact.
    changes: Vec<(Offset, StoreChange)>,
    behind: Checkpoint,
}

#[derive(Debug)]
pub(crate) struct LedgerFeed {
    log: Arc<dyn Log>,
    people: People,
    words: Arc<Words>,
    world: World,
    /// How far each partition is folded.
    folded: HashMap<Partition, Checkpoint>,
    /// The last fact of each partition: one that was published twice counts once, whatever failed
    /// in between.
    last: HashMap<Partition, FactPosition>,
    /// How far each partition was when this process began to read it.
    ends: HashMap<Partition, Offset>,
    /// How far the store is.
    stored: HashMap<Partition, Checkpoint>,
    /// One batch at most: nothing is folded before it is written.
    unwritten: Option<Unwritten>,
    looked_at_clock: Option<Instant>,
}

impl LedgerFeed {
    pub(crate) fn new(log: Arc<dyn Log>, people: People, words: Arc<Words>) -> Self {
        LedgerFeed {
            log,
            people,
            world: World::new(Arc::clone(&words)),
            words,
            folded: HashMap::new(),
            last: HashMap::new(),
            ends: HashMap::new(),
            stored: HashMap::new(),
            unwritten: None,
            looked_at_clock: None,
        }
    }

    /// Writes what waits to be written. Another process may have written some of it, or all: the
    /// same facts lead to the same changes, so what the store is beyond is left out.
    fn settle(&mut self) -> Result<(), FollowError> {
        let Some(unwritten) = &self.unwritten else { return Ok(()) };
        let Unwritten { partition, changes, behind } = unwritten;
        let written = self.people.with(|work| {
            let stored = work.checkpoint(Topic::Ledger, *partition)?;
            if stored.next >= behind.next {
                return Ok(stored);
            }
            let new = changes.iter().filter(|(offset, _)| *offset >= stored.next);
            new.map(|(_, change)| change).try_for_each(|change| change.write(work))?;
            work.move_checkpoint(Topic::Ledger, *partition, (stored, *behind))?;
            Ok(*behind)
        });
        let stored = written.map_err(unavailable)?;
        self.stored.insert(*partition, stored);
        self.unwritten = None;
        Ok(())
    }

    fn has_read_what_was_there(&self) -> bool {
        let folded = |partition| self.folded.get(partition).map_or(0, |checkpoint| checkpoint.next);
        self.ends.iter().all(|(partition, end)| folded(partition) >= *end)
    }

    /// Messages that no fact brings: holds that end, sales that open soon. Each has a name that
    /// follows from the facts, so that it is queued once whoever does it.
    fn write_what_time_brings(&mut self, tick: Tick) -> Result<(), FollowError> {
        if self.looked_at_clock.is_some_and(|at| at.elapsed() < LOOK_EVERY) {
            return Ok(());
        }
        self.looked_at_clock = Some(Instant::now());
        let changes = self.world.by_clock(tick.now);
        if changes.is_empty() {
            return Ok(());
        }
        let written = self.people.with(|work| changes.iter().try_for_each(|one| one.write(work)));
        if written.is_ok() {
            self.world.clock_is_written(tick.now);
        }
        written.map_err(unavailable)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` hands it over")]
fn unavailable(error: PeopleError) -> FollowError {
    FollowError::Store(error.to_string())
}

impl Handler for LedgerFeed {
    type Item = FactRecord;

    fn resume_from(
        &mut self,
        partition: Partition,
        _: Option<Offset>,
    ) -> Result<StartFrom, FollowError> {
        self.settle()?;
        if let Some(folded) = self.folded.get(&partition) {
            return Ok(StartFrom::Behind(*folded));
        }
        let stored = self.people.with(|work| work.checkpoint(Topic::Ledger, partition));
        let stored = stored.map_err(unavailable)?;
        // A store of another log must not take messages of this one.
        stored.check(&*self.log, Topic::Ledger, partition)?;
        self.stored.insert(partition, stored);
        self.ends.insert(partition, self.log.end(Topic::Ledger, partition)?);
        Ok(StartFrom::First)
    }

    fn take(&mut self, batch: &mut Batch<'_, FactRecord>) -> Result<(), FollowError> {
        let partition = batch.partition;
        let stored = self.stored.get(&partition).copied().unwrap_or_default();
        let (mut changes, mut of_fact) = (Vec::new(), Vec::new());
        for (record, offset) in batch.items.iter().zip(batch.offsets) {
            if self.last.get(&partition).is_some_and(|last| record.position <= *last) {
                continue;
            }
            self.last.insert(partition, record.position);
            self.world.follow(record, &mut of_fact);
            let new = of_fact.drain(..).filter(|_| *offset >= stored.next);
            changes.extend(new.map(|change| (*offset, change)));
        }
        let behind = batch.checkpoint();
        self.folded.insert(partition, behind);
        if behind.next > stored.next {
            self.unwritten = Some(Unwritten { partition, changes, behind });
        }
        self.settle()
    }

    fn tick(&mut self, tick: Tick) -> Result<(), FollowError> {
        if tick.behind > 0 && !self.has_read_what_was_there() {
            return Ok(());
        }
        self.words.be_whole();
        self.write_what_time_brings(tick)
    }

    fn is_settled(&self) -> bool {
        self.unwritten.is_none()
    }

    fn poll_timing(&self) -> PollTiming {
        PollTiming { wait: PATIENCE, rest: REST, patience: PATIENCE }
    }
}
