//! Windows of a sale: what happened in each ten seconds of log time, and since the beginning.
//!
//! The numbers are the domain's ([`SaleTally`]), which gateways fold as well, so a dashboard and
//! this topic agree by construction, and the audit recounts them from the facts. A plain fold and
//! no dataflow: a partition is one series, log time never goes back in it, and a total is read
//! only when it is published, so that operators between would only cost.
//!
//! Published like the counts: one append a turn, and the last record says how far all was
//! published. Only windows that changed since then are kept.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use floodgate_domain::tally::{SaleTally, Tally, WINDOW_MS, window_of};
use floodgate_domain::{EventId, FactPosition, FactRecord, LogTime};
use floodgate_event_log::{Log, LogError, NewRecord, Offset, Partition, Topic};
use floodgate_transport::{Batch, FollowError, Tick};

use crate::last_published::{LastPublished, last_record};
use crate::public::{AsOf, Attributes, NumbersBody, WindowBody, partition_key, time_text};
use crate::publisher::FactPublication;

/// A window is published this often at most while it runs: sections make a record a kilobyte.
const PUBLISH_EVERY: Duration = Duration::from_millis(500);

/// One event: its totals, and the window that runs.
#[derive(Debug)]
struct Sale {
    tally: SaleTally,
    window: (LogTime, Tally),
}

/// What is published of one partition, and what is kept in mind for it.
pub(crate) struct WindowPublication {
    log: Arc<dyn Log>,
    partition: Partition,
    events: BTreeMap<EventId, Sale>,
    last: Option<(FactPosition, LogTime)>,
    /// What was published before this one began: up to there it only counts.
    published: Option<LastPublished>,
    /// Windows that changed and are not published yet; at most those of one turn.
    owed: BTreeMap<(EventId, LogTime), Tally>,
    published_at: Instant,
}

impl FactPublication for WindowPublication {
    const NAME: &'static str = "windows";
    const BATCH_MAX: usize = 8192;
    type Options = ();

    fn begin(log: Arc<dyn Log>, partition: Partition, (): ()) -> Result<Self, LogError> {
        let last = last_record(&*log, Topic::Windows, partition)?;
        Ok(WindowPublication {
            log,
            partition,
            events: BTreeMap::new(),
            last: None,
            published: last.map(|(published, _)| published),
            owed: BTreeMap::new(),
            published_at: Instant::now(),
        })
    }

    fn take(&mut self, batch: &Batch<'_, FactRecord>) -> Result<(), FollowError> {
        let mut facts = batch.items.iter().zip(batch.offsets);
        facts.try_for_each(|(fact, offset)| self.take_one(fact, *offset))
    }

    fn tick(&mut self, tick: Tick) -> Result<(), FollowError> {
        let is_time = self.published_at.elapsed() >= PUBLISH_EVERY || tick.read == 0;
        if !is_time || self.published.is_some() {
            return Ok(());
        }
        Ok(self.publish()?)
    }

    fn published(&self) -> impl Iterator<Item = &LastPublished> {
        self.published.iter()
    }

    fn is_settled(&self) -> bool {
        self.published.is_none() && self.owed.is_empty()
    }

    fn can_go_on(error: &FollowError) -> bool {
        matches!(error, FollowError::Log(error) if error.nothing_written())
    }
}

impl WindowPublication {
    fn take_one(&mut self, fact: &FactRecord, offset: Offset) -> Result<(), FollowError> {
        if let Some(published) = &mut self.published {
            published.covers(fact, offset)?;
        }
        self.last = Some((fact.position, fact.at));
        self.fold(fact);
        if self.published.as_ref().is_some_and(LastPublished::is_met) {
            self.published = None;
            self.owed.clear();
        }
        Ok(())
    }

    fn fold(&mut self, fact: &FactRecord) {
        let (event_id, effects) = (fact.event_id, fact.fact.effects());
        let begins_at = window_of(fact.at);
        if let Some(new) = effects.created {
            let window = (begins_at, Tally::default());
            self.events.insert(event_id, Sale { tally: SaleTally::of(new), window });
        }
        let Some(sale) = self.events.get_mut(&event_id) else { return };
        let opened_at = sale.tally.opened_at;
        let added = sale.tally.follow(&effects, fact.at);
        let is_news = added != Tally::default()
            || effects.seats.is_some()
            || effects.created.is_some()
            || sale.tally.opened_at != opened_at;
        if !is_news {
            return;
        }
        if sale.window.0 != begins_at {
            sale.window = (begins_at, Tally::default());
        }
        sale.window.1.add(&added);
        self.owed.insert((event_id, begins_at), sale.window.1);
    }

    fn publish(&mut self) -> Result<(), LogError> {
        self.published_at = Instant::now();
        let Some(as_of) = self.last.filter(|_| !self.owed.is_empty()) else { return Ok(()) };
        let owed = self.owed.iter();
        let records = owed.filter_map(|(key, window)| self.record(*key, window, as_of)).collect();
        // One append, all or nothing: the tail then says the whole truth after a restart.
        self.log.append(Topic::Windows, self.partition, records).wait()?;
        self.owed.clear();
        Ok(())
    }

    fn record(
        &self,
        (event_id, begins_at): (EventId, LogTime),
        window: &Tally,
        (position, at): (FactPosition, LogTime),
    ) -> Option<NewRecord> {
        let tally = &self.events.get(&event_id)?.tally;
        let FactPosition { offset, index } = position;
        let body = WindowBody {
            event_id: event_id.to_string(),
            begins_at: time_text(begins_at),
            length_ms: WINDOW_MS,
            currency: tally.currency().to_owned(),
            opened_at: tally.opened_at.map(time_text),
            window: NumbersBody::from(window),
            totals: NumbersBody::from(&tally.totals),
            sections_sold: tally.sections.clone(),
            categories_sold: tally.categories.clone(),
            as_of: AsOf { partition: self.partition, offset, index, at: time_text(at) },
        };
        let key = format!("{event_id}/window/{}", begins_at.0);
        let place = (self.partition, position, at);
        let kind = "floodgate.window.changed.v1";
        let mut headers = Attributes::new(kind, "windows", key.as_str(), &key, place).headers();
        headers.push(partition_key(&body.event_id));
        let value = serde_json::to_vec(&body).expect("numbers and texts always serialise");
        Some(NewRecord { key: key.into(), value: value.into(), headers })
    }
}

#[cfg(test)]
#[path = "windows_tests.rs"]
mod tests;
