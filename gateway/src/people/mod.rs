//! The people store, as handlers use it: off the async threads, a bounded number of calls at once.

pub(crate) mod places;
pub(crate) mod preview;
pub(crate) mod uses;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};

use floodgate_domain::BuyerId;
use floodgate_people::{People, PeopleError, Work};

use self::uses::Uses;
use crate::problem::{ApiError, Code};
use crate::time;
use crate::views::Entry;

/// Calls at once: each has a thread while it lasts, and the store a handful of connections.
const CALLS_MAX: usize = 32;
/// How long a call waits for its turn.
const PATIENCE: Duration = Duration::from_secs(2);
/// How soon a device that another gateway signed in or out is known here.
const DEVICES_EVERY: Duration = Duration::from_secs(5);
/// Devices of people with several that are known at once: some eighty megabytes.
const DEVICES_MAX: u32 = 1_000_000;

/// Who can be reached; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct PeopleDesk(Option<Arc<Desk>>);

#[derive(Debug)]
struct Desk {
    people: People,
    turns: Arc<Semaphore>,
    /// The devices of those who have several, each with all of its person: the others are on their
    /// own, and cost nothing to ask about.
    devices: RwLock<HashMap<BuyerId, Arc<[BuyerId]>>>,
    changed: Notify,
    used: Uses,
}

/// What browsers subscribe under, if push messages are sent.
#[derive(Debug, Clone)]
pub(crate) struct PushKey(Option<Arc<str>>);

impl PushKey {
    pub(crate) fn new(key: Option<String>) -> Self {
        PushKey(key.map(Arc::from))
    }

    pub(crate) fn text(&self) -> Option<String> {
        self.0.as_deref().map(str::to_owned)
    }
}

impl PeopleDesk {
    pub(crate) fn new(people: Option<People>) -> Self {
        PeopleDesk(people.map(|people| {
            let turns = Arc::new(Semaphore::new(CALLS_MAX));
            let (devices, used) = (RwLock::default(), Uses::default());
            Arc::new(Desk { people, turns, devices, changed: Notify::new(), used })
        }))
    }

    /// Whether there is a store.
    pub(crate) fn is_kept(&self) -> bool {
        self.0.is_some()
    }

    /// Keeps in mind whose devices belong together, for as long as it is polled; writes down which
    /// were used.
    pub(crate) async fn follow_devices(self) {
        let Ok(desk) = self.desk() else { return };
        loop {
            match self.look(|work| work.devices_of_all(DEVICES_MAX)).await {
                Ok(persons) => {
                    let known = persons.into_iter().flat_map(|devices| {
                        let devices: Arc<[BuyerId]> = devices.into();
                        (0..devices.len()).map(move |at| (devices[at], Arc::clone(&devices)))
                    });
                    let known = known.collect();
                    *desk.devices.write().unwrap_or_else(PoisonError::into_inner) = known;
                }
                // It was said where it failed, and what is known stays.
                Err(error) => tracing::debug!(code = error.code(), "devices are not known anew"),
            }
            let now = time::now();
            let used: Vec<BuyerId> = desk.used.unwritten().into_iter().map(BuyerId).collect();
            if !used.is_empty() {
                let written = self.with(move |work| work.devices_seen(&used, Uses::hour(now)));
                if let Err(error) = written.await {
                    tracing::debug!(code = error.code(), "uses of devices are not written");
                }
            }
            let _ = tokio::time::timeout(DEVICES_EVERY, desk.changed.notified()).await;
        }
    }

    /// A device was signed in or out: to be looked at once.
    pub(crate) fn devices_changed(&self) {
        if let Some(desk) = &self.0 {
            desk.changed.notify_one();
        }
    }

    /// A device, and after it the other devices of its person.
    pub(crate) fn devices_like(&self, buyer: BuyerId) -> Vec<BuyerId> {
        let mut all = vec![buyer];
        if let Some(desk) = &self.0 {
            let devices = desk.devices.read().unwrap_or_else(PoisonError::into_inner);
            let others = devices.get(&buyer).map(|devices| &**devices).unwrap_or_default();
            all.extend(others.iter().copied().filter(|other| *other != buyer));
            if !others.is_empty() {
                desk.used.note(buyer.0, time::now());
            }
        }
        all
    }

    /// Refuses whoever joins the line of an event that is for people who are signed in, and is
    /// not.
    pub(crate) async fn check_signed_in(
        &self,
        entry: &Entry,
        buyer: Option<BuyerId>,
    ) -> Result<(), ApiError> {
        if entry.read().policy.sign_in_required != Some(true) {
            return Ok(());
        }
        // One row, found by its key; newcomers without a device cost nothing.
        let is_signed_in = match buyer {
            Some(buyer) => self.look(move |work| work.is_signed_in(buyer)).await?,
            None => false,
        };
        if is_signed_in { Ok(()) } else { Err(ApiError::new(Code::SignInRequired)) }
    }

    fn desk(&self) -> Result<&Desk, ApiError> {
        self.0.as_deref().ok_or_else(|| ApiError::new(Code::NotOffered))
    }

    /// Does `work` in one transaction of the store.
    pub(crate) async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Work<'_>) -> Result<T, PeopleError> + Send + 'static,
    ) -> Result<T, ApiError> {
        self.run(move |people| people.with(work)).await
    }

    /// Looks at the store as of one moment; costs those who write nothing.
    pub(crate) async fn look<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Work<'_>) -> Result<T, PeopleError> + Send + 'static,
    ) -> Result<T, ApiError> {
        self.run(move |people| people.look(work)).await
    }

    /// Overwrites what has been deleted.
    pub(crate) async fn purge(&self) -> Result<(), ApiError> {
        self.run(|people| people.purge()).await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&People) -> Result<T, PeopleError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let desk = self.desk()?;
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&desk.turns).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else {
            return Err(ApiError::new(Code::Overloaded).retry_after_ms(1_000));
        };
        let people = desk.people.clone();
        let done = tokio::task::spawn_blocking(move || {
            let done = work(&people);
            drop(turn);
            done
        });
        match done.await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(PeopleError::Unavailable(reason))) => {
                tracing::warn!(reason, "the people store does not answer");
                Err(ApiError::new(Code::PeopleUnavailable).retry_after_ms(1_000))
            }
            Ok(Err(error @ PeopleError::Damaged(_))) => Err(ApiError::internal(&error)),
            Err(error) => Err(ApiError::internal(&error)),
        }
    }

    /// What a link's token stands for; `None` of one that was not made here.
    pub(crate) fn link(&self, token: &str) -> Result<Option<floodgate_people::Link>, ApiError> {
        Ok(self.desk()?.people.link(token))
    }
}
