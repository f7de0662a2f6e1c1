//! Publishes facts and notifications of one partition, in order and by position.
//!
//! Each public fact carries the offset of the ledger's record it was made from, so that a restart
//! goes on behind the last one. Between a publication and a crash right after it, the same records
//! may come again: readers drop what is not greater than what they had.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use floodgate_log::{Log, LogError, LogReader, NewRecord, Partition, Record, Topic, partition_of};
use floodgate_onsale::wire::decode_fact;
use floodgate_onsale::{BuyerId, EventId, Fact, FactRecord, HoldId, LogTime, Source};

use super::{FactBody, Notification};
use crate::worker::PATIENCE;

/// Facts published at once.
const BATCH_MAX: usize = 1024;
/// How long before its end the owner of a hold is told.
const ENDING_MS: u64 = 60_000;
/// Records read again after a restart, so that holds that were made before it are not forgotten:
/// minutes of a sale at its hottest.
const WATCHED_AGAIN: u64 = 200_000;
/// The header that names the ledger's record.
const LEDGER_OFFSET: &str = "floodgate-ledger-offset";

/// A hold somebody should be told about in time.
#[derive(Debug, Clone, Copy)]
struct Ending {
    origin: (EventId, Source, LogTime),
    buyer: BuyerId,
    until: LogTime,
}

/// One partition's teller.
pub(crate) struct Teller {
    log: Arc<dyn Log>,
    partition: Partition,
    ledger: Box<dyn LogReader>,
    /// Up to here an earlier life has told everything; this one only watches holds.
    told: Option<u64>,
    last: Option<Source>,
    records: Vec<Record>,
    /// Holds that end by themselves; as many as there are holds.
    endings: BTreeMap<HoldId, Ending>,
    /// The same by the time to tell, so that looking costs nothing.
    due: BTreeMap<(u64, HoldId), ()>,
}

impl Teller {
    /// Goes on behind the last public fact.
    pub(crate) fn new(log: Arc<dyn Log>, partition: Partition) -> Result<Self, LogError> {
        let first = log.first(Topic::Ledger, partition)?;
        let told = log.last(Topic::Facts, partition)?.and_then(|record| ledger_offset(&record));
        let from = told.map_or(first, |offset| first.max(offset.saturating_sub(WATCHED_AGAIN)));
        let ledger = log.follower(Topic::Ledger, partition, from, PATIENCE)?;
        Ok(Teller {
            log,
            partition,
            ledger,
            told,
            last: None,
            records: Vec::new(),
            endings: BTreeMap::new(),
            due: BTreeMap::new(),
        })
    }

    /// Tells what is new, and whose time runs out; never waits for more.
    pub(crate) fn turn(&mut self, now: LogTime) -> Result<(), LogError> {
        self.records.clear();
        self.ledger.poll(BATCH_MAX, Duration::ZERO, &mut self.records)?;
        let records = std::mem::take(&mut self.records);
        let (mut facts, mut notes) = (Vec::new(), Vec::new());
        for record in &records {
            let Ok(fact) = decode_fact(&record.value) else { continue };
            if self.last.is_some_and(|last| fact.source <= last) {
                continue;
            }
            self.last = Some(fact.source);
            self.watch(&fact);
            if self.told.is_some_and(|told| record.offset <= told) {
                continue;
            }
            facts.push(self.public(record.offset, &fact));
            notes.extend(Notification::of(self.partition, &fact));
        }
        self.records = records;
        notes.extend(self.endings(now));
        self.send(facts, &notes)
    }

    fn public(&self, offset: u64, fact: &FactRecord) -> NewRecord {
        let body = FactBody::of(self.partition, fact);
        let mut headers = body.attributes(self.partition, fact).headers();
        headers.push((LEDGER_OFFSET.to_owned(), Bytes::from(offset.to_string())));
        let value = serde_json::to_vec(&body).expect("numbers and texts always serialise");
        NewRecord { key: body.event_id.into(), value: value.into(), headers }
    }

    /// Keeps an eye on holds that end by themselves.
    fn watch(&mut self, record: &FactRecord) {
        let origin = (record.event_id, record.source, record.at);
        match &record.fact {
            Fact::SeatsHeld { hold_id, buyer, until, .. }
            | Fact::HoldExtended { hold_id, buyer, until }
            | Fact::OrderDeclined { hold_id, buyer, until, .. } => {
                self.forget(*hold_id);
                let ending = Ending { origin, buyer: *buyer, until: *until };
                self.endings.insert(*hold_id, ending);
                self.due.insert((until.0.saturating_sub(ENDING_MS), *hold_id), ());
            }
            Fact::PurchaseStarted { hold_id, .. }
            | Fact::HoldReleased { hold_id, .. }
            | Fact::HoldExpired { hold_id, .. } => self.forget(*hold_id),
            _ => {}
        }
    }

    fn forget(&mut self, hold_id: HoldId) {
        if let Some(ending) = self.endings.remove(&hold_id) {
            self.due.remove(&(ending.until.0.saturating_sub(ENDING_MS), hold_id));
        }
    }

    /// Messages to those whose hold ends within a minute; each once.
    fn endings(&mut self, now: LogTime) -> Vec<Notification> {
        let mut notes = Vec::new();
        while let Some((&(at, hold_id), ())) = self.due.first_key_value()
            && at <= now.0
        {
            self.due.pop_first();
            let Some(ending) = self.endings.remove(&hold_id) else { continue };
            // Too late is worse than not at all: it has ended already.
            if ending.until > now {
                let hold = (hold_id, ending.buyer, ending.until);
                notes.push(Notification::hold_ending(self.partition, ending.origin, hold));
            }
        }
        notes
    }

    fn send(&self, facts: Vec<NewRecord>, notes: &[Notification]) -> Result<(), LogError> {
        let mut tickets = Vec::new();
        let partitions = self.log.partitions(Topic::Notifications);
        let mut by_partition: BTreeMap<Partition, Vec<NewRecord>> = BTreeMap::new();
        for note in notes {
            let record = note.record();
            by_partition.entry(partition_of(&record.key, partitions)).or_default().push(record);
        }
        // Notifications first: the position that a restart goes on behind is that of the facts.
        for (partition, records) in by_partition {
            tickets.push(self.log.append(Topic::Notifications, partition, records));
        }
        for ticket in tickets {
            ticket.wait()?;
        }
        if !facts.is_empty() {
            self.log.append(Topic::Facts, self.partition, facts).wait()?;
        }
        Ok(())
    }
}

fn ledger_offset(record: &Record) -> Option<u64> {
    let (_, value) = record.headers.iter().find(|(name, _)| name == LEDGER_OFFSET)?;
    std::str::from_utf8(value).ok()?.parse().ok()
}
