//! The words of events and announcements, as the facts have them: written by the feed, read by
//! those who deliver.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use floodgate_domain::{Announcement, AnnouncementId, EventDetails, EventId, SalePhase};

/// Whether messages of an announcement go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AnnouncementState {
    Going,
    Paused,
    Stopped,
}

/// One event.
#[derive(Debug, Clone)]
pub(crate) struct EventWords {
    pub(crate) details: EventDetails,
    pub(crate) currency: String,
    pub(crate) phase: SalePhase,
    /// The engine allows a thousand.
    pub(crate) announcements: HashMap<AnnouncementId, (Arc<Announcement>, AnnouncementState)>,
}

impl EventWords {
    pub(crate) fn new(details: EventDetails, currency: &str) -> Self {
        let (phase, announcements) = (SalePhase::Announced, HashMap::new());
        EventWords { details, currency: currency.to_owned(), phase, announcements }
    }
}

/// All events; as many as the log has.
#[derive(Debug, Default)]
pub(crate) struct Words(RwLock<State>);

#[derive(Debug, Default)]
struct State {
    events: HashMap<EventId, EventWords>,
    /// Whether everything there was when this process started has been read.
    is_whole: bool,
}

impl Words {
    /// Until then, what is missing may only be unread.
    pub(crate) fn is_whole(&self) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).is_whole
    }

    pub(crate) fn be_whole(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).is_whole = true;
    }

    pub(crate) fn insert(&self, event_id: EventId, words: EventWords) {
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        state.events.insert(event_id, words);
    }

    /// Changes, or looks at, one event; `None` where there is none.
    pub(crate) fn change<T>(
        &self,
        event_id: EventId,
        change: impl FnOnce(&mut EventWords) -> T,
    ) -> Option<T> {
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        state.events.get_mut(&event_id).map(change)
    }

    /// What is said of an event, and by one of its announcements.
    pub(crate) fn read<T>(
        &self,
        event_id: EventId,
        read: impl FnOnce(&EventWords) -> T,
    ) -> Option<T> {
        let state = self.0.read().unwrap_or_else(PoisonError::into_inner);
        state.events.get(&event_id).map(read)
    }

    /// The events for which there is something.
    pub(crate) fn filter<T>(&self, find: impl Fn(&EventWords) -> Option<T>) -> Vec<(EventId, T)> {
        let state = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let found = state.events.iter().filter_map(|(id, words)| Some((*id, find(words)?)));
        found.collect()
    }
}
