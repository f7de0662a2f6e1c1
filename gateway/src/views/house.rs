//! What staff did by hand, folded from facts: what is off sale, what was given away, why orders
//! were refunded; each with who and when.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use floodgate_domain::effects::SeatMove;
use floodgate_domain::{
    BuyerId, Effects, FactRecord, HoldId, LogTime, Plan, RefundReason, SeatId, SeatState, StaffId,
};

/// Who did something, when, and what they noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hand {
    /// `None` is the plan.
    pub(crate) by: Option<StaffId>,
    pub(crate) at: LogTime,
    /// For staff alone.
    pub(crate) note: String,
}

/// Why an order was refunded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RefundView {
    pub(crate) reason: RefundReason,
    pub(crate) hand: Hand,
}

/// All of one event: at most an entry a seat and an order.
#[derive(Debug, Default)]
pub(crate) struct HouseView {
    /// Seats off sale, by seat; those of one command share whose hand it was.
    blocked: BTreeMap<SeatId, Arc<Hand>>,
    given: BTreeMap<HoldId, Hand>,
    refunds: HashMap<HoldId, RefundView>,
}

impl HouseView {
    /// What the plan keeps off sale.
    pub(super) fn of(plan: &Plan, at: LogTime) -> Self {
        let hand = Arc::new(Hand { by: None, at, note: String::new() });
        let is_blocked = |seat: &floodgate_domain::plan::SeatDetail<'_>| {
            seat.first_state() == SeatState::NotForSale
        };
        let blocked = plan.seats().filter(is_blocked).map(|seat| (seat.seat, Arc::clone(&hand)));
        HouseView { blocked: blocked.collect(), ..HouseView::default() }
    }

    /// Takes over what a fact says.
    pub(super) fn follow(&mut self, record: &FactRecord, effects: &Effects<'_>) {
        let hand = || Hand {
            by: effects.by,
            at: record.at,
            note: effects.note.unwrap_or_default().to_owned(),
        };
        if let Some(SeatMove { hold_id: None, seats, to, .. }) = effects.seats {
            let shared = Arc::new(hand());
            for seat in seats {
                if to == SeatState::NotForSale {
                    self.blocked.insert(*seat, Arc::clone(&shared));
                } else {
                    self.blocked.remove(seat);
                }
            }
        }
        let Some(order) = effects.order else { return };
        if order.is_new && order.buyer == BuyerId::HOUSE {
            self.given.insert(order.hold_id, hand());
        }
        if let Some(reason) = effects.refund {
            self.refunds.insert(order.hold_id, RefundView { reason, hand: hand() });
        }
    }

    pub(super) fn is_blocked(&self, seat: SeatId) -> bool {
        self.blocked.contains_key(&seat)
    }

    /// Seats off sale, in plan order.
    pub(crate) fn blocked(&self) -> impl ExactSizeIterator<Item = (SeatId, &Arc<Hand>)> {
        self.blocked.iter().map(|(seat, hand)| (*seat, hand))
    }

    /// Orders of the house before one of them, the latest first; taken back ones too.
    pub(crate) fn given(&self, before: Option<HoldId>) -> impl Iterator<Item = (HoldId, &Hand)> {
        let end = before.map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
        let range = self.given.range((std::ops::Bound::Unbounded, end));
        range.rev().map(|(hold_id, hand)| (*hold_id, hand))
    }

    pub(crate) fn gift(&self, hold_id: HoldId) -> Option<&Hand> {
        self.given.get(&hold_id)
    }

    pub(crate) fn refund(&self, hold_id: HoldId) -> Option<&RefundView> {
        self.refunds.get(&hold_id)
    }
}
