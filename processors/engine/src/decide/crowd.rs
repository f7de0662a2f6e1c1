//! The line and those in it: places called, turns awaited, cohorts shared.

use super::super::crowd::AWAITING_MAX;
use super::super::event::Event;
use super::super::outcomes::Outcome;
use super::Asked;
use floodgate_domain::answer::SalePhase;
use floodgate_domain::cohort::Cohort;
use floodgate_domain::fact::Fact;
use floodgate_domain::ids::Place;
use floodgate_domain::refusal::Refusal;

/// Gateways say how far they have called; what the log has already is no news.
pub(super) fn call_places(
    event: &Event,
    asked: Asked,
    below: Place,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    asked.system()?;
    let below = Place(below.0.min(event.places_reserved));
    if below.0 > event.crowd.called {
        facts.push(Fact::PlacesCalled { below });
    }
    Ok(Outcome::Done)
}

/// Once a place, also when it was called a moment ago: whoever asked is told.
pub(super) fn await_turn(
    event: &Event,
    asked: Asked,
    place: Place,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    let buyer = asked.buyer()?;
    match event.phase {
        SalePhase::Announced | SalePhase::Open | SalePhase::Paused => {}
        SalePhase::Closed => return Err(Refusal::SaleClosed),
        SalePhase::Cancelled => return Err(Refusal::EventCancelled),
    }
    if place.0 >= event.places_reserved {
        return Err(Refusal::PlaceUnknown);
    }
    if event.place_is_spent(place) {
        return Err(Refusal::PlaceSpent);
    }
    if event.crowd.has_asked(place) {
        return Ok(Outcome::Done);
    }
    if event.crowd.awaiting() >= AWAITING_MAX {
        return Err(Refusal::TooManyBuyers);
    }
    facts.push(Fact::TurnAwaited { buyer, place });
    Ok(Outcome::Done)
}

/// A buyer's cohort is one: another answer takes the place of the one before.
pub(super) fn share_cohort(
    event: &Event,
    asked: Asked,
    cohort: Option<Cohort>,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    let record = event.buyer(asked.buyer()?).ok_or(Refusal::NoPass)?;
    if record.cohort != cohort {
        facts.extend(record.cohort.map(|cohort| Fact::CohortLeft { cohort }));
        facts.extend(cohort.map(|cohort| Fact::CohortJoined { cohort }));
    }
    Ok(Outcome::Done)
}

pub(super) fn mark_time(asked: Asked, facts: &mut Vec<Fact>) -> Result<Outcome, Refusal> {
    asked.system()?;
    facts.push(Fact::TimeMarked);
    Ok(Outcome::Done)
}
