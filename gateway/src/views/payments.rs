//! The state of the payments of an event's orders, for those who pay.

use std::collections::HashMap;

use floodgate_domain::effects::{MoneyMove, MoneyStep};
use floodgate_domain::{HoldId, PaymentAction};

/// The last attempt to pay an order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PaymentView {
    /// What the buyer has to do, or had to.
    pub(crate) action: Option<PaymentAction>,
    /// Why it came to nothing.
    pub(crate) failure: Option<Failure>,
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

/// The payments of one event: one an order at most.
#[derive(Debug, Default)]
pub(crate) struct EventPayments(HashMap<HoldId, PaymentView>);

impl EventPayments {
    pub(super) fn follow(&mut self, money: &MoneyMove<'_>) {
        let MoneyMove { hold_id, step, .. } = *money;
        let failure = match step {
            MoneyStep::Authorise { .. } => {
                self.0.insert(hold_id, PaymentView::default());
                return;
            }
            MoneyStep::Act(action) => {
                self.0.entry(hold_id).or_default().action = Some(action.clone());
                return;
            }
            MoneyStep::Declined => Failure::Declined,
            MoneyStep::Lost => Failure::NoAnswer,
            MoneyStep::Capture { .. } => {
                self.0.entry(hold_id).or_default().failure = None;
                return;
            }
            MoneyStep::Captured | MoneyStep::Void(_) | MoneyStep::Refund => return,
        };
        self.0.entry(hold_id).or_default().failure = Some(failure);
    }

    /// The last attempt to pay an order; `None` before the first.
    pub(crate) fn of(&self, hold_id: HoldId) -> Option<&PaymentView> {
        self.0.get(&hold_id)
    }
}
