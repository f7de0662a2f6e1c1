//! Publishes the tables of one partition: three compacted topics, each row under its key.
//!
//! Each topic says by its last record how far it is, so one that is new, or was made anew, is
//! filled from the first fact on. After an error it is not known what was written: it starts over
//! and finds out; a row that comes twice is the same row.

use std::sync::Arc;

use serde::Serialize;

use floodgate_domain::FactRecord;
use floodgate_event_log::{Log, LogError, NewRecord, Offset, Partition, Topic};
use floodgate_transport::{
    Batch, FollowError, Follower, FollowerConfig, Handler, Partitions, PollTiming, StartFrom, Tick,
    Unreadable,
};

use super::fold::{TableFold, TableRow, WantedTables};
use crate::last_published::{LastPublished, last_record};
use crate::public::{Attributes, partition_key};
use crate::{PATIENCE, QUIET};

/// Facts published at once.
const BATCH_MAX: usize = 1024;

/// The topics, in the order in which they are written.
pub(crate) const TABLES: [Topic; 3] = [Topic::Events, Topic::Orders, Topic::Reservations];

/// How the tables of a partition are followed; the counts' follower speaks for the role where a
/// record cannot be read.
pub(crate) fn following(log: &Arc<dyn Log>, partition: Partition) -> FollowerConfig {
    FollowerConfig {
        name: format!("tables-{partition}"),
        log: Arc::clone(log),
        topic: Topic::Ledger,
        partitions: Partitions::One(partition),
        batch_max: BATCH_MAX,
        ready_behind: u64::MAX,
        unreadable: Unreadable::PassedOver,
    }
}

pub(crate) fn follow(log: &Arc<dyn Log>, partition: Partition) -> std::io::Result<Follower> {
    let theirs = Arc::clone(log);
    Follower::spawn(following(log, partition), move || TablePublisher::new(theirs))
}

/// One partition's publisher.
pub(crate) struct TablePublisher {
    log: Arc<dyn Log>,
    /// `None` before the start, and when it is not known what was published.
    publishing: Option<Publishing>,
}

impl TablePublisher {
    pub(crate) fn new(log: Arc<dyn Log>) -> Self {
        TablePublisher { log, publishing: None }
    }
}

impl Handler for TablePublisher {
    type Item = FactRecord;

    /// Rows follow from all facts.
    fn resume_from(
        &mut self,
        partition: Partition,
        reached: Option<Offset>,
    ) -> Result<StartFrom, FollowError> {
        if let (Some(_), Some(reached)) = (&self.publishing, reached) {
            return Ok(StartFrom::At(reached));
        }
        self.publishing = Some(Publishing::new(Arc::clone(&self.log), partition)?);
        Ok(StartFrom::First)
    }

    fn take(&mut self, batch: &mut Batch<'_, FactRecord>) -> Result<(), FollowError> {
        let Some(publishing) = &mut self.publishing else { return Ok(()) };
        let published = publishing.take(batch);
        if published.is_err() {
            self.publishing = None;
        }
        published
    }

    fn tick(&mut self, tick: Tick) -> Result<(), FollowError> {
        let Some(publishing) = self.publishing.as_ref().filter(|_| tick.behind == 0) else {
            return Ok(());
        };
        let published = publishing.published.iter().flatten();
        published.into_iter().try_for_each(|published| published.look_at_end(&*publishing.log))
    }

    fn poll_timing(&self) -> PollTiming {
        PollTiming { wait: QUIET, patience: PATIENCE }
    }
}

struct Publishing {
    log: Arc<dyn Log>,
    partition: Partition,
    fold: TableFold,
    /// Of each of [`TABLES`]: up to here it was published before this one began.
    published: [Option<LastPublished>; 3],
}

impl Publishing {
    fn new(log: Arc<dyn Log>, partition: Partition) -> Result<Self, LogError> {
        let last = |topic| {
            last_record(&*log, topic, partition).map(|last| last.map(|(published, _)| published))
        };
        let [events, orders, reservations] = TABLES.map(last);
        let published = [events?, orders?, reservations?];
        Ok(Publishing { log, partition, fold: TableFold::default(), published })
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
