//! Tables of an audience as they were published: read when somebody asks, kept nowhere.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::sync::Semaphore;

use floodgate_domain::{EventId, LogTime, StaffId};
use floodgate_event_log::{Log, LogError, Topic, partition_of};

/// Readings at once: each takes a thread and reads a partition of the topic.
const READINGS_MAX: usize = 2;
/// Readings of one key within a minute: a table changes once a week.
const PER_MINUTE_MAX: u32 = 20;
const MINUTE_MS: u64 = 60_000;
/// Records read at once.
const BATCH_MAX: usize = 1024;
/// Cells of one event in one answer: six full tables of a year, and those of the year before.
const CELLS_MAX: usize = 2 * 6 * 1_750;

/// A cell as its record has it.
pub(crate) type PublishedCell = Map<String, Value>;

/// Reads the topic; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct AudienceTables(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    log: Arc<dyn Log>,
    turns: Semaphore,
    /// Readings of each key in its minute; as many as keys.
    used: Mutex<HashMap<StaffId, (u64, u32)>>,
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

    /// Every cell of an event that was published, the newest last.
    pub(crate) async fn read(
        &self,
        (staff, event_id): (StaffId, EventId),
        now: LogTime,
    ) -> Result<Vec<PublishedCell>, NotRead> {
        self.count(staff, now)?;
        // A reading takes milliseconds: who finds both under way comes again.
        let _turn = self.0.turns.try_acquire().map_err(|_| NotRead::TooMuch(1_000))?;
        let inner = Arc::clone(&self.0);
        let read = tokio::task::spawn_blocking(move || inner.cells(event_id)).await;
        let failed = |error: tokio::task::JoinError| LogError::Backend(error.to_string());
        read.map_err(failed).and_then(|cells| cells).map_err(NotRead::Failed)
    }

    fn count(&self, staff: StaffId, now: LogTime) -> Result<(), NotRead> {
        let mut used = self.0.used.lock().unwrap_or_else(PoisonError::into_inner);
        let (minute, count) = used.entry(staff).or_default();
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
    fn cells(&self, event_id: EventId) -> Result<Vec<PublishedCell>, LogError> {
        let event = event_id.to_string();
        let partitions = self.log.partitions(Topic::Audience);
        let partition = partition_of(event.as_bytes(), partitions);
        let end = self.log.end(Topic::Audience, partition)?;
        let first = self.log.first(Topic::Audience, partition)?;
        let mut reader = self.log.reader(Topic::Audience, partition, first)?;
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
                        .filter(|cell| cell.get("event_id") == Some(&Value::from(event.as_str()))),
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
