//! What staff may do to an event: create it, price it, open, pause, close, cancel.

use super::super::buyers::HOLDS_PER_BUYER_MAX;
use super::super::event::Event;
use super::super::outcomes::Outcome;
use super::Asked;
use crate::answer::SalePhase;
use crate::command::{Dials, NewEvent};
use crate::fact::Fact;
use crate::ids::{Actor, StaffId};
use crate::plan::check::problems;
use crate::policy::Policy;
use crate::price::{PriceTable, TIERS_MAX};
use crate::refusal::Refusal;
use crate::seats::SEATS_PER_HOLD_MAX;

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

/// Bytes of a message and of a reason: what fits on a phone's screen.
const WORDS_BYTES_MAX: usize = 500;

/// The engine keeps no dials: whoever runs a waiting room folds them from the facts.
pub(super) fn tune_queue(
    asked: Asked,
    dials: &Dials,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    asked.staff()?;
    let message = dials.message.as_ref().map_or(0, String::len);
    if message.max(dials.reason.len()) > WORDS_BYTES_MAX {
        return Err(Refusal::InvalidPolicy);
    }
    let by = match asked.actor {
        Actor::Staff(staff) => staff,
        Actor::Buyer(_) | Actor::System => StaffId(0),
    };
    facts.push(Fact::QueueTuned { dials: Box::new(dials.clone()), by });
    Ok(Outcome::Done)
}

pub(super) fn open_sale(
    event: &Event,
    asked: Asked,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    asked.staff()?;
    match event.phase {
        SalePhase::Announced | SalePhase::Paused => facts.push(Fact::SaleOpened),
        SalePhase::Open => {}
        SalePhase::Closed => return Err(Refusal::SaleClosed),
        SalePhase::Cancelled => return Err(Refusal::EventCancelled),
    }
    Ok(Outcome::Done)
}

pub(super) fn pause_sale(
    event: &Event,
    asked: Asked,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    asked.staff()?;
    match event.phase {
        SalePhase::Open => facts.push(Fact::SalePaused),
        SalePhase::Paused => {}
        SalePhase::Announced => return Err(Refusal::SaleNotOpen),
        SalePhase::Closed => return Err(Refusal::SaleClosed),
        SalePhase::Cancelled => return Err(Refusal::EventCancelled),
    }
    Ok(Outcome::Done)
}

pub(super) fn close_sale(
    event: &Event,
    asked: Asked,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    asked.staff()?;
    match event.phase {
        SalePhase::Announced | SalePhase::Open | SalePhase::Paused => facts.push(Fact::SaleClosed),
        SalePhase::Closed => {}
        SalePhase::Cancelled => return Err(Refusal::EventCancelled),
    }
    Ok(Outcome::Done)
}

pub(super) fn cancel_event(
    event: &Event,
    asked: Asked,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    asked.staff()?;
    if event.phase != SalePhase::Cancelled {
        facts.push(Fact::EventCancelled);
    }
    Ok(Outcome::Done)
}
