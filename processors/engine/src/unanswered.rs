//! Payments that were given up without an answer: their money may still move.
//!
//! And which orders were paid for in their stead: of those, the first that goes through is kept.
//! Empty while the first rules are in force, whose facts say nothing of it.

use std::collections::{BTreeMap, BTreeSet};

use floodgate_domain::ids::{BuyerId, HoldId};

/// An attempt to pay for an order.
pub(super) type Attempt = (HoldId, u8);

/// What one buyer does not know yet. Bounded by the attempts a policy allows for their orders.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Pending {
    pub(super) attempts: BTreeSet<Attempt>,
    /// An order that was paid for while another had no answer, and that other.
    pub(super) instead: BTreeSet<(HoldId, HoldId)>,
}

/// Of one event: few at any time, since providers answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Unanswered {
    by_buyer: BTreeMap<BuyerId, Pending>,
}

impl Unanswered {
    /// Those of a snapshot.
    pub(super) fn restored(by_buyer: impl IntoIterator<Item = (BuyerId, Pending)>) -> Self {
        Unanswered { by_buyer: by_buyer.into_iter().collect() }
    }

    pub(super) fn all(&self) -> impl ExactSizeIterator<Item = (BuyerId, &Pending)> {
        self.by_buyer.iter().map(|(&buyer, pending)| (buyer, pending))
    }

    /// Whether money of this buyer may still move although no order waits for it.
    pub(super) fn has(&self, buyer: BuyerId) -> bool {
        self.by_buyer.get(&buyer).is_some_and(|pending| !pending.attempts.is_empty())
    }

    /// Whether anything is open about this buyer.
    pub(super) fn knows(&self, buyer: BuyerId) -> bool {
        self.by_buyer.contains_key(&buyer)
    }

    pub(super) fn contains(&self, buyer: BuyerId, attempt: Attempt) -> bool {
        self.by_buyer.get(&buyer).is_some_and(|pending| pending.attempts.contains(&attempt))
    }

    /// The orders of which only one is kept together with this one.
    pub(super) fn rivals(&self, buyer: BuyerId, hold_id: HoldId) -> impl Iterator<Item = HoldId> {
        let instead = self.by_buyer.get(&buyer).map(|pending| &pending.instead);
        instead.into_iter().flatten().filter_map(move |&(one, other)| match hold_id {
            of if of == one => Some(other),
            of if of == other => Some(one),
            _ => None,
        })
    }

    pub(super) fn add(&mut self, buyer: BuyerId, attempt: Attempt) {
        self.by_buyer.entry(buyer).or_default().attempts.insert(attempt);
    }

    /// The provider has answered.
    pub(super) fn remove(&mut self, buyer: BuyerId, attempt: Attempt) {
        if let Some(pending) = self.by_buyer.get_mut(&buyer) {
            pending.attempts.remove(&attempt);
        }
    }

    /// The order is paid for: what its other attempts come to, if anything, is let go of.
    pub(super) fn paid(&mut self, buyer: BuyerId, hold_id: HoldId) {
        if let Some(pending) = self.by_buyer.get_mut(&buyer) {
            pending.attempts.retain(|&(of, _)| of != hold_id);
        }
    }

    /// Somebody begins to pay for an order, instead of whatever has no answer at this moment.
    pub(super) fn pay_instead(&mut self, buyer: BuyerId, hold_id: HoldId) {
        let Some(pending) = self.by_buyer.get_mut(&buyer) else { return };
        pending.instead.retain(|&(one, _)| one != hold_id);
        let others = pending.attempts.iter().map(|&(other, _)| other);
        let others = others.filter(|&other| other != hold_id).map(|other| (hold_id, other));
        pending.instead.extend(others);
    }

    /// Forgets what can come to nothing any more: both of a pair have to be paid for, or may still be.
    pub(super) fn prune(&mut self, buyer: BuyerId, may_be_paid: impl Fn(HoldId) -> bool) {
        let Some(pending) = self.by_buyer.get_mut(&buyer) else { return };
        let attempts = &pending.attempts;
        let has_attempt = |of| attempts.range((of, 0)..=(of, u8::MAX)).next().is_some();
        let is_open = |hold_id| may_be_paid(hold_id) || has_attempt(hold_id);
        pending.instead.retain(|&(one, other)| is_open(one) && is_open(other));
        if pending.attempts.is_empty() && pending.instead.is_empty() {
            self.by_buyer.remove(&buyer);
        }
    }

    /// The order is gone, whatever its provider may say one day.
    pub(super) fn forget(&mut self, buyer: BuyerId, hold_id: HoldId) {
        if let Some(pending) = self.by_buyer.get_mut(&buyer) {
            pending.attempts.retain(|&(of, _)| of != hold_id);
            pending.instead.retain(|&(one, other)| one != hold_id && other != hold_id);
            self.prune(buyer, |_| true);
        }
    }
}
