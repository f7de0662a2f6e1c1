//! The order of an event's line: the one function that ranks a place, and what is compared with it.
//!
//! A place is a visitor's number; its rank says when that place is called. Every comparison of a
//! place with the frontier uses a [`Rank`], so a draw changes the order here and nowhere else.

use crate::ids::Place;

/// Places one event may give out: sixteen million, two megabytes of one bit each.
pub const PLACES_MAX: u64 = 1 << 24;

/// When a place is called: the places with a lower rank are called before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Rank(pub u64);

/// How far a line has been called: every rank below may enter. It only grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Frontier(pub u64);

impl Frontier {
    /// The frontier that has called this rank and nobody behind it.
    #[must_use]
    #[inline]
    pub fn behind(rank: Rank) -> Self {
        Frontier(rank.0.saturating_add(1))
    }

    /// Whether a place of this rank may enter.
    #[must_use]
    #[inline]
    pub fn has_called(self, rank: Rank) -> bool {
        rank.0 < self.0
    }

    /// The lowest rank that was not called.
    #[must_use]
    #[inline]
    pub fn first_waiting(self) -> Rank {
        Rank(self.0)
    }

    /// Places that are called before one of this rank; 0 for one that was called.
    #[must_use]
    #[inline]
    pub fn ahead_of(self, rank: Rank) -> u64 {
        rank.0.saturating_sub(self.0)
    }

    /// Of so many places given out, those not called yet.
    #[must_use]
    #[inline]
    pub fn not_called(self, places: u64) -> u64 {
        places.saturating_sub(self.0)
    }
}

/// A bijection of the numbers below its second argument.
pub type Permutation = fn(u64, u64) -> u64;

/// In which order the places of an event are called.
#[derive(Debug, Clone, Copy, Default)]
pub struct LineOrder {
    drawn: Option<(u64, Permutation)>,
}

impl PartialEq for LineOrder {
    fn eq(&self, other: &Self) -> bool {
        match (self.drawn, other.drawn) {
            (None, None) => true,
            (Some((count, one)), Some((others, other))) => {
                count == others && std::ptr::fn_addr_eq(one, other)
            }
            _ => false,
        }
    }
}

impl Eq for LineOrder {}

impl LineOrder {
    /// In the order in which they were given out.
    pub const AS_GIVEN: LineOrder = LineOrder { drawn: None };

    /// The first `count` places in another order, then the others as they were given out. Nothing but
    /// tests makes one yet: it is what a draw will be.
    #[must_use]
    pub fn drawn(count: u64, permutation: Permutation) -> Self {
        LineOrder { drawn: Some((count, permutation)) }
    }

    /// When a place is called.
    #[must_use]
    #[inline]
    pub fn rank(self, place: Place) -> Rank {
        match self.drawn {
            Some((count, permutation)) if place.0 < count => Rank(permutation(place.0, count)),
            Some(_) | None => Rank(place.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_called_as_they_were_given_out() {
        let order = LineOrder::AS_GIVEN;
        let frontier = Frontier(10);
        for (place, is_called, ahead) in
            [(0, true, 0), (9, true, 0), (10, false, 0), (15, false, 5)]
        {
            let rank = order.rank(Place(place));
            assert_eq!((frontier.has_called(rank), frontier.ahead_of(rank)), (is_called, ahead));
        }
        assert_eq!(Frontier::behind(order.rank(Place(9))), frontier);
        assert_eq!((frontier.not_called(15), frontier.not_called(7)), (5, 0));
    }

    #[test]
    fn another_order_ranks_those_it_was_drawn_for() {
        let order = LineOrder::drawn(4, |place, count| count - 1 - place);
        let ranks: Vec<u64> = (0..6).map(|place| order.rank(Place(place)).0).collect();
        assert_eq!(ranks, [3, 2, 1, 0, 4, 5]);
    }
}
