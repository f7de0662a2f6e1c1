//! The thread around the dataflow: read, feed, publish.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use floodgate_domain::wire::decode_fact;
use floodgate_domain::{EventId, LogTime, Source};
use floodgate_event_log::{Log, LogError, LogReader, Parking, Partition, Reads, Record, Topic};

use crate::audience::AudienceSettings;
use crate::deltas::{Amounts, Key, Shapes};
use crate::flow::Flow;
use crate::forget::Forgetting;
use crate::public::Teller;
use crate::publish::{Told, record, told_by, tombstone};

/// Facts taken at once: a few milliseconds of dataflow.
const BATCH_MAX: usize = 8192;
/// Totals are published this often at most.
const PUBLISH_EVERY: Duration = Duration::from_millis(200);
/// How long a quiet partition is waited on at once, and so how soon a stop is heard.
const STOP_WITHIN: Duration = Duration::from_millis(50);
/// After an error: how long until the next life, doubled each time.
const AGAIN_AFTER: Duration = Duration::from_secs(1);
const AGAIN_AFTER_MAX: Duration = Duration::from_secs(30);

/// What differs between installations.
#[derive(Debug, Clone, Copy)]
pub struct LiveSettings {
    /// Log time after the last fact of an event that is over, until its counts are forgotten.
    pub forget_after: Duration,
    pub audience: AudienceSettings,
}

/// A running counter of one partition.
#[derive(Debug)]
pub struct LiveHandle {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl LiveHandle {
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Release);
    }

    /// Waits for the end.
    pub fn join(self) {
        if let Err(panic) = self.thread.join() {
            std::panic::resume_unwind(panic);
        }
    }
}

/// Counts and tells one partition of the facts on a thread of its own.
pub fn spawn(
    log: Arc<dyn Log>,
    partition: Partition,
    settings: LiveSettings,
) -> std::io::Result<LiveHandle> {
    let stop = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&stop);
    let thread = std::thread::Builder::new()
        .name(format!("live-{partition}"))
        .spawn(move || lives(&log, partition, settings, &theirs))?;
    Ok(LiveHandle { stop, thread })
}

/// One life after the other, until told to stop: a log that was full or away for a while must not
/// silence a partition for good, and a new life finds out what the last one has written.
fn lives(log: &Arc<dyn Log>, partition: Partition, settings: LiveSettings, stop: &AtomicBool) {
    let mut again_after = AGAIN_AFTER;
    while !stop.load(Ordering::Acquire) {
        let started = Instant::now();
        match live(log, partition, settings, stop) {
            Ok(()) | Err(LogError::Closed) => return,
            Err(error) => tracing::error!(partition, %error, "live starts anew"),
        }
        // A life that lasted was a good one; what ended it is a new trouble.
        if started.elapsed() > AGAIN_AFTER_MAX {
            again_after = AGAIN_AFTER;
        }
        let until = Instant::now() + again_after;
        while Instant::now() < until && !stop.load(Ordering::Acquire) {
            std::thread::sleep(STOP_WITHIN);
        }
        again_after = (again_after * 2).min(AGAIN_AFTER_MAX);
    }
}

fn live(
    log: &Arc<dyn Log>,
    partition: Partition,
    settings: LiveSettings,
    stop: &AtomicBool,
) -> Result<(), LogError> {
    let mut counter = Counter::new(Arc::clone(log), partition, settings)?;
    let mut teller = Teller::new(Arc::clone(log), partition, settings.audience)?;
    let mut wait = Duration::ZERO;
    while !stop.load(Ordering::Acquire) {
        counter.turn(wait)?;
        // A teller that is behind is not kept waiting by a counter that is not.
        wait = if teller.turn(now())? { Duration::ZERO } else { STOP_WITHIN };
    }
    Ok(())
}

/// One partition's counter.
pub(crate) struct Counter {
    log: Arc<dyn Log>,
    partition: Partition,
    parking: Parking,
    facts: Box<dyn LogReader>,
    shapes: Shapes,
    flow: Flow,
    last: Option<(Source, LogTime)>,
    /// What an earlier life has published: up to there this one only counts.
    published: Option<Source>,
    differences: Vec<(Key, Amounts)>,
    /// Totals that changed and are not published yet; one a key at most.
    owed: BTreeMap<Key, Amounts>,
    forgetting: Forgetting,
    settings: LiveSettings,
    published_at: Instant,
    records: Vec<Record>,
}

impl Counter {
    /// Starts at the first fact: totals follow from all of them.
    pub(crate) fn new(
        log: Arc<dyn Log>,
        partition: Partition,
        settings: LiveSettings,
    ) -> Result<Self, LogError> {
        let first = log.first(Topic::Ledger, partition)?;
        let facts = log.follower(Topic::Ledger, partition, first, crate::PATIENCE)?;
        let told = log.last(Topic::Counts, partition)?.and_then(|record| told_by(&record));
        // What was told under another setting is followed under it.
        let after_ms = told.map_or(settings.after_ms(), |(_, after_ms)| after_ms);
        Ok(Counter {
            published: told.map(|(source, _)| source),
            parking: Parking::new(Arc::clone(&log), Topic::Ledger, "live", Reads::FromTheFirst),
            log,
            partition,
            facts,
            shapes: Shapes::default(),
            flow: Flow::new(),
            last: None,
            differences: Vec::new(),
            owed: BTreeMap::new(),
            forgetting: Forgetting::new(after_ms),
            settings,
            published_at: Instant::now(),
            records: Vec::new(),
        })
    }

    /// Takes new facts, and publishes when it is time.
    pub(crate) fn turn(&mut self, wait: Duration) -> Result<(), LogError> {
        self.records.clear();
        let read = self.facts.poll(BATCH_MAX, wait, &mut self.records)?;
        let records = std::mem::take(&mut self.records);
        for record in &records {
            match decode_fact(&record.value) {
                Ok(fact) if self.last.is_none_or(|(last, _)| last < fact.source) => {
                    self.last = Some((fact.source, fact.at));
                    if self.forgetting.fold(&fact) {
                        self.shapes.differences(&fact, &mut self.differences);
                    }
                    if self.published == Some(fact.source) {
                        self.catch_up(fact.at);
                    }
                }
                Ok(_) => {}
                Err(error) => self.park(record, &error.to_string()),
            }
        }
        self.records = records;
        let is_time = self.published_at.elapsed() >= PUBLISH_EVERY || read == 0;
        if is_time && self.published.is_none() {
            self.publish()?;
        }
        Ok(())
    }

    /// The same record is met again at the next start, so a letter that could not be written is
    /// written then.
    fn park(&mut self, record: &Record, reason: &str) {
        if let Err(error) = self.parking.park(self.partition, record, reason) {
            tracing::warn!(partition = self.partition, %error, "a letter was not written");
        }
    }

    /// Reached what was published before: from here on, totals are news, and so is what our own
    /// setting forgets.
    fn catch_up(&mut self, at: LogTime) {
        self.published = None;
        let differences = std::mem::take(&mut self.differences);
        self.flow.epoch(differences);
        let known = self.forgetting.due(at);
        self.forget(&known);
        self.forgetting.set_after(self.settings.after_ms());
    }

    fn forget(&mut self, events: &[EventId]) {
        events.iter().for_each(|event_id| self.shapes.forget(*event_id));
        self.owed.retain(|(event_id, _), _| !events.contains(event_id));
        self.forgetting.told(events);
    }

    fn publish(&mut self) -> Result<(), LogError> {
        let Some((source, at)) = self.last else { return Ok(()) };
        if !self.differences.is_empty() {
            let started = Instant::now();
            let changed = self.flow.epoch(std::mem::take(&mut self.differences));
            metrics::histogram!("floodgate_live_epoch_seconds").record(started.elapsed());
            self.owed.extend(changed);
        }
        self.published_at = Instant::now();
        let over = self.forgetting.due(at);
        let forget_after_ms = self.forgetting.after_ms();
        let told = Told { partition: self.partition, source, at, forget_after_ms };
        let still = self.owed.iter().filter(|((event_id, _), _)| !over.contains(event_id));
        let counts = still.map(|(key, total)| record(&self.shapes, *key, *total, &told));
        let gone = over.iter().flat_map(|event_id| self.shapes.keys(*event_id));
        let records: Vec<_> = counts.chain(gone.map(|key| tombstone(key, &told))).collect();
        if records.is_empty() {
            return Ok(());
        }
        // One append, all or nothing: the tail then tells the whole truth after a restart.
        match self.log.append(Topic::Counts, self.partition, records).wait() {
            Ok(_) => {
                self.owed.clear();
                self.forget(&over);
                Ok(())
            }
            Err(error) if error.nothing_written() => {
                tracing::warn!(%error, "counts were not published; they come with the next ones");
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

impl LiveSettings {
    fn after_ms(&self) -> u64 {
        u64::try_from(self.forget_after.as_millis()).unwrap_or(u64::MAX)
    }
}

fn now() -> LogTime {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    LogTime(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
#[path = "worker_tests.rs"]
mod tests;
