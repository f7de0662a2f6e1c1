//! Publishes facts and notifications of one partition, in order and by position.
//!
//! Each public fact carries the offset of the ledger's record it was made from, so that a restart
//! does not publish anything up to the last one again. It still reads from the first fact on:
//! somebody may have waited for a turn, or held seats, since long ago. After a crash right after a
//! publication the same records may come again: readers drop what they have.
//!
//! After an error it is not known what was written: it starts over and finds out.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use floodgate_domain::effects::Visibility;
use floodgate_domain::{FactRecord, LogTime};
use floodgate_event_log::{
    Log, LogError, NewRecord, Offset, Partition, Record, Topic, partition_of,
};
use floodgate_transport::{Batch, FollowError, Tick};

use super::notifier::{Notes, Notifier};
use super::{FactBody, Notification};
use crate::audience::{Audience, AudienceOptions};
use crate::last_published::{LastPublished, last_record};
use crate::publisher::FactPublication;

/// Records of one append of notifications.
const NOTES_MAX: usize = 4096;
/// The header that names the ledger's record.
const LEDGER_OFFSET: &str = "floodgate-ledger-offset";

/// What a relay has published, and what it keeps in mind to publish later.
pub(crate) struct Relay {
    log: Arc<dyn Log>,
    partition: Partition,
    /// Up to here everything was published before this one began: it only watches.
    published: Option<LastPublished>,
    notifier: Notifier,
    audience: Audience,
}

impl FactPublication for Relay {
    const NAME: &'static str = "relay";
    const BATCH_MAX: usize = 1024;
    type Options = AudienceOptions;

    /// Goes on behind the last public fact.
    fn begin(
        log: Arc<dyn Log>,
        partition: Partition,
        audience: AudienceOptions,
    ) -> Result<Self, LogError> {
        let last = last_record(&*log, Topic::Facts, partition)?;
        Ok(Relay {
            published: last.map(|(published, _)| published),
            audience: Audience::new(Arc::clone(&log), partition, audience)?,
            log,
            partition,
            notifier: Notifier::new(partition),
        })
    }

    fn take(&mut self, batch: &Batch<'_, FactRecord>) -> Result<(), FollowError> {
        let (mut facts, mut notes) = (Vec::new(), Notes::default());
        for (fact, &offset) in batch.items.iter().zip(batch.offsets) {
            notes.is_silent = match &mut self.published {
                None => false,
                Some(published) => published.covers(fact, offset)?,
            };
            self.notifier.endings(fact.at, batch.now, &mut notes);
            self.notifier.take(fact, &mut notes);
            self.audience.take(fact)?;
            if !notes.is_silent {
                facts.extend(public_record(self.partition, offset, fact));
            }
        }
        Ok(self.send(facts, &notes.all)?)
    }

    /// Nothing more happens just now: the world's clock goes on.
    fn tick(&mut self, tick: Tick) -> Result<(), FollowError> {
        if tick.behind < Self::BATCH_MAX as u64 {
            self.audience.ask_if_due(tick.now);
        }
        if tick.read > 0 { Ok(()) } else { self.quiet(tick.now) }
    }

    fn published(&self) -> impl Iterator<Item = &LastPublished> {
        self.published.iter()
    }
}

impl Relay {
    fn quiet(&mut self, now: LogTime) -> Result<(), FollowError> {
        let mut notes = Notes::default();
        self.notifier.endings(now, now, &mut notes);
        Ok(self.send(Vec::new(), &notes.all)?)
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
            // Notifications first: the position that a restart goes on after is that of the facts.
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

/// The public record of the fact at `offset` of the ledger; `None` where it is not for others.
#[must_use]
pub fn public_record(partition: Partition, offset: Offset, fact: &FactRecord) -> Option<NewRecord> {
    if fact.fact.effects().visibility != Visibility::Public {
        return None;
    }
    let body = FactBody::of(partition, fact);
    let mut headers = body.attributes(partition, fact).headers();
    headers.push((LEDGER_OFFSET.to_owned(), Bytes::from(offset.to_string())));
    let value = serde_json::to_vec(&body).expect("numbers and texts always serialise");
    Some(NewRecord { key: body.event_id.into(), value: value.into(), headers })
}

/// The ledger's record that a public one was made from.
#[must_use]
pub fn ledger_offset(record: &Record) -> Option<Offset> {
    let (_, value) = record.headers.iter().find(|(name, _)| name == LEDGER_OFFSET)?;
    std::str::from_utf8(value).ok()?.parse().ok()
}

#[cfg(test)]
#[path = "relay_tests.rs"]
pub(crate) mod tests;
