//! Whose a sold seat is by now, and whether it has been let in with.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::SeatMove;
use crate::ids::{BuyerId, HoldId};
use crate::seats::{SeatId, SeatState};

/// A ticket: a seat of an order.
type Key = (HoldId, SeatId);

/// What became of one event's tickets after they were sold. All others belong to the buyer of
/// their order, and nobody has been let in with them.
///
/// Holds at most one entry a sold seat.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tickets {
    owners: BTreeMap<Key, BuyerId>,
    by_owner: HashMap<BuyerId, BTreeSet<Key>>,
    redeemed: BTreeSet<Key>,
}

impl Tickets {
    /// Takes a move over.
    pub fn follow(&mut self, change: &SeatMove<'_>) {
        if change.to != SeatState::Sold {
            self.forget(change);
        } else if change.from == SeatState::Sold {
            let keys = change.seats.iter().map(|seat| (change.hold_id, *seat));
            keys.for_each(|key| self.note(key, change));
        }
    }

    fn note(&mut self, key: Key, change: &SeatMove<'_>) {
        if change.is_redeemed {
            self.redeemed.insert(key);
        } else if let Some(owner) = change.owner {
            let before = self.owners.insert(key, owner);
            self.drop_from(before, key);
            self.by_owner.entry(owner).or_default().insert(key);
        }
    }

    /// The seats are no tickets any more.
    fn forget(&mut self, change: &SeatMove<'_>) {
        if self.owners.is_empty() && self.redeemed.is_empty() {
            return;
        }
        for seat in change.seats {
            let key = (change.hold_id, *seat);
            let before = self.owners.remove(&key);
            self.drop_from(before, key);
            self.redeemed.remove(&key);
        }
    }

    fn drop_from(&mut self, owner: Option<BuyerId>, key: Key) {
        let Some(owner) = owner else { return };
        if let Some(theirs) = self.by_owner.get_mut(&owner) {
            theirs.remove(&key);
            if theirs.is_empty() {
                self.by_owner.remove(&owner);
            }
        }
    }

    /// Whose a seat of an order is, if it was handed on; else it is with the order's buyer.
    #[must_use]
    pub fn owner(&self, hold_id: HoldId, seat: SeatId) -> Option<BuyerId> {
        self.owners.get(&(hold_id, seat)).copied()
    }

    /// Whether somebody has been let in with it.
    #[must_use]
    pub fn is_redeemed(&self, hold_id: HoldId, seat: SeatId) -> bool {
        self.redeemed.contains(&(hold_id, seat))
    }

    /// The tickets that were handed on to a buyer and are still theirs.
    pub fn received_by(&self, buyer: BuyerId) -> impl Iterator<Item = (HoldId, SeatId)> + '_ {
        self.by_owner.get(&buyer).into_iter().flatten().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: HoldId = HoldId(7);

    fn sold(seats: &[SeatId], owner: u64) -> SeatMove<'_> {
        let (from, to) = (SeatState::Sold, SeatState::Sold);
        let owner = Some(BuyerId(owner));
        SeatMove { hold_id: ORDER, seats, from, to, owner, is_redeemed: false }
    }

    #[test]
    fn a_ticket_goes_from_hand_to_hand_until_its_order_ends() {
        let (first, second) = (SeatId(1), SeatId(2));
        let mut tickets = Tickets::default();
        let both = [first, second];
        let bought = SeatMove { from: SeatState::Held, ..sold(&both, 5) };
        tickets.follow(&bought);
        assert_eq!(tickets, Tickets::default(), "still with the order's buyer");
        tickets.follow(&sold(&[first], 6));
        tickets.follow(&sold(&[first], 8));
        assert_eq!(tickets.owner(ORDER, first), Some(BuyerId(8)));
        assert_eq!(tickets.owner(ORDER, second), None);
        assert_eq!(tickets.received_by(BuyerId(6)).count(), 0);
        assert_eq!(tickets.received_by(BuyerId(8)).collect::<Vec<_>>(), [(ORDER, first)]);
        tickets.follow(&SeatMove { is_redeemed: true, ..sold(&[first], 8) });
        assert!(tickets.is_redeemed(ORDER, first) && !tickets.is_redeemed(ORDER, second));
        let (to, owner) = (SeatState::Free, None);
        tickets.follow(&SeatMove { to, owner, ..sold(&both, 0) });
        assert_eq!(tickets, Tickets::default());
    }
}
