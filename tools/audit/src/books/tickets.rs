//! Who owns each ticket and whether it was used, from the facts alone.

use std::collections::{HashMap, HashSet};

use floodgate_domain::{BuyerId, Fact, HoldId, SeatId, SeatList};

use super::crowd::Finding;

/// The order a ticket is of, by the books.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SoldOrder {
    pub(crate) buyer: BuyerId,
    pub(crate) seats: SeatList,
    pub(crate) is_sold: bool,
}

/// What the facts have said of one event's tickets after they were sold.
#[derive(Debug, Default)]
pub(crate) struct TicketBook {
    /// Whose it is now, and how often it was handed on.
    owners: HashMap<(HoldId, SeatId), (BuyerId, u16)>,
    used: HashSet<(HoldId, SeatId)>,
}

impl TicketBook {
    /// How often a ticket was handed on.
    pub(crate) fn edition(&self, hold_id: HoldId, seat: SeatId) -> u16 {
        self.owners.get(&(hold_id, seat)).map_or(0, |(_, edition)| *edition)
    }

    /// Whose a ticket is that was handed on.
    pub(crate) fn owner(&self, hold_id: HoldId, seat: SeatId) -> Option<BuyerId> {
        self.owners.get(&(hold_id, seat)).map(|(owner, _)| *owner)
    }

    pub(crate) fn is_used(&self, hold_id: HoldId, seat: SeatId) -> bool {
        self.used.contains(&(hold_id, seat))
    }

    /// Tickets somebody has been given, by their order and seat.
    pub(crate) fn given_to(&self, buyer: BuyerId) -> impl Iterator<Item = HoldId> {
        let theirs = self.owners.iter().filter(move |(_, (owner, _))| *owner == buyer);
        theirs.map(|((hold_id, _), _)| *hold_id)
    }

    /// Enters a fact about a ticket, whose order `sold` finds; `None` for any other fact.
    pub(crate) fn enter(
        &mut self,
        fact: &Fact,
        sold: impl FnOnce(HoldId) -> Option<SoldOrder>,
    ) -> Option<Finding> {
        let (hold_id, seat, from) = match *fact {
            Fact::TicketTransferred { hold_id, seat, from, .. } => (hold_id, seat, from),
            Fact::TicketRedeemed { hold_id, seat, buyer } => (hold_id, seat, buyer),
            _ => return None,
        };
        let (key, order) = ((hold_id, seat), sold(hold_id));
        let is_ticket =
            order.is_some_and(|order| order.is_sold && order.seats.as_slice().contains(&seat));
        let owner = self.owner(hold_id, seat).or_else(|| order.map(|order| order.buyer));
        let is_unused = !self.used.contains(&key);
        let mut lawful = is_ticket && is_unused && owner == Some(from);
        if let Fact::TicketTransferred { to, .. } = *fact {
            lawful &= to != from;
            let edition = self.edition(hold_id, seat).saturating_add(1);
            self.owners.insert(key, (to, edition));
        } else {
            self.used.insert(key);
        }
        let words = format!(
            "{} of seat {} of {hold_id} by {from}, whose owner is {owner:?}, unused: {is_unused}",
            fact.name(),
            seat.0
        );
        Some(("ticket-of-order", lawful, words))
    }

    /// The seats of an order that is over are no tickets any more.
    pub(crate) fn forget(&mut self, hold_id: HoldId, seats: &SeatList) {
        for seat in seats.iter() {
            self.owners.remove(&(hold_id, seat));
            self.used.remove(&(hold_id, seat));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: HoldId = HoldId(1);
    const SEAT: SeatId = SeatId(4);

    fn order() -> Option<SoldOrder> {
        let seats = SeatList::try_from(&[4, 5][..]).ok()?;
        Some(SoldOrder { buyer: BuyerId(1), seats, is_sold: true })
    }

    fn handed_on(from: u64, to: u64) -> Fact {
        let (from, to) = (BuyerId(from), BuyerId(to));
        Fact::TicketTransferred { hold_id: ORDER, seat: SEAT, from, to }
    }

    fn used(by: u64) -> Fact {
        Fact::TicketRedeemed { hold_id: ORDER, buyer: BuyerId(by), seat: SEAT }
    }

    #[test]
    fn unlawful_tickets_are_found() {
        let rows: [(&[Fact], bool); 7] = [
            (&[handed_on(1, 2), handed_on(2, 3), used(3)], true),
            (&[handed_on(2, 3)], false),
            (&[handed_on(1, 2), handed_on(1, 3)], false),
            (&[handed_on(1, 1)], false),
            (&[handed_on(1, 2), used(1)], false),
            (&[used(1), used(1)], false),
            (&[used(1), handed_on(1, 2)], false),
        ];
        for (facts, expected) in rows {
            let mut book = TicketBook::default();
            let found: Vec<bool> = facts
                .iter()
                .filter_map(|fact| book.enter(fact, |_| order()))
                .map(|row| row.1)
                .collect();
            assert_eq!(found.iter().all(|lawful| *lawful), expected, "{facts:?}");
        }
        let unsold = order().map(|order| SoldOrder { is_sold: false, ..order });
        for order in [None, unsold] {
            let found = TicketBook::default().enter(&used(1), |_| order);
            assert!(found.is_some_and(|row| !row.1));
        }
    }
}
