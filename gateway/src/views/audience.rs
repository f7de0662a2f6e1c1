//! Products as they were published: read when somebody asks, kept nowhere.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::sync::Semaphore;

use floodgate_domain::{EventId, LogTime, StaffId};
use floodgate_event_log::{Log, LogError, partition_of};
use floodgate_people::ProductKind;

use crate::model::products::product;

/// Readings at once: each takes a thread and reads a partition of the topic.
const READINGS_MAX: usize = 2;
/// Readings of one key within a minute: a table changes once a week.
const PER_MINUTE_MAX: u32 = 20;
const MINUTE_MS: u64 = 60_000;
/// Records read at once.
const BATCH_MAX: usize = 1024;
/// Records of one product in one answer: six full tables of a year, and those of the year before;
/// two weeks of minutes.
const CELLS_MAX: usize = 2 * 6 * 1_750;

/// Records at a topic's end that a newest one is among: a quarter of an hour of a hundred events.
const NEWEST_AMONG: u64 = 2_000;

/// A cell as its record has it.
pub(crate) type PublishedCell = Map<String, Value>;

/// Who reads, and with which of their further keys: each has a quota of its own.
pub(crate) type TableReader = (StaffId, u64);

/// Reads the topic; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct AudienceTables(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    log: Arc<dyn Log>,
    turns: Semaphore,
    /// Readings of each key in its minute; as many as keys.
    used: Mutex<HashMap<TableReader, (u64, u32)>>,
}

/// Why nothing was read.
#[derive(Debug)]
pub(crate) enum NotRead {
    /// Too much was asked for; again after so many milliseconds.
    TooMuch(u64),
    Failed(LogError),
}

impl AudienceTables {
    pub(crate) fn new(log: Arc<dyn Log>) -> Self {
        let (turns, used) = (Semaphore::new(READINGS_MAX), Mutex::default());
        AudienceTables(Arc::new(Inner { log, turns, used }))
    }

    /// Every record of a product that was published, the newest last.
    pub(crate) async fn read(
        &self,
        (reader, event_id, kind): (TableReader, EventId, ProductKind),
        now: LogTime,
    ) -> Result<Vec<PublishedCell>, NotRead> {
        self.look(reader, now, move |inner| {
            inner.records(event_id, kind, product(kind).looked_at_max)
        })
        .await
    }

    /// The newest record of a kind of each of these events, where there is one at the end of the topic.
    pub(crate) async fn newest(
        &self,
        (reader, events, kind): (TableReader, Vec<EventId>, ProductKind),
        now: LogTime,
    ) -> Result<Vec<(EventId, PublishedCell)>, NotRead> {
        self.look(reader, now, move |inner| {
            let newest = |event_id: EventId| {
                let records = inner.records(event_id, kind, Some(NEWEST_AMONG));
                Ok(records?.pop().map(|record| (event_id, record)))
            };
            events.into_iter().filter_map(|event_id| newest(event_id).transpose()).collect()
        })
        .await
    }

    async fn look<T: Send + 'static>(
        &self,
        reader: TableReader,
        now: LogTime,
        look: impl FnOnce(&Inner) -> Result<T, LogError> + Send + 'static,
    ) -> Result<T, NotRead> {
        self.count(reader, now)?;
        // A reading takes milliseconds: who finds both under way comes again.
        let _turn = self.0.turns.try_acquire().map_err(|_| NotRead::TooMuch(1_000))?;
        let inner = Arc::clone(&self.0);
        let read = tokio::task::spawn_blocking(move || look(&inner)).await;
        let failed = |error: tokio::task::JoinError| LogError::Backend(error.to_string());
        read.map_err(failed).and_then(|found| found).map_err(NotRead::Failed)
    }

    fn count(&self, reader: TableReader, now: LogTime) -> Result<(), NotRead> {
        let mut used = self.0.used.lock().unwrap_or_else(PoisonError::into_inner);
        let (minute, count) = used.entry(reader).or_default();
        if *minute != now.0 / MINUTE_MS {
            (*minute, *count) = (now.0 / MINUTE_MS, 0);
        }
        if *count >= PER_MINUTE_MAX {
            return Err(NotRead::TooMuch(MINUTE_MS - now.0 % MINUTE_MS));
        }
        *count += 1;
        Ok(())
    }
}

impl Inner {
    fn records(
        &self,
        event_id: EventId,
        kind: ProductKind,
        looked_at_max: Option<u64>,
    ) -> Result<Vec<PublishedCell>, LogError> {
        let (event, of, topic) = (event_id.to_string(), product(kind), kind.topic());
        let partition = partition_of(event.as_bytes(), self.log.partitions(topic));
        let end = self.log.end(topic, partition)?;
        let first = self.log.first(topic, partition)?;
        let from = looked_at_max.map_or(first, |count| first.max(end.saturating_sub(count)));
        let mut reader = self.log.reader(topic, partition, from)?;
        let (mut records, mut cells) = (Vec::new(), Vec::new());
        while reader.position() < end {
            records.clear();
            if reader.poll(BATCH_MAX, Duration::from_secs(1), &mut records)? == 0 {
                break;
            }
            for record in &records {
                let cell = serde_json::from_slice::<PublishedCell>(&record.value);
                cells.extend(
                    cell.ok()
                        .filter(|cell| cell.get("event_id") == Some(&Value::from(event.as_str())))
                        .filter(of.is_record),
                );
            }
        }
        // A record may be there twice; the same product is the same record.
        let mut seen = std::collections::HashSet::new();
        let product = |cell: &PublishedCell| {
            cell.get("product_id").and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        cells.retain(|cell| seen.insert(product(cell)));
        let skip = cells.len().saturating_sub(CELLS_MAX);
        Ok(cells.split_off(skip))
    }
}
