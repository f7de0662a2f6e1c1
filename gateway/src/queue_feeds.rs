//! The public queue of each event, built once per tick for everybody who waits.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use floodgate_admission::QueueView;
use floodgate_domain::EventId;

use crate::feed::{Feed, Object};
use crate::model::Queue;
use crate::views::Entry;

impl Object for Queue {
    const EVENT: &'static str = "queue";

    /// Counts move all the time; what people do next follows from the rest.
    fn is_news(&self, before: &Self) -> bool {
        let essence = |queue: &Self| {
            let Queue { frontier, phase, pace_per_minute, shoppers_max, puzzle_level, .. } = *queue;
            (frontier, phase, pace_per_minute, shoppers_max, puzzle_level)
        };
        essence(self) != essence(before) || self.message != before.message
    }
}

/// As many as there are events: the log bounds those.
#[derive(Debug, Clone, Default)]
pub(crate) struct QueueFeeds(Arc<RwLock<HashMap<EventId, Arc<Feed<Queue>>>>>);

impl QueueFeeds {
    pub(crate) fn find(&self, event_id: EventId) -> Option<Arc<Feed<Queue>>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&event_id).cloned()
    }

    /// Publishes an event's queue as view and room are now; with `push` to those who follow it.
    pub(crate) fn publish(
        &self,
        event_id: EventId,
        entry: &Entry,
        room: Option<QueueView>,
        push: bool,
    ) {
        let queue = Queue::of(&entry.read(), room);
        if let Some(feed) = self.find(event_id) {
            feed.publish(queue, push);
        } else {
            let mut feeds = self.0.write().unwrap_or_else(PoisonError::into_inner);
            feeds.insert(event_id, Arc::new(Feed::new(queue)));
        }
    }
}
