//! Reads the facts and hands them to a sink, batch by batch.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use floodgate_domain::FactRecord;
use floodgate_domain::wire::decode_fact;
use floodgate_event_log::{
    Log, LogError, LogReader, Offset, Parking, Partition, Reads, Record, Topic,
};

/// Facts written in one transaction.
const BATCH_MAX: usize = 4096;
/// How long facts may lie before they are written: tables follow, nobody waits for them.
const PATIENCE: Duration = Duration::from_millis(100);
/// First and longest pause after a failure that may pass.
const RETRY_MIN: Duration = Duration::from_millis(50);
const RETRY_MAX: Duration = Duration::from_secs(10);

/// Why a sink did not take a batch; nothing of it was written.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SinkError {
    /// It may take it later.
    #[error("{0}")]
    Unavailable(String),
    /// Something in the batch will never be taken.
    #[error("{0}")]
    Refused(String),
    /// Somebody carries facts there now.
    #[error("{0} is in use; stop the process that carries facts there, then try again")]
    InUse(String),
}

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

    /// Sets the stored position back, so that the next start reads from there again; one that is not
    /// further stays. Refused while anybody carries facts to the same place.
    fn rewind(&mut self, partition: Partition, to: Offset) -> Result<(), SinkError>;
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
    let name = role(sink.name());
    let thread = std::thread::Builder::new().name(name).spawn(move || {
        let name = sink.name();
        match Pump::new(&log, sink).and_then(|mut pump| pump.run(&theirs)) {
            Ok(()) => {}
            Err(error) => tracing::error!(sink = name, %error, "the sink stops"),
        }
    })?;
    Ok(SinkHandle { stop, thread })
}

/// The role of a sink, as its letters name it.
#[must_use]
pub fn role(sink: &str) -> String {
    format!("sink-{sink}")
}

struct Source {
    partition: Partition,
    reader: Box<dyn LogReader>,
}

struct Pump {
    sink: Box<dyn Sink>,
    sources: Vec<Source>,
    parking: Parking,
}

impl Pump {
    fn new(log: &Arc<dyn Log>, mut sink: Box<dyn Sink>) -> Result<Self, SinkError> {
        let sources = (0..log.partitions(Topic::Ledger)).map(|partition| {
            let from = sink.position(partition)?;
            let reader = log.follower(Topic::Ledger, partition, from, PATIENCE).map_err(told)?;
            Ok(Source { partition, reader })
        });
        let sources = sources.collect::<Result<_, SinkError>>()?;
        let parking = Parking::new(Arc::clone(log), Topic::Ledger, role(sink.name()), Reads::Once);
        Ok(Pump { sink, sources, parking })
    }

    fn run(&mut self, stop: &AtomicBool) -> Result<(), SinkError> {
        let mut records = Vec::with_capacity(BATCH_MAX);
        let mut was_quiet = false;
        while !stop.load(Ordering::Acquire) {
            let mut is_quiet = true;
            // A quiet round waits, spread over the partitions; a busy one does not.
            let each = Duration::from_millis(100) / self.sources.len().max(1) as u32;
            let wait = if was_quiet { each } else { Duration::ZERO };
            for at in 0..self.sources.len() {
                let source = &mut self.sources[at];
                records.clear();
                match source.reader.poll(BATCH_MAX, wait, &mut records) {
                    Ok(0) => continue,
                    Ok(_) => is_quiet = false,
                    Err(LogError::Closed) => return Ok(()),
                    Err(error) => return Err(told(error)),
                }
                let (partition, next) = (source.partition, source.reader.position());
                let behind = source.reader.behind().unwrap_or(0);
                if self.carry(partition, &records, next, stop).is_none() {
                    // Not written, and so not behind us: the next start reads it again.
                    return Ok(());
                }
                metrics::gauge!("floodgate_sink_lag_records", "sink" => self.sink.name())
                    .set(behind as f64);
            }
            was_quiet = is_quiet;
        }
        Ok(())
    }

    /// Writes a batch, with letters about what cannot be read; `None` when told to stop first.
    fn carry(
        &mut self,
        partition: Partition,
        records: &[Record],
        next: Offset,
        stop: &AtomicBool,
    ) -> Option<()> {
        let mut facts = Vec::with_capacity(records.len());
        for record in records {
            match decode_fact(&record.value) {
                Ok(fact) => facts.push(fact),
                // Before the position goes past it, since nobody comes back.
                Err(error) => self.park(partition, record, &error.to_string(), stop)?,
            }
        }
        match self.persist(partition, &facts, next, stop)? {
            Taken::All => Some(()),
            Taken::Refused => self.one_by_one(partition, records, next, stop),
        }
    }

    /// Finds what a sink refuses to take, and parks it: a fact that no database takes must not keep
    /// all that come after it.
    fn one_by_one(
        &mut self,
        partition: Partition,
        records: &[Record],
        next: Offset,
        stop: &AtomicBool,
    ) -> Option<()> {
        for record in records {
            let Ok(fact) = decode_fact(&record.value) else { continue };
            let last = record.offset + 1;
            if self.persist(partition, &[fact], last, stop)? == Taken::Refused {
                let reason = format!("{} does not take it", self.sink.name());
                self.park(partition, record, &reason, stop)?;
            }
        }
        self.persist(partition, &[], next, stop).map(|_| ())
    }

    /// Writes a batch, again and again until it is written, refused, or the process ends: a sink
    /// that is down for a while loses nothing, it only falls behind.
    fn persist(
        &mut self,
        partition: Partition,
        facts: &[FactRecord],
        next: Offset,
        stop: &AtomicBool,
    ) -> Option<Taken> {
        let name = self.sink.name();
        until(stop, || match self.sink.write(partition, facts, next) {
            Ok(()) => Some(Taken::All),
            Err(SinkError::Refused(error)) => {
                tracing::error!(sink = name, error, "a batch is refused");
                Some(Taken::Refused)
            }
            Err(error) => {
                metrics::counter!("floodgate_sink_failures_total", "sink" => name).increment(1);
                tracing::warn!(sink = name, %error, "a batch is tried again");
                None
            }
        })
    }

    fn park(
        &mut self,
        partition: Partition,
        record: &Record,
        reason: &str,
        stop: &AtomicBool,
    ) -> Option<()> {
        until(stop, || match self.parking.park(partition, record, reason) {
            Ok(()) => Some(()),
            Err(error) => {
                tracing::warn!(%error, "a letter is tried again");
                None
            }
        })
    }
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    All,
    Refused,
}

/// Tries until something comes of it, with growing pauses; `None` when told to stop first.
fn until<T>(stop: &AtomicBool, mut attempt: impl FnMut() -> Option<T>) -> Option<T> {
    let mut pause = RETRY_MIN;
    loop {
        if let Some(outcome) = attempt() {
            return Some(outcome);
        }
        if stop.load(Ordering::Acquire) {
            return None;
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(RETRY_MAX);
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape map_err wants")]
fn told(error: LogError) -> SinkError {
    SinkError::Unavailable(error.to_string())
}
