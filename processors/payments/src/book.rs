//! Which payments are not at rest, by the facts alone.

use std::collections::BTreeMap;

use floodgate_domain::{EventId, Fact, FactRecord, HoldId, LogTime, PaymentMethod};

use crate::provider::Payment;

/// What has to be done about a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Ask for the money; `lost_told` once the engine was told that nobody answered.
    Authorise {
        lost_told: bool,
    },
    Capture,
    Void,
    Refund,
}

/// An open payment: what to do, and when to try next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Open {
    pub(crate) payment: Payment,
    pub(crate) step: Step,
    pub(crate) started_at: LogTime,
    pub(crate) next_try: LogTime,
    pub(crate) tries: u32,
}

/// The name of an attempt.
pub(crate) type Key = (EventId, HoldId, u8);

/// Every attempt that is not at rest. Bounded by the orders in the engine: each has a few
/// attempts at most, and one at rest is dropped.
#[derive(Debug, Default)]
pub(crate) struct Book {
    pub(crate) open: BTreeMap<Key, Open>,
    /// Attempts that moved money and could have to give it back.
    sold: BTreeMap<(EventId, HoldId), Payment>,
}

impl Book {
    /// Follows one fact.
    pub(crate) fn fold(&mut self, record: &FactRecord) {
        let event_id = record.event_id;
        match &record.fact {
            Fact::PurchaseStarted { hold_id, method, amount, attempt, until, .. } => {
                let (hold_id, attempt) = (*hold_id, *attempt);
                let payment = Payment {
                    event_id,
                    hold_id,
                    attempt,
                    method: *method,
                    amount: *amount,
                    deadline: *until,
                };
                self.put(payment, Step::Authorise { lost_told: false }, record.at);
            }
            Fact::OrderConfirmed { hold_id, attempt, amount, .. } => {
                let payment = self.payment((event_id, *hold_id, *attempt), *amount, record.at);
                self.sold.insert((event_id, *hold_id), payment);
                self.put(payment, Step::Capture, record.at);
            }
            Fact::OrderSettled { hold_id, .. } => {
                if let Some(payment) = self.sold.get(&(event_id, *hold_id)) {
                    self.open.remove(&(event_id, *hold_id, payment.attempt));
                }
            }
            Fact::OrderDeclined { hold_id, attempt, reason, .. } => {
                let key = (event_id, *hold_id, *attempt);
                match reason {
                    floodgate_domain::fact::DeclineReason::Declined => {
                        self.open.remove(&key);
                    }
                    // The provider may still answer; then the money must find its way.
                    floodgate_domain::fact::DeclineReason::Lost => {
                        if let Some(open) = self.open.get_mut(&key) {
                            open.step = Step::Authorise { lost_told: true };
                        }
                    }
                }
            }
            Fact::PaymentVoided { hold_id, attempt, .. } => {
                let payment = self.payment((event_id, *hold_id, *attempt), 0, record.at);
                self.put(payment, Step::Void, record.at);
            }
            Fact::OrderRefunded { hold_id, .. } => {
                if let Some(payment) = self.sold.remove(&(event_id, *hold_id)) {
                    self.put(payment, Step::Refund, record.at);
                }
            }
            Fact::OrderCancelled { hold_id, .. } => {
                if let Some(payment) = self.sold.remove(&(event_id, *hold_id)) {
                    self.put(payment, Step::Void, record.at);
                }
            }
            _ => {}
        }
    }

    /// The attempt as it was asked for. One that was at rest already, because the buyer's bank said
    /// no before it said yes, or because nobody waited any more, has only its key left.
    fn payment(&self, key: Key, amount: u64, at: LogTime) -> Payment {
        let (event_id, hold_id, attempt) = key;
        let method = PaymentMethod::default();
        let by_key = Payment { event_id, hold_id, attempt, method, amount, deadline: at };
        self.open.get(&key).map_or(by_key, |open| open.payment)
    }

    fn put(&mut self, payment: Payment, step: Step, at: LogTime) {
        let key = (payment.event_id, payment.hold_id, payment.attempt);
        let started_at = self.open.get(&key).map_or(at, |open| open.started_at);
        let open = Open { payment, step, started_at, next_try: LogTime(0), tries: 0 };
        self.open.insert(key, open);
    }
}
