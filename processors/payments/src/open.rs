//! Which payments are open, from the facts alone, and which of them are due.

use std::collections::{BTreeMap, BTreeSet};

use floodgate_domain::effects::{MoneyMove, MoneyStep};
use floodgate_domain::{
    FactRecord, LogTime, PaymentAction, PaymentReference, PaymentResult, Subject,
};

use crate::calls::Operation;
use crate::provider::{Charge, Payment};

/// What has to be done about a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PaymentStep {
    Authorise(Authorising),
    /// Before the moment the provider named, if it named one.
    Capture {
        before: Option<LogTime>,
    },
    Void,
    /// Nobody waits for its authorisation any more, and nobody knows how it would have ended.
    GiveUp,
    Refund,
}

impl PaymentStep {
    pub(crate) fn operation(&self) -> Operation {
        match self {
            PaymentStep::Authorise(_) => Operation::Authorise,
            PaymentStep::Capture { .. } => Operation::Capture,
            PaymentStep::Void | PaymentStep::GiveUp => Operation::Void,
            PaymentStep::Refund => Operation::Refund,
        }
    }
}

/// What the log knows of an authorisation that is under way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Authorising {
    /// Whether it has that nobody answered; the provider still may.
    pub(crate) is_lost: bool,
    /// What the buyer has to do.
    pub(crate) action: Option<PaymentAction>,
}

/// An open payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Open {
    pub(crate) payment: Payment,
    pub(crate) step: PaymentStep,
    pub(crate) started_at: LogTime,
    /// When something is done about it next.
    due: LogTime,
    pub(crate) tries: u32,
}

/// The name of an attempt.
pub(crate) type AttemptKey = (Subject, u8);

/// Every open attempt. Bounded by the orders in the engine: each has a few attempts at most, and
/// closed ones are dropped.
#[derive(Debug, Default)]
pub(crate) struct OpenPayments {
    open: BTreeMap<AttemptKey, Open>,
    /// The same attempts by when they are due, so that each gets its turn and none is looked for.
    due: BTreeSet<(LogTime, AttemptKey)>,
    /// Attempts that moved money and could have to give it back. Bounded by the seats.
    sold: BTreeMap<Subject, Sold>,
    /// The version of the engine's rules that the facts have come to.
    rules: Option<u32>,
}

/// The attempt by which something was sold.
#[derive(Debug)]
struct Sold {
    attempt: u8,
    reference: PaymentReference,
}

impl OpenPayments {
    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Whether the rules in force have such results.
    pub(crate) fn knows(&self, result: &PaymentResult) -> bool {
        self.rules.unwrap_or(0) >= result.rules()
    }

    pub(crate) fn find(&self, key: &AttemptKey) -> Option<&Open> {
        self.open.get(key)
    }

    /// Attempts that are due, those that have been for longest first.
    pub(crate) fn due(&self, now: LogTime) -> impl Iterator<Item = &Open> {
        let due = self.due.iter().take_while(move |(at, _)| *at <= now);
        due.filter_map(|(_, key)| self.open.get(key))
    }

    /// Nothing is to be done about it any more.
    pub(crate) fn rest(&mut self, key: &AttemptKey) {
        if let Some(open) = self.open.remove(key) {
            self.due.remove(&(open.due, *key));
        }
    }

    /// It was tried, and will be again.
    pub(crate) fn again_at(&mut self, key: &AttemptKey, at: LogTime) {
        if let Some(open) = self.open.get_mut(key) {
            self.due.remove(&(open.due, *key));
            open.due = at;
            open.tries += 1;
            self.due.insert((at, *key));
        }
    }

    /// Nobody waits for the authorisation any more: whatever is held is let go of.
    pub(crate) fn give_up(&mut self, key: &AttemptKey, now: LogTime) {
        if let Some(payment) = self.open.get(key).map(|open| open.payment.clone()) {
            self.put(payment, PaymentStep::GiveUp, now);
        }
    }

    /// What the provider calls an attempt, for the next call about it.
    pub(crate) fn name(&mut self, key: &AttemptKey, reference: PaymentReference) {
        if let Some(open) = self.open.get_mut(key) {
            open.payment.reference = Some(reference);
        }
    }

    /// Follows one fact, read at `now`: what it asks for is due at once, whatever the log's clock says.
    pub(crate) fn fold(&mut self, record: &FactRecord, now: LogTime) {
        let effects = record.fact.effects();
        self.rules = effects.rules.or(self.rules);
        let Some(MoneyMove { hold_id, attempt, step }) = effects.money else { return };
        let subject = Subject::Order { event_id: record.event_id, hold_id };
        let of_sold = self.sold.get(&subject).map(|sold| sold.attempt);
        let Some(attempt) = attempt.or(of_sold) else { return };
        self.follow((subject, attempt), step, record.at.min(now));
    }

    fn follow(&mut self, key: AttemptKey, step: MoneyStep<'_>, at: LogTime) {
        let (subject, attempt) = key;
        match step {
            MoneyStep::Authorise { method, amount, currency, until } => {
                let charge = Some(Charge { method: *method, amount, currency });
                let payment =
                    Payment { subject, attempt, charge, reference: None, deadline: until };
                self.put(payment, PaymentStep::Authorise(Authorising::default()), at);
            }
            MoneyStep::Act(action) => {
                let open = self.open.get_mut(&key);
                if let Some(Open { step: PaymentStep::Authorise(authorising), payment, .. }) = open
                {
                    payment.reference = Some(action.reference.clone());
                    authorising.action = Some(action.clone());
                }
            }
            MoneyStep::Declined | MoneyStep::Captured => self.rest(&key),
            // The provider may still answer; then the money must find its way.
            MoneyStep::Unanswered => {
                let open = self.open.get_mut(&key);
                if let Some(Open { step: PaymentStep::Authorise(authorising), .. }) = open {
                    authorising.is_lost = true;
                }
            }
            MoneyStep::Capture { payment, .. } => {
                let reference = payment.reference.clone();
                self.sold.insert(subject, Sold { attempt, reference });
                let before = payment.capture_before;
                let payment = self.attempt(key, Some(&payment.reference), at);
                self.put(payment, PaymentStep::Capture { before }, at);
            }
            MoneyStep::Void(reference) => self.undo(key, reference, PaymentStep::Void, at),
            MoneyStep::Refund => self.undo(key, None, PaymentStep::Refund, at),
        }
    }

    /// What is held or was sold is given back.
    fn undo(
        &mut self,
        key: AttemptKey,
        reference: Option<&PaymentReference>,
        step: PaymentStep,
        at: LogTime,
    ) {
        let (subject, attempt) = key;
        let is_sold = self.sold.get(&subject).is_some_and(|sold| sold.attempt == attempt);
        let sold = if is_sold { self.sold.remove(&subject) } else { None };
        let reference = reference.or(sold.as_ref().map(|sold| &sold.reference));
        let payment = self.attempt(key, reference, at);
        self.put(payment, step, at);
    }

    /// The attempt as it was started. One that was already closed, because the buyer's bank said
    /// no before it said yes, or because nobody waited any more, has only its name left.
    fn attempt(
        &self,
        key: AttemptKey,
        reference: Option<&PaymentReference>,
        at: LogTime,
    ) -> Payment {
        let (subject, attempt) = key;
        let by_name = Payment { subject, attempt, charge: None, reference: None, deadline: at };
        let known = self.open.get(&key).map_or(by_name, |open| open.payment.clone());
        Payment { reference: reference.cloned().or(known.reference), ..known }
    }

    /// There is something new to do, and it is due since the fact said so.
    fn put(&mut self, payment: Payment, step: PaymentStep, at: LogTime) {
        let key = (payment.subject, payment.attempt);
        let started_at = self.open.get(&key).map_or(at, |open| open.started_at);
        self.rest(&key);
        self.due.insert((at, key));
        self.open.insert(key, Open { payment, step, started_at, due: at, tries: 0 });
    }
}
