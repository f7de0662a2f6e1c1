//! What carries payments forward: a follower of one partition of the facts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use floodgate_domain::{Envelope, FactRecord, LogTime, PaymentResult};
use floodgate_event_log::{Log, LogError, Offset, Partition, Reads, Ticket, Topic};
use floodgate_transport::{
    Batch, CommandSender, FollowError, Follower, FollowerConfig, Handler, Health, Pace, Partitions,
    Reading, Service, ServiceError, Start, Tick, Unreadable,
};

use crate::book::{Book, Key, Open, Step};
use crate::provider::{Authorisation, Captured, Payment, Provider, ProviderError};

/// Facts taken in one turn.
const BATCH_MAX: usize = 1024;
/// Payments looked at in one turn, so that new facts never wait long.
const LOOKS_MAX: usize = 4096;
/// First and longest pause between two tries of one payment.
const RETRY_MIN_MS: u64 = 100;
const RETRY_MAX_MS: u64 = 5_000;
/// How long a quiet partition is waited on, and how long while payments are open.
const QUIET: Duration = Duration::from_millis(100);
const BUSY: Duration = Duration::from_millis(10);
/// How much later an outbox that only keeps its book may hear of facts.
const RESTING: Duration = Duration::from_millis(500);

/// What an outbox needs.
#[derive(Debug, Clone)]
pub struct OutboxConfig {
    pub log: Arc<dyn Log>,
    pub partition: Partition,
    pub provider: Arc<dyn Provider>,
    /// Without an answer for so long, the buyer may try another card.
    pub patience: Duration,
    /// How long after an order's time a late authorisation is still looked for.
    pub late_window: Duration,
}

/// A running outbox.
#[derive(Debug)]
pub struct Outbox {
    follower: Follower,
    carries: Arc<AtomicBool>,
}

impl Outbox {
    /// Carries the payments of one partition on a thread of its own.
    pub fn spawn(config: OutboxConfig) -> std::io::Result<Self> {
        Outbox::spawn_as(config, true)
    }

    /// Keeps the book of a partition somebody else carries the payments of, ready to take over.
    pub fn spawn_resting(config: OutboxConfig) -> std::io::Result<Self> {
        Outbox::spawn_as(config, false)
    }

    fn spawn_as(config: OutboxConfig, carries: bool) -> std::io::Result<Self> {
        let carries = Arc::new(AtomicBool::new(carries));
        let theirs = Arc::clone(&carries);
        let following = following(&config);
        let make = move || PaymentWorker::new(config, theirs);
        Ok(Outbox { follower: Follower::spawn(following, make)?, carries })
    }

    /// The same without a thread, for simulations.
    #[must_use]
    pub fn reading(config: OutboxConfig) -> Reading<PaymentWorker> {
        let carries = Arc::new(AtomicBool::new(true));
        Reading::new(following(&config), PaymentWorker::new(config, carries))
    }

    /// Carries payments forward from now on.
    pub fn carry(&self) {
        self.carries.store(true, Ordering::Release);
    }

    /// Only keeps its book from now on.
    pub fn rest(&self) {
        self.carries.store(false, Ordering::Release);
    }
}

impl Service for Outbox {
    fn name(&self) -> &str {
        self.follower.name()
    }

    fn health(&self) -> Health {
        self.follower.health()
    }

    fn stop(&self) {
        self.follower.stop();
    }

    fn join(&self) -> Result<(), ServiceError> {
        self.follower.join()
    }
}

fn following(config: &OutboxConfig) -> FollowerConfig {
    FollowerConfig {
        name: format!("payments-{}", config.partition),
        log: Arc::clone(&config.log),
        topic: Topic::Ledger,
        partitions: Partitions::One(config.partition),
        batch_max: BATCH_MAX,
        ready_behind: u64::MAX,
        unreadable: Unreadable::SetAside {
            role: "payments".to_owned(),
            reads: Reads::FromTheFirst,
        },
    }
}

/// One partition's payments. What is open follows from all facts, so it begins with the first one;
/// after a failure it goes on where it was.
pub struct PaymentWorker {
    config: OutboxConfig,
    commands: CommandSender,
    carries: Arc<AtomicBool>,
    book: Book,
    /// Results the log does not have yet: at most as many as are looked at in one turn.
    results: Vec<Envelope>,
    /// Whether they are on their way. One append at a time keeps order and bounds.
    append: Option<Ticket>,
    /// Where the next turn begins to look, so that every payment gets its turn.
    look_from: Option<Key>,
}

impl std::fmt::Debug for PaymentWorker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PaymentWorker of partition {}", self.config.partition)
    }
}

impl Handler for PaymentWorker {
    type Item = FactRecord;

    fn resume_from(&mut self, _: Partition, reached: Option<Offset>) -> Result<Start, FollowError> {
        Ok(reached.map_or(Start::First, Start::At))
    }

    fn take(&mut self, batch: &mut Batch<'_, FactRecord>) -> Result<(), FollowError> {
        batch.items.iter().for_each(|fact| self.book.fold(fact));
        Ok(())
    }

    fn tick(&mut self, tick: Tick) -> Result<(), FollowError> {
        if !self.carries() {
            // The new owner comes to the same results.
            self.results.clear();
            self.append = None;
            return Ok(());
        }
        // While behind, the outcome of what looks open may be in the next batch.
        if tick.has_more || self.is_appending()? {
            return Ok(());
        }
        self.carry(tick.now);
        metrics::gauge!("floodgate_payments_open").set(self.book.open.len() as f64);
        Ok(())
    }

    fn is_settled(&self) -> bool {
        self.results.is_empty()
    }

    fn pace(&self) -> Pace {
        let carries = self.carries();
        let is_busy = carries && !self.book.open.is_empty();
        Pace {
            wait: if is_busy { BUSY } else { QUIET },
            patience: if carries { Duration::ZERO } else { RESTING },
        }
    }
}

impl PaymentWorker {
    fn new(config: OutboxConfig, carries: Arc<AtomicBool>) -> Self {
        PaymentWorker {
            commands: CommandSender::new(Arc::clone(&config.log)),
            config,
            carries,
            book: Book::default(),
            results: Vec::new(),
            append: None,
            look_from: None,
        }
    }

    fn carries(&self) -> bool {
        self.carries.load(Ordering::Acquire)
    }

    /// Whether the last results are not in the log yet. Those that did not get there are sent
    /// again, under the same command ids.
    fn is_appending(&mut self) -> Result<bool, LogError> {
        match self.append.as_mut().map(Ticket::try_outcome) {
            Some(None) => return Ok(true),
            Some(Some(outcome)) => {
                self.append = None;
                outcome?;
                self.results.clear();
            }
            None if self.results.is_empty() => {}
            None => self.append(),
        }
        Ok(self.append.is_some())
    }

    fn append(&mut self) {
        self.append = Some(self.commands.send_all(self.config.partition, &self.results));
    }

    fn carry(&mut self, now: LogTime) {
        let start = self.look_from.take();
        let keys: Vec<Key> = match start {
            Some(key) => self.book.open.range(key..).map(|(key, _)| *key).take(LOOKS_MAX).collect(),
            None => self.book.open.keys().copied().take(LOOKS_MAX).collect(),
        };
        if keys.len() == LOOKS_MAX {
            self.look_from = keys.last().copied();
        }
        for key in keys {
            let Some(open) = self.book.open.get(&key).copied().filter(|open| open.next_try <= now)
            else {
                continue;
            };
            self.try_one(key, open, now);
        }
        if !self.results.is_empty() {
            self.append();
        }
    }

    fn try_one(&mut self, key: Key, open: Open, now: LogTime) {
        let provider = Arc::clone(&self.config.provider);
        let Open { payment, step, .. } = open;
        let is_at_rest = match step {
            Step::Authorise { lost_told } => self.authorise(&*provider, &open, lost_told, now),
            Step::Capture => provider.capture(&payment).map(|captured| {
                let result = match captured {
                    Captured::Done => PaymentResult::Captured,
                    Captured::Failed => PaymentResult::Lost,
                };
                self.report(&payment, result);
                false
            }),
            Step::Void => provider.void(&payment).map(|()| true),
            Step::Refund => provider.refund(&payment).map(|()| true),
        };
        match is_at_rest {
            Ok(true) => {
                self.book.open.remove(&key);
            }
            outcome => {
                if let Err(error) = outcome {
                    metrics::counter!("floodgate_payments_provider_errors_total").increment(1);
                    tracing::warn!(%error, "a payment is tried again");
                }
                // Exponential, capped; results are repeated until their fact comes.
                let pause = (RETRY_MIN_MS << open.tries.min(6)).min(RETRY_MAX_MS);
                if let Some(open) = self.book.open.get_mut(&key) {
                    open.next_try = now.plus(pause);
                    open.tries += 1;
                }
            }
        }
    }

    /// Asks for the money and reports to the engine what came of it. `true` when given up.
    fn authorise(
        &mut self,
        provider: &dyn Provider,
        open: &Open,
        lost_told: bool,
        now: LogTime,
    ) -> Result<bool, ProviderError> {
        let payment = &open.payment;
        let authorisation = provider.authorise(payment, now)?;
        match authorisation {
            Authorisation::Authorised => {
                self.report(payment, PaymentResult::Authorised);
                return Ok(false);
            }
            Authorisation::Declined if lost_told => return Ok(true),
            Authorisation::Declined => {
                self.report(payment, PaymentResult::Declined);
                // A decline that comes after the order's end changes nothing for anybody.
                return Ok(now > payment.deadline);
            }
            Authorisation::Open | Authorisation::Asking => {}
        }
        let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        if now > payment.deadline.plus(millis(self.config.late_window)) {
            return provider.void(payment).map(|()| true);
        }
        let is_late = now > open.started_at.plus(millis(self.config.patience));
        let is_lost = is_late && authorisation == Authorisation::Open;
        if is_lost && !lost_told && now < payment.deadline {
            self.report(payment, PaymentResult::Lost);
        }
        Ok(false)
    }

    /// The same result of the same attempt always has the same name, so that reporting it
    /// again after a restart changes nothing.
    fn report(&mut self, payment: &Payment, result: PaymentResult) {
        let Payment { event_id, hold_id, attempt, .. } = *payment;
        self.results.push(result.envelope(event_id, (hold_id, attempt)));
    }
}
