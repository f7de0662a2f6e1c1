//! Publishes facts and notifications of one partition, in order and by position.
//!
//! Each public fact carries the offset of the ledger's record it was made from, so that a restart
//! tells nothing twice that is behind the last one. It still reads from the first fact on: who
//! waits for his turn, or holds seats, may have begun long ago. Between a publication and a crash
//! right after it, the same records may come again: readers drop what they had.
//!
//! An error ends the teller, and another one finds out what was written.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use floodgate_domain::effects::Visibility;
use floodgate_domain::wire::decode_fact;
use floodgate_domain::{FactRecord, LogTime, Source};
use floodgate_event_log::{
    Log, LogError, LogReader, NewRecord, Partition, Record, Topic, partition_of,
};

use super::notifier::{Notes, Notifier};
use super::{FactBody, Notification};
use crate::audience::{Audience, AudienceSettings};

/// Facts published at once.
const BATCH_MAX: usize = 1024;
/// Batches of facts told before that one turn may follow: a quarter of a second.
const SILENT_BATCHES: usize = 256;
/// Records of one append of notifications.
const NOTES_MAX: usize = 4096;
/// The header that names the ledger's record.
const LEDGER_OFFSET: &str = "floodgate-ledger-offset";

/// One partition's teller.
pub(crate) struct Teller {
    log: Arc<dyn Log>,
    partition: Partition,
    ledger: Box<dyn LogReader>,
    /// Up to here an earlier life has told everything; this one only watches.
    told: Option<u64>,
    last: Option<Source>,
    records: Vec<Record>,
    notifier: Notifier,
    audience: Audience,
}

impl Teller {
    /// Goes on behind the last public fact.
    pub(crate) fn new(
        log: Arc<dyn Log>,
        partition: Partition,
        audience: AudienceSettings,
    ) -> Result<Self, LogError> {
        let first = log.first(Topic::Ledger, partition)?;
        let told = log.last(Topic::Facts, partition)?.and_then(|record| ledger_offset(&record));
        let ledger = log.follower(Topic::Ledger, partition, first, crate::PATIENCE)?;
        Ok(Teller {
            audience: Audience::new(Arc::clone(&log), partition, audience)?,
            log,
            partition,
            ledger,
            told,
            last: None,
            records: Vec::new(),
            notifier: Notifier::new(partition),
        })
    }

    /// Tells what is new, and whose time runs out; never waits for more. Returns whether there is
    /// more to be read at once.
    pub(crate) fn turn(&mut self, now: LogTime) -> Result<bool, LogError> {
        for _ in 0..SILENT_BATCHES {
            self.records.clear();
            let read = self.ledger.poll(BATCH_MAX, Duration::ZERO, &mut self.records)?;
            if read == 0 {
                self.quiet(now)?;
                return Ok(false);
            }
            let records = std::mem::take(&mut self.records);
            let has_told = self.take(&records, now);
            self.records = records;
            if has_told? {
                break;
            }
        }
        Ok(true)
    }

    /// Takes a batch; whether anything of it was published.
    fn take(&mut self, records: &[Record], now: LogTime) -> Result<bool, LogError> {
        let (mut facts, mut notes) = (Vec::new(), Notes::default());
        for record in records {
            let Ok(fact) = decode_fact(&record.value) else { continue };
            if self.last.is_some_and(|last| fact.source <= last) {
                continue;
            }
            self.last = Some(fact.source);
            notes.is_silent = self.told.is_some_and(|told| record.offset <= told);
            self.notifier.endings(fact.at, now, &mut notes);
            self.notifier.take(&fact, &mut notes);
            self.audience.take(&fact)?;
            if !notes.is_silent && fact.fact.effects().visibility == Visibility::Public {
                facts.push(self.public(record.offset, &fact));
            }
        }
        let has_told = !facts.is_empty() || !notes.all.is_empty();
        self.send(facts, &notes.all)?;
        Ok(has_told)
    }

    /// Nothing more happens just now: the world's clock goes on.
    fn quiet(&mut self, now: LogTime) -> Result<(), LogError> {
        self.audience.tell_time(now);
        let mut notes = Notes::default();
        self.notifier.endings(now, now, &mut notes);
        self.send(Vec::new(), &notes.all)
    }

    fn public(&self, offset: u64, fact: &FactRecord) -> NewRecord {
        let body = FactBody::of(self.partition, fact);
        let mut headers = body.attributes(self.partition, fact).headers();
        headers.push((LEDGER_OFFSET.to_owned(), Bytes::from(offset.to_string())));
        let value = serde_json::to_vec(&body).expect("numbers and texts always serialise");
        NewRecord { key: body.event_id.into(), value: value.into(), headers }
    }

    fn send(&self, facts: Vec<NewRecord>, notes: &[Notification]) -> Result<(), LogError> {
        let mut tickets = Vec::new();
        let partitions = self.log.partitions(Topic::Notifications);
        let mut by_partition: BTreeMap<Partition, Vec<NewRecord>> = BTreeMap::new();
        for notes in notes.chunks(NOTES_MAX) {
            for note in notes {
                let record = note.record();
                by_partition.entry(partition_of(&record.key, partitions)).or_default().push(record);
            }
            // Notifications first: the position that a restart goes on behind is that of the facts.
            for (partition, records) in std::mem::take(&mut by_partition) {
                tickets.push(self.log.append(Topic::Notifications, partition, records));
            }
            for ticket in tickets.drain(..) {
                ticket.wait()?;
            }
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

#[cfg(test)]
#[path = "teller_tests.rs"]
mod tests;
