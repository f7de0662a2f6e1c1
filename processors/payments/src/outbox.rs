//! The loop that carries payments forward, one thread a partition of the facts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use floodgate_domain::wire::{decode_fact, encode_command};
use floodgate_domain::{GatewayId, LogTime, PaymentResult, Source};
use floodgate_event_log::{
    Log, LogError, LogReader, NewRecord, Parking, Partition, Reads, Record, Ticket, Topic,
};

use crate::book::{Authorising, Book, Key, Open, Step};
use crate::provider::{Authorisation, Captured, Payment, Provider, ProviderError};

/// Facts taken in one turn.
const BATCH_MAX: usize = 1024;
/// Payments looked at in one turn, so that new facts never wait long.
const LOOKS_MAX: usize = 4096;
/// First and longest pause between two tries of one payment.
const RETRY_MIN_MS: u64 = 100;
const RETRY_MAX_MS: u64 = 5_000;

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

/// Starts outboxes.
#[derive(Debug)]
pub struct Outbox;

/// A running outbox.
#[derive(Debug)]
pub struct OutboxHandle {
    shared: Arc<Shared>,
    thread: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    stop: AtomicBool,
    /// Whether it carries payments forward, or only keeps its book.
    carries: AtomicBool,
}

impl Outbox {
    /// Carries the payments of one partition on a thread of its own.
    pub fn spawn(config: OutboxConfig) -> std::io::Result<OutboxHandle> {
        Outbox::spawn_as(config, true)
    }

    /// Keeps the book of a partition somebody else carries the payments of, ready to take over.
    pub fn spawn_resting(config: OutboxConfig) -> std::io::Result<OutboxHandle> {
        Outbox::spawn_as(config, false)
    }

    fn spawn_as(config: OutboxConfig, carries: bool) -> std::io::Result<OutboxHandle> {
        let carries = AtomicBool::new(carries);
        let shared = Arc::new(Shared { stop: AtomicBool::new(false), carries });
        let theirs = Arc::clone(&shared);
        let name = format!("payments-{}", config.partition);
        let thread = std::thread::Builder::new().name(name).spawn(move || {
            if let Err(error) = Carrier::new(config).and_then(|mut carrier| carrier.run(&theirs)) {
                tracing::error!(%error, "payments stop");
            }
        })?;
        Ok(OutboxHandle { shared, thread })
    }
}

impl OutboxHandle {
    /// Carries payments forward from now on.
    pub fn carry(&self) {
        self.shared.carries.store(true, Ordering::Release);
    }

    /// Only keeps its book from now on.
    pub fn rest(&self) {
        self.shared.carries.store(false, Ordering::Release);
    }

    pub fn stop(&self) {
        self.shared.stop.store(true, Ordering::Release);
    }

    pub fn join(self) {
        if let Err(panic) = self.thread.join() {
            std::panic::resume_unwind(panic);
        }
    }
}

/// One partition's payments.
pub struct Carrier {
    config: OutboxConfig,
    parking: Parking,
    facts: Box<dyn LogReader>,
    last: Option<Source>,
    book: Book,
    records: Vec<Record>,
    commands: Vec<NewRecord>,
    ticket: Option<Ticket>,
    /// Where the next turn begins to look, so that every payment gets its turn.
    look_from: Option<Key>,
}

impl std::fmt::Debug for Carrier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Carrier of partition {}", self.config.partition)
    }
}

impl Carrier {
    /// Starts at the first fact: what is open follows from all of them.
    pub fn new(config: OutboxConfig) -> Result<Self, LogError> {
        let first = config.log.first(Topic::Ledger, config.partition)?;
        let facts = config.log.reader(Topic::Ledger, config.partition, first)?;
        let log = Arc::clone(&config.log);
        Ok(Carrier {
            parking: Parking::new(log, Topic::Ledger, "payments", Reads::FromTheFirst),
            config,
            facts,
            last: None,
            book: Book::default(),
            records: Vec::new(),
            commands: Vec::new(),
            ticket: None,
            look_from: None,
        })
    }

    fn run(&mut self, shared: &Shared) -> Result<(), LogError> {
        let mut carries = true;
        while !shared.stop.load(Ordering::Acquire) {
            let told = shared.carries.load(Ordering::Acquire);
            if told != carries {
                self.listen(told)?;
                carries = told;
            }
            let is_quiet = !carries || self.book.open.is_empty();
            let wait = Duration::from_millis(if is_quiet { 100 } else { 10 });
            let turned =
                if carries { self.turn(now(), wait) } else { self.follow(wait).map(|_| ()) };
            match turned {
                Err(LogError::Closed) => return Ok(()),
                turned => turned?,
            }
        }
        Ok(())
    }

    /// Reads on as somebody does whom people wait for, or nobody does.
    fn listen(&mut self, carries: bool) -> Result<(), LogError> {
        let OutboxConfig { partition, ref log, .. } = self.config;
        let from = self.facts.position();
        self.facts = if carries {
            log.reader(Topic::Ledger, partition, from)?
        } else {
            log.follower(Topic::Ledger, partition, from, RESTING)?
        };
        Ok(())
    }

    /// Enters what is new into the book.
    fn follow(&mut self, wait: Duration) -> Result<usize, LogError> {
        self.records.clear();
        let read = self.facts.poll(BATCH_MAX, wait, &mut self.records)?;
        for record in &self.records {
            match decode_fact(&record.value) {
                Ok(fact) if self.last.is_none_or(|last| last < fact.source) => {
                    self.last = Some(fact.source);
                    self.book.fold(&fact);
                }
                Ok(_) => {}
                Err(error) => {
                    let reason = error.to_string();
                    // The record is met again at the next start, and its letter written then.
                    if let Err(error) = self.parking.park(self.config.partition, record, &reason) {
                        tracing::warn!(%error, "a letter was not written");
                    }
                }
            }
        }
        Ok(read)
    }

    /// Follows what is new; once there is nothing new, carries what is due forward.
    pub fn turn(&mut self, now: LogTime, wait: Duration) -> Result<(), LogError> {
        let read = self.follow(wait)?;
        // While behind, the outcome of what looks open may be in the next batch.
        if read == BATCH_MAX || !self.last_told() {
            return Ok(());
        }
        self.carry(now);
        metrics::gauge!("floodgate_payments_open").set(self.book.open.len() as f64);
        Ok(())
    }

    /// Whether the last commands are in the log; one append at a time keeps order and bounds.
    fn last_told(&mut self) -> bool {
        match self.ticket.as_mut().and_then(Ticket::try_outcome) {
            None => self.ticket.is_none(),
            Some(outcome) => {
                if let Err(error) = outcome {
                    // Every payment is tried again under the same command ids.
                    tracing::warn!(%error, "payment results were not written; they will be again");
                }
                self.ticket = None;
                true
            }
        }
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
            let Some(open) = self.book.open.get(&key).cloned().filter(|open| open.next_try <= now)
            else {
                continue;
            };
            self.try_one(key, &open, now);
        }
        if !self.commands.is_empty() {
            let commands = std::mem::take(&mut self.commands);
            let log = &self.config.log;
            self.ticket = Some(log.append(Topic::Commands, self.config.partition, commands));
        }
    }

    fn try_one(&mut self, key: Key, open: &Open, now: LogTime) {
        let provider = Arc::clone(&self.config.provider);
        let Open { payment, step, .. } = open;
        let is_at_rest = match step {
            Step::Authorise(authorising) => self.authorise(&*provider, open, authorising, now),
            Step::Capture => provider.capture(payment).map(|captured| {
                let result = match captured {
                    Captured::Done => PaymentResult::Captured,
                    Captured::Failed => PaymentResult::Lost,
                };
                self.tell(payment, &result);
                false
            }),
            Step::Void => provider.void(payment).map(|()| true),
            Step::Refund => provider.refund(payment).map(|()| true),
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
                // Exponential, capped; told commands are repeated until their fact comes.
                let pause = (RETRY_MIN_MS << open.tries.min(6)).min(RETRY_MAX_MS);
                if let Some(open) = self.book.open.get_mut(&key) {
                    open.next_try = now.plus(pause);
                    open.tries += 1;
                }
            }
        }
    }

    /// Asks for the money and tells the engine what came of it. `true` when given up.
    fn authorise(
        &mut self,
        provider: &dyn Provider,
        open: &Open,
        authorising: &Authorising,
        now: LogTime,
    ) -> Result<bool, ProviderError> {
        let payment = &open.payment;
        let is_open = match provider.authorise(payment, now)? {
            Authorisation::Authorised(authorised) => {
                self.tell(payment, &PaymentResult::Authorised(authorised));
                return Ok(false);
            }
            Authorisation::Declined if authorising.is_lost => return Ok(true),
            Authorisation::Declined => {
                self.tell(payment, &PaymentResult::Declined);
                // A decline that comes after the order's end changes nothing for anybody.
                return Ok(now > payment.deadline);
            }
            Authorisation::ActionRequired(action) => {
                if authorising.action.as_ref() != Some(&action) && now < payment.deadline {
                    self.tell(payment, &PaymentResult::ActionRequired(action));
                }
                false
            }
            Authorisation::Open(_) => true,
        };
        let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        if now > payment.deadline.plus(millis(self.config.late_window)) {
            return provider.void(payment).map(|()| true);
        }
        let is_late = now > open.started_at.plus(millis(self.config.patience));
        if is_late && is_open && !authorising.is_lost && now < payment.deadline {
            self.tell(payment, &PaymentResult::Lost);
        }
        Ok(false)
    }

    /// The same result of the same attempt always has the same name, so that telling it again
    /// after a restart changes nothing.
    fn tell(&mut self, payment: &Payment, result: &PaymentResult) {
        let Payment { subject, attempt, .. } = *payment;
        let envelope = result.envelope(subject, attempt, GatewayId(0));
        let mut value = Vec::with_capacity(64);
        encode_command(&envelope, &mut value);
        self.commands.push(NewRecord::new(subject.event_id().to_string(), value));
    }
}

fn now() -> LogTime {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    LogTime(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}
