//! Who may be in the shop.

use super::super::event::{Event, PLACES_MAX};
use super::super::outcomes::Outcome;
use super::Asked;
use floodgate_domain::answer::{OrderStatus, SalePhase};
use floodgate_domain::fact::{Fact, LeaveReason};
use floodgate_domain::ids::Place;
use floodgate_domain::refusal::Refusal;

/// Places one command may reserve.
const PLACES_PER_BLOCK_MAX: u32 = 1 << 16;

/// Why nobody new may enter or hold in this phase.
pub(super) fn must_be_open(event: &Event) -> Result<(), Refusal> {
    match event.phase {
        SalePhase::Open => Ok(()),
        SalePhase::Announced => Err(Refusal::SaleNotOpen),
        SalePhase::Paused => Err(Refusal::SalePaused),
        SalePhase::Closed => Err(Refusal::SaleClosed),
        SalePhase::Cancelled => Err(Refusal::EventCancelled),
    }
}

pub(super) fn reserve_places(
    event: &Event,
    asked: Asked,
    count: u32,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    asked.system()?;
    let fits = event.places_reserved + u64::from(count) <= PLACES_MAX;
    if !fits || !(1..=PLACES_PER_BLOCK_MAX).contains(&count) {
        return Err(Refusal::TooManyBuyers);
    }
    let first = Place(event.places_reserved);
    facts.push(Fact::PlacesReserved { first, count });
    Ok(Outcome::Places { first, count })
}

pub(super) fn enter(
    event: &Event,
    asked: Asked,
    place: Place,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    let buyer = asked.buyer()?;
    let record = event.buyer(buyer);
    // Entering twice with a valid pass gives the same pass: a refresh costs nothing.
    if let Some(record) = record.filter(|buyer| buyer.in_shop && asked.now < buyer.pass_until) {
        return Ok(Outcome::Entered { place: record.place, until: record.pass_until });
    }
    must_be_open(event)?;
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
    if record.is_none() && event.buyers.len() >= event.policy.buyers_max as usize {
        return Err(Refusal::TooManyBuyers);
    }
    let until = asked.now.plus(event.policy.pass_ms);
    facts.push(Fact::Entered { buyer, place, until });
    Ok(Outcome::Entered { place, until })
}

/// Leaving gives back what is held; what is being paid stays.
pub(super) fn leave(
    event: &Event,
    asked: Asked,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    let buyer = asked.buyer()?;
    let record = event.buyer(buyer).filter(|buyer| buyer.in_shop).ok_or(Refusal::NotInShop)?;
    let holds = record.live_holds().iter().filter_map(|&id| Some((id, event.orders.get(id)?)));
    for (hold_id, order) in holds.filter(|(_, order)| order.status != OrderStatus::PaymentPending) {
        facts.push(Fact::HoldReleased { hold_id, buyer, seats: order.seats });
    }
    facts.push(Fact::ShopperLeft { buyer, reason: LeaveReason::Left });
    Ok(Outcome::Done)
}
