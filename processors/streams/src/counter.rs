//! Live counts: read, feed the dataflow, publish.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use floodgate_domain::{EventId, FactPosition, FactRecord, LogTime};
use floodgate_event_log::{Log, LogError, Offset, Partition, Reads, Topic};
use floodgate_transport::{Batch, FollowError, Tick, Unreadable};

use crate::dataflow::CountsDataflow;
use crate::deltas::{Amounts, EventLayouts, TotalKey};
use crate::forget::Forgetting;
use crate::last_published::{LastPublished, last_record};
use crate::publish::{CountsPosition, forget_after_ms, record, tombstone};
use crate::publisher::FactPublication;

/// Totals are published this often at most.
const PUBLISH_EVERY: Duration = Duration::from_millis(200);

/// What has been counted of one partition.
pub(crate) struct Counting {
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

impl FactPublication for Counting {
    const NAME: &'static str = "counts";
    const BATCH_MAX: usize = 8192;
    const UNREADABLE: fn() -> Unreadable =
        || Unreadable::SetAside { role: "streams".to_owned(), reads: Reads::FromTheFirst };
    /// Log time after the last fact of an event that is over, until its counts are forgotten.
    type Options = Duration;

    fn begin(
        log: Arc<dyn Log>,
        partition: Partition,
        forget_after: Duration,
    ) -> Result<Self, LogError> {
        let forget_after_ms = u64::try_from(forget_after.as_millis()).unwrap_or(u64::MAX);
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

    fn take(&mut self, batch: &Batch<'_, FactRecord>) -> Result<(), FollowError> {
        let mut facts = batch.items.iter().zip(batch.offsets);
        facts.try_for_each(|(fact, offset)| self.take_one(fact, *offset))
    }

    fn tick(&mut self, tick: Tick) -> Result<(), FollowError> {
        let is_time = self.published_at.elapsed() >= PUBLISH_EVERY || tick.read == 0;
        if !is_time || self.is_silent() {
            return Ok(());
        }
        Ok(self.publish()?)
    }

    fn published(&self) -> impl Iterator<Item = &LastPublished> {
        self.published.iter()
    }

    fn is_settled(&self) -> bool {
        !self.is_silent() && self.differences.is_empty() && self.owed.is_empty()
    }

    fn can_go_on(error: &FollowError) -> bool {
        matches!(error, FollowError::Log(error) if error.nothing_written())
    }
}

impl Counting {
    /// Whether it still counts what was published before.
    fn is_silent(&self) -> bool {
        self.published.is_some()
    }

    fn take_one(&mut self, fact: &FactRecord, offset: Offset) -> Result<(), FollowError> {
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
