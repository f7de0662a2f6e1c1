//! CallPlaces: the line moves on.

use floodgate_domain::fact::Fact;
use floodgate_domain::ids::Place;
use floodgate_domain::refusal::Refusal;

use super::Context;
use crate::event::Event;
use crate::outcomes::Outcome;

/// Gateways say how far they have called; what the log has already is no news.
pub(super) fn call_places(
    event: &Event,
    context: Context,
    below: Place,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    context.system()?;
    let below = Place(below.0.min(event.places_reserved));
    if below.0 > event.waiting_line.called {
        facts.push(Fact::PlacesCalled { below });
    }
    Ok(Outcome::Done)
}
