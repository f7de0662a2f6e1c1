//! The read side: events, seats and orders, folded from facts.
//!
//! One thread a partition follows the facts. A fact whose source is not greater than the
//! last is dropped, so re-delivery changes nothing.

mod changes;
mod event;
mod fold;
mod frames;
mod payments;
mod stay;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use floodgate_admission::ShopView;
use floodgate_domain::wire::decode_fact;
use floodgate_domain::{EventId, FactRecord, Source};
use floodgate_event_log::{Log, LogError, LogReader, Topic};

pub(crate) use changes::{Change, Changes};
pub(crate) use event::{AsOf, Counts, EventView, SeatPlace};
pub(crate) use frames::Frames;
pub(crate) use payments::{Failure, PaymentView};

/// Facts folded under one lock: a few hundred microseconds, so readers hardly notice.
const BATCH_MAX: usize = 1024;

/// One event's view and its stream of seat changes.
#[derive(Debug)]
pub(crate) struct Entry {
    // Read by requests, written by one folder in batches; never held across an await.
    view: RwLock<EventView>,
    pub(crate) frames: Frames,
}

impl Entry {
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, EventView> {
        self.view.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until this view is as of `offset` or later, `within` at most; the answer's own
    /// `as_of` says whether it was reached.
    pub(crate) async fn reaches(&self, offset: u64, within: Duration) {
        let reaches = async {
            let mut pulse = tokio::time::interval(Duration::from_millis(2));
            while self.read().as_of.source.offset < offset {
                pulse.tick().await;
            }
        };
        let _ = tokio::time::timeout(within, reaches).await;
    }

    /// The shop as the waiting room looks at it.
    pub(crate) fn shop(&self) -> ShopView {
        let view = self.read();
        ShopView {
            phase: view.phase,
            shoppers: view.shoppers,
            shoppers_max: view.policy.shoppers_max,
            free: view.counts.free,
            held: view.counts.held,
            places_reserved: view.places_reserved,
            order: view.order,
            places_called: view.places_called,
            entered_beyond: view.entered_beyond,
            entered_count: view.entered_count,
        }
    }

    /// Closes the frame of changes since the last call, if there were any.
    pub(crate) fn cut_frame(&self) {
        let changes = {
            let mut view = self.view.write().unwrap_or_else(PoisonError::into_inner);
            view.take_changes()
        };
        if !changes.is_empty() {
            self.frames.publish(changes);
        }
    }
}

/// What is to be done with a new event.
type Created = dyn Fn(EventId, &Entry) + Send + Sync;

/// All events this gateway knows.
#[derive(Debug, Default)]
pub(crate) struct Views {
    events: RwLock<BTreeMap<EventId, Arc<Entry>>>,
    behind: Mutex<HashMap<u32, u64>>,
    stopped: AtomicBool,
    folded: AtomicU64,
}

impl Views {
    /// Starts a follower for each partition of the facts. `created` runs with each new event before
    /// anybody can find it here.
    pub(crate) fn follow(
        log: &Arc<dyn Log>,
        created: impl Fn(EventId, &Entry) + Send + Sync + 'static,
    ) -> Result<Arc<Self>, LogError> {
        let views = Arc::new(Views::default());
        let created: Arc<Created> = Arc::new(created);
        for partition in 0..log.partitions(Topic::Ledger) {
            let first = log.first(Topic::Ledger, partition)?;
            let reader = log.reader(Topic::Ledger, partition, first)?;
            let (theirs, created) = (Arc::clone(&views), Arc::clone(&created));
            views.note_behind(partition, u64::MAX);
            std::thread::Builder::new()
                .name(format!("views-{partition}"))
                .spawn(move || theirs.run(partition, reader, &*created))
                .map_err(|error| LogError::Backend(error.to_string()))?;
        }
        Ok(views)
    }

    fn note_behind(&self, partition: u32, behind: u64) {
        self.behind.lock().unwrap_or_else(PoisonError::into_inner).insert(partition, behind);
    }

    /// Whether every partition has been followed to near its end.
    pub(crate) fn is_ready(&self) -> bool {
        let behind = self.behind.lock().unwrap_or_else(PoisonError::into_inner);
        behind.values().all(|&behind| behind < 10_000)
    }

    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
    }

    fn run(&self, partition: u32, mut reader: Box<dyn LogReader>, created: &Created) {
        let mut records = Vec::with_capacity(BATCH_MAX);
        let mut last: Option<Source> = None;
        while !self.stopped.load(Ordering::Acquire) {
            records.clear();
            if let Err(error) = reader.poll(BATCH_MAX, Duration::from_millis(200), &mut records) {
                if !matches!(error, LogError::Closed) {
                    tracing::error!(partition, %error, "facts cannot be followed");
                }
                break;
            }
            let mut facts = Vec::with_capacity(records.len());
            for record in &records {
                match decode_fact(&record.value) {
                    Ok(fact) if last.is_none_or(|last| last < fact.source) => {
                        last = Some(fact.source);
                        facts.push(fact);
                    }
                    Ok(_) => {}
                    // Told, not parked: every gateway reads it, and the processor has parked it.
                    Err(error) => {
                        let role = ("role", "gateway");
                        metrics::counter!("floodgate_records_unreadable_total", &[role])
                            .increment(1);
                        tracing::error!(partition, offset = record.offset, %error, "no fact");
                    }
                }
            }
            self.fold(&facts, created);
            self.note_behind(partition, reader.behind().unwrap_or(u64::MAX));
        }
        self.note_behind(partition, u64::MAX);
    }

    /// Folds facts in order, one lock a run of the same event.
    fn fold(&self, facts: &[FactRecord], created: &Created) {
        for run in facts.chunk_by(|a, b| a.event_id == b.event_id) {
            let event_id = run[0].event_id;
            let entry = self.get(event_id).or_else(|| self.create(&run[0], created));
            let Some(entry) = entry else { continue };
            let mut view = entry.view.write().unwrap_or_else(PoisonError::into_inner);
            run.iter().for_each(|fact| view.fold(fact));
        }
        self.folded.fetch_add(facts.len() as u64, Ordering::Relaxed);
    }

    fn create(&self, fact: &FactRecord, created: &Created) -> Option<Arc<Entry>> {
        let view = RwLock::new(EventView::created(fact)?);
        let entry = Arc::new(Entry { view, frames: Frames::default() });
        created(fact.event_id, &entry);
        let mut events = self.events.write().unwrap_or_else(PoisonError::into_inner);
        events.insert(fact.event_id, Arc::clone(&entry));
        Some(entry)
    }

    pub(crate) fn get(&self, event_id: EventId) -> Option<Arc<Entry>> {
        self.events.read().unwrap_or_else(PoisonError::into_inner).get(&event_id).cloned()
    }

    /// Waits until an event that was just created can be read here, `within` at most.
    pub(crate) async fn appeared(&self, event_id: EventId, within: Duration) {
        let appears = async {
            let mut pulse = tokio::time::interval(Duration::from_millis(2));
            while self.get(event_id).is_none() {
                pulse.tick().await;
            }
        };
        // Late is not wrong: the event exists, only this gateway has not read of it yet.
        let _ = tokio::time::timeout(within, appears).await;
    }

    /// Every event, by id.
    pub(crate) fn all(&self) -> Vec<(EventId, Arc<Entry>)> {
        let events = self.events.read().unwrap_or_else(PoisonError::into_inner);
        events.iter().map(|(&id, entry)| (id, Arc::clone(entry))).collect()
    }
}
