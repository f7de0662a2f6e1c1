//! The large, rare parts: new events, prices, policies.

use super::cursor::{Cursor, WireError, WireWriter};
use crate::command::NewEvent;
use crate::details::{
    EventDetails, LINE_BYTES_MAX, Look, Picture, TEXT_BYTES_MAX, TIME_ZONE_BYTES_MAX,
};
use crate::ids::{LogTime, VenueId};
use crate::plan::wire::{decode_plan, encode_plan};
use crate::plan::{CATEGORIES_MAX, SEATS_PER_PLAN_MAX};
use crate::policy::Policy;
use crate::price::{Currency, PriceTable, TIERS_MAX, Tier};

/// A plan on the wire; the native form of the largest plan stays well below.
const PLAN_BYTES_MAX: usize = SEATS_PER_PLAN_MAX as usize * 16;

pub(super) fn write_new_event(new: &NewEvent, out: &mut Vec<u8>) {
    write_first_details(&new.details, out);
    out.put_u64_fixed(new.venue_id.0);
    let mut plan = Vec::new();
    encode_plan(&new.plan, &mut plan);
    out.put_count(plan.len());
    out.put_bytes(&plan);
    write_prices(&new.prices, out);
    write_policy(&new.policy, out);
    if has_more(&new.details) {
        write_more_details(&new.details, out);
    }
}

pub(super) fn read_new_event(cursor: &mut Cursor<'_>) -> Result<NewEvent, WireError> {
    let mut details = read_first_details(cursor)?;
    let venue_id = VenueId(cursor.u64_fixed()?);
    let plan_bytes = cursor.usize(PLAN_BYTES_MAX, "a plan's length")?;
    let plan = decode_plan(cursor.bytes(plan_bytes)?)?;
    let prices = read_prices(cursor)?;
    let policy = read_policy(cursor)?;
    if cursor.remaining() > 0 {
        read_more_details(&mut details, cursor)?;
    }
    Ok(NewEvent { details, venue_id, plan, prices, policy })
}

pub(super) fn write_details(details: &EventDetails, out: &mut Vec<u8>) {
    write_first_details(details, out);
    write_more_details(details, out);
}

pub(super) fn read_details(cursor: &mut Cursor<'_>) -> Result<EventDetails, WireError> {
    let mut details = read_first_details(cursor)?;
    read_more_details(&mut details, cursor)?;
    Ok(details)
}

/// What the first events said of themselves; the time is zero when it is not known.
fn write_first_details(details: &EventDetails, out: &mut Vec<u8>) {
    out.put_text(&details.name);
    out.put_text(&details.description);
    write_time(details.starts_at, out);
}

fn read_first_details(cursor: &mut Cursor<'_>) -> Result<EventDetails, WireError> {
    let name = cursor.text(LINE_BYTES_MAX)?;
    let description = cursor.text(TEXT_BYTES_MAX)?;
    let starts_at = read_time(cursor)?;
    Ok(EventDetails { name, description, starts_at, ..EventDetails::default() })
}

/// Whether a new event says more than the first events did: else nothing more is written.
fn has_more(details: &EventDetails) -> bool {
    let EventDetails { name, description, starts_at, .. } = details;
    let (name, description) = (name.clone(), description.clone());
    let first = EventDetails { name, description, ..EventDetails::default() };
    *details != EventDetails { starts_at: *starts_at, ..first }
}

/// Beside the age limit: when the event is announced, and its presale begins, follow.
const HAS_PRESALE: u8 = 0x80;

fn write_more_details(details: &EventDetails, out: &mut Vec<u8>) {
    out.put_text(&details.artist);
    out.put_text(&details.venue_name);
    out.put_text(&details.venue_address);
    out.put_text(&details.time_zone);
    let EventDetails { doors_at, ends_at, opens_at, closes_at, .. } = details;
    [doors_at, ends_at, opens_at, closes_at].into_iter().for_each(|at| write_time(*at, out));
    if let Some(picture) = &details.picture {
        out.put_u8(HAS_PICTURE);
        write_picture(picture, out);
    }
    if details.look != Look::default() {
        write_look(&details.look, out);
    }
    // No age limit comes near what says that a picture, a look or more times follow.
    let age = details.age_min.map_or(0, |age| age.saturating_add(1)).min(HAS_LOOK - 1);
    let EventDetails { announced_at, presale_at, .. } = *details;
    let has_presale = announced_at.is_some() || presale_at.is_some();
    out.put_u8(age | if has_presale { HAS_PRESALE } else { 0 });
    if has_presale {
        write_time(announced_at, out);
        write_time(presale_at, out);
    }
}

fn read_more_details(details: &mut EventDetails, cursor: &mut Cursor<'_>) -> Result<(), WireError> {
    details.artist = cursor.text(LINE_BYTES_MAX)?;
    details.venue_name = cursor.text(LINE_BYTES_MAX)?;
    details.venue_address = cursor.text(LINE_BYTES_MAX)?;
    details.time_zone = cursor.text(TIME_ZONE_BYTES_MAX)?;
    let EventDetails { doors_at, ends_at, opens_at, closes_at, .. } = details;
    for at in [doors_at, ends_at, opens_at, closes_at] {
        *at = read_time(cursor)?;
    }
    let mut age = cursor.u8()?;
    if age == HAS_PICTURE {
        details.picture = Some(read_picture(cursor)?);
        age = cursor.u8()?;
    }
    if age == HAS_LOOK {
        details.look = read_look(cursor)?;
        age = cursor.u8()?;
    }
    details.age_min = (age & !HAS_PRESALE).checked_sub(1);
    if age & HAS_PRESALE != 0 {
        details.announced_at = read_time(cursor)?;
        details.presale_at = read_time(cursor)?;
        // Neither would be a second form of the same record.
        if details.announced_at.or(details.presale_at).is_none() {
            return Err(WireError::OutOfBounds("the times of a presale"));
        }
    }
    Ok(())
}

/// Where the age limit stands, and higher than any: a picture comes first.
const HAS_PICTURE: u8 = 0x7F;

fn write_picture(picture: &Picture, out: &mut Vec<u8>) {
    out.put_bytes(&picture.digest);
    out.put_varint(u64::from(picture.width));
    out.put_varint(u64::from(picture.height));
    out.put_text(&picture.alternative);
}

fn read_picture(cursor: &mut Cursor<'_>) -> Result<Picture, WireError> {
    let (digest, width, height) = (cursor.array()?, cursor.u16()?, cursor.u16()?);
    Ok(Picture { digest, width, height, alternative: cursor.text(LINE_BYTES_MAX)? })
}

/// In the same place; a look comes behind a picture.
const HAS_LOOK: u8 = 0x7E;
/// Which parts of a look there are.
const HAS_ACCENT: u8 = 1;
const HAS_ACCENT_DARK: u8 = 2;
const HAS_LOGO: u8 = 4;

fn write_look(look: &Look, out: &mut Vec<u8>) {
    let accent = if look.accent.is_some() { HAS_ACCENT } else { 0 };
    let accent_dark = if look.accent_dark.is_some() { HAS_ACCENT_DARK } else { 0 };
    let logo = if look.logo.is_some() { HAS_LOGO } else { 0 };
    out.put_u8(HAS_LOOK);
    out.put_u8(accent | accent_dark | logo);
    for color in [look.accent, look.accent_dark].into_iter().flatten() {
        out.put_bytes(&color);
    }
    if let Some(logo) = &look.logo {
        write_picture(logo, out);
    }
}

fn read_look(cursor: &mut Cursor<'_>) -> Result<Look, WireError> {
    let parts = cursor.u8()?;
    // None at all would be a second form of the same record.
    if parts == 0 || parts > HAS_ACCENT | HAS_ACCENT_DARK | HAS_LOGO {
        return Err(WireError::OutOfBounds("the parts of a look"));
    }
    let mut look = Look::default();
    if parts & HAS_ACCENT != 0 {
        look.accent = Some(cursor.array()?);
    }
    if parts & HAS_ACCENT_DARK != 0 {
        look.accent_dark = Some(cursor.array()?);
    }
    if parts & HAS_LOGO != 0 {
        look.logo = Some(read_picture(cursor)?);
    }
    Ok(look)
}

/// Zero is not known.
pub fn write_time(at: Option<LogTime>, out: &mut Vec<u8>) {
    out.put_varint(at.map_or(0, |at| at.0));
}

pub fn read_time(cursor: &mut Cursor<'_>) -> Result<Option<LogTime>, WireError> {
    Ok(Some(cursor.time()?).filter(|&at| at != LogTime(0)))
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
            write_time(tier.until, out);
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
            let until = read_time(cursor)?;
            tiers.push(Tier { amount, fee, until_taken, until });
        }
        categories.push(tiers);
    }
    Ok(PriceTable { currency, categories })
}

/// Beside whether a pass is required: rules follow that the first policies did not have.
const HAS_IDLE: u8 = 2;
const HAS_APPROVAL: u8 = 4;
const HAS_SIGN_IN: u8 = 8;

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
    let idle = if policy.idle_ms.is_some() { HAS_IDLE } else { 0 };
    let approval = if policy.approve_announcements.is_some() { HAS_APPROVAL } else { 0 };
    let sign_in = if policy.sign_in_required.is_some() { HAS_SIGN_IN } else { 0 };
    out.put_u8(u8::from(policy.pass_required) | idle | approval | sign_in);
    out.put_varint(u64::from(policy.shoppers_max));
    out.put_varint(policy.pass_ms);
    out.put_varint(u64::from(policy.buyers_max));
    if let Some(idle_ms) = policy.idle_ms {
        out.put_varint(idle_ms);
    }
    for is_needed in [policy.approve_announcements, policy.sign_in_required].into_iter().flatten() {
        out.put_u8(u8::from(is_needed));
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
    if flags > HAS_SIGN_IN | HAS_APPROVAL | HAS_IDLE | 1 {
        return Err(WireError::OutOfBounds("the rules of a sale"));
    }
    policy.pass_required = flags & 1 != 0;
    policy.shoppers_max = cursor.u32()?;
    policy.pass_ms = cursor.varint()?;
    policy.buyers_max = cursor.u32()?;
    if flags & HAS_IDLE != 0 {
        policy.idle_ms = Some(cursor.varint()?);
    }
    if flags & HAS_APPROVAL != 0 {
        policy.approve_announcements = Some(cursor.bool()?);
    }
    if flags & HAS_SIGN_IN != 0 {
        policy.sign_in_required = Some(cursor.bool()?);
    }
    Ok(policy)
}
