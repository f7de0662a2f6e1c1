//! Payments that were given up without an answer, and which orders were paid for in their stead.
//!
//! Their money may still move. Of two orders, one paid for because the other had no answer, the
//! first that goes through is kept; the money of the other is let go of.

use std::collections::{BTreeMap, BTreeSet};

use floodgate_domain::{BuyerId, HoldId};

/// What one buyer does not know yet.
#[derive(Debug, Default)]
struct OpenAttempts {
    attempts: BTreeSet<(HoldId, u8)>,
    /// An order, and another that it was paid for instead of.
    pairs: BTreeSet<(HoldId, HoldId)>,
}

/// Of all buyers of one event.
#[derive(Debug, Default)]
pub(crate) struct UnansweredBook {
    by_buyer: BTreeMap<BuyerId, OpenAttempts>,
}

impl UnansweredBook {
    pub(crate) fn has_any(&self, buyer: BuyerId) -> bool {
        self.by_buyer.get(&buyer).is_some_and(|open| !open.attempts.is_empty())
    }

    pub(crate) fn contains(&self, buyer: BuyerId, attempt: (HoldId, u8)) -> bool {
        self.by_buyer.get(&buyer).is_some_and(|open| open.attempts.contains(&attempt))
    }

    /// Orders of which only one is kept together with this one.
    pub(crate) fn rivals(&self, buyer: BuyerId, hold_id: HoldId) -> Vec<HoldId> {
        let pairs = self.by_buyer.get(&buyer).map(|open| &open.pairs);
        let other = |&(one, other): &(HoldId, HoldId)| match hold_id {
            of if of == one => Some(other),
            of if of == other => Some(one),
            _ => None,
        };
        pairs.into_iter().flatten().filter_map(other).collect()
    }

    pub(crate) fn give_up(&mut self, buyer: BuyerId, attempt: (HoldId, u8)) {
        self.by_buyer.entry(buyer).or_default().attempts.insert(attempt);
    }

    /// Its provider has said what becomes of it.
    pub(crate) fn answer(&mut self, buyer: BuyerId, attempt: (HoldId, u8)) {
        if let Some(open) = self.by_buyer.get_mut(&buyer) {
            open.attempts.remove(&attempt);
        }
    }

    /// The order is paid for, or gone: nobody waits for its other attempts.
    pub(crate) fn close(&mut self, buyer: BuyerId, hold_id: HoldId) {
        if let Some(open) = self.by_buyer.get_mut(&buyer) {
            open.attempts.retain(|(of, _)| *of != hold_id);
        }
    }

    /// An order that makes room for another is in no pair any more.
    pub(crate) fn forget(&mut self, buyer: BuyerId, hold_id: HoldId) {
        self.close(buyer, hold_id);
        if let Some(open) = self.by_buyer.get_mut(&buyer) {
            open.pairs.retain(|(one, other)| *one != hold_id && *other != hold_id);
        }
    }

    /// Somebody pays for an order instead of whatever has no answer now.
    pub(crate) fn pay_instead(&mut self, buyer: BuyerId, hold_id: HoldId) {
        let Some(open) = self.by_buyer.get_mut(&buyer) else { return };
        open.pairs.retain(|(one, _)| *one != hold_id);
        let others = open.attempts.iter().map(|(other, _)| *other);
        open.pairs.extend(others.filter(|other| *other != hold_id).map(|other| (hold_id, other)));
    }

    /// Pairs count as long as both may still come to something.
    pub(crate) fn prune(&mut self, buyer: BuyerId, has_seats: impl Fn(HoldId) -> bool) {
        let Some(open) = self.by_buyer.get_mut(&buyer) else { return };
        let attempts = &open.attempts;
        let is_open = |id| has_seats(id) || attempts.iter().any(|(of, _)| *of == id);
        open.pairs.retain(|(one, other)| is_open(*one) && is_open(*other));
        if open.attempts.is_empty() && open.pairs.is_empty() {
            self.by_buyer.remove(&buyer);
        }
    }
}
