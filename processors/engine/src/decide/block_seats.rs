//! BlockSeats and UnblockSeats: seats go off sale and come back.

use floodgate_domain::fact::Fact;
use floodgate_domain::house::HouseSeats;
use floodgate_domain::refusal::Refusal;
use floodgate_domain::seats::{SeatSet, SeatState};

use super::Context;
use super::rules::house::may_change;
use crate::event::Event;
use crate::outcomes::Outcome;

/// All of them or none. Those that are off sale already stay as they are.
pub(super) fn block_seats(
    event: &Event,
    context: Context,
    HouseSeats { seats, note }: &HouseSeats,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    may_change(event, context)?;
    let mut free = Vec::new();
    for seat in seats.iter() {
        match event.seat_map.seat_state(seat).ok_or(Refusal::UnknownSeat)? {
            SeatState::Free => free.push(seat),
            SeatState::NotForSale => {}
            SeatState::Held | SeatState::Sold => return Err(Refusal::SeatsInUse),
        }
    }
    let (note, by) = (note.clone(), context.staff_id());
    facts.extend(SeatSet::of(free).map(|seats| Fact::SeatsBlocked { seats, note, by }));
    Ok(Outcome::Done)
}

/// Whoever blocked them, or the plan. Those that are on sale, or gone, stay as they are.
pub(super) fn unblock_seats(
    event: &Event,
    context: Context,
    HouseSeats { seats, note }: &HouseSeats,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    may_change(event, context)?;
    let mut blocked = Vec::new();
    for seat in seats.iter() {
        let state = event.seat_map.seat_state(seat).ok_or(Refusal::UnknownSeat)?;
        blocked.extend((state == SeatState::NotForSale).then_some(seat));
    }
    let (note, by) = (note.clone(), context.staff_id());
    facts.extend(SeatSet::of(blocked).map(|seats| Fact::SeatsUnblocked { seats, note, by }));
    Ok(Outcome::Done)
}
