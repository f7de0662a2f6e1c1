//! Which payments are not at rest, by the facts alone.

use std::collections::BTreeMap;

use floodgate_domain::fact::DeclineReason;
use floodgate_domain::{
    AuthorisedPayment, EventId, Fact, FactRecord, HoldId, LogTime, PaymentAction, PaymentReference,
    Subject,
};

use crate::provider::{Charge, Payment};

/// What has to be done about a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Authorise(Authorising),
    Capture,
    Void,
    Refund,
}

/// What the log knows of an authorisation that is under way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Authorising {
    /// Whether it has that nobody answered; the provider still may.
    pub(crate) is_lost: bool,
    /// What the buyer has to do.
    pub(crate) action: Option<PaymentAction>,
}

/// An open payment: what to do, and when to try next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Open {
    pub(crate) payment: Payment,
    pub(crate) step: Step,
    pub(crate) started_at: LogTime,
    pub(crate) next_try: LogTime,
    pub(crate) tries: u32,
}

/// The name of an attempt.
pub(crate) type Key = (Subject, u8);

/// Every attempt that is not at rest. Bounded by the orders in the engine: each has a few
/// attempts at most, and one at rest is dropped.
#[derive(Debug, Default)]
pub(crate) struct Book {
    pub(crate) open: BTreeMap<Key, Open>,
    /// Attempts that moved money and could have to give it back. Bounded by the seats.
    sold: BTreeMap<Subject, (u8, PaymentReference)>,
}

impl Book {
    /// Follows one fact.
    pub(crate) fn fold(&mut self, record: &FactRecord) {
        let (event_id, at) = (record.event_id, record.at);
        match &record.fact {
            Fact::PurchaseStarted { hold_id, method, amount, currency, attempt, until, .. } => {
                let (method, amount, currency) = (*method, *amount, *currency);
                let payment = Payment {
                    subject: order(event_id, *hold_id),
                    attempt: *attempt,
                    charge: Some(Charge { method, amount, currency }),
                    reference: None,
                    deadline: *until,
                };
                self.put(payment, Step::Authorise(Authorising::default()), at);
            }
            Fact::PaymentActionRequired { hold_id, attempt, action, .. } => {
                let open = self.open.get_mut(&(order(event_id, *hold_id), *attempt));
                if let Some(Open { step: Step::Authorise(authorising), payment, .. }) = open {
                    payment.reference = Some(action.reference.clone());
                    authorising.action = Some(action.clone());
                }
            }
            Fact::OrderConfirmed { hold_id, attempt, payment, .. } => {
                let subject = order(event_id, *hold_id);
                let AuthorisedPayment { reference, .. } = payment;
                self.sold.insert(subject, (*attempt, reference.clone()));
                let payment = self.attempt((subject, *attempt), Some(reference), at);
                self.put(payment, Step::Capture, at);
            }
            Fact::OrderSettled { hold_id, .. } => {
                let subject = order(event_id, *hold_id);
                if let Some((attempt, _)) = self.sold.get(&subject) {
                    self.open.remove(&(subject, *attempt));
                }
            }
            Fact::OrderDeclined { hold_id, attempt, reason, .. } => {
                let key = (order(event_id, *hold_id), *attempt);
                match reason {
                    DeclineReason::Declined => {
                        self.open.remove(&key);
                    }
                    // The provider may still answer; then the money must find its way.
                    DeclineReason::Lost => {
                        let open = self.open.get_mut(&key);
                        if let Some(Open { step: Step::Authorise(authorising), .. }) = open {
                            authorising.is_lost = true;
                        }
                    }
                }
            }
            Fact::PaymentVoided { hold_id, attempt, reference, .. } => {
                let key = (order(event_id, *hold_id), *attempt);
                let payment = self.attempt(key, Some(reference), at);
                self.put(payment, Step::Void, at);
            }
            Fact::OrderRefunded { hold_id, .. } => {
                self.undo(order(event_id, *hold_id), Step::Refund, at);
            }
            Fact::OrderCancelled { hold_id, .. } => {
                self.undo(order(event_id, *hold_id), Step::Void, at);
            }
            _ => {}
        }
    }

    /// What was sold is given back.
    fn undo(&mut self, subject: Subject, step: Step, at: LogTime) {
        if let Some((attempt, reference)) = self.sold.remove(&subject) {
            let payment = self.attempt((subject, attempt), Some(&reference), at);
            self.put(payment, step, at);
        }
    }

    /// The attempt as it was asked for. One that was at rest already, because the buyer's bank said
    /// no before it said yes, or because nobody waited any more, has only its name left.
    fn attempt(&self, key: Key, reference: Option<&PaymentReference>, at: LogTime) -> Payment {
        let (subject, attempt) = key;
        let by_key = Payment { subject, attempt, charge: None, reference: None, deadline: at };
        let known = self.open.get(&key).map_or(by_key, |open| open.payment.clone());
        Payment { reference: reference.cloned().or(known.reference), ..known }
    }

    fn put(&mut self, payment: Payment, step: Step, at: LogTime) {
        let key = (payment.subject, payment.attempt);
        let started_at = self.open.get(&key).map_or(at, |open| open.started_at);
        let open = Open { payment, step, started_at, next_try: LogTime(0), tries: 0 };
        self.open.insert(key, open);
    }
}

fn order(event_id: EventId, hold_id: HoldId) -> Subject {
    Subject::Order { event_id, hold_id }
}
