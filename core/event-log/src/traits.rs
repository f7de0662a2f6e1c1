//! What every backend of the log promises.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use tokio::sync::oneshot;

use floodgate_domain::LogTime;

use crate::topics::Topic;

/// A record's number within its partition, from 0, without gaps on the embedded backend.
pub type Offset = u64;

/// A partition of a topic, from 0.
pub type Partition = u32;

/// What a record says: bytes, of which there may be none, or nothing at all. A record that says
/// nothing at all is a tombstone: its key is to be forgotten. It reads as no bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value(Option<Bytes>);

impl Value {
    /// The value of a tombstone.
    pub const ABSENT: Value = Value(None);

    /// From what a backend has: `None` is a tombstone.
    #[must_use]
    pub fn new(bytes: Option<Bytes>) -> Self {
        Value(bytes)
    }

    /// Whether the record is a tombstone.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        self.0.is_none()
    }

    /// The bytes; `None` of a tombstone.
    #[must_use]
    pub fn bytes(&self) -> Option<&Bytes> {
        self.0.as_ref()
    }

    /// The bytes as hex digits, to be shown where they mean nothing to the reader.
    #[must_use]
    pub fn hex(&self) -> String {
        self.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Default for Value {
    fn default() -> Self {
        Value(Some(Bytes::new()))
    }
}

impl<T: Into<Bytes>> From<T> for Value {
    fn from(bytes: T) -> Self {
        Value(Some(bytes.into()))
    }
}

impl std::ops::Deref for Value {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        self.0.as_deref().unwrap_or_default()
    }
}

/// A record as it is appended.
#[derive(Debug, Clone, Default)]
pub struct NewRecord {
    pub key: Bytes,
    pub value: Value,
    /// Names and values; CloudEvents attributes and dead-letter origins travel here.
    pub headers: Vec<(String, Bytes)>,
}

impl NewRecord {
    /// A record without headers.
    pub fn new(key: impl Into<Bytes>, value: impl Into<Value>) -> Self {
        NewRecord { key: key.into(), value: value.into(), headers: Vec::new() }
    }

    /// A record that says that its key is to be forgotten.
    pub fn tombstone(key: impl Into<Bytes>) -> Self {
        NewRecord::new(key, Value::ABSENT)
    }
}

/// A record as it is read.
#[derive(Debug, Clone)]
pub struct Record {
    pub offset: Offset,
    /// Given by the log; never smaller than that of the record before.
    pub at: LogTime,
    pub key: Bytes,
    pub value: Value,
    pub headers: Vec<(String, Bytes)>,
}

/// Where an append ended up. Its records follow each other from `first` on; where other processes
/// append to the same partition, theirs may lie between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    pub first: Offset,
    /// The time of the last of them.
    pub at: LogTime,
}

/// Why the log did not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LogError {
    /// More is waiting than may wait. Nothing was written; trying again later is safe.
    #[error("the log is overloaded; try again later")]
    Overloaded,
    /// Nothing was written. Free some space, then try again.
    #[error("the log's disk is full; free some space")]
    DiskFull,
    /// A record is larger than the log takes. Nothing was written.
    #[error("a record of {bytes} bytes exceeds the limit of the log ({max})")]
    TooLarge { bytes: usize, max: usize },
    /// No such topic or partition.
    #[error("there is no partition {partition} of {topic}")]
    UnknownPartition { topic: &'static str, partition: Partition },
    /// The records from this offset are no longer kept.
    #[error("records before offset {first} are no longer kept")]
    Trimmed { first: Offset },
    /// A record at rest is not what was written. Nothing is read past it.
    #[error(
        "record {offset} of {topic}/{partition} is damaged: {reason}; stop the server and run \
         `floodgate log repair`"
    )]
    Damaged { topic: &'static str, partition: Partition, offset: Offset, reason: String },
    /// Records that were acknowledged are not there. Nothing is written in their place.
    #[error(
        "{records} records that were acknowledged are missing at the end of log.db: log.db-wal is \
         damaged or gone, or an older copy was put back. Put back a copy of the whole folder; \
         where this log is the right one, `floodgate log repair --apply --accept-loss` goes on \
         without them"
    )]
    Missing { records: u64 },
    /// The log is shutting down. Whether the records were written is not known.
    #[error("the log is closed")]
    Closed,
    /// The backend failed. Whether the records were written is not known.
    #[error("the log failed: {0}")]
    Backend(String),
}

impl LogError {
    /// Whether it is certain that nothing was written.
    #[must_use]
    pub fn nothing_written(&self) -> bool {
        !matches!(self, LogError::Closed | LogError::Backend(_))
    }
}

/// What is done once the outcome of an append is known.
type OnFailure = Box<dyn FnOnce(LogError) + Send>;

/// Who is notified of an append's outcome, once. If dropped before, it reports a closed log.
pub struct Ack(Option<AckTarget>);

enum AckTarget {
    PendingAppend(oneshot::Sender<Result<Appended, LogError>>),
    Failure(OnFailure),
}

impl std::fmt::Debug for Ack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ack")
    }
}

impl Ack {
    /// Notified of a failure only: for those whom a success reaches in another way, such as the
    /// answer to a command. It saves waking them twice. Runs on the log's own thread: be short.
    #[must_use]
    pub fn on_failure(callback: impl FnOnce(LogError) + Send + 'static) -> Self {
        Ack(Some(AckTarget::Failure(Box::new(callback))))
    }

    /// Reports the outcome to whoever waits for it.
    pub fn complete(mut self, outcome: Result<Appended, LogError>) {
        match (self.0.take(), outcome) {
            // Whoever has stopped waiting is not notified.
            (Some(AckTarget::PendingAppend(sender)), outcome) => drop(sender.send(outcome)),
            (Some(AckTarget::Failure(callback)), Err(error)) => callback(error),
            (Some(AckTarget::Failure(_)) | None, _) => {}
        }
    }
}

impl Drop for Ack {
    fn drop(&mut self) {
        if let Some(AckTarget::Failure(callback)) = self.0.take() {
            callback(LogError::Closed);
        }
    }
}

/// Append, read, know the end. Implementations are cheap to share and never block in `append`.
pub trait Log: Send + Sync + std::fmt::Debug + 'static {
    /// How many partitions a topic has.
    fn partitions(&self, topic: Topic) -> u32;

    /// Queues records for one partition, all or nothing and in order: two appends from one
    /// thread keep their order. `ack` is completed once they are durable, or with why they are not.
    fn append_with(&self, topic: Topic, partition: Partition, records: Vec<NewRecord>, ack: Ack);

    /// The same; what it returns can be awaited.
    fn append(&self, topic: Topic, partition: Partition, records: Vec<NewRecord>) -> PendingAppend {
        let (ack, append) = PendingAppend::channel();
        self.append_with(topic, partition, records, ack);
        append
    }

    /// Reads from `from` on; only durable records are ever seen.
    fn reader(
        &self,
        topic: Topic,
        partition: Partition,
        from: Offset,
    ) -> Result<Box<dyn LogReader>, LogError>;

    /// The same for those nobody waits for: records may come up to `patience` later, more of them at
    /// once, which costs the log less.
    fn follower(
        &self,
        topic: Topic,
        partition: Partition,
        from: Offset,
        patience: Duration,
    ) -> Result<Box<dyn LogReader>, LogError> {
        let _ = patience;
        self.reader(topic, partition, from)
    }

    /// The offset the next durable record will have: one past the last readable one.
    fn end(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError>;

    /// The first offset that is still kept.
    fn first(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError>;

    /// The last durable record, if there is one.
    fn last(&self, topic: Topic, partition: Partition) -> Result<Option<Record>, LogError>;

    /// The time a record appended now would get, as far as this process can know: the wall clock,
    /// where the log has none of its own.
    fn now(&self) -> LogTime {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        LogTime(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
    }

    /// How far the wall clock is ahead of the log's, in milliseconds, where it is known to have
    /// jumped.
    fn clock_off_by_ms(&self) -> Option<i64> {
        None
    }

    /// Shows whoever operates the log how far a reader is, where it has a place for that. For people
    /// alone: nobody reads it back, and nothing is waited for.
    fn note_position(&self, reader: ReaderName<'_>, at: (Topic, Partition), next: Offset) {
        let _ = (reader, at, next);
    }

    /// What the readers of this process have noted.
    fn noted_positions(&self) -> Vec<NotedPosition> {
        Vec::new()
    }

    /// Whether the log takes appends now; the reason if not. For readiness checks.
    fn health(&self) -> Result<(), LogError>;
}

/// Who reads, for whoever looks at how far readers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReaderName<'a> {
    /// A role whose processes share the partitions: `processor`.
    Shared(&'a str),
    /// What every gateway reads for itself: `views`.
    OfEachGateway(&'a str),
}

/// How far a reader is in a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotedPosition {
    /// The name of its role, such as `processor`.
    pub reader: String,
    pub topic: Topic,
    pub partition: Partition,
    /// The next record it takes.
    pub next: Offset,
}

impl<'a> ReaderName<'a> {
    /// The name of the role, without whose it is.
    #[must_use]
    pub fn role(self) -> &'a str {
        match self {
            ReaderName::Shared(name) | ReaderName::OfEachGateway(name) => name,
        }
    }
}

/// Reads one partition forward. Used from one thread; blocking.
pub trait LogReader: Send {
    /// Appends up to `max` records to `into`, waiting up to `wait` for the first of them.
    /// Returns how many; 0 after a quiet wait.
    fn poll(
        &mut self,
        max: usize,
        wait: Duration,
        into: &mut Vec<Record>,
    ) -> Result<usize, LogError>;

    /// The offset the next poll starts at.
    fn position(&self) -> Offset;

    /// How many durable records are still to be read, as far as is known without a wait worth
    /// speaking of: 0 means that everything there was a moment ago has been read.
    fn behind(&mut self) -> Result<u64, LogError>;
}

/// The promise of an append: await it, or [`PendingAppend::wait`] on a plain thread. Dropping it
/// does not undo the append.
#[derive(Debug)]
pub struct PendingAppend(oneshot::Receiver<Result<Appended, LogError>>);

impl PendingAppend {
    /// A pending append, and what settles it.
    #[must_use]
    pub fn channel() -> (Ack, PendingAppend) {
        let (sender, receiver) = oneshot::channel();
        (Ack(Some(AckTarget::PendingAppend(sender))), PendingAppend(receiver))
    }

    /// Waits on a plain thread; must not be called inside an async task.
    pub fn wait(self) -> Result<Appended, LogError> {
        self.0.blocking_recv().unwrap_or(Err(LogError::Closed))
    }

    /// Looks without waiting; `None` while the outcome is open.
    pub fn try_outcome(&mut self) -> Option<Result<Appended, LogError>> {
        match self.0.try_recv() {
            Ok(outcome) => Some(outcome),
            Err(oneshot::error::TryRecvError::Empty) => None,
            Err(oneshot::error::TryRecvError::Closed) => Some(Err(LogError::Closed)),
        }
    }
}

impl Future for PendingAppend {
    type Output = Result<Appended, LogError>;
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(|outcome| outcome.unwrap_or(Err(LogError::Closed)))
    }
}
