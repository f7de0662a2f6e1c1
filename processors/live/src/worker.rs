//! The thread around the dataflow: read, feed, publish.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use floodgate_log::{Log, LogError, LogReader, Partition, Record, Topic};
use floodgate_onsale::wire::decode_fact;
use floodgate_onsale::{LogTime, Source};

use crate::audience::AudienceSettings;
use crate::deltas::Shapes;
use crate::flow::Flow;
use crate::public::Teller;
use crate::publish::{as_of, record, source_of};

/// Facts taken at once: a few milliseconds of dataflow.
const BATCH_MAX: usize = 8192;
/// How long facts may lie before they are counted: nobody sees a difference.
pub(crate) const PATIENCE: Duration = Duration::from_millis(50);
/// Totals are published this often at most.
const PUBLISH_EVERY: Duration = Duration::from_millis(200);
/// How long a quiet partition is waited on at once, and so how soon a stop is heard.
const STOP_WITHIN: Duration = Duration::from_millis(50);
/// After an error: how long until the next life, doubled each time.
const AGAIN_AFTER: Duration = Duration::from_secs(1);
const AGAIN_AFTER_MAX: Duration = Duration::from_secs(30);

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
    audience: AudienceSettings,
) -> std::io::Result<LiveHandle> {
    let stop = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&stop);
    let thread = std::thread::Builder::new()
        .name(format!("live-{partition}"))
        .spawn(move || lives(&log, partition, audience, &theirs))?;
    Ok(LiveHandle { stop, thread })
}

/// One life after the other, until told to stop: a log that was full or away for a while must not
/// silence a partition for good, and a new life finds out what the last one has written.
fn lives(log: &Arc<dyn Log>, partition: Partition, audience: AudienceSettings, stop: &AtomicBool) {
    let mut again_after = AGAIN_AFTER;
    while !stop.load(Ordering::Acquire) {
        let started = Instant::now();
        match live(log, partition, audience, stop) {
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
    audience: AudienceSettings,
    stop: &AtomicBool,
) -> Result<(), LogError> {
    let mut counter = Counter::new(Arc::clone(log), partition)?;
    let mut teller = Teller::new(Arc::clone(log), partition, audience)?;
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
    facts: Box<dyn LogReader>,
    shapes: Shapes,
    flow: Flow,
    last: Option<(Source, LogTime)>,
    /// What an earlier life has published: up to there this one only counts.
    published: Option<Source>,
    differences: Vec<(crate::deltas::Key, crate::deltas::Amounts)>,
    published_at: Instant,
    records: Vec<Record>,
}

impl Counter {
    /// Starts at the first fact: totals follow from all of them.
    pub(crate) fn new(log: Arc<dyn Log>, partition: Partition) -> Result<Self, LogError> {
        let first = log.first(Topic::Ledger, partition)?;
        let facts = log.follower(Topic::Ledger, partition, first, PATIENCE)?;
        let tail = log.last(Topic::Counts, partition)?;
        Ok(Counter {
            published: tail.and_then(|record| source_of(&record.value)),
            log,
            partition,
            facts,
            shapes: Shapes::default(),
            flow: Flow::new(),
            last: None,
            differences: Vec::new(),
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
                    self.shapes.differences(&fact, &mut self.differences);
                    if self.published == Some(fact.source) {
                        self.catch_up();
                    }
                }
                Ok(_) => {}
                Err(error) => tracing::error!(offset = record.offset, %error, "not a fact"),
            }
        }
        self.records = records;
        let is_time = self.published_at.elapsed() >= PUBLISH_EVERY || read == 0;
        if is_time && self.published.is_none() && !self.differences.is_empty() {
            self.publish()?;
        }
        Ok(())
    }

    /// Reached what was published before: from here on, totals are news.
    fn catch_up(&mut self) {
        self.published = None;
        let differences = std::mem::take(&mut self.differences);
        self.flow.epoch(differences);
    }

    fn publish(&mut self) -> Result<(), LogError> {
        let Some((source, at)) = self.last else { return Ok(()) };
        let started = Instant::now();
        let changed = self.flow.epoch(std::mem::take(&mut self.differences));
        metrics::histogram!("floodgate_live_epoch_seconds").record(started.elapsed());
        let as_of = as_of(self.partition, source, at);
        let records: Vec<_> = changed
            .into_iter()
            .map(|(key, total)| record(&self.shapes, key, total, (&as_of, at)))
            .collect();
        self.published_at = Instant::now();
        if records.is_empty() {
            return Ok(());
        }
        // One append, all or nothing: the tail then tells the whole truth after a restart.
        match self.log.append(Topic::Counts, self.partition, records).wait() {
            Ok(_) => Ok(()),
            Err(error) if error.nothing_written() => {
                tracing::warn!(%error, "counts were not published; the next ones will be");
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

fn now() -> LogTime {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    LogTime(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
#[path = "worker_tests.rs"]
mod tests;
