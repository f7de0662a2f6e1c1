//! What staff may do to an event: create it, price it, open, pause, close, cancel.

use super::super::buyers::HOLDS_PER_BUYER_MAX;
use super::super::event::Event;
use super::super::outcomes::Outcome;
use super::Asked;
use floodgate_domain::command::NewEvent;
use floodgate_domain::dials::{PhaseDial, RoomDials};
use floodgate_domain::fact::Fact;
use floodgate_domain::ids::{Actor, StaffId};
use floodgate_domain::plan::check::problems;
use floodgate_domain::policy::Policy;
use floodgate_domain::price::{PriceTable, TIERS_MAX};
use floodgate_domain::refusal::Refusal;
use floodgate_domain::seats::SEATS_PER_HOLD_MAX;

/// Thirty days: longer waits are mistakes, and would fill the timing wheel.
const DURATION_MS_MAX: u64 = 30 * 24 * 3_600_000;
/// Sixteen million buyers are a gigabyte of records.
const BUYERS_MAX: u32 = 1 << 24;

/// Why a new event cannot be sold as described.
pub(crate) fn problem_with_new_event(new: &NewEvent) -> Option<Refusal> {
    if !problems(&new.plan).is_empty() {
        Some(Refusal::InvalidPlan)
    } else if !prices_fit(&new.prices, new.plan.categories.len()) {
        Some(Refusal::InvalidPrices)
    } else if !policy_is_sound(&new.policy) {
        Some(Refusal::InvalidPolicy)
    } else {
        None
    }
}

fn prices_fit(prices: &PriceTable, categories: usize) -> bool {
    prices.categories.len() <= categories
        && prices.categories.iter().all(|tiers| {
            tiers.len() <= TIERS_MAX && tiers.iter().all(|tier| tier.fee <= tier.amount)
        })
}

fn policy_is_sound(policy: &Policy) -> bool {
    let durations = [policy.hold_ms, policy.payment_ms, policy.retry_ms, policy.pass_ms];
    durations.iter().all(|ms| (1..=DURATION_MS_MAX).contains(ms))
        && policy.extension_ms <= DURATION_MS_MAX
        && policy.cooldown_ms <= DURATION_MS_MAX
        && (1..=SEATS_PER_HOLD_MAX).contains(&usize::from(policy.seats_per_hold_max))
        && (1..=HOLDS_PER_BUYER_MAX).contains(&usize::from(policy.holds_per_buyer_max))
        && policy.seats_per_buyer_max >= 1
        && policy.payment_attempts_max >= 1
        && (1..=BUYERS_MAX).contains(&policy.buyers_max)
}

pub(super) fn set_prices(
    event: &Event,
    asked: Asked,
    prices: &PriceTable,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    asked.staff()?;
    if !prices_fit(prices, event.house.category_count) {
        return Err(Refusal::InvalidPrices);
    }
    // One sale has one currency: totals of old and new orders must add up.
    if prices.currency != event.prices.currency {
        return Err(Refusal::InvalidPrices);
    }
    facts.push(Fact::PricesSet(Box::new(prices.clone())));
    Ok(Outcome::Done)
}

pub(super) fn set_policy(
    asked: Asked,
    policy: &Policy,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    asked.staff()?;
    if !policy_is_sound(policy) {
        return Err(Refusal::InvalidPolicy);
    }
    facts.push(Fact::PolicySet(Box::new(*policy)));
    Ok(Outcome::Done)
}

/// Who turned a dial, as facts name him.
fn turned_by(asked: Asked) -> StaffId {
    match asked.actor {
        Actor::Staff(staff) => staff,
        Actor::Buyer(_) | Actor::System => StaffId::SYSTEM,
    }
}

/// Turns all dials that are named, or none of them. The engine keeps none but the shop's limit:
/// whoever runs a waiting room folds them from the facts.
pub(super) fn tune_room(
    event: &Event,
    asked: Asked,
    dials: &RoomDials,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    asked.staff()?;
    if !dials.are_sound() {
        return Err(Refusal::InvalidPolicy);
    }
    if let Some(dial) = dials.phase {
        set_phase(event, dial, facts)?;
    }
    facts.push(Fact::RoomTuned { dials: Box::new(dials.clone()), by: turned_by(asked) });
    Ok(Outcome::Done)
}

fn set_phase(event: &Event, dial: PhaseDial, facts: &mut Vec<Fact>) -> Result<(), Refusal> {
    let phase = dial.turn(event.phase)?;
    if phase != event.phase {
        facts.push(match dial {
            PhaseDial::Open => Fact::SaleOpened,
            PhaseDial::Pause => Fact::SalePaused,
            PhaseDial::Close => Fact::SaleClosed,
            PhaseDial::Cancel => Fact::EventCancelled,
        });
    }
    Ok(())
}
