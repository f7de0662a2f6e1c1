//! Reads the facts and hands them to a sink, batch by batch.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use floodgate_log::{Log, LogError, LogReader, Offset, Partition, Topic};
use floodgate_onsale::FactRecord;
use floodgate_onsale::wire::decode_fact;

/// Facts written in one transaction.
const BATCH_MAX: usize = 4096;
/// How long facts may lie before they are written: tables follow, nobody waits for them.
const PATIENCE: Duration = Duration::from_millis(100);
/// First and longest pause after a failure that may pass.
const RETRY_MIN: Duration = Duration::from_millis(50);
const RETRY_MAX: Duration = Duration::from_secs(10);

/// Why a sink did not take a batch; nothing of it was written.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct SinkError(pub String);

/// A place facts are carried to.
pub trait Sink: Send + std::fmt::Debug + 'static {
    /// Its name, for logs and metrics.
    fn name(&self) -> &'static str;

    /// Where to go on in a partition: the position stored with the rows.
    fn position(&mut self, partition: Partition) -> Result<Offset, SinkError>;

    /// Writes a batch and the position behind it, all or nothing. Facts may come again and
    /// out of order; the result is the same.
    fn write(
        &mut self,
        partition: Partition,
        facts: &[FactRecord],
        next: Offset,
    ) -> Result<(), SinkError>;
}

/// A running sink.
#[derive(Debug)]
pub struct SinkHandle {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl SinkHandle {
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

/// Feeds a sink with every partition of the facts, on a thread of its own.
pub fn spawn(log: Arc<dyn Log>, sink: Box<dyn Sink>) -> std::io::Result<SinkHandle> {
    let stop = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&stop);
    let name = format!("sink-{}", sink.name());
    let thread = std::thread::Builder::new().name(name).spawn(move || {
        let name = sink.name();
        match Pump::new(&*log, sink).and_then(|mut pump| pump.run(&theirs)) {
            Ok(()) => {}
            Err(error) => tracing::error!(sink = name, %error, "the sink stops"),
        }
    })?;
    Ok(SinkHandle { stop, thread })
}

struct Source {
    partition: Partition,
    reader: Box<dyn LogReader>,
}

struct Pump {
    sink: Box<dyn Sink>,
    sources: Vec<Source>,
}

impl Pump {
    fn new(log: &dyn Log, mut sink: Box<dyn Sink>) -> Result<Self, SinkError> {
        let sources = (0..log.partitions(Topic::Ledger)).map(|partition| {
            let from = sink.position(partition)?;
            let reader = log.follower(Topic::Ledger, partition, from, PATIENCE).map_err(told)?;
            Ok(Source { partition, reader })
        });
        let sources = sources.collect::<Result<_, SinkError>>()?;
        Ok(Pump { sink, sources })
    }

    fn run(&mut self, stop: &AtomicBool) -> Result<(), SinkError> {
        let mut records = Vec::with_capacity(BATCH_MAX);
        let mut was_quiet = false;
        while !stop.load(Ordering::Acquire) {
            let mut is_quiet = true;
            // A quiet round waits, spread over the partitions; a busy one does not.
            let each = Duration::from_millis(100) / self.sources.len().max(1) as u32;
            let wait = if was_quiet { each } else { Duration::ZERO };
            for source in &mut self.sources {
                records.clear();
                match source.reader.poll(BATCH_MAX, wait, &mut records) {
                    Ok(0) => continue,
                    Ok(_) => is_quiet = false,
                    Err(LogError::Closed) => return Ok(()),
                    Err(error) => return Err(told(error)),
                }
                let facts: Vec<FactRecord> = records
                    .iter()
                    .filter_map(|record| match decode_fact(&record.value) {
                        Ok(fact) => Some(fact),
                        Err(error) => {
                            tracing::error!(offset = record.offset, %error, "not a fact");
                            None
                        }
                    })
                    .collect();
                let next = source.reader.position();
                persist(&mut *self.sink, source.partition, &facts, next, stop);
                let behind = source.reader.behind().unwrap_or(0);
                metrics::gauge!("floodgate_sink_lag_records", "sink" => self.sink.name())
                    .set(behind as f64);
            }
            was_quiet = is_quiet;
        }
        Ok(())
    }
}

/// Writes a batch, again and again until it is written or the process ends: a sink that is
/// down for a while loses nothing, it only falls behind.
fn persist(
    sink: &mut dyn Sink,
    partition: Partition,
    facts: &[FactRecord],
    next: Offset,
    stop: &AtomicBool,
) {
    let mut pause = RETRY_MIN;
    while let Err(error) = sink.write(partition, facts, next) {
        metrics::counter!("floodgate_sink_failures_total", "sink" => sink.name()).increment(1);
        tracing::warn!(sink = sink.name(), %error, "a batch is tried again");
        if stop.load(Ordering::Acquire) {
            return;
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(RETRY_MAX);
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape map_err wants")]
fn told(error: LogError) -> SinkError {
    SinkError(error.to_string())
}
