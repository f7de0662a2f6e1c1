//! AwaitTurn: a message when a place is called.

use floodgate_domain::answer::SalePhase;
use floodgate_domain::fact::Fact;
use floodgate_domain::ids::Place;
use floodgate_domain::refusal::Refusal;

use super::Context;
use crate::event::Event;
use crate::outcomes::Outcome;
use crate::waiting_line::AWAITING_MAX;

/// Once a place, also when it was called a moment ago: whoever asks gets a message.
pub(super) fn await_turn(
    event: &Event,
    context: Context,
    place: Place,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    let buyer = context.buyer()?;
    match event.phase {
        SalePhase::Announced | SalePhase::Presale | SalePhase::Open | SalePhase::Paused => {}
        SalePhase::Closed => return Err(Refusal::SaleClosed),
        SalePhase::Cancelled => return Err(Refusal::EventCancelled),
    }
    if place.0 >= event.places_reserved {
        return Err(Refusal::PlaceUnknown);
    }
    if event.place_is_spent(place) {
        return Err(Refusal::PlaceSpent);
    }
    if event.waiting_line.has_requested(event.order.rank(place)) {
        return Ok(Outcome::Done);
    }
    if event.waiting_line.awaiting() >= AWAITING_MAX {
        return Err(Refusal::TooManyBuyers);
    }
    facts.push(Fact::TurnAwaited { buyer, place });
    Ok(Outcome::Done)
}
