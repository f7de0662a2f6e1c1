//! The default backend: one SQLite file, one writer that commits in groups.
//!
//! Whatever was appended during the last sync goes into the next transaction, so the cost of
//! a sync is shared by all who wait for it and no timer is needed. Readers follow the tail in
//! memory and fall back to the file when they are behind.
//!
//! | file | holds |
//! |---|---|
//! | `queue` | what waits to be written, bounded |
//! | `writer` | the thread that owns the writing connection |
//! | `tail` | recent records in memory, and who waits for more |
//! | `reader` | reading a partition forward |
//! | `slot` | a partition in the file and in memory |
//! | `schema` | tables, settings, metadata of the file |
//! | `acknowledged` | how much was acknowledged, beside the file |
//! | `checksum` | what every record at rest is checked with |
//! | `clock` | what time it is in the log |
//! | `ends` | where every partition ends, written down a second time |
//! | `mend` | what a checksum alone can put right, and a file written anew |
//! | `upgrade` | from the forms of older builds to that of this one |

mod acknowledged;
mod checksum;
mod clock;
mod ends;
mod mend;
mod queue;
mod reader;
mod schema;
mod slot;
mod tail;
mod upgrade;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

pub use self::acknowledged::forget_acknowledged;
pub use self::mend::LogFile;

use self::acknowledged::Acknowledged;
use self::clock::LogClock;
use self::ends::EndError;
use self::queue::{Job, Queue};
use self::reader::{FileReader, TailReader};
use self::schema::{FORMAT, Schema};
use self::slot::{Slot, slot_of};
use self::tail::Tail;
use floodgate_domain::LogTime;

use crate::noted::Noted;
use crate::topics::Topic;
use crate::traits::{
    Ack, Log, LogError, LogReader, NewRecord, NotedPosition, Offset, Partition, ReaderName, Record,
};

/// The largest record: a new event with the largest plan fits.
pub const RECORD_BYTES_MAX: usize = 16 << 20;

/// How the log is laid out and bounded.
#[derive(Debug, Clone)]
pub struct EmbeddedOptions {
    /// Partitions of every topic; fixed when the file is made.
    pub partitions: u32,
    /// Records that may wait to be written: two seconds of the fastest writer.
    pub queue_records_max: usize,
    /// Bytes that may wait to be written.
    pub queue_bytes_max: usize,
    /// Pages the file may have; a small number makes a full disk. `None` for no limit.
    pub pages_max: Option<u32>,
}

impl Default for EmbeddedOptions {
    fn default() -> Self {
        EmbeddedOptions {
            partitions: 4,
            queue_records_max: 1 << 19,
            queue_bytes_max: 256 << 20,
            pages_max: None,
        }
    }
}

/// Whether appends are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Health {
    Good = 0,
    /// The last write found no space; the next may succeed.
    DiskFull = 1,
    /// A commit failed in a way that leaves its outcome unknown: nothing more is written.
    Broken = 2,
    ReadOnly = 3,
    Closed = 4,
    /// Records that were acknowledged are missing: nothing is written in their place.
    Short = 5,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    partitions: u32,
    has_checksums: bool,
    /// Only what is left of a damaged file is read.
    is_mending: bool,
    /// Records that were acknowledged and are not there.
    missing: u64,
    clock: LogClock,
    queue: Queue,
    tails: Vec<Tail>,
    health: AtomicU8,
}

impl Shared {
    fn health(&self) -> Health {
        match self.health.load(Ordering::Acquire) {
            0 => Health::Good,
            1 => Health::DiskFull,
            2 => Health::Broken,
            3 => Health::ReadOnly,
            5 => Health::Short,
            _ => Health::Closed,
        }
    }

    fn set_health(&self, health: Health) {
        self.health.store(health as u8, Ordering::Release);
    }
}

/// The embedded log. Dropping it writes out what waits and closes the file.
#[derive(Debug)]
pub struct EmbeddedLog {
    shared: Arc<Shared>,
    // Plain mutexes: touched when the log is closed, and never besides.
    writer: Mutex<Option<JoinHandle<()>>>,
    /// Held while this process may write; the operating system lets go of it with the process.
    lock: Mutex<Option<std::fs::File>>,
    noted: Noted,
}

/// Why a log cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("{path} is in use by another process; stop that one, or choose another --data folder")]
    InUse { path: PathBuf },
    #[error("{path} has {found} partitions, {asked} were requested; set log.partitions to {found}")]
    Partitions { path: PathBuf, found: u32, asked: u32 },
    #[error("the log in {path} has format {found}, this build reads up to {FORMAT}; upgrade it")]
    Newer { path: PathBuf, found: u32 },
    #[error("there is no log in {path}; start a server with this --data folder first")]
    Missing { path: PathBuf },
    #[error(
        "the log in {path} is damaged: {what}; see what can be put right with \
         `floodgate log repair`, or put back a copy of the whole folder"
    )]
    Damaged { path: PathBuf, what: String },
    #[error("cannot open the log in {path}: {reason}")]
    Failed { path: PathBuf, reason: String },
}

impl OpenError {
    fn of_end(folder: &Path, error: EndError) -> Self {
        let path = folder.to_owned();
        match error {
            EndError::Sql(error) => OpenError::Failed { path, reason: error.to_string() },
            EndError::Damaged { .. } => OpenError::Damaged { path, what: error.to_string() },
        }
    }
}

impl EmbeddedLog {
    /// Opens the log in `folder` for writing, making it if there is none. One process at a time.
    pub fn open(folder: &Path, options: &EmbeddedOptions) -> Result<Self, OpenError> {
        let failed = |reason: String| OpenError::Failed { path: folder.to_owned(), reason };
        let lock = hold(folder)?;
        // Before the file is looked at: it is never more than the file has.
        let acknowledged = acknowledged::read(folder).unwrap_or(0);
        let path = folder.join("log.db");
        let sql = |error: rusqlite::Error| failed(error.to_string());
        let schema = Schema::open(&path, options).map_err(sql)?;
        readable(&schema, folder).map_err(sql)??;
        let found = schema.partitions().map_err(sql)?;
        if found != options.partitions {
            let path = folder.to_owned();
            return Err(OpenError::Partitions { path, found, asked: options.partitions });
        }
        upgrade::to_newest(&schema).and_then(|()| schema.prepare(options)).map_err(sql)?;
        let ends = slot::slots(found)
            .map(|slot| ends::read(&schema.connection, slot))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| OpenError::of_end(folder, error))?;
        let last_at = ends.iter().map(|end| end.last_at).max().unwrap_or(0);
        let written = ends.iter().map(|end| end.next).sum();
        let missing = acknowledged.saturating_sub(written);
        let health = if missing > 0 { Health::Short } else { Health::Good };
        let beside = Acknowledged::open(folder).map_err(|error| failed(error.to_string()))?;
        let shared = Arc::new(Shared {
            path,
            missing,
            partitions: found,
            has_checksums: true,
            is_mending: false,
            clock: LogClock::starting_at(LogTime(last_at)),
            queue: Queue::new(options.queue_records_max, options.queue_bytes_max),
            tails: ends.iter().map(|end| Tail::starting_at(end.next)).collect(),
            health: AtomicU8::new(health as u8),
        });
        let writer = writer::spawn(Arc::clone(&shared), (schema, beside), ends)
            .map_err(|error| failed(error.to_string()))?;
        Ok(EmbeddedLog {
            shared,
            writer: Mutex::new(Some(writer)),
            lock: Mutex::new(Some(lock)),
            noted: Noted::default(),
        })
    }

    /// Opens the log in `folder` to read only, while a server runs or after it was killed.
    pub fn open_read_only(folder: &Path) -> Result<Self, OpenError> {
        let path = folder.join("log.db");
        if !path.exists() {
            return Err(OpenError::Missing { path: folder.to_owned() });
        }
        let failed = |error: rusqlite::Error| OpenError::Failed {
            path: path.clone(),
            reason: error.to_string(),
        };
        let acknowledged = acknowledged::read(folder);
        let schema = Schema::open_to_read(&path).map_err(failed)?;
        readable(&schema, folder).map_err(failed)??;
        let partitions = schema.partitions().map_err(failed)?;
        let has_checksums = schema.has_checksums().map_err(failed)?;
        let mut log = EmbeddedLog::reading(path, partitions, (has_checksums, false));
        // Where the ends themselves are damaged, whoever reads a partition hears of that.
        if let (Some(acknowledged), Some(shared), true) =
            (acknowledged, Arc::get_mut(&mut log.shared), has_checksums)
            && let Ok(written) = acknowledged::written(&schema.connection, partitions)
        {
            shared.missing = acknowledged.saturating_sub(written);
        }
        Ok(log)
    }

    /// Opens a damaged log to read what is left of it, also where what it says of itself is not as
    /// written. It must be of this build's format.
    pub fn open_to_mend(folder: &Path) -> Result<Self, OpenError> {
        let path = folder.join("log.db");
        let partitions = match EmbeddedLog::open_read_only(folder) {
            Ok(log) if log.shared.has_checksums => log.partitions(Topic::Commands),
            Err(OpenError::Damaged { .. }) => Schema::open_to_read(&path)
                .and_then(|schema| mend::partitions_by_tables(&schema))
                .map_err(|error| {
                    let (path, reason) = (path.clone(), error.to_string());
                    OpenError::Failed { path, reason }
                })?,
            Ok(_) => {
                let reason = "its records have no checksums; start a server with it first";
                return Err(OpenError::Failed { path, reason: reason.to_owned() });
            }
            Err(error) => return Err(error),
        };
        Ok(EmbeddedLog::reading(path, partitions, (true, true)))
    }

    fn reading(path: PathBuf, partitions: u32, (has_checksums, is_mending): (bool, bool)) -> Self {
        let shared = Arc::new(Shared {
            path,
            partitions,
            has_checksums,
            is_mending,
            missing: 0,
            clock: LogClock::starting_at(LogTime(0)),
            queue: Queue::new(0, 0),
            tails: Vec::new(),
            health: AtomicU8::new(Health::ReadOnly as u8),
        });
        EmbeddedLog {
            shared,
            writer: Mutex::default(),
            lock: Mutex::default(),
            noted: Noted::default(),
        }
    }

    fn slot(&self, topic: Topic, partition: Partition) -> Result<Slot, LogError> {
        slot_of(topic, partition, self.shared.partitions)
    }

    /// Writes out what waits, refuses everything after, and lets others open the folder. Readers
    /// end. Who still holds this log holds a closed one.
    pub fn close(&self) {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(writer) = writer else { return };
        self.shared.queue.close();
        // A writer that panicked has said so; there is nothing left to write for it.
        let _ = writer.join();
        self.shared.set_health(Health::Closed);
        self.shared.tails.iter().for_each(Tail::close);
        self.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// Keeps every other process from writing to the log in `folder` for as long as the file is open.
pub fn hold(folder: &Path) -> Result<std::fs::File, OpenError> {
    let failed = |error: std::io::Error| {
        let (path, reason) = (folder.to_owned(), error.to_string());
        OpenError::Failed { path, reason }
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    let lock = std::fs::File::create(folder.join("log.lock")).map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(_) => Err(OpenError::InUse { path: folder.to_owned() }),
    }
}

/// Whether this build knows the form of the file.
fn readable(schema: &Schema, folder: &Path) -> rusqlite::Result<Result<(), OpenError>> {
    let found = schema.format()?;
    let path = || folder.to_owned();
    // First of all, since a newer build may describe its file in another way.
    Ok(if found > FORMAT {
        Err(OpenError::Newer { path: path(), found })
    } else if !schema.is_about_whole()? {
        Err(OpenError::Damaged {
            path: path(),
            what: "what it says of itself is not as written".into(),
        })
    } else {
        Ok(())
    })
}

impl Log for EmbeddedLog {
    fn partitions(&self, _topic: Topic) -> u32 {
        self.shared.partitions
    }

    fn append_with(&self, topic: Topic, partition: Partition, records: Vec<NewRecord>, ack: Ack) {
        let slot = match self.slot(topic, partition) {
            Ok(slot) => slot,
            Err(error) => return ack.complete(Err(error)),
        };
        match self.shared.health() {
            Health::Good | Health::DiskFull => {}
            Health::Broken => {
                return ack.complete(Err(LogError::Backend("a write failed".into())));
            }
            Health::Short => {
                let records = self.shared.missing;
                return ack.complete(Err(LogError::Missing { records }));
            }
            Health::ReadOnly | Health::Closed => return ack.complete(Err(LogError::Closed)),
        }
        let size = |record: &NewRecord| record.key.len() + record.value.len();
        let bytes = records.iter().map(size).sum();
        if let Some(bytes) = records.iter().map(size).find(|&bytes| bytes > RECORD_BYTES_MAX) {
            return ack.complete(Err(LogError::TooLarge { bytes, max: RECORD_BYTES_MAX }));
        }
        self.shared.queue.push(Job { slot, records, bytes, ack });
    }

    fn reader(
        &self,
        topic: Topic,
        partition: Partition,
        from: Offset,
    ) -> Result<Box<dyn LogReader>, LogError> {
        let slot = self.slot(topic, partition)?;
        let file = FileReader::new(&self.shared, slot);
        Ok(Box::new(TailReader::new(Arc::clone(&self.shared), slot, file, from)))
    }

    fn end(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        let slot = self.slot(topic, partition)?;
        match self.shared.tails.get(slot.index) {
            Some(tail) => Ok(tail.end()),
            None => FileReader::new(&self.shared, slot).end(),
        }
    }

    fn first(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        let slot = self.slot(topic, partition)?;
        if let Some(tail) = self.shared.tails.get(slot.index)
            && (slot.in_memory || tail.end() == 0)
        {
            return Ok(tail.first());
        }
        let end = self.end(topic, partition)?;
        FileReader::new(&self.shared, slot).first().map(|first| first.unwrap_or(end))
    }

    fn last(&self, topic: Topic, partition: Partition) -> Result<Option<Record>, LogError> {
        let slot = self.slot(topic, partition)?;
        let end = self.end(topic, partition)?;
        let Some(last) = end.checked_sub(1) else { return Ok(None) };
        if let Some(record) = self.shared.tails.get(slot.index).and_then(Tail::last) {
            return Ok(Some(record));
        }
        let mut found = Vec::new();
        FileReader::new(&self.shared, slot).read(last, end, 1, &mut found)?;
        Ok(found.pop())
    }

    fn now(&self) -> LogTime {
        self.shared.clock.now()
    }

    fn clock_off_by_ms(&self) -> Option<i64> {
        self.shared.clock.off_by_ms()
    }

    fn note_position(&self, reader: ReaderName<'_>, at: (Topic, Partition), next: Offset) {
        self.noted.note(reader.role(), at, next);
    }

    fn noted_positions(&self) -> Vec<NotedPosition> {
        self.noted.all()
    }

    fn health(&self) -> Result<(), LogError> {
        match self.shared.health() {
            Health::Good | Health::ReadOnly | Health::Short => match self.shared.missing {
                0 => Ok(()),
                records => Err(LogError::Missing { records }),
            },
            Health::DiskFull => Err(LogError::DiskFull),
            Health::Broken => Err(LogError::Backend("a write failed; restart the server".into())),
            Health::Closed => Err(LogError::Closed),
        }
    }
}

impl Drop for EmbeddedLog {
    fn drop(&mut self) {
        self.close();
    }
}
