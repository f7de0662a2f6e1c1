//! What carries the payments of one partition forward: facts in, calls out, results into the log.
//!
//! A turn never waits for a provider. It reads what is new, takes up what calls have come to, and
//! starts calls that are due; see [`crate::calls`] for who makes them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use floodgate_domain::wire::{decode_fact, encode_command};
use floodgate_domain::{GatewayId, LogTime, PaymentResult, Source, Subject};
use floodgate_event_log::{
    Log, LogError, LogReader, NewRecord, Parking, Partition, Reads, Record, Ticket, Topic,
};

use crate::calls::{Answer, Answered, Call, IN_FLIGHT_MAX, Operation, ProviderCalls};
use crate::error::ProviderError;
use crate::open::{Key, Open, OpenPayments, Step};
use crate::provider::{Authorisation, CALL_WITHIN, Captured, Payment};

/// Facts taken in one turn.
const BATCH_MAX: usize = 1024;
/// First and longest pause between two tries of one payment. Only questions about an authorisation
/// that is open may come more rarely, as its provider says.
const RETRY_MIN_MS: u64 = 100;
const RETRY_MAX_MS: u64 = 5_000;
/// How long a turn that has started calls waits for the first answer: providers in this process
/// answer at once, and the others only later.
const ANSWER_WITHIN: Duration = Duration::from_millis(2);
/// A call that is out for so long will not come back: its thread hangs, against what providers
/// promise. Asking again is safe.
const CALL_LOST_AFTER_MS: u64 = 2 * CALL_WITHIN.as_millis() as u64;
/// The longest that one payment is left alone because its provider asked for it.
const RETRY_AFTER_MS_MAX: u64 = 60_000;
/// How much later one that does not carry payments forward may hear of facts.
const RESTING: Duration = Duration::from_millis(500);

/// What carrying payments forward takes.
#[derive(Debug, Clone)]
pub struct OutboxConfig {
    pub log: Arc<dyn Log>,
    pub partition: Partition,
    pub calls: ProviderCalls,
    /// Without an answer for so long, the buyer may try another card.
    pub patience: Duration,
    /// How long after an order's time a late authorisation is still looked for.
    pub late_window: Duration,
}

/// One partition's payments.
pub struct PaymentWorker {
    config: OutboxConfig,
    parking: Parking,
    facts: Box<dyn LogReader>,
    last: Option<Source>,
    open: OpenPayments,
    /// Calls that are out, and since when: at most one a payment, at most [`IN_FLIGHT_MAX`].
    in_flight: BTreeMap<Key, LogTime>,
    reply: Sender<Answered>,
    // Unbounded, and never longer than the calls that are out.
    answers: Receiver<Answered>,
    records: Vec<Record>,
    commands: Vec<NewRecord>,
    ticket: Option<Ticket>,
}

impl std::fmt::Debug for PaymentWorker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PaymentWorker of partition {}", self.config.partition)
    }
}

impl PaymentWorker {
    /// Starts at the first fact: what is open follows from all of them.
    pub fn new(config: OutboxConfig) -> Result<Self, LogError> {
        let first = config.log.first(Topic::Ledger, config.partition)?;
        let facts = config.log.reader(Topic::Ledger, config.partition, first)?;
        let log = Arc::clone(&config.log);
        let (reply, answers) = channel();
        Ok(PaymentWorker {
            parking: Parking::new(log, Topic::Ledger, "payments", Reads::FromTheFirst),
            config,
            facts,
            last: None,
            open: OpenPayments::default(),
            in_flight: BTreeMap::new(),
            reply,
            answers,
            records: Vec::new(),
            commands: Vec::new(),
            ticket: None,
        })
    }

    /// Reads on as somebody does whom people wait for, or nobody does.
    pub(crate) fn listen(&mut self, carries: bool) -> Result<(), LogError> {
        let OutboxConfig { partition, ref log, .. } = self.config;
        let from = self.facts.position();
        self.facts = if carries {
            log.reader(Topic::Ledger, partition, from)?
        } else {
            log.follower(Topic::Ledger, partition, from, RESTING)?
        };
        Ok(())
    }

    /// How long a turn may wait for facts while nothing else calls for it.
    pub(crate) fn wait(&self) -> Duration {
        Duration::from_millis(match (self.open.is_empty(), self.in_flight.is_empty()) {
            (true, _) => 100,
            (false, true) => 10,
            // Answers wait meanwhile.
            (false, false) => 5,
        })
    }

    /// Follows what is new; once there is nothing new, carries what is due forward.
    pub fn turn(&mut self, now: LogTime, wait: Duration) -> Result<(), LogError> {
        let read = self.follow(now, wait)?;
        // While behind, the outcome of what looks open may be in the next batch; answers that are
        // there wait with it, and so do their commands while the last ones are not in the log.
        if read == BATCH_MAX || !self.last_appended() {
            return Ok(());
        }
        self.take_answers(now);
        if self.start_calls(now) > 0
            && let Ok(answered) = self.answers.recv_timeout(ANSWER_WITHIN)
        {
            self.answered(answered, now);
            self.take_answers(now);
        }
        self.append();
        metrics::gauge!("floodgate_payments_open").set(self.open.len() as f64);
        Ok(())
    }

    /// Follows facts and leaves the rest to whoever owns the partition: what calls that are still out
    /// come to is theirs to find out.
    pub(crate) fn rest(&mut self, now: LogTime, wait: Duration) -> Result<(), LogError> {
        self.follow(now, wait)?;
        while let Ok(answered) = self.answers.try_recv() {
            self.in_flight.remove(&answered.key);
        }
        Ok(())
    }

    fn follow(&mut self, now: LogTime, wait: Duration) -> Result<usize, LogError> {
        self.records.clear();
        let read = self.facts.poll(BATCH_MAX, wait, &mut self.records)?;
        for record in &self.records {
            match decode_fact(&record.value) {
                Ok(fact) if self.last.is_none_or(|last| last < fact.source) => {
                    self.last = Some(fact.source);
                    self.open.fold(&fact, now);
                }
                Ok(_) => {}
                Err(error) => {
                    let reason = error.to_string();
                    // The record is met again at the next start, and parked then.
                    if let Err(error) = self.parking.park(self.config.partition, record, &reason) {
                        tracing::warn!(%error, "a record was not parked");
                    }
                }
            }
        }
        Ok(read)
    }

    /// Whether the last commands are in the log; one append at a time keeps order and bounds.
    fn last_appended(&mut self) -> bool {
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

    fn append(&mut self) {
        if !self.commands.is_empty() {
            let commands = std::mem::take(&mut self.commands);
            let log = &self.config.log;
            self.ticket = Some(log.append(Topic::Commands, self.config.partition, commands));
        }
    }

    /// Starts what is due and not under way; how many calls that were.
    fn start_calls(&mut self, now: LogTime) -> usize {
        self.forget_lost_calls(now);
        let room = IN_FLIGHT_MAX.saturating_sub(self.in_flight.len());
        let due = self.open.due(now).filter(|open| !self.in_flight.contains_key(&key_of(open)));
        let calls: Vec<Call> = due.take(room).map(|open| self.call(open, now)).collect();
        let mut started = 0;
        for call in calls {
            let key = (call.payment.subject, call.payment.attempt);
            // A full queue empties itself; until then everything stays due.
            if !self.config.calls.start(call) {
                metrics::counter!("floodgate_payments_queue_full_total").increment(1);
                break;
            }
            self.in_flight.insert(key, now);
            started += 1;
        }
        started
    }

    fn call(&self, open: &Open, now: LogTime) -> Call {
        let (operation, payment) = (open.step.operation(), open.payment.clone());
        Call { operation, payment, now, reply: self.reply.clone() }
    }

    fn forget_lost_calls(&mut self, now: LogTime) {
        let before = self.in_flight.len();
        self.in_flight.retain(|_, since| now < since.plus(CALL_LOST_AFTER_MS));
        let lost = before - self.in_flight.len();
        if lost > 0 {
            metrics::counter!("floodgate_payments_calls_lost_total").increment(lost as u64);
            tracing::error!(lost, "calls to the provider hang; they are made again");
        }
    }

    fn take_answers(&mut self, now: LogTime) {
        while let Ok(answered) = self.answers.try_recv() {
            self.answered(answered, now);
        }
    }

    /// Takes up what a call has come to, unless something else is to be done about it by now.
    fn answered(&mut self, answered: Answered, now: LogTime) {
        let Answered { operation, key, outcome } = answered;
        self.in_flight.remove(&key);
        let is_current = |open: &&Open| open.step.operation() == operation;
        let Some(open) = self.open.find(&key).filter(is_current).cloned() else { return };
        let then = match outcome {
            Ok(Answer::Authorisation(authorisation)) => {
                self.authorisation(&open, authorisation, now)
            }
            Ok(Answer::Captured(captured)) => {
                let result = match captured {
                    Captured::Done => PaymentResult::Captured,
                    Captured::Failed => PaymentResult::Lost,
                };
                self.report(&open.payment, &result);
                Then::Again
            }
            Ok(Answer::Released) => Then::Rest,
            Err(error) => return self.failed(&open, &error, now),
        };
        match then {
            Then::Rest => self.open.rest(&key),
            // What was reported is reported again until its fact comes.
            Then::Again => self.open.again_at(&key, now.plus(self.pause(&open))),
            Then::GiveUp => self.open.give_up(&key, now),
        }
    }

    /// Takes up how an authorisation stands.
    fn authorisation(&mut self, open: &Open, authorisation: Authorisation, now: LogTime) -> Then {
        let Open { payment, step: Step::Authorise(known), .. } = open else { return Then::Again };
        match authorisation {
            Authorisation::Authorised(authorised) => {
                self.report(payment, &PaymentResult::Authorised(authorised));
                return Then::Again;
            }
            // Given up as lost already, or after the order's end: it changes nothing for anybody.
            Authorisation::Declined if known.is_lost => return Then::Rest,
            Authorisation::Declined => {
                self.report(payment, &PaymentResult::Declined);
                return if now > payment.deadline { Then::Rest } else { Then::Again };
            }
            Authorisation::ActionRequired(action) => {
                if known.action.as_ref() != Some(&action) && now < payment.deadline {
                    self.report(payment, &PaymentResult::ActionRequired(action));
                }
            }
            Authorisation::Open(reference) => {
                if let Some(reference) = reference {
                    self.open.name(&key_of(open), reference);
                }
                let is_late = now > open.started_at.plus(millis(self.config.patience));
                if is_late && !known.is_lost && now < payment.deadline {
                    self.report(payment, &PaymentResult::Lost);
                }
            }
        }
        let is_over = now > payment.deadline.plus(millis(self.config.late_window));
        if is_over { Then::GiveUp } else { Then::Again }
    }

    /// A call without an answer says nothing about the money.
    fn failed(&mut self, open: &Open, error: &ProviderError, now: LogTime) {
        tracing::warn!(%error, subject = %open.payment.subject, "a payment is tried again");
        if let Step::Capture { before: Some(before) } = open.step
            && now > before
        {
            // The provider's word still counts, and nothing else: only it knows what became of it.
            metrics::counter!("floodgate_payments_captures_overdue_total").increment(1);
            tracing::error!(subject = %open.payment.subject, "the time to capture is over");
        }
        let asked_for = error.retry_after.map_or(0, millis);
        let pause = self.pause(open).max(asked_for.min(RETRY_AFTER_MS_MAX));
        self.open.again_at(&key_of(open), now.plus(pause));
    }

    /// Exponential and capped.
    fn pause(&self, open: &Open) -> u64 {
        let max = match open.step.operation() {
            Operation::Authorise => millis(self.config.calls.provider().ask_again_max()),
            Operation::Capture | Operation::Void | Operation::Refund => RETRY_MAX_MS,
        };
        (RETRY_MIN_MS << open.tries.min(10)).min(max)
    }

    /// The same result of the same attempt always has the same name, so that reporting it again
    /// after a restart changes nothing.
    fn report(&mut self, payment: &Payment, result: &PaymentResult) {
        let Payment { subject, attempt, .. } = *payment;
        let envelope = result.envelope(subject, attempt, GatewayId(0));
        let mut value = Vec::with_capacity(64);
        encode_command(&envelope, &mut value);
        self.commands.push(NewRecord::new(subject.event_id().to_string(), value));
    }
}

/// What becomes of a payment after an answer.
enum Then {
    Rest,
    Again,
    GiveUp,
}

fn key_of(open: &Open) -> (Subject, u8) {
    (open.payment.subject, open.payment.attempt)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
