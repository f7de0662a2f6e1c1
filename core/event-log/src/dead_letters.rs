//! Dead letters: records that a reader could not read, set aside with their origin.
//!
//! A reader that meets such a record sets it aside and goes on. Each is written once per role,
//! however often that role restarts and reads past the record again: before it writes its first
//! dead letter of a partition, it reads those that are there.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use crate::topics::{Cleanup, Topic};
use crate::traits::{Log, LogError, NewRecord, Offset, Partition, Record};

const ORIGIN_TOPIC: &str = "floodgate-origin-topic";
const ORIGIN_PARTITION: &str = "floodgate-origin-partition";
/// The header that says which record it was.
const ORIGIN_OFFSET: &str = "floodgate-origin-offset";
const ROLE: &str = "floodgate-role";
const REASON: &str = "floodgate-reason";

/// Dead letters one role writes about a partition. More than so many is not a bad record but a bad
/// writer; the topic they came from has all of them.
const DEAD_LETTERS_MAX: usize = 10_000;
/// Dead letters read at once.
const READ_MAX: usize = 256;
/// How long dead letters that are there may take to come.
const READ_WITHIN: Duration = Duration::from_secs(5);

/// Where a dead letter comes from, who could not read it, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    pub topic: Topic,
    pub partition: Partition,
    pub offset: Offset,
    /// `processor`, `streams`, `payments`, or `sink-` and its name.
    pub role: String,
    pub reason: String,
}

impl Origin {
    /// What a dead letter's headers say; `None` when they are not those of one.
    #[must_use]
    pub fn of(dead_letter: &Record) -> Option<Self> {
        let header = |name: &str| {
            let (_, value) = dead_letter.headers.iter().find(|(found, _)| found == name)?;
            std::str::from_utf8(value).ok()
        };
        Some(Origin {
            topic: Topic::parse(header(ORIGIN_TOPIC)?)?,
            partition: header(ORIGIN_PARTITION)?.parse().ok()?,
            offset: header(ORIGIN_OFFSET)?.parse().ok()?,
            role: header(ROLE)?.to_owned(),
            reason: header(REASON).unwrap_or_default().to_owned(),
        })
    }

    /// The dead letter of a record: its key, its value, and what is said here.
    #[must_use]
    pub fn dead_letter(&self, record: &Record) -> NewRecord {
        let said = [
            (ORIGIN_TOPIC, self.topic.name().to_owned()),
            (ORIGIN_PARTITION, self.partition.to_string()),
            (ORIGIN_OFFSET, self.offset.to_string()),
            (ROLE, self.role.clone()),
            (REASON, self.reason.clone()),
        ];
        let headers = said.map(|(name, value)| (name.to_owned(), Bytes::from(value))).to_vec();
        NewRecord { key: record.key.clone(), value: record.value.clone(), headers }
    }
}

/// Dead letters of a topic from `from` on, `max` at most, up to where it ends now.
pub fn read_dead_letters(
    log: &dyn Log,
    topic: Topic,
    partition: Partition,
    (from, max): (Offset, usize),
) -> Result<Vec<Record>, LogError> {
    let (first, end) = (log.first(topic, partition)?, log.end(topic, partition)?);
    let mut reader = log.reader(topic, partition, from.max(first))?;
    let mut records = Vec::new();
    while reader.position() < end && records.len() < max {
        let most = READ_MAX.min(max - records.len());
        if reader.poll(most, READ_WITHIN, &mut records)? == 0 {
            break;
        }
    }
    records.retain(|record| record.offset < end);
    Ok(records)
}

/// How a role comes by records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// It keeps its position and sees a record once.
    Once,
    /// It begins with the first record whenever it starts.
    FromTheFirst,
}

/// Sets aside what one role cannot read of a topic.
#[derive(Debug)]
pub struct DeadLetters {
    log: Arc<dyn Log>,
    topic: Topic,
    role: String,
    reads: Reads,
    /// Offsets this role has set aside, by partition; read when first needed.
    known: HashMap<Partition, HashSet<Offset>>,
}

impl DeadLetters {
    #[must_use]
    pub fn new(log: Arc<dyn Log>, topic: Topic, role: impl Into<String>, reads: Reads) -> Self {
        DeadLetters { log, topic, role: role.into(), reads, known: HashMap::new() }
    }

    /// Sets a record aside, unless this role has done so already, and waits until that is durable.
    /// After an error it may be tried again: what was written all the same is found then. Must not
    /// be called inside async tasks.
    pub fn set_aside(
        &mut self,
        partition: Partition,
        record: &Record,
        reason: &str,
    ) -> Result<(), LogError> {
        let (offset, role) = (record.offset, &self.role);
        tracing::error!(topic = self.topic.name(), partition, offset, role, reason, "unreadable");
        metrics::counter!("floodgate_records_unreadable_total", "role" => role.clone())
            .increment(1);
        let Some(aside) = self.topic.dead_letters() else { return Ok(()) };
        if self.reads == Reads::FromTheFirst && is_forgotten(aside, record) {
            return Ok(());
        }
        let known = self.known(aside, partition)?;
        if known.contains(&offset) || known.len() >= DEAD_LETTERS_MAX {
            return Ok(());
        }
        let origin = Origin {
            topic: self.topic,
            partition,
            offset,
            role: self.role.clone(),
            reason: reason.to_owned(),
        };
        let written = self.log.append(aside, partition, vec![origin.dead_letter(record)]).wait();
        match &written {
            Ok(_) => {
                self.known.entry(partition).or_default().insert(offset);
            }
            // Perhaps it was written: read the topic again to find out.
            Err(_) => {
                self.known.remove(&partition);
            }
        }
        written.map(|_| ())
    }

    fn known(&mut self, aside: Topic, partition: Partition) -> Result<&HashSet<Offset>, LogError> {
        if !self.known.contains_key(&partition) {
            let own = |dead_letter: &Record| {
                Origin::of(dead_letter)
                    .filter(|one| one.topic == self.topic && one.role == self.role)
                    .map(|one| one.offset)
            };
            // Every role has its own, so there are more than one of them may write.
            let there =
                read_dead_letters(&*self.log, aside, partition, (0, 16 * DEAD_LETTERS_MAX))?;
            self.known.insert(partition, there.iter().filter_map(own).collect());
        }
        Ok(self.known.entry(partition).or_default())
    }
}

/// Whether a dead letter has been and gone: it was set aside in its time, and the topic has forgotten
/// it since.
fn is_forgotten(aside: Topic, record: &Record) -> bool {
    let Cleanup::Age { ms } = aside.cleanup() else { return false };
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX);
    record.at.0.saturating_add(ms) < now
}
