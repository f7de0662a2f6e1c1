//! Who owns a sold seat now, and whether its ticket was redeemed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::SeatMove;
use crate::ids::{BuyerId, HoldId};
use crate::seats::{SeatId, SeatState};

/// A ticket: a seat of an order.
type Key = (HoldId, SeatId);

/// Whose a ticket is that was handed on, and how often it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandedOn {
    pub owner: BuyerId,
    /// Grows by one with every hand it goes to; a ticket that stayed with its buyer is edition 0.
    pub edition: u16,
}

/// What became of one event's tickets after they were sold. All others belong to the buyer of
/// their order, and nobody has been let in with them.
///
/// Holds at most one entry a sold seat.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TicketStates {
    handed_on: BTreeMap<Key, HandedOn>,
    by_owner: HashMap<BuyerId, BTreeSet<Key>>,
    redeemed: BTreeSet<Key>,
}

impl TicketStates {
    /// Takes a move over.
    pub fn follow(&mut self, change: &SeatMove<'_>) {
        let Some(hold_id) = change.hold_id else { return };
        if change.to != SeatState::Sold {
            self.forget(hold_id, change.seats);
        } else if change.from == SeatState::Sold {
            let keys = change.seats.iter().map(|seat| (hold_id, *seat));
            keys.for_each(|key| self.note(key, change));
        }
    }

    fn note(&mut self, key: Key, change: &SeatMove<'_>) {
        if change.is_redeemed {
            self.redeemed.insert(key);
        } else if let Some(owner) = change.owner {
            let edition = self.edition(key.0, key.1).saturating_add(1);
            self.hand_on(key, HandedOn { owner, edition });
        }
    }

    fn hand_on(&mut self, key: Key, to: HandedOn) {
        let before = self.handed_on.insert(key, to);
        self.drop_from(before, key);
        self.by_owner.entry(to.owner).or_default().insert(key);
    }

    /// The seats of an order are no tickets any more.
    pub fn forget(&mut self, hold_id: HoldId, seats: &[SeatId]) {
        if self.handed_on.is_empty() && self.redeemed.is_empty() {
            return;
        }
        for seat in seats {
            let key = (hold_id, *seat);
            let before = self.handed_on.remove(&key);
            self.drop_from(before, key);
            self.redeemed.remove(&key);
        }
    }

    fn drop_from(&mut self, before: Option<HandedOn>, key: Key) {
        let Some(HandedOn { owner, .. }) = before else { return };
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
        self.handed_on.get(&(hold_id, seat)).map(|ticket| ticket.owner)
    }

    /// How often it was handed on: what is printed on an earlier edition lets nobody in.
    #[must_use]
    pub fn edition(&self, hold_id: HoldId, seat: SeatId) -> u16 {
        self.handed_on.get(&(hold_id, seat)).map_or(0, |ticket| ticket.edition)
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

    /// Every ticket that was handed on, in a fixed order: what a snapshot stores.
    pub fn all_handed_on(&self) -> impl ExactSizeIterator<Item = (HoldId, SeatId, HandedOn)> + '_ {
        self.handed_on.iter().map(|(&(hold_id, seat), &ticket)| (hold_id, seat, ticket))
    }

    /// Every ticket somebody was let in with, in a fixed order.
    pub fn all_redeemed(&self) -> impl ExactSizeIterator<Item = (HoldId, SeatId)> + '_ {
        self.redeemed.iter().copied()
    }

    /// The tickets of a snapshot.
    #[must_use]
    pub fn restored(
        handed_on: impl IntoIterator<Item = (HoldId, SeatId, HandedOn)>,
        redeemed: impl IntoIterator<Item = (HoldId, SeatId)>,
    ) -> Self {
        let mut tickets =
            TicketStates { redeemed: redeemed.into_iter().collect(), ..TicketStates::default() };
        for (hold_id, seat, ticket) in handed_on {
            tickets.hand_on((hold_id, seat), ticket);
        }
        tickets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: HoldId = HoldId(7);

    fn sold(seats: &[SeatId], owner: u64) -> SeatMove<'_> {
        let (from, to) = (SeatState::Sold, SeatState::Sold);
        let owner = Some(BuyerId(owner));
        SeatMove { hold_id: Some(ORDER), seats, from, to, owner, is_redeemed: false }
    }

    #[test]
    fn a_ticket_goes_from_hand_to_hand_until_its_order_ends() {
        let (first, second) = (SeatId(1), SeatId(2));
        let mut tickets = TicketStates::default();
        let both = [first, second];
        let bought = SeatMove { from: SeatState::Held, ..sold(&both, 5) };
        tickets.follow(&bought);
        assert_eq!(tickets, TicketStates::default(), "still with the order's buyer");
        tickets.follow(&sold(&[first], 6));
        tickets.follow(&sold(&[first], 8));
        assert_eq!(tickets.owner(ORDER, first), Some(BuyerId(8)));
        assert_eq!(tickets.owner(ORDER, second), None);
        assert_eq!((tickets.edition(ORDER, first), tickets.edition(ORDER, second)), (2, 0));
        assert_eq!(tickets.received_by(BuyerId(6)).count(), 0);
        assert_eq!(tickets.received_by(BuyerId(8)).collect::<Vec<_>>(), [(ORDER, first)]);
        tickets.follow(&SeatMove { is_redeemed: true, ..sold(&[first], 8) });
        assert!(tickets.is_redeemed(ORDER, first) && !tickets.is_redeemed(ORDER, second));
        let stored = TicketStates::restored(tickets.all_handed_on(), tickets.all_redeemed());
        assert_eq!(stored, tickets);
        let (to, owner) = (SeatState::Free, None);
        tickets.follow(&SeatMove { to, owner, ..sold(&both, 0) });
        assert_eq!(tickets, TicketStates::default());
    }
}
