//! The large, rare parts: new events, prices, policies.

use super::cursor::{Cursor, WireError, WireWriter};
use crate::command::NewEvent;
use crate::ids::{LogTime, VenueId};
use crate::plan::wire::{decode_plan, encode_plan};
use crate::plan::{CATEGORIES_MAX, SEATS_PER_PLAN_MAX};
use crate::policy::Policy;
use crate::price::{Currency, PriceTable, TIERS_MAX, Tier};

/// The longest name and description of an event, in bytes.
const NAME_BYTES_MAX: usize = 512;
const DESCRIPTION_BYTES_MAX: usize = 16 * 1024;
/// A plan on the wire; the native form of the largest plan stays well below.
const PLAN_BYTES_MAX: usize = SEATS_PER_PLAN_MAX as usize * 16;

pub(super) fn write_new_event(new: &NewEvent, out: &mut Vec<u8>) {
    out.put_text(&new.name);
    out.put_text(&new.description);
    out.put_varint(new.starts_at);
    out.put_u64_fixed(new.venue_id.0);
    let mut plan = Vec::new();
    encode_plan(&new.plan, &mut plan);
    out.put_count(plan.len());
    out.put_bytes(&plan);
    write_prices(&new.prices, out);
    write_policy(&new.policy, out);
}

pub(super) fn read_new_event(cursor: &mut Cursor<'_>) -> Result<NewEvent, WireError> {
    let name = cursor.text(NAME_BYTES_MAX)?;
    let description = cursor.text(DESCRIPTION_BYTES_MAX)?;
    let starts_at = cursor.varint()?;
    let venue_id = VenueId(cursor.u64_fixed()?);
    let plan_bytes = cursor.usize(PLAN_BYTES_MAX, "a plan's length")?;
    let plan = decode_plan(cursor.bytes(plan_bytes)?)?;
    let prices = read_prices(cursor)?;
    let policy = read_policy(cursor)?;
    Ok(NewEvent { name, description, starts_at, venue_id, plan, prices, policy })
}

pub fn write_prices(prices: &PriceTable, out: &mut Vec<u8>) {
    out.put_bytes(&prices.currency.0);
    out.put_count(prices.categories.len());
    for tiers in &prices.categories {
        out.put_count(tiers.len());
        for tier in tiers {
            out.put_varint(u64::from(tier.amount));
            out.put_varint(u64::from(tier.fee));
            // Zero means no limit: a tier that ends at once or at the epoch sells nothing.
            out.put_varint(u64::from(tier.until_taken.unwrap_or(0)));
            out.put_varint(tier.until.map_or(0, |until| until.0));
        }
    }
}

pub(super) fn read_currency(cursor: &mut Cursor<'_>) -> Result<Currency, WireError> {
    let currency = Currency(cursor.array()?);
    let is_code = currency.0.iter().all(u8::is_ascii_uppercase);
    is_code.then_some(currency).ok_or(WireError::OutOfBounds("a currency"))
}

pub fn read_prices(cursor: &mut Cursor<'_>) -> Result<PriceTable, WireError> {
    let currency = read_currency(cursor)?;
    let count = cursor.usize(CATEGORIES_MAX, "a count of categories")?;
    let mut categories = Vec::with_capacity(count);
    for _ in 0..count {
        let tier_count = cursor.usize(TIERS_MAX, "a count of tiers")?;
        let mut tiers = Vec::with_capacity(tier_count);
        for _ in 0..tier_count {
            let amount = cursor.u32()?;
            let fee = cursor.u32()?;
            let until_taken = Some(cursor.u32()?).filter(|&taken| taken != 0);
            let until = Some(cursor.time()?).filter(|&until| until != LogTime(0));
            tiers.push(Tier { amount, fee, until_taken, until });
        }
        categories.push(tiers);
    }
    Ok(PriceTable { currency, categories })
}

/// Beside whether a pass is required: more rules follow than the first policies had.
const MORE_RULES: u8 = 2;

pub fn write_policy(policy: &Policy, out: &mut Vec<u8>) {
    out.put_varint(policy.hold_ms);
    out.put_u8(policy.extensions_max);
    out.put_varint(policy.extension_ms);
    out.put_varint(policy.payment_ms);
    out.put_varint(policy.retry_ms);
    out.put_u8(policy.payment_attempts_max);
    out.put_varint(u64::from(policy.seats_per_buyer_max));
    out.put_u8(policy.seats_per_hold_max);
    out.put_u8(policy.holds_per_buyer_max);
    out.put_varint(policy.cooldown_ms);
    // What was added later stands behind the rest, and only where somebody asked for it.
    let more = if policy.idle_ms.is_some() { MORE_RULES } else { 0 };
    out.put_u8(u8::from(policy.pass_required) | more);
    out.put_varint(u64::from(policy.shoppers_max));
    out.put_varint(policy.pass_ms);
    out.put_varint(u64::from(policy.buyers_max));
    if let Some(idle_ms) = policy.idle_ms {
        out.put_varint(idle_ms);
    }
}

pub fn read_policy(cursor: &mut Cursor<'_>) -> Result<Policy, WireError> {
    let mut policy = Policy {
        hold_ms: cursor.varint()?,
        extensions_max: cursor.u8()?,
        extension_ms: cursor.varint()?,
        payment_ms: cursor.varint()?,
        retry_ms: cursor.varint()?,
        payment_attempts_max: cursor.u8()?,
        seats_per_buyer_max: cursor.u16()?,
        seats_per_hold_max: cursor.u8()?,
        holds_per_buyer_max: cursor.u8()?,
        cooldown_ms: cursor.varint()?,
        ..Policy::default()
    };
    let flags = cursor.u8()?;
    if flags > MORE_RULES | 1 {
        return Err(WireError::OutOfBounds("the rules of a sale"));
    }
    policy.pass_required = flags & 1 != 0;
    policy.shoppers_max = cursor.u32()?;
    policy.pass_ms = cursor.varint()?;
    policy.buyers_max = cursor.u32()?;
    policy.idle_ms = if flags & MORE_RULES == 0 { None } else { Some(cursor.varint()?) };
    Ok(policy)
}
