//! Rows of seats that staff take off sale, put back or give away.

use super::orders::{taken, to_status};
use super::{Order, PUBLIC};
use crate::answer::OrderStatus;
use crate::effects::{Concerns, Effects, OrderChange, SeatMove};
use crate::fact::Fact;
use crate::ids::StaffId;
use crate::seats::{SeatList, SeatSet, SeatState};

use SeatState::{Free, NotForSale, Sold};

/// The three of them; any other fact changes nothing here.
pub(super) fn by_hand(fact: &Fact) -> Effects<'_> {
    if let Fact::SeatsBlocked { seats, note, by } = fact {
        return turned(seats, (Free, NotForSale), note, *by);
    }
    if let Fact::SeatsUnblocked { seats, note, by } = fact {
        return turned(seats, (NotForSale, Free), note, *by);
    }
    let Fact::SeatsGiven { hold_id, buyer, seats, note, by } = fact else { return PUBLIC };
    given((*hold_id, *buyer), seats, note, *by)
}

/// Public but for the note: other teams count seats, and need not know why.
fn turned<'a>(
    seats: &'a SeatSet,
    (from, to): (SeatState, SeatState),
    note: &'a str,
    by: StaffId,
) -> Effects<'a> {
    let seats = seats.as_slice();
    let change = SeatMove { hold_id: None, seats, from, to, owner: None, is_redeemed: false };
    Effects { seats: Some(change), note: Some(note), by: Some(by), ..PUBLIC }
}

/// An order that is at rest as soon as it is there. The house needs no message; a guest gets one with
/// the ticket.
fn given<'a>(order: Order, seats: &'a SeatList, note: &'a str, by: StaffId) -> Effects<'a> {
    let change = OrderChange {
        seats: Some(seats),
        amount: Some(0),
        is_new: true,
        is_settled: true,
        ..to_status(order, OrderStatus::Confirmed)
    };
    Effects {
        seats: Some(taken(order, seats, Free, Sold)),
        order: Some(change),
        note: Some(note),
        by: Some(by),
        concerns: Concerns::Buyer(order.1, None),
        ..PUBLIC
    }
}
