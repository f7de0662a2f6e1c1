//! Processes the payments of one partition: facts in, calls out, results into the log.
//!
//! A turn never waits for a provider. It reads new facts, handles the results of calls, and
//! starts calls that are due; [`crate::calls`] makes them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use floodgate_domain::{Envelope, FactRecord, LogTime, PaymentResult, Subject};
use floodgate_event_log::{Log, LogError, Offset, Partition, PendingAppend};
use floodgate_transport::{
    Batch, CommandSender, FollowError, Handler, PollTiming, StartFrom, Tick,
};

use crate::calls::{
    Answered, IN_FLIGHT_MAX, Operation, ProviderAnswer, ProviderCall, ProviderCalls,
};
use crate::error::ProviderError;
use crate::open::{AttemptKey, Open, OpenPayments, PaymentStep};
use crate::provider::{Authorisation, CALL_WITHIN, Captured, Payment};

/// Facts taken in one turn.
pub(crate) const BATCH_MAX: usize = 1024;
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
/// How much later a worker that is resting may see facts.
const RESTING: Duration = Duration::from_millis(500);

/// What processing payments needs.
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
    commands: CommandSender,
    /// Whether it carries payments forward, or only knows which are open.
    carries: Arc<AtomicBool>,
    open: OpenPayments,
    /// Calls that are out, and since when: at most one a payment, at most [`IN_FLIGHT_MAX`].
    in_flight: BTreeMap<AttemptKey, LogTime>,
    reply: Sender<Answered>,
    // Unbounded, and never longer than the calls that are out.
    answers: Receiver<Answered>,
    /// Results the log does not have yet: one or two a call that has come back.
    results: Vec<Envelope>,
    /// Whether they are on their way.
    append: Option<PendingAppend>,
}

impl std::fmt::Debug for PaymentWorker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PaymentWorker of partition {}", self.config.partition)
    }
}

/// What is open follows from all facts, so it begins with the first one; after a failure of the log
/// it goes on where it was.
impl Handler for PaymentWorker {
    type Item = FactRecord;

    fn resume_from(
        &mut self,
        _: Partition,
        reached: Option<Offset>,
    ) -> Result<StartFrom, FollowError> {
        Ok(reached.map_or(StartFrom::First, StartFrom::At))
    }

    fn take(&mut self, batch: &mut Batch<'_, FactRecord>) -> Result<(), FollowError> {
        batch.items.iter().for_each(|fact| self.open.fold(fact, batch.now));
        Ok(())
    }

    fn tick(&mut self, tick: Tick) -> Result<(), FollowError> {
        if !self.carries() {
            self.rest();
        // While behind, the outcome of what looks open may be in the next batch; answers that are
        // there wait with it, and so do their commands while the last ones are not in the log.
        } else if !tick.has_more && !self.is_appending()? {
            self.carry(tick.now);
        }
        Ok(())
    }

    fn is_settled(&self) -> bool {
        self.results.is_empty()
    }

    /// Facts are read as somebody does whom people wait for, or nobody does.
    fn poll_timing(&self) -> PollTiming {
        let wait = match (self.open.is_empty(), self.in_flight.is_empty()) {
            (true, _) => 100,
            (false, true) => 10,
            // Answers wait meanwhile.
            (false, false) => 5,
        };
        let patience = if self.carries() { Duration::ZERO } else { RESTING };
        let wait = Duration::from_millis(wait);
        let rest = if self.open.is_empty() { RESTING } else { wait };
        PollTiming { wait, rest, patience }
    }
}

impl PaymentWorker {
    pub(crate) fn new(config: OutboxConfig, carries: Arc<AtomicBool>) -> Self {
        let (reply, answers) = channel();
        PaymentWorker {
            commands: CommandSender::new(Arc::clone(&config.log)),
            config,
            carries,
            open: OpenPayments::default(),
            in_flight: BTreeMap::new(),
            reply,
            answers,
            results: Vec::new(),
            append: None,
        }
    }

    fn carries(&self) -> bool {
        self.carries.load(Ordering::Acquire)
    }

    /// Leaves everything to whoever owns the partition: what calls that are still out come to is
    /// theirs to find out, and so are results that are not in the log.
    fn rest(&mut self) {
        while let Ok(answered) = self.answers.try_recv() {
            self.in_flight.remove(&answered.key);
        }
        self.results.clear();
        self.append = None;
    }

    fn carry(&mut self, now: LogTime) {
        self.take_answers(now);
        if self.start_calls(now) > 0
            && let Ok(answered) = self.answers.recv_timeout(ANSWER_WITHIN)
        {
            self.answered(answered, now);
            self.take_answers(now);
        }
        self.append();
        metrics::gauge!("floodgate_payments_open").set(self.open.len() as f64);
    }

    /// Whether the last results are not in the log yet; one append at a time keeps order and
    /// bounds. Those that did not get there are sent again, under the same command ids.
    fn is_appending(&mut self) -> Result<bool, LogError> {
        match self.append.as_mut().map(PendingAppend::try_outcome) {
            Some(None) => return Ok(true),
            Some(Some(outcome)) => {
                self.append = None;
                outcome?;
                self.results.clear();
            }
            None => self.append(),
        }
        Ok(self.append.is_some())
    }

    fn append(&mut self) {
        if !self.results.is_empty() {
            self.append = Some(self.commands.send_all(self.config.partition, &self.results));
        }
    }

    /// Starts what is due and not under way; how many calls that were.
    fn start_calls(&mut self, now: LogTime) -> usize {
        self.forget_lost_calls(now);
        let room = IN_FLIGHT_MAX.saturating_sub(self.in_flight.len());
        let due = self.open.due(now).filter(|open| !self.in_flight.contains_key(&key_of(open)));
        let calls: Vec<ProviderCall> = due.take(room).map(|open| self.call(open, now)).collect();
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

    fn call(&self, open: &Open, now: LogTime) -> ProviderCall {
        let (operation, payment) = (open.step.operation(), open.payment.clone());
        ProviderCall { operation, payment, now, reply: self.reply.clone() }
    }

    fn forget_lost_calls(&mut self, now: LogTime) {
        let before = self.in_flight.len();
        self.in_flight.retain(|_, since| now < since.plus(CALL_LOST_AFTER_MS));
        let lost = before - self.in_flight.len();
        if lost > 0 {
            metrics::counter!("floodgate_payments_calls_lost_total").increment(lost as u64);
            tracing::error!(lost, "calls to the provider hang; they are repeated");
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
            Ok(ProviderAnswer::Authorisation(authorisation)) => {
                self.authorisation(&open, authorisation, now)
            }
            Ok(ProviderAnswer::Captured(captured)) => {
                let result = match captured {
                    Captured::Done => PaymentResult::Captured,
                    Captured::Failed => self.capture_failed(),
                };
                self.report(&open.payment, &result);
                Then::Again
            }
            // Only now it is certain that no money has moved.
            Ok(ProviderAnswer::Released) if open.step == PaymentStep::GiveUp => {
                self.report(&open.payment, &PaymentResult::Declined);
                Then::Rest
            }
            Ok(ProviderAnswer::Released) => Then::Rest,
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
        let Open { payment, step: PaymentStep::Authorise(known), .. } = open else {
            return Then::Again;
        };
        match authorisation {
            Authorisation::Authorised(authorised) => {
                self.report(payment, &PaymentResult::Authorised(authorised));
                return Then::Again;
            }
            // Also of an order that no longer waits: its buyer does not know that nothing moved.
            Authorisation::Declined => {
                self.report(payment, &PaymentResult::Declined);
                let is_awaited = !known.is_lost && now <= payment.deadline;
                return if is_awaited { Then::Again } else { Then::Rest };
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

    /// Rules that cannot read the result proper know it by the name it had before.
    fn capture_failed(&self) -> PaymentResult {
        let result = PaymentResult::CaptureFailed;
        if self.open.knows(&result) { result } else { PaymentResult::Lost }
    }

    /// A call without an answer says nothing about the money.
    fn failed(&mut self, open: &Open, error: &ProviderError, now: LogTime) {
        tracing::warn!(%error, subject = %open.payment.subject, "a payment is retried");
        if let PaymentStep::Capture { before: Some(before) } = open.step
            && now > before
        {
            // The provider's word still counts, and nothing else: only it knows what became of it.
            metrics::counter!("floodgate_payments_captures_overdue_total").increment(1);
            tracing::error!(subject = %open.payment.subject, "the deadline to capture has passed");
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
        self.results.extend(result.envelope(subject, attempt));
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
