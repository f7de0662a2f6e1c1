//! ReservePlaces: the next numbers of the line, for one admission store.

use floodgate_domain::fact::Fact;
use floodgate_domain::ids::Place;
use floodgate_domain::refusal::Refusal;

use super::Context;
use crate::event::{Event, PLACES_MAX};
use crate::outcomes::Outcome;

/// Places one command may reserve.
const PLACES_PER_BLOCK_MAX: u32 = 1 << 16;

pub(super) fn reserve_places(
    event: &Event,
    context: Context,
    count: u32,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    context.system()?;
    let fits = event.places_reserved + u64::from(count) <= PLACES_MAX;
    if !fits || !(1..=PLACES_PER_BLOCK_MAX).contains(&count) {
        return Err(Refusal::TooManyBuyers);
    }
    let first = Place(event.places_reserved);
    facts.push(Fact::PlacesReserved { first, count });
    Ok(Outcome::Places { first, count })
}
