//! Live counts: read, feed the dataflow, publish.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use floodgate_domain::{EventId, FactPosition, FactRecord, LogTime};
use floodgate_event_log::{Log, LogError, Offset, Partition, Reads, Topic};
use floodgate_transport::{
    Batch, FollowError, FollowerConfig, Handler, Partitions, PollTiming, StartFrom, Tick,
    Unreadable,
};

use crate::dataflow::CountsDataflow;
use crate::deltas::{Amounts, EventLayouts, TotalKey};
use crate::forget::Forgetting;
use crate::last_published::{LastPublished, last_record};
use crate::publish::{CountsPosition, forget_after_ms, record, tombstone};
use crate::{PATIENCE, QUIET};

/// Facts taken at once: a few milliseconds of dataflow.
const BATCH_MAX: usize = 8192;
/// Totals are published this often at most.
const PUBLISH_EVERY: Duration = Duration::from_millis(200);

/// How the counts of a partition are followed; this follower speaks for the role where a record
/// cannot be read.
pub(crate) fn following(log: &Arc<dyn Log>, partition: Partition) -> FollowerConfig {
    FollowerConfig {
        name: format!("counts-{partition}"),
        log: Arc::clone(log),
        topic: Topic::Ledger,
        partitions: Partitions::One(partition),
        batch_max: BATCH_MAX,
        ready_behind: u64::MAX,
        unreadable: Unreadable::SetAside { role: "streams".to_owned(), reads: Reads::FromTheFirst },
    }
}

/// One partition's counter.
pub(crate) struct Counter {
    log: Arc<dyn Log>,
    /// Log time after the last fact of an event that is over, until its counts are forgotten.
    forget_after_ms: u64,
    /// `None` before the start, and when it is not known what was published: the topic's tail says it then.
    counting: Option<Counting>,
}

impl Counter {
    pub(crate) fn new(log: Arc<dyn Log>, forget_after: Duration) -> Self {
        let forget_after_ms = u64::try_from(forget_after.as_millis()).unwrap_or(u64::MAX);
        Counter { log, forget_after_ms, counting: None }
    }
}

impl Handler for Counter {
    type Item = FactRecord;

    /// Totals follow from all facts.
    fn resume_from(
        &mut self,
        partition: Partition,
        reached: Option<Offset>,
    ) -> Result<StartFrom, FollowError> {
        if let (Some(_), Some(reached)) = (&self.counting, reached) {
            return Ok(StartFrom::At(reached));
        }
        let log = Arc::clone(&self.log);
        self.counting = Some(Counting::new(log, partition, self.forget_after_ms)?);
        Ok(StartFrom::First)
    }

    fn take(&mut self, batch: &mut Batch<'_, FactRecord>) -> Result<(), FollowError> {
        if let Some(counting) = &mut self.counting {
            let facts = batch.items.iter().zip(batch.offsets);
            for (fact, offset) in facts {
                counting.take(fact, *offset)?;
            }
        }
        Ok(())
    }

    fn tick(&mut self, tick: Tick) -> Result<(), FollowError> {
        let Some(counting) = &mut self.counting else { return Ok(()) };
        if let Some(published) = counting.published.as_ref().filter(|_| tick.behind == 0) {
            published.look_at_end(&*counting.log)?;
        }
        let is_time = counting.published_at.elapsed() >= PUBLISH_EVERY || tick.read == 0;
        if !is_time || counting.is_silent() {
            return Ok(());
        }
        let published = counting.publish();
        if published.as_ref().is_err_and(|error| !error.nothing_written()) {
            self.counting = None;
        }
        Ok(published?)
    }

    fn is_settled(&self) -> bool {
        self.counting.as_ref().is_some_and(Counting::is_settled)
    }

    fn poll_timing(&self) -> PollTiming {
        PollTiming { wait: QUIET, patience: PATIENCE }
    }
}

/// What a counter has counted.
struct Counting {
    log: Arc<dyn Log>,
    partition: Partition,
    layouts: EventLayouts,
    dataflow: CountsDataflow,
    last: Option<(FactPosition, LogTime)>,
    /// What was published before this one began: up to there it only counts.
    published: Option<LastPublished>,
    differences: Vec<(TotalKey, Amounts)>,
    /// Totals that changed and are not published yet; one a key at most.
    owed: BTreeMap<TotalKey, Amounts>,
    forgetting: Forgetting,
    forget_after_ms: u64,
    published_at: Instant,
}

impl Counting {
    fn new(
        log: Arc<dyn Log>,
        partition: Partition,
        forget_after_ms: u64,
    ) -> Result<Self, LogError> {
        let last = last_record(&*log, Topic::Counts, partition)?;
        // What was published under another setting is followed under it.
        let after_ms =
            last.as_ref().map_or(forget_after_ms, |(_, record)| self::forget_after_ms(record));
        Ok(Counting {
            published: last.map(|(published, _)| published),
            log,
            partition,
            layouts: EventLayouts::default(),
            dataflow: CountsDataflow::new(),
            last: None,
            differences: Vec::new(),
            owed: BTreeMap::new(),
            forgetting: Forgetting::new(after_ms),
            forget_after_ms,
            published_at: Instant::now(),
        })
    }

    /// Whether it still counts what was published before.
    fn is_silent(&self) -> bool {
        self.published.is_some()
    }

    fn is_settled(&self) -> bool {
        !self.is_silent() && self.differences.is_empty() && self.owed.is_empty()
    }

    fn take(&mut self, fact: &FactRecord, offset: Offset) -> Result<(), FollowError> {
        if let Some(published) = &mut self.published {
            published.covers(fact, offset)?;
        }
        self.last = Some((fact.position, fact.at));
        if self.forgetting.fold(fact) {
            self.layouts.differences(fact, &mut self.differences);
        }
        if self.published.as_ref().is_some_and(LastPublished::is_met) {
            self.catch_up(fact.at);
        }
        Ok(())
    }

    /// Reached what was published before: from here on, totals are news, and so is what our own
    /// setting forgets.
    fn catch_up(&mut self, at: LogTime) {
        self.published = None;
        let differences = std::mem::take(&mut self.differences);
        self.dataflow.epoch(differences);
        let known = self.forgetting.due(at);
        self.forget(&known);
        self.forgetting.set_after(self.forget_after_ms);
    }

    fn forget(&mut self, events: &[EventId]) {
        events.iter().for_each(|event_id| self.layouts.forget(*event_id));
        self.owed.retain(|(event_id, _), _| !events.contains(event_id));
        self.forgetting.announced(events);
    }

    fn publish(&mut self) -> Result<(), LogError> {
        let Some((position, at)) = self.last else { return Ok(()) };
        if !self.differences.is_empty() {
            let started = Instant::now();
            let changed = self.dataflow.epoch(std::mem::take(&mut self.differences));
            metrics::histogram!("floodgate_live_epoch_seconds").record(started.elapsed());
            self.owed.extend(changed);
        }
        self.published_at = Instant::now();
        let over = self.forgetting.due(at);
        let forget_after_ms = self.forgetting.after_ms();
        let counted = CountsPosition { partition: self.partition, position, at, forget_after_ms };
        let still = self.owed.iter().filter(|((event_id, _), _)| !over.contains(event_id));
        let counts = still.map(|(key, total)| record(&self.layouts, *key, *total, &counted));
        let gone = over.iter().flat_map(|event_id| self.layouts.keys(*event_id));
        let records: Vec<_> = counts.chain(gone.map(|key| tombstone(key, &counted))).collect();
        if records.is_empty() {
            return Ok(());
        }
        // One append, all or nothing: the tail then says the whole truth after a restart.
        self.log.append(Topic::Counts, self.partition, records).wait()?;
        self.owed.clear();
        self.forget(&over);
        Ok(())
    }
}

#[cfg(test)]
#[path = "counter_tests.rs"]
mod tests;
