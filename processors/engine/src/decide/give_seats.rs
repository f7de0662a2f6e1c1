//! GiveSeats: seats are given away, an order over nothing.

use floodgate_domain::fact::Fact;
use floodgate_domain::house::Gift;
use floodgate_domain::ids::BuyerId;
use floodgate_domain::refusal::Refusal;
use floodgate_domain::seats::{SeatSet, SeatState};

use super::Context;
use super::rules::house::may_change;
use crate::event::Event;
use crate::outcomes::Outcome;

/// All of them or none. What is off sale is put back first, so that every count moves as it does
/// otherwise.
pub(super) fn give_seats(
    event: &Event,
    context: Context,
    gift: &Gift,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    may_change(event, context)?;
    let seats = gift.seats;
    if seats.is_empty() {
        return Err(Refusal::NoSeatsNamed);
    }
    if seats.has_duplicates() {
        return Err(Refusal::SeatsRepeated);
    }
    let mut blocked = Vec::new();
    for seat in seats.iter() {
        match event.seat_map.seat_state(seat).ok_or(Refusal::UnknownSeat)? {
            SeatState::Free => {}
            SeatState::NotForSale => blocked.push(seat),
            SeatState::Held | SeatState::Sold => return Err(Refusal::SeatsInUse),
        }
    }
    let (note, by) = (gift.note.clone(), context.staff_id());
    let put_back = |seats| Fact::SeatsUnblocked { seats, note: note.clone(), by };
    facts.extend(SeatSet::of(blocked).map(put_back));
    let (hold_id, buyer) = (event.orders.next_id(), BuyerId::HOUSE);
    facts.push(Fact::SeatsGiven { hold_id, buyer, seats, note, by });
    Ok(Outcome::Order(hold_id))
}
