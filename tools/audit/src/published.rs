//! The published facts of a partition, each once and in order.
//!
//! Two owners of one partition, one of them a ghost, publish the same facts, and readers drop what
//! is not greater than the last. Here what is dropped must be what was seen before.

use anyhow::Result;

use floodgate_domain::wire::decode_fact;
use floodgate_domain::{FactPosition, FactRecord};
use floodgate_event_log::{Log, Topic};

use crate::findings::Findings;
use crate::reading::UpTo;
use crate::seen::Seen;

/// A fact and the bytes it was published in.
pub(super) struct PublishedFact {
    pub(super) fact: FactRecord,
    pub(super) bytes: Vec<u8>,
}

/// Reads the ledger of one partition up to an end.
pub(super) struct Published {
    pub(super) records: UpTo,
    partition: u32,
    peeked: Option<PublishedFact>,
    seen: Seen,
    pub(super) repeated: u64,
}

impl Published {
    pub(super) fn open(log: &dyn Log, partition: u32, end: u64) -> Result<Self> {
        Ok(Published {
            records: UpTo::open(log, Topic::Ledger, partition, end)?,
            partition,
            peeked: None,
            seen: Seen::default(),
            repeated: 0,
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
            let record = self.records.next()?;
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
}
