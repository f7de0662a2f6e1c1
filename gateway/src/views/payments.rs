//! The state of the payments of an event's orders, for those who pay.

use std::collections::HashMap;

use floodgate_domain::effects::{MoneyMove, MoneyStep};
use floodgate_domain::{HoldId, PaymentAction};

/// How the payment of an order stands, over all attempts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PaymentView {
    /// What the buyer has to do, or had to.
    pub(crate) action: Option<PaymentAction>,
    /// Why the last attempt came to nothing.
    pub(crate) failure: Option<Failure>,
    /// Attempts the provider has not answered: as many as a policy allows at most.
    unanswered: Vec<u8>,
    /// What became of the money that a provider held.
    moved: Option<Money>,
}

impl PaymentView {
    /// What is known of the money: that none moved, only once the provider said so.
    pub(crate) fn money(&self) -> Money {
        match (self.moved, self.unanswered.is_empty()) {
            (Some(money @ (Money::Held | Money::Charged)), _) => money,
            (_, false) => Money::Unknown,
            (moved, true) => moved.unwrap_or(Money::None),
        }
    }

    fn answered(&mut self, attempt: Option<u8>) {
        self.unanswered.retain(|open| Some(*open) != attempt);
    }
}

/// Why an attempt to pay came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    Declined,
    /// Nobody said no, and the money may still come.
    NoAnswer,
}

impl Failure {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Failure::Declined => "declined",
            Failure::NoAnswer => "no_answer",
        }
    }
}

/// Where the money of an order is, as far as the provider has said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Money {
    /// The provider said no to all that was tried.
    None,
    /// An attempt has no answer yet.
    Unknown,
    /// The provider holds it; it is about to be captured.
    Held,
    Charged,
    /// It was held, and is let go of.
    LetGo,
    Refunded,
}

impl Money {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Money::None => "none",
            Money::Unknown => "unknown",
            Money::Held => "held",
            Money::Charged => "charged",
            Money::LetGo => "let_go",
            Money::Refunded => "refunded",
        }
    }
}

/// The payments of one event: one an order at most.
#[derive(Debug, Default)]
pub(crate) struct EventPayments(HashMap<HoldId, PaymentView>);

impl EventPayments {
    pub(super) fn follow(&mut self, money: &MoneyMove<'_>) {
        let MoneyMove { hold_id, attempt, step } = *money;
        let view = self.0.entry(hold_id).or_default();
        match step {
            MoneyStep::Authorise { .. } => {
                (view.action, view.failure) = (None, None);
                view.unanswered.extend(attempt);
            }
            MoneyStep::Act(action) => view.action = Some(action.clone()),
            MoneyStep::Declined => {
                view.answered(attempt);
                view.failure = Some(Failure::Declined);
            }
            MoneyStep::Unanswered => view.failure = Some(Failure::NoAnswer),
            // By one attempt; whatever the others come to is let go of.
            MoneyStep::Capture { .. } => {
                view.unanswered.clear();
                view.failure = None;
                view.moved = Some(Money::Held);
            }
            MoneyStep::Captured => view.moved = Some(Money::Charged),
            // What was sold by another attempt stays paid.
            MoneyStep::Void(_) => {
                view.answered(attempt);
                let is_paid = matches!(view.moved, Some(Money::Held | Money::Charged));
                if attempt.is_none() || !is_paid {
                    view.moved = Some(Money::LetGo);
                }
            }
            MoneyStep::Refund => view.moved = Some(Money::Refunded),
        }
    }

    /// The payment of an order; `None` before the first attempt.
    pub(crate) fn of(&self, hold_id: HoldId) -> Option<&PaymentView> {
        self.0.get(&hold_id)
    }

    /// Whether money of one of these orders may have moved, or may still.
    pub(crate) fn are_unknown(&self, mut orders: impl Iterator<Item = HoldId>) -> bool {
        orders.any(|hold_id| self.of(hold_id).is_some_and(|view| view.money() == Money::Unknown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use floodgate_domain::{AuthorisedPayment, Currency, LogTime, PaymentMethod, PaymentReference};

    type Steps<'a> = &'a [(u8, MoneyStep<'a>)];

    /// What is known after each step of one order.
    fn known(steps: Steps<'_>) -> Vec<&'static str> {
        let (mut payments, hold_id) = (EventPayments::default(), HoldId(1));
        let mut known = Vec::new();
        for (attempt, step) in steps {
            // Of what is sold, facts do not repeat by which attempt.
            let attempt = Some(*attempt).filter(|attempt| *attempt > 0);
            payments.follow(&MoneyMove { hold_id, attempt, step: *step });
            known.extend(payments.of(hold_id).map(|view| view.money().code()));
        }
        known
    }

    #[test]
    fn nothing_is_said_to_be_unpaid_before_the_provider_said_so() {
        use MoneyStep::{Captured, Declined, Refund, Unanswered, Void};
        let method = PaymentMethod::parse("pm").expect("short");
        let (currency, until) = (Currency::default(), LogTime(9));
        let start = MoneyStep::Authorise { method: &method, amount: 1, currency, until };
        let reference = PaymentReference::parse("pi").expect("short");
        let payment = AuthorisedPayment { reference, capture_before: None };
        let capture = MoneyStep::Capture { amount: 1, payment: &payment };
        let rows: [(Steps<'_>, &[&str]); 6] = [
            (&[(1, start), (1, Declined)], &["unknown", "none"]),
            (&[(1, start), (1, Unanswered), (1, Declined)], &["unknown", "unknown", "none"]),
            // The second card was declined; nobody knows about the first.
            (
                &[(1, start), (1, Unanswered), (2, start), (2, Declined), (1, Declined)],
                &["unknown", "unknown", "unknown", "unknown", "none"],
            ),
            (
                &[(1, start), (1, capture), (0, Captured), (0, Refund)],
                &["unknown", "held", "charged", "refunded"],
            ),
            // Of two attempts one is kept and the other let go of.
            (
                &[(1, start), (1, Unanswered), (2, start), (1, capture), (2, Void(None))],
                &["unknown", "unknown", "unknown", "held", "held"],
            ),
            (&[(1, start), (1, capture), (0, Void(None))], &["unknown", "held", "let_go"]),
        ];
        for (steps, expected) in rows {
            assert_eq!(known(steps), expected, "{steps:?}");
        }
    }
}
