//! The read side: events, seats and orders, folded from facts.
//!
//! One follower per partition folds the facts. It keeps what it has folded, so after a failure of
//! the log it goes on where it was; until then the views are stale.

mod announcements;
pub(crate) mod audience;
mod changes;
mod codes;
mod event;
mod fading;
mod fold;
mod frames;
mod house;
mod insight;
mod payments;
mod refused;
mod revoked;
mod stay;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use floodgate_admission::ShopView;
use floodgate_domain::{EventId, FactRecord};
use floodgate_event_log::{Log, Offset, Partition, Topic};
use floodgate_transport::{
    Batch, FollowError, Follower, FollowerConfig, Group, Handler, Partitions, PollTiming, Service,
    StartFrom, Unreadable,
};

pub(crate) use announcements::AnnouncementView;
pub(crate) use changes::{Change, Changes};
pub(crate) use event::{EndedVisit, EventView, SeatPlace, SeatsByState, ViewPosition};
pub(crate) use frames::Frames;
pub(crate) use house::{Hand, RefundView};
pub(crate) use insight::{OrderMark, Window};
pub(crate) use payments::{Failure, PaymentView};
use refused::Refused;
pub(crate) use revoked::Revoked;

/// Facts folded under one lock: a few hundred microseconds, so readers hardly notice.
const BATCH_MAX: usize = 1024;
/// Facts a gateway may be behind and still send visitors to its pages: some tens of milliseconds.
const READY_BEHIND: u64 = 10_000;
/// The longest wait for facts, and so how soon a stop is noticed.
const QUIET: Duration = Duration::from_millis(200);

/// One event's view and its stream of seat changes.
#[derive(Debug)]
pub(crate) struct Entry {
    // Read by requests, written by one folder in batches; never held across an await.
    view: RwLock<EventView>,
    pub(crate) frames: Frames,
    pub(crate) refused: Refused,
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
            while self.read().as_of.position.offset < offset {
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
    /// What folds them; set once, at the start.
    following: OnceLock<Arc<Group>>,
}

/// What one partition's follower does: it folds.
struct Folder {
    views: Arc<Views>,
    created: Arc<Created>,
}

impl Handler for Folder {
    type Item = FactRecord;

    fn resume_from(
        &mut self,
        _: Partition,
        reached: Option<Offset>,
    ) -> Result<StartFrom, FollowError> {
        Ok(reached.map_or(StartFrom::First, StartFrom::At))
    }

    fn take(&mut self, batch: &mut Batch<'_, FactRecord>) -> Result<(), FollowError> {
        self.views.fold(batch.items, &*self.created);
        Ok(())
    }

    fn poll_timing(&self) -> PollTiming {
        PollTiming { wait: QUIET, rest: QUIET, patience: Duration::ZERO }
    }
}

impl Views {
    /// Starts a follower for each partition of the facts. `created` runs with each new event before
    /// anybody can find it here.
    pub(crate) fn follow(
        log: &Arc<dyn Log>,
        created: impl Fn(EventId, &Entry) + Send + Sync + 'static,
    ) -> std::io::Result<(Arc<Self>, Arc<Group>)> {
        let views = Arc::new(Views::default());
        let created: Arc<Created> = Arc::new(created);
        let mut followers: Vec<Arc<dyn Service>> = Vec::new();
        for partition in 0..log.partitions(Topic::Ledger) {
            let config = FollowerConfig {
                name: format!("views-{partition}"),
                log: Arc::clone(log),
                topic: Topic::Ledger,
                partitions: Partitions::One(partition),
                batch_max: BATCH_MAX,
                ready_behind: READY_BEHIND,
                gives_way: false,
                // Every gateway reads the same; the processor sets it aside.
                unreadable: Unreadable::Counted { role: "gateway" },
            };
            let (views, created) = (Arc::clone(&views), Arc::clone(&created));
            let follower = Follower::spawn(config, move || Folder { views, created })?;
            followers.push(Arc::new(follower));
        }
        let following = Arc::new(Group::new("views", followers));
        let following = Arc::clone(views.following.get_or_init(|| following));
        Ok((views, following))
    }

    /// Whether every partition is followed to near its end, so that it is known what was done.
    pub(crate) fn is_ready(&self) -> bool {
        self.following.get().is_some_and(|following| following.health().is_ready())
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
    }

    fn create(&self, fact: &FactRecord, created: &Created) -> Option<Arc<Entry>> {
        let view = RwLock::new(EventView::created(fact)?);
        let entry =
            Arc::new(Entry { view, frames: Frames::default(), refused: Refused::default() });
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

#[cfg(test)]
#[path = "cut_tests.rs"]
mod tests;
