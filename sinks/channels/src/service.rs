//! The channels as services of a process: the feed, and the workers that deliver.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{JoinHandle, Thread};
use std::time::Duration;

use floodgate_event_log::Log;
use floodgate_people::People;
use floodgate_transport::{Backoff, Health, Service, ServiceError};

use crate::counter::PeopleCounter;
use crate::courier::{ChannelSetting, Courier};
use crate::deliver::{DeliveryShare, DeliveryWorker};
use crate::email::{EmailCourier, EmailOptions};
use crate::feed;
use crate::guard::AddressGuard;
use crate::quiet::QuietHours;
use crate::say::CodeWriter;
use crate::sms::{SmsCourier, SmsOptions};
use crate::templates::Templates;
use crate::web_push::{WebPushCourier, WebPushOptions};
use crate::webhook::WebhookService;
use crate::when::wall_clock;
use crate::words::Words;

/// Connections of one channel: a mail server allows some dozens from one sender.
const CONNECTIONS_MAX: usize = 32;
/// How often a worker without work looks for some.
const LOOK_EVERY: Duration = Duration::from_millis(500);
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// What the role needs to know.
#[derive(Debug, Clone)]
pub struct ChannelsOptions {
    /// Where people find the pages: `https://tickets.example.org`.
    pub public_url: String,
    pub codes: CodeWriter,
    pub email: Option<EmailOptions>,
    pub sms: Option<SmsOptions>,
    pub web_push: Option<WebPushOptions>,
    /// Where webhooks may be called, beside the public internet.
    pub webhook_guard: AddressGuard,
    /// Workers, each with a connection of every channel: how many messages are under way at once,
    /// and how many a crash can repeat.
    pub connections: usize,
    pub quiet_hours: QuietHours,
    /// Announcements a person gets in a week, beside those on the page.
    pub announcements_per_week: u32,
}

/// Starts everything; settings are checked and keys are read before.
pub fn spawn(
    log: Arc<dyn Log>,
    people: People,
    options: &ChannelsOptions,
) -> Result<Vec<Arc<dyn Service>>, ChannelSetting> {
    let count = options.connections;
    if !(1..=CONNECTIONS_MAX).contains(&count) {
        return Err(ChannelSetting(format!("connections: must be 1 to {CONNECTIONS_MAX}")));
    }
    let couriers = (0..count).map(|_| couriers(options)).collect::<Result<_, _>>()?;
    spawn_with(log, people, options, couriers)
}

/// The same with couriers of one's own: a set for each worker.
pub fn spawn_with(
    log: Arc<dyn Log>,
    people: People,
    options: &ChannelsOptions,
    couriers: Vec<Vec<Box<dyn Courier>>>,
) -> Result<Vec<Arc<dyn Service>>, ChannelSetting> {
    let public_url = options.public_url.trim_end_matches('/').to_owned();
    if !crate::http::is_safe(&public_url) {
        let reason = "the public address has to be https for links in messages";
        return Err(ChannelSetting(reason.into()));
    }
    let words = Arc::new(Words::default());
    let shared = DeliveryShare {
        counter: PeopleCounter::new(people.clone()),
        words: Arc::clone(&words),
        templates: Templates::new(),
        public_url,
        codes: options.codes.clone(),
        quiet_hours: options.quiet_hours,
        announcements_per_week: options.announcements_per_week,
        is_stopping: AtomicBool::new(false),
        is_released: Mutex::new(false),
    };
    let failed = |error: std::io::Error| ChannelSetting(format!("a thread: {error}"));
    let guard = options.webhook_guard.clone();
    let webhooks =
        WebhookService::spawn(Arc::clone(&log), people.clone(), guard).map_err(failed)?;
    let feed = feed::spawn(log, people, words).map_err(failed)?;
    let delivery = DeliveryService::spawn(Arc::new(shared), couriers).map_err(failed)?;
    Ok(vec![Arc::new(feed), Arc::new(delivery), Arc::new(webhooks)])
}

fn couriers(options: &ChannelsOptions) -> Result<Vec<Box<dyn Courier>>, ChannelSetting> {
    let mut couriers: Vec<Box<dyn Courier>> = Vec::new();
    if let Some(email) = &options.email {
        couriers.push(Box::new(EmailCourier::new(email.clone())?));
    }
    if let Some(sms) = &options.sms {
        couriers.push(Box::new(SmsCourier::new(sms.clone())?));
    }
    if let Some(web_push) = &options.web_push {
        couriers.push(Box::new(WebPushCourier::new(web_push.clone())?));
    }
    Ok(couriers)
}

/// The workers, on a thread each.
#[derive(Debug)]
struct DeliveryService {
    shared: Arc<DeliveryShare>,
    health: Arc<Vec<Mutex<Health>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    wake: Vec<Thread>,
}

impl DeliveryService {
    fn spawn(
        shared: Arc<DeliveryShare>,
        couriers: Vec<Vec<Box<dyn Courier>>>,
    ) -> std::io::Result<Self> {
        let health: Arc<Vec<Mutex<Health>>> =
            Arc::new(couriers.iter().map(|_| Mutex::new(Health::Starting)).collect());
        let mut threads = Vec::new();
        for (number, couriers) in couriers.into_iter().enumerate() {
            let (theirs, health) = (Arc::clone(&shared), Arc::clone(&health));
            let worker = DeliveryWorker::new(Arc::clone(&shared), couriers);
            let name = format!("channels-{number}");
            let thread = std::thread::Builder::new().name(name);
            threads.push(thread.spawn(move || run(worker, &theirs, &health[number]))?);
        }
        let wake = threads.iter().map(|thread| thread.thread().clone()).collect();
        Ok(DeliveryService { shared, health, threads: Mutex::new(threads), wake })
    }
}

fn run(mut worker: DeliveryWorker, shared: &DeliveryShare, health: &Mutex<Health>) {
    let mut backoff = Backoff::new(PAUSE_MIN, PAUSE_MAX);
    while !shared.is_stopping.load(Ordering::Acquire) {
        let pause = match worker.turn(wall_clock) {
            Ok(taken) => {
                backoff.reset();
                *health.lock().unwrap_or_else(PoisonError::into_inner) = Health::Ready;
                if taken > 0 { Duration::ZERO } else { LOOK_EVERY }
            }
            Err(error) => {
                let mut health = health.lock().unwrap_or_else(PoisonError::into_inner);
                if health.degraded_for().is_none() {
                    tracing::error!(%error, "messages cannot be delivered");
                    *health = Health::degraded(error.to_string());
                }
                backoff.pause()
            }
        };
        if !pause.is_zero() {
            std::thread::park_timeout(pause);
        }
    }
}

impl Service for DeliveryService {
    fn name(&self) -> &'static str {
        "channels-delivery"
    }

    fn health(&self) -> Health {
        let threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        let is_stopping = self.shared.is_stopping.load(Ordering::Acquire);
        if !is_stopping && threads.iter().any(JoinHandle::is_finished) {
            return Health::failed("a worker panicked");
        }
        let health =
            |one: &Mutex<Health>| one.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Health::of_all(self.health.iter().enumerate().map(|(number, one)| (number, health(one))))
    }

    fn stop(&self) {
        self.shared.is_stopping.store(true, Ordering::Release);
        self.wake.iter().for_each(Thread::unpark);
    }

    fn join(&self) -> Result<(), ServiceError> {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        let ended: Vec<_> = threads.drain(..).map(JoinHandle::join).collect();
        let panicked = |_| ServiceError::new("channels-delivery", "a worker panicked");
        ended.into_iter().try_for_each(|one| one.map_err(panicked))
    }
}
