//! CallPlaces: the line moves on.

use floodgate_domain::fact::Fact;
use floodgate_domain::line::Frontier;
use floodgate_domain::refusal::Refusal;

use super::Context;
use crate::event::Event;
use crate::outcomes::Outcome;

/// Gateways say how far they have called; what the log has already is no news.
pub(super) fn call_places(
    event: &Event,
    context: Context,
    below: Frontier,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    context.system()?;
    let below = below.min(Frontier(event.places_reserved));
    if below > event.waiting_line.called {
        facts.push(Fact::PlacesCalled { below });
    }
    Ok(Outcome::Done)
}
