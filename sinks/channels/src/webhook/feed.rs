//! From the public facts to calls: each webhook is read on from where it is, and moved on in the
//! transaction that queues its calls. So each fact is queued once, whatever happens in between.
//!
//! One whose queue is full is not read on: what it has not had is still in the log.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use floodgate_domain::{EventId, LogTime};
use floodgate_event_log::{
    Checkpoint, CheckpointError, Log, LogError, LogReader, Offset, Partition, Record, Topic,
};
use floodgate_people::{
    DELIVERIES_WAITING_MAX, NewDelivery, People, PeopleError, WebhookSubscription,
};

/// Records read and written at once.
const BATCH_MAX: usize = 256;
/// Readers that are kept open: webhooks at the same place share one.
const READERS_MAX: usize = 32;
/// How long a read waits for what is already there: a log of others takes a moment to hand it over.
const READ_WITHIN: Duration = Duration::from_millis(50);
/// Clocks of gateways and of the log differ by less. What begins now must miss nothing.
const CLOCKS_DIFFER_MS: u64 = 1_000;

/// Why it did not go on.
#[derive(Debug, thiserror::Error)]
pub(super) enum FeedError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    People(#[from] PeopleError),
}

/// A public fact, as its record says it.
struct PublicFact<'a> {
    kind: &'a str,
    event_id: EventId,
    /// Partition, offset and index: the same in every copy.
    position: &'a str,
    time: &'a str,
    data: &'a str,
}

impl<'a> PublicFact<'a> {
    /// `None` of what is none, or cannot be read.
    fn of(record: &'a Record) -> Option<Self> {
        let header = |name: &str| {
            let found = record.headers.iter().find(|(header, _)| header == name);
            std::str::from_utf8(&found?.1).ok()
        };
        let kind = header("ce_type")?.strip_prefix("floodgate.fact.")?.strip_suffix(".v1")?;
        // The id is the position, and behind it the event.
        let (position, event_id) = header("ce_id")?.rsplit_once('-')?;
        let event_id = event_id.parse().ok()?;
        let time = header("ce_time")?;
        Some(PublicFact {
            kind,
            event_id,
            position,
            time,
            data: std::str::from_utf8(&record.value).ok()?,
        })
    }

    /// The call of one webhook with it; the body as Standard Webhooks proposes it.
    fn delivery(&self, webhook: &WebhookSubscription, offset: Offset) -> NewDelivery {
        let PublicFact { kind, position, time, data, .. } = self;
        NewDelivery {
            name: format!("{}-{position}", webhook.id),
            webhook: webhook.id,
            kind: (*kind).to_owned(),
            // All of these are JSON already, or names without anything to escape.
            body: format!(r#"{{"type":"{kind}","timestamp":"{time}","data":{data}}}"#),
            place: offset,
        }
    }
}

/// Where webhooks are that go on together.
type Group = (Option<Checkpoint>, Vec<WebhookSubscription>);

pub(super) struct WebhookFeed {
    log: Arc<dyn Log>,
    people: People,
    readers: HashMap<(Partition, Offset), Box<dyn LogReader>>,
}

impl WebhookFeed {
    pub(super) fn new(log: Arc<dyn Log>, people: People) -> Self {
        WebhookFeed { log, people, readers: HashMap::new() }
    }

    /// Reads every webhook on by a batch in each partition; how many records were read.
    pub(super) fn turn(&mut self, now: LogTime) -> Result<usize, FeedError> {
        let enabled: Vec<WebhookSubscription> = self
            .people
            .look(|work| work.webhooks())?
            .into_iter()
            .filter(|webhook| webhook.is_enabled)
            .collect();
        if enabled.is_empty() {
            self.readers.clear();
            return Ok(0);
        }
        let mut read = 0;
        for partition in 0..self.log.partitions(Topic::Facts) {
            let end = self.log.end(Topic::Facts, partition)?;
            for (at, webhooks) in self.groups(&enabled, partition, end)? {
                read += self.go_on(partition, at, &webhooks, now)?;
            }
        }
        Ok(read)
    }

    /// The webhooks that have something to read and room for it, by where they are.
    fn groups(
        &self,
        enabled: &[WebhookSubscription],
        partition: Partition,
        end: Offset,
    ) -> Result<Vec<Group>, FeedError> {
        let mut groups: Vec<Group> = Vec::new();
        let placed = self.people.look(|work| {
            let mut placed = Vec::new();
            for webhook in enabled {
                let at = work.webhook_position(webhook.id, partition)?;
                let has_news = at.is_none_or(|at| at.next != end);
                if has_news && work.deliveries_left(webhook.id)? < DELIVERIES_WAITING_MAX {
                    placed.push((at, webhook.clone()));
                }
            }
            Ok(placed)
        })?;
        for (at, webhook) in placed {
            match groups.iter_mut().find(|(other, _)| at.is_some() && *other == at) {
                Some((_, webhooks)) => webhooks.push(webhook),
                None => groups.push((at, vec![webhook])),
            }
        }
        Ok(groups)
    }

    fn go_on(
        &mut self,
        partition: Partition,
        at: Option<Checkpoint>,
        webhooks: &[WebhookSubscription],
        now: LogTime,
    ) -> Result<usize, FeedError> {
        let Some(from) = at else {
            for webhook in webhooks {
                let place = (Topic::Facts, partition);
                let start = start_of(&*self.log, place, webhook.start_at)?;
                self.people.with(|work| {
                    work.move_webhook(webhook.id, partition, (None, Checkpoint::at(start)))
                })?;
            }
            return Ok(0);
        };
        if let Some(reader) = self.readers.remove(&(partition, from.next)) {
            return self.take(reader, (partition, from), webhooks, now);
        }
        match from.check(&*self.log, Topic::Facts, partition) {
            Ok(()) => {}
            Err(CheckpointError::Log(error)) => return Err(error.into()),
            // Nobody knows which facts of this log it has had; whoever enables it says where from.
            Err(error) => {
                let reason = format!("the log is another one: {error}");
                let each = |work: &mut floodgate_people::Work<'_>| {
                    webhooks.iter().try_for_each(|one| work.disable_webhook(one.id, &reason))
                };
                self.people.with(each)?;
                return Ok(0);
            }
        }
        let reader = self.log.reader(Topic::Facts, partition, from.next)?;
        self.take(reader, (partition, from), webhooks, now)
    }

    fn take(
        &mut self,
        mut reader: Box<dyn LogReader>,
        (partition, from): (Partition, Checkpoint),
        webhooks: &[WebhookSubscription],
        now: LogTime,
    ) -> Result<usize, FeedError> {
        let mut records = Vec::new();
        reader.poll(BATCH_MAX, READ_WITHIN, &mut records)?;
        if let Some(last) = records.last() {
            let behind = Checkpoint::behind(last);
            self.people.with(|work| {
                for webhook in webhooks {
                    // Another process was there first, or somebody sent it back.
                    if !work.move_webhook(webhook.id, partition, (Some(from), behind))? {
                        continue;
                    }
                    for record in &records {
                        let Some(fact) = PublicFact::of(record) else { continue };
                        if webhook.wants(fact.kind, fact.event_id) {
                            work.queue_delivery(&fact.delivery(webhook, record.offset), now)?;
                        }
                    }
                }
                Ok(())
            })?;
        }
        if self.readers.len() >= READERS_MAX {
            self.readers.clear();
        }
        self.readers.insert((partition, reader.position()), reader);
        Ok(records.len())
    }
}

/// The first record of a moment or later: what the log says of time never goes back.
pub(super) fn start_of(
    log: &dyn Log,
    (topic, partition): (Topic, Partition),
    start_at: LogTime,
) -> Result<Offset, FeedError> {
    let (mut low, mut high) = (log.first(topic, partition)?, log.end(topic, partition)?);
    if start_at.0 == 0 {
        return Ok(low);
    }
    let from = start_at.0.saturating_sub(CLOCKS_DIFFER_MS);
    while low < high {
        let middle = low + (high - low) / 2;
        let mut found = Vec::new();
        log.reader(topic, partition, middle)?.poll(1, READ_WITHIN, &mut found)?;
        match found.first() {
            Some(record) if record.at.0 < from => low = record.offset + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}
