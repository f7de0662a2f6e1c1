//! The published facts of a partition, each once and in order.
//!
//! Two owners of one partition, one of them a ghost, publish the same facts, and readers drop what
//! is not greater than the last. Here what is dropped must be what was seen before.

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::{Result, anyhow};

use floodgate_domain::wire::decode_fact;
use floodgate_domain::{FactPosition, FactRecord};
use floodgate_event_log::{Log, LogReader, Record, Topic};

use crate::findings::Findings;
use crate::reading::{BATCH, reader_from_start};
use crate::seen::Seen;

/// A fact and the bytes it was published in.
pub(super) struct PublishedFact {
    pub(super) fact: FactRecord,
    pub(super) bytes: Vec<u8>,
}

/// Reads the ledger of one partition up to an end.
pub(super) struct Published {
    reader: Box<dyn LogReader>,
    partition: u32,
    end: u64,
    batch: VecDeque<Record>,
    peeked: Option<PublishedFact>,
    seen: Seen,
    pub(super) repeated: u64,
    pub(super) failure: Option<anyhow::Error>,
}

impl Published {
    pub(super) fn open(log: &dyn Log, partition: u32, end: u64) -> Result<Self> {
        Ok(Published {
            reader: reader_from_start(log, Topic::Ledger, partition)?,
            partition,
            end,
            batch: VecDeque::new(),
            peeked: None,
            seen: Seen::default(),
            repeated: 0,
            failure: None,
        })
    }

    /// Where the next fact stands, if there is one.
    pub(super) fn next_position(&mut self, found: &mut Findings) -> Option<FactPosition> {
        if self.peeked.is_none() {
            self.peeked = self.read(found);
        }
        self.peeked.as_ref().map(|one| one.fact.position)
    }

    /// The next fact, if it follows from the command at `offset` or an earlier one.
    pub(super) fn up_to(&mut self, offset: u64, found: &mut Findings) -> Option<PublishedFact> {
        let next = self.next_position(found)?;
        if next.offset <= offset { self.peeked.take() } else { None }
    }

    fn read(&mut self, found: &mut Findings) -> Option<PublishedFact> {
        loop {
            let record = self.record()?;
            let fact = match decode_fact(&record.value) {
                Ok(fact) => fact,
                Err(error) => {
                    let at = record.offset;
                    found.check("facts-by-position", false, || {
                        format!("fact {at} of partition {} cannot be read: {error}", self.partition)
                    });
                    continue;
                }
            };
            let (position, bytes) = (fact.position, record.value.to_vec());
            if let Some(is_same) = self.seen.repeats(position, &bytes) {
                self.repeated += 1;
                found.check("facts-by-position", is_same, || {
                    format!("fact {position:?} comes late, or a second time in other words")
                });
                continue;
            }
            return Some(PublishedFact { fact, bytes });
        }
    }

    fn record(&mut self) -> Option<Record> {
        let mut batch = Vec::new();
        while self.batch.is_empty() {
            if self.reader.position() >= self.end || self.failure.is_some() {
                return None;
            }
            match self.reader.poll(BATCH, Duration::from_secs(10), &mut batch) {
                Ok(0) => self.failure = Some(anyhow!("the facts stopped before their end")),
                Ok(_) => {}
                Err(error) => self.failure = Some(error.into()),
            }
            // What a running server has published since belongs to what is pending.
            let end = self.end;
            self.batch.extend(batch.drain(..).filter(|record| record.offset < end));
        }
        self.batch.pop_front()
    }
}
