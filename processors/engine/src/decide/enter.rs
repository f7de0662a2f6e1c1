//! Enter: into the shop, at a place in the line.

use floodgate_domain::fact::Fact;
use floodgate_domain::ids::Place;
use floodgate_domain::refusal::Refusal;

use super::Context;
use super::rules::crowd::is_crowded;
use super::rules::phase::must_be_open;
use crate::event::Event;
use crate::outcomes::Outcome;
use crate::version::IDLE_SHOPPERS_LEAVE;

pub(super) fn enter(
    event: &Event,
    context: Context,
    place: Place,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    let buyer = context.buyer()?;
    let record = event.buyer(buyer);
    // Entering twice with a valid pass gives the same pass: a refresh costs nothing.
    if let Some(record) = record.filter(|buyer| buyer.in_shop && context.now < buyer.pass_until) {
        return Ok(Outcome::Entered { place: record.place, until: record.pass_until });
    }
    must_be_open(event, buyer)?;
    if place.0 >= event.places_reserved {
        return Err(Refusal::PlaceUnknown);
    }
    if event.place_is_spent(place) {
        return Err(Refusal::PlaceSpent);
    }
    // A shopper whose pass is over but whose payment still runs is counted already.
    let already_counted = record.is_some_and(|buyer| buyer.in_shop);
    if !already_counted && event.shoppers >= event.policy.shoppers_max {
        return Err(Refusal::ShopFull);
    }
    if record.is_none() && is_crowded(event, context) {
        return Err(Refusal::TooManyBuyers);
    }
    let until = context.now.plus(event.policy.pass_ms);
    let idle = event.policy.idle().filter(|_| context.follows(IDLE_SHOPPERS_LEAVE));
    let idle_until = idle.map(|idle_ms| context.now.plus(idle_ms));
    facts.push(Fact::Entered { buyer, place, until, idle_until });
    Ok(Outcome::Entered { place, until })
}
