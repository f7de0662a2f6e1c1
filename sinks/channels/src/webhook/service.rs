//! Webhooks as a service: one thread reads facts and sees who is due, and each webhook with calls
//! has a thread of its own while it has any.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use floodgate_domain::{LogTime, WebhookId};
use floodgate_event_log::Log;
use floodgate_people::People;
use floodgate_transport::{Backoff, Health, Service, ServiceError};

use super::feed::{FeedError, WebhookFeed};
use super::products::ProductFeed;
use super::sender::{SenderShare, send_due};
use crate::counter::PeopleCounter;
use crate::guard::AddressGuard;
use crate::http::agent_for_anybody;
use crate::when::wall_clock;

/// How often it looks when there was nothing.
const LOOK_EVERY: Duration = Duration::from_millis(200);
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// How often calls are forgotten that nobody looks at any more.
const FORGET_EVERY: Duration = Duration::from_secs(600);
/// How long calls that are done with are shown.
const KEPT_MS: u64 = 30 * 24 * 3_600_000;

#[derive(Debug)]
pub(crate) struct WebhookService {
    shared: Arc<SenderShare>,
    health: Arc<Mutex<Health>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl WebhookService {
    pub(crate) fn spawn(
        log: Arc<dyn Log>,
        people: People,
        guard: AddressGuard,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(SenderShare {
            counter: PeopleCounter::new(people.clone()),
            agent: agent_for_anybody(guard),
            is_stopping: AtomicBool::new(false),
        });
        let health = Arc::new(Mutex::new(Health::Starting));
        let (theirs, seen) = (Arc::clone(&shared), Arc::clone(&health));
        let thread = std::thread::Builder::new().name("webhooks".to_owned());
        let thread = thread.spawn(move || {
            let feed = WebhookFeed::new(Arc::clone(&log), people.clone());
            let products = ProductFeed::new(log, people.clone());
            let senders = HashMap::new();
            let (forgot_at, is_released) = (None, false);
            Run { shared: theirs, people, feed, products, senders, forgot_at, is_released }
                .run(&seen);
        })?;
        Ok(WebhookService { shared, health, thread: Mutex::new(Some(thread)) })
    }
}

struct Run {
    shared: Arc<SenderShare>,
    people: People,
    feed: WebhookFeed,
    products: ProductFeed,
    /// At most one for each webhook.
    senders: HashMap<WebhookId, JoinHandle<()>>,
    forgot_at: Option<Instant>,
    is_released: bool,
}

impl Run {
    fn run(mut self, health: &Mutex<Health>) {
        let mut backoff = Backoff::new(PAUSE_MIN, PAUSE_MAX);
        while !self.shared.is_stopping.load(Ordering::Acquire) {
            let pause = match self.turn(wall_clock()) {
                Ok(read) => {
                    backoff.reset();
                    *health.lock().unwrap_or_else(PoisonError::into_inner) = Health::Ready;
                    if read > 0 { Duration::ZERO } else { LOOK_EVERY }
                }
                Err(error) => {
                    let mut health = health.lock().unwrap_or_else(PoisonError::into_inner);
                    if health.degraded_for().is_none() {
                        tracing::error!(%error, "webhooks are not called");
                        *health = Health::degraded(error.to_string());
                    }
                    backoff.pause()
                }
            };
            if !pause.is_zero() {
                std::thread::park_timeout(pause);
            }
        }
        for (_, sender) in self.senders.drain() {
            // One that panicked has said so.
            drop(sender.join());
        }
    }

    fn turn(&mut self, now: LogTime) -> Result<usize, FeedError> {
        if !self.is_released {
            if self.people.is_of_one_process() {
                self.people.with(|work| work.release_deliveries(now))?;
            }
            self.is_released = true;
        }
        self.senders.retain(|_, sender| !sender.is_finished());
        // Calls that are due go out whether or not the log can be read just now.
        for id in self.people.look(|work| work.webhooks_due(now))? {
            self.start(id);
        }
        let read = self.feed.turn(now)? + self.products.turn(now)?;
        if self.forgot_at.is_none_or(|at| at.elapsed() >= FORGET_EVERY) {
            self.forgot_at = Some(Instant::now());
            let before = LogTime(now.0.saturating_sub(KEPT_MS));
            self.people.with(|work| work.drop_deliveries(before))?;
        }
        Ok(read)
    }

    fn start(&mut self, id: WebhookId) {
        if self.senders.contains_key(&id) {
            return;
        }
        let shared = Arc::clone(&self.shared);
        let sender = std::thread::Builder::new().name("webhook".to_owned()).spawn(move || {
            if let Err(error) = send_due(&shared, id, wall_clock) {
                tracing::warn!(%error, webhook_id = %id, "calls of a webhook wait");
            }
        });
        // Where no thread can be had now, there may be one soon.
        if let Ok(sender) = sender {
            self.senders.insert(id, sender);
        }
    }
}

impl Service for WebhookService {
    fn name(&self) -> &'static str {
        "channels-webhooks"
    }

    fn health(&self) -> Health {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        let has_ended = thread.as_ref().is_some_and(JoinHandle::is_finished);
        if has_ended && !self.shared.is_stopping.load(Ordering::Acquire) {
            return Health::failed("it panicked");
        }
        self.health.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn stop(&self) {
        self.shared.is_stopping.store(true, Ordering::Release);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = &*thread {
            thread.thread().unpark();
        }
    }

    fn join(&self) -> Result<(), ServiceError> {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(thread) = thread else { return Ok(()) };
        thread.join().map_err(|_| ServiceError::new("channels-webhooks", "it panicked"))
    }
}
