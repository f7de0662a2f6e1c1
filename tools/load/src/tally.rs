//! The results.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use serde::Serialize;
use tokio::time::Instant;

use crate::seen::QueueSeen;
use crate::timeline::{Count, Second, Stage, Timeline, Wait};
use floodgate_audit::Acked;

/// Counters for a progress display; read while the stampede runs.
#[derive(Debug, Default)]
pub struct LoadProgress {
    pub arrived: AtomicU64,
    pub entered: AtomicU64,
    pub done: AtomicU64,
    pub sales: AtomicU64,
}

/// The outcome of a stampede, as printed.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LoadReport {
    pub buyers: usize,
    /// Answers to commands, sales and refusals alike; reads are not counted.
    pub answers: u64,
    pub answers_per_s: f64,
    /// Holds that were given; only of those who came for one hold each.
    #[serde(skip_serializing_if = "is_zero")]
    pub holds: u64,
    /// Orders seen confirmed.
    pub sales: u64,
    pub seats: u64,
    pub refusals: BTreeMap<String, u64>,
    /// Requests without an answer, and answers that made no sense.
    pub errors: u64,
    pub gave_up: u64,
    pub seconds: f64,
    pub latency_ms: Latency,
    /// Second by second; empty for several stampedes at once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub timeline: Vec<Second>,
    /// Holds one by one, as they were answered; only of those who came for one hold each.
    #[serde(skip)]
    pub held: Vec<Held>,
    /// When nobody got anywhere, and what they waited for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waits: Vec<Wait>,
}

/// A hold that was given.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    /// When it was meant to be asked for.
    pub due: Instant,
    pub answered: Instant,
    pub seats: u32,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Percentiles of the command answers, in milliseconds from the intended send time.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Latency {
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
    pub max: f64,
}

impl LoadReport {
    /// Several stampedes that ran at once as one. Percentiles are the worst of theirs: those of
    /// all together are not greater.
    #[must_use]
    pub fn sum(reports: Vec<LoadReport>) -> LoadReport {
        let mut all = reports.into_iter();
        let Some(mut sum) = all.next() else { return LoadReport::default() };
        for one in all {
            // Their seconds began at different instants.
            (sum.timeline, sum.waits) = Default::default();
            sum.buyers += one.buyers;
            sum.answers += one.answers;
            sum.holds += one.holds;
            sum.held.extend(one.held);
            sum.sales += one.sales;
            sum.seats += one.seats;
            sum.errors += one.errors;
            sum.gave_up += one.gave_up;
            for (code, count) in one.refusals {
                *sum.refusals.entry(code).or_default() += count;
            }
            sum.seconds = sum.seconds.max(one.seconds);
            let (ours, theirs) = (&mut sum.latency_ms, one.latency_ms);
            ours.p50 = ours.p50.max(theirs.p50);
            ours.p95 = ours.p95.max(theirs.p95);
            ours.p99 = ours.p99.max(theirs.p99);
            ours.max = ours.max.max(theirs.max);
        }
        sum.answers_per_s = sum.answers as f64 / sum.seconds.max(1e-9);
        sum
    }
}

impl fmt::Display for LoadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LoadReport { buyers, sales, seats, answers, seconds, .. } = self;
        writeln!(f, "{buyers} buyers in {seconds:.1} s: {sales} orders, {seats} seats")?;
        writeln!(f, "{answers} answers, {:.0} a second", self.answers_per_s)?;
        let Latency { p50, p95, p99, max } = self.latency_ms;
        writeln!(f, "p50 {p50:.1} ms, p95 {p95:.1} ms, p99 {p99:.1} ms, worst {max:.1} ms")?;
        for (code, count) in &self.refusals {
            writeln!(f, "refused   {code}: {count}")?;
        }
        for wait in &self.waits {
            writeln!(f, "waited    {wait}")?;
        }
        write!(f, "errors    {}, gave up {}", self.errors, self.gave_up)
    }
}

/// Appends acknowledgements, each in one write, so that a kill loses no whole line.
#[derive(Debug)]
pub(super) struct AckFile {
    file: File,
}

impl AckFile {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .with_context(|| format!("cannot append to {}", path.display()))?;
        Ok(AckFile { file })
    }
}

#[derive(Debug)]
struct Counts {
    answers: u64,
    holds: u64,
    /// One a buyer at most.
    held: Vec<Held>,
    sales: u64,
    seats: u64,
    errors: u64,
    gave_up: u64,
    refusals: BTreeMap<String, u64>,
    latency_us: Histogram<u64>,
    acks: Option<AckFile>,
    ack_failure: Option<std::io::Error>,
}

/// Shared by all buyers.
#[derive(Debug)]
pub(super) struct Tally {
    // A plain mutex: held for a few counter updates, never across an await.
    counts: Mutex<Counts>,
    // Likewise, and a lock of its own: buyers move more often than they are answered.
    timeline: Mutex<Timeline>,
    pub(super) progress: Arc<LoadProgress>,
}

impl Tally {
    pub(super) fn new(progress: Arc<LoadProgress>, acks: Option<AckFile>) -> Self {
        let latency_us = Histogram::new_with_bounds(1, 3_600_000_000, 3)
            .expect("one microsecond to one hour at three digits are valid bounds");
        let counts = Counts {
            answers: 0,
            holds: 0,
            held: Vec::new(),
            sales: 0,
            seats: 0,
            errors: 0,
            gave_up: 0,
            refusals: BTreeMap::new(),
            latency_us,
            acks,
            ack_failure: None,
        };
        let timeline = Mutex::new(Timeline::new(Instant::now()));
        Tally { counts: Mutex::new(counts), timeline, progress }
    }

    /// The clock runs from here.
    pub(super) fn begin(&self) -> Instant {
        let started = Instant::now();
        *self.timeline() = Timeline::new(started);
        started
    }

    fn timeline(&self) -> MutexGuard<'_, Timeline> {
        self.timeline.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A buyer goes from one stage of the visit to another; from nowhere, or home.
    pub(super) fn moves(&self, from: Option<Stage>, to: Option<Stage>) {
        self.timeline().moves(Instant::now(), from, to);
    }

    pub(super) fn count(&self, what: Count) {
        self.timeline().count(Instant::now(), what);
    }

    pub(super) fn sees(&self, queue: QueueSeen) {
        self.timeline().sees(Instant::now(), queue);
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A command was answered, so long after it was meant to be sent.
    pub(super) fn answer(&self, latency: Duration, refusal: Option<String>) {
        let mut counts = self.counts();
        counts.answers += 1;
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX).max(1);
        counts.latency_us.saturating_record(micros);
        if let Some(code) = refusal {
            *counts.refusals.entry(code).or_default() += 1;
        }
    }

    pub(super) fn error(&self) {
        self.counts().errors += 1;
    }

    pub(super) fn gave_up(&self) {
        self.counts().gave_up += 1;
    }

    pub(super) fn held(&self, due: Instant, seats: u32) {
        let mut counts = self.counts();
        counts.holds += 1;
        counts.held.push(Held { due, answered: Instant::now(), seats });
        drop(counts);
        self.count(Count::Hold);
    }

    pub(super) fn sale(&self, seats: u64) {
        let mut counts = self.counts();
        counts.sales += 1;
        counts.seats += seats;
        drop(counts);
        self.count(Count::Confirmed);
        self.progress.sales.fetch_add(1, Ordering::Relaxed);
    }

    /// Writes an acknowledgement down before anything else is asked.
    pub(super) fn acked(&self, acked: &Acked) {
        let mut counts = self.counts();
        let Some(acks) = &mut counts.acks else { return };
        let mut line = serde_json::to_string(acked).unwrap_or_default();
        line.push('\n');
        if let Err(error) = acks.file.write_all(line.as_bytes()) {
            counts.ack_failure.get_or_insert(error);
        }
    }

    /// Whether every acknowledgement could be written.
    pub(super) fn finish(&self) -> Result<()> {
        match self.counts().ack_failure.take() {
            Some(error) => Err(error).context("an acknowledgement could not be written"),
            None => Ok(()),
        }
    }

    pub(super) fn report(&self, buyers: usize, took: Duration) -> LoadReport {
        let (timeline, waits) = self.timeline().read(Instant::now());
        let counts = self.counts();
        let at = |quantile| counts.latency_us.value_at_quantile(quantile) as f64 / 1e3;
        LoadReport {
            buyers,
            answers: counts.answers,
            answers_per_s: counts.answers as f64 / took.as_secs_f64().max(1e-9),
            holds: counts.holds,
            held: counts.held.clone(),
            sales: counts.sales,
            seats: counts.seats,
            refusals: counts.refusals.clone(),
            errors: counts.errors,
            gave_up: counts.gave_up,
            seconds: took.as_secs_f64(),
            latency_ms: Latency {
                p50: at(0.5),
                p95: at(0.95),
                p99: at(0.99),
                max: counts.latency_us.max() as f64 / 1e3,
            },
            timeline,
            waits,
        }
    }
}
