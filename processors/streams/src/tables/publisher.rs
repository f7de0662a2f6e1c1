//! Publishes the tables of one partition: three compacted topics, each row under its key.
//!
//! Each topic says by its last record how far it is, so one that is new, or was made anew, is
//! filled from the first fact on. After an error it is not known what was written: it starts over
//! and finds out; a row that comes twice is the same row.

use std::sync::Arc;

use serde::Serialize;

use floodgate_domain::FactRecord;
use floodgate_event_log::{Log, LogError, NewRecord, Offset, Partition, Topic};
use floodgate_transport::{Batch, FollowError};

use super::fold::{TableFold, TableRow, WantedTables};
use crate::last_published::{LastPublished, last_record};
use crate::public::{Attributes, partition_key};
use crate::publisher::FactPublication;

/// The topics, in the order in which they are written.
pub(crate) const TABLES: [Topic; 3] = [Topic::Events, Topic::Orders, Topic::Reservations];

/// What is published of one partition, and what is kept in mind for it.
pub(crate) struct Tables {
    log: Arc<dyn Log>,
    partition: Partition,
    fold: TableFold,
    /// Of each of [`TABLES`]: up to here it was published before this one began.
    published: [Option<LastPublished>; 3],
}

impl FactPublication for Tables {
    const NAME: &'static str = "tables";
    const BATCH_MAX: usize = 1024;
    type Options = ();

    fn begin(log: Arc<dyn Log>, partition: Partition, (): ()) -> Result<Self, LogError> {
        let last = |topic| {
            last_record(&*log, topic, partition).map(|last| last.map(|(published, _)| published))
        };
        let [events, orders, reservations] = TABLES.map(last);
        let published = [events?, orders?, reservations?];
        Ok(Tables { log, partition, fold: TableFold::default(), published })
    }

    fn take(&mut self, batch: &Batch<'_, FactRecord>) -> Result<(), FollowError> {
        let mut records: [Vec<NewRecord>; 3] = Default::default();
        let mut rows = Vec::new();
        for (fact, &offset) in batch.items.iter().zip(batch.offsets) {
            let wanted = self.wanted(fact, offset)?;
            self.fold.take(fact, wanted, &mut rows);
            for row in rows.drain(..) {
                let (at, record) = self.record(fact, &row);
                records[at].push(record);
            }
        }
        let written = TABLES.into_iter().zip(records).filter(|(_, records)| !records.is_empty());
        let tickets: Vec<_> = written
            .map(|(topic, records)| self.log.append(topic, self.partition, records))
            .collect();
        for ticket in tickets {
            ticket.wait()?;
        }
        Ok(())
    }

    fn published(&self) -> impl Iterator<Item = &LastPublished> {
        self.published.iter().flatten()
    }
}

impl Tables {
    fn wanted(&mut self, fact: &FactRecord, offset: Offset) -> Result<WantedTables, FollowError> {
        let mut is_new = |at: usize| match &mut self.published[at] {
            None => Ok(true),
            Some(published) => published.covers(fact, offset).map(|covered| !covered),
        };
        Ok(WantedTables { events: is_new(0)?, orders: is_new(1)?, reservations: is_new(2)? })
    }

    fn record(&self, fact: &FactRecord, row: &TableRow) -> (usize, NewRecord) {
        let event_id = fact.event_id.to_string();
        match row {
            TableRow::Event(row) => (0, self.made(fact, "event", event_id, row)),
            TableRow::Order(row) => {
                let key = format!("{event_id}/{}", row.order_id);
                (1, self.made(fact, "order", key, row))
            }
            TableRow::Reservation(row) => {
                let key = format!("{event_id}/{}", row.seat_id);
                (2, self.made(fact, "reservation", key, row))
            }
        }
    }

    fn made(&self, fact: &FactRecord, table: &str, key: String, row: &impl Serialize) -> NewRecord {
        let at = (self.partition, fact.position, fact.at);
        let kind = format!("floodgate.table.{table}.v1");
        let mut headers = Attributes::new(kind, "tables", key.as_str(), &key, at).headers();
        if key.contains('/') {
            headers.push(partition_key(&fact.event_id.to_string()));
        }
        let value = serde_json::to_vec(row).expect("numbers and texts always serialise");
        NewRecord { key: key.into(), value: value.into(), headers }
    }
}

#[cfg(test)]
#[path = "publisher_tests.rs"]
mod tests;
