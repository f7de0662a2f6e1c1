//! What a public topic ends with, and whether the ledger still has what it follows from.
//!
//! A ledger that was made anew or put back from another copy may never come to where the topic is,
//! or pass it with other facts. Either way what lies between would be published never, silently.

use floodgate_domain::{FactPosition, FactRecord};
use floodgate_event_log::{CheckpointError, Log, LogError, Offset, Partition, Record, Topic};
use floodgate_transport::FollowError;

use crate::public::time_text;

/// The fact that the last record of a public topic was made from.
#[derive(Debug)]
pub(crate) struct LastPublished {
    partition: Partition,
    position: FactPosition,
    /// When it happened, as the record says it.
    time: String,
    is_met: bool,
    /// Behind the last record of the ledger that was looked at.
    reached: Offset,
}

impl LastPublished {
    /// What the attributes of a record say; `None` of what no build of ours wrote.
    pub(crate) fn of(partition: Partition, record: &Record) -> Option<Self> {
        let header = |name: &str| {
            let (_, value) = record.headers.iter().find(|(found, _)| found == name)?;
            std::str::from_utf8(value).ok()
        };
        // `partition-offset-index`: tombstones have it too.
        let mut numbers = header("ce_id")?.split('-').skip(1);
        let offset = numbers.next()?.parse().ok()?;
        let index = numbers.next()?.parse().ok()?;
        let time = header("ce_time")?.to_owned();
        let position = FactPosition { offset, index };
        Some(LastPublished { partition, position, time, is_met: false, reached: 0 })
    }

    /// Whether what follows from this fact was published, now that it is the next one of the
    /// ledger, where it is the record at `offset`.
    pub(crate) fn covers(
        &mut self,
        fact: &FactRecord,
        offset: Offset,
    ) -> Result<bool, FollowError> {
        self.reached = offset + 1;
        let is_it = fact.position == self.position;
        let is_other = is_it && time_text(fact.at) != self.time;
        if is_other || fact.position > self.position && !self.is_met {
            let (topic, partition) = (Topic::Ledger.name(), self.partition);
            return Err(CheckpointError::Replaced { topic, partition, offset }.into());
        }
        self.is_met |= is_it;
        Ok(fact.position <= self.position)
    }

    /// Whether the fact itself has been met.
    pub(crate) fn is_met(&self) -> bool {
        self.is_met
    }

    /// To be asked when the ledger seems to be read to its end: by then the fact must have come.
    pub(crate) fn look_at_end(&self, log: &dyn Log) -> Result<(), FollowError> {
        let (topic, partition) = (Topic::Ledger, self.partition);
        let end = log.end(topic, partition)?;
        if self.is_met || self.reached < end {
            return Ok(());
        }
        let (topic, next) = (topic.name(), end + 1);
        Err(CheckpointError::Beyond { topic, partition, next, end }.into())
    }
}

/// The last record of a public topic, if it is one of ours.
pub(crate) fn last_record(
    log: &dyn Log,
    topic: Topic,
    partition: Partition,
) -> Result<Option<(LastPublished, Record)>, LogError> {
    let last = log.last(topic, partition)?;
    Ok(last.and_then(|record| Some((LastPublished::of(partition, &record)?, record))))
}

#[cfg(test)]
#[path = "last_published_tests.rs"]
mod tests;
