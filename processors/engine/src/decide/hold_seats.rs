//! HoldSeats: exactly these seats.

use floodgate_domain::fact::Fact;
use floodgate_domain::refusal::Refusal;
use floodgate_domain::seats::{SeatId, SeatList, SeatState};

use super::Context;
use super::rules::limits::may_hold;
use super::rules::new_hold::hold;
use crate::event::Event;
use crate::outcomes::Outcome;
use crate::version::NO_PRICE_IS_NOT_FOR_SALE;

pub(super) fn hold_seats(
    event: &Event,
    context: Context,
    seats: &SeatList,
    accessible: bool,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    let buyer = may_hold(event, context, seats.len())?;
    if seats.has_duplicates() {
        return Err(Refusal::SeatsRepeated);
    }
    for seat in seats.iter() {
        match state(event, context, seat) {
            None => return Err(Refusal::UnknownSeat),
            Some(SeatState::NotForSale) => return Err(Refusal::SeatNotForSale),
            Some(SeatState::Held | SeatState::Sold) => return Err(Refusal::SeatTaken),
            Some(SeatState::Free) if !accessible && event.seat_map.is_accessible(seat) => {
                return Err(Refusal::AccessibleSeat);
            }
            Some(SeatState::Free) => {}
        }
    }
    hold(event, context, buyer, *seats, facts)
}

fn state(event: &Event, context: Context, seat: SeatId) -> Option<SeatState> {
    let state = event.seat_map.seat_state(seat)?;
    let category = event.seat_map.category_of(seat)?;
    let has_price = event.prices.sells(category) || !context.follows(NO_PRICE_IS_NOT_FOR_SALE);
    Some(state.where_sold(has_price))
}
