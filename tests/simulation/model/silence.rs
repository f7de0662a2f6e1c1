//! Payments without an answer, by the facts alone: of two for one, one is kept.

use std::collections::{BTreeMap, BTreeSet};

use floodgate_domain::fact::Fact;
use floodgate_domain::{BuyerId, HoldId};

/// What nobody knows yet of one event's payments.
#[derive(Debug, Default)]
pub(crate) struct Silence {
    silent: BTreeSet<(BuyerId, HoldId, u8)>,
    /// The last attempt of each order.
    attempts: BTreeMap<HoldId, u8>,
    /// Orders that were paid for while others had no answer, and those.
    instead: BTreeMap<HoldId, BTreeSet<HoldId>>,
    paid: BTreeSet<HoldId>,
}

impl Silence {
    pub(crate) fn has(&self, buyer: BuyerId) -> bool {
        self.silent.iter().any(|(of, ..)| *of == buyer)
    }

    fn are_for_one(&self, one: &HoldId, other: &HoldId) -> bool {
        let replaces = |new, old| self.instead.get(new).is_some_and(|olds| olds.contains(old));
        replaces(one, other) || replaces(other, one)
    }

    pub(crate) fn fold(&mut self, fact: &Fact) -> Result<(), String> {
        match fact {
            Fact::PurchaseStarted { hold_id, buyer, attempt, .. } => {
                let others =
                    self.silent.iter().filter(|(of, other, _)| of == buyer && other != hold_id);
                self.instead.insert(*hold_id, others.map(|(_, other, _)| *other).collect());
                self.attempts.insert(*hold_id, *attempt);
            }
            Fact::OrderUnanswered { hold_id, buyer, attempt, .. } => {
                self.silent.insert((*buyer, *hold_id, *attempt));
            }
            Fact::OrderExpired { hold_id, buyer, is_unanswered: true, .. } => {
                self.silent.insert((*buyer, *hold_id, self.attempts[hold_id]));
            }
            Fact::OrderDeclined { hold_id, buyer, attempt, .. }
            | Fact::PaymentNotTaken { hold_id, buyer, attempt }
            | Fact::PaymentVoided { hold_id, buyer, attempt, .. } => {
                self.silent.remove(&(*buyer, *hold_id, *attempt));
            }
            Fact::OrderConfirmed { hold_id, .. } => {
                self.silent.retain(|(_, of, _)| of != hold_id);
                let twice = self.paid.iter().find(|paid| self.are_for_one(paid, hold_id)).copied();
                self.paid.insert(*hold_id);
                return match twice {
                    None => Ok(()),
                    Some(other) => Err(format!("{hold_id} is kept beside {other}")),
                };
            }
            Fact::OrderRefunded { hold_id, .. } | Fact::OrderCancelled { hold_id, .. } => {
                self.paid.remove(hold_id);
            }
            _ => {}
        }
        Ok(())
    }
}
