//! Which prices and policies an event can have.

use floodgate_domain::policy::{DURATION_MS_MAX, Policy};
use floodgate_domain::price::{PriceTable, TIERS_MAX};
use floodgate_domain::seats::SEATS_PER_HOLD_MAX;

use crate::buyers::HOLDS_PER_BUYER_MAX;
use crate::decide::Context;
use crate::version::LAST_PRICE_HAS_NO_END;

/// Sixteen million buyers are a gigabyte of records.
const BUYERS_MAX: u32 = 1 << 24;

pub(in crate::decide) fn prices_fit(
    context: Context,
    prices: &PriceTable,
    categories: usize,
) -> bool {
    let may_end = !context.follows(LAST_PRICE_HAS_NO_END);
    prices.categories.len() <= categories
        && (may_end || prices.first_that_ends().is_none())
        && prices.categories.iter().all(|tiers| {
            tiers.len() <= TIERS_MAX && tiers.iter().all(|tier| tier.fee <= tier.amount)
        })
}

pub(in crate::decide) fn policy_is_sound(policy: &Policy) -> bool {
    let durations = [policy.hold_ms, policy.payment_ms, policy.retry_ms, policy.pass_ms];
    durations.iter().all(|ms| (1..=DURATION_MS_MAX).contains(ms))
        && policy.extension_ms <= DURATION_MS_MAX
        && policy.cooldown_ms <= DURATION_MS_MAX
        && (1..=SEATS_PER_HOLD_MAX).contains(&usize::from(policy.seats_per_hold_max))
        && (1..=HOLDS_PER_BUYER_MAX).contains(&usize::from(policy.holds_per_buyer_max))
        && policy.seats_per_buyer_max >= 1
        && policy.payment_attempts_max >= 1
        && (1..=BUYERS_MAX).contains(&policy.buyers_max)
        && policy.is_within_dials()
}
