//! What staff did by hand, entered into the books of an event.

use floodgate_domain::{BuyerId, Fact, HoldId, LogTime, SeatList, SeatSet, SeatState};

use super::event::EventBook;
use super::stage::{OrderBook, OrderStage};
use crate::findings::Findings;

impl EventBook {
    /// Enters a fact if it is about that.
    pub(super) fn by_hand(&mut self, fact: &Fact, found: &mut Findings) -> bool {
        use SeatState::{Free, NotForSale};
        match fact {
            Fact::SeatsBlocked { seats, .. } => self.turn_by_hand(seats, (Free, NotForSale), found),
            Fact::SeatsUnblocked { seats, .. } => {
                self.turn_by_hand(seats, (NotForSale, Free), found);
            }
            Fact::SeatsGiven { hold_id, buyer, seats, .. } => {
                self.give(*hold_id, *buyer, seats, found);
            }
            _ => return false,
        }
        true
    }

    /// Seats that staff turn.
    fn turn_by_hand(
        &mut self,
        seats: &SeatSet,
        (from, to): (SeatState, SeatState),
        found: &mut Findings,
    ) {
        let turned = self.seats.turn_for_sale(seats, (from, to));
        found.check("seats-add-up", turned.is_ok(), || {
            format!("seats go from {from:?} to {to:?} that were not so: {turned:?}")
        });
    }

    /// An order that is at rest at once, and that no limits know of.
    fn give(&mut self, hold_id: HoldId, buyer: BuyerId, seats: &SeatList, found: &mut Findings) {
        self.number(hold_id, found);
        let turned = self.seats.turn(hold_id, seats, (SeatState::Free, SeatState::Sold));
        found.check("seat-one-owner", turned.is_ok() && !seats.has_duplicates(), || {
            format!("{hold_id} is given seats that are not free: {turned:?}")
        });
        let order = OrderBook {
            buyer,
            seats: *seats,
            amount: 0,
            until: LogTime(0),
            pay_by: None,
            held_until: LogTime(0),
            stage: OrderStage::Settled,
            attempt: 0,
            extensions: 0,
            was_confirmed: true,
        };
        self.orders.insert(hold_id, order);
    }
}
