//! What the later forms of a snapshot say of an event beyond the first.
//!
//! All of it is empty under the first rules, and most of it is under the others: so each is a list
//! of what there is, by number.

use super::announcements::Announcements;
use super::block::Block;
use super::codes::Codes;
use super::consents::Consents;
use super::event::{Event, SetAside};
use super::quality::Quality;
use super::releases::Releases;
use super::seat_map::SeatMap;
use super::unanswered::{Pending, Unanswered};
use super::version::{
    A_DECLINE_TAKES_NO_TIME, ANNOUNCEMENTS_GO_OUT, AUDIENCE_IS_RELEASED, BASE_VERSION, PRESALE,
};
use floodgate_domain::details::SaleTimes;
use floodgate_domain::ids::{BuyerId, HoldId, LogTime};
use floodgate_domain::wire::{Cursor, WireError, WireWriter, read_time, write_time};

/// A count larger than what is left to read is damage; every element takes a byte or more.
pub(super) const COUNT_MAX: usize = 1 << 30;

pub(super) fn read_count(cursor: &mut Cursor<'_>) -> Result<usize, WireError> {
    let count = cursor.usize(COUNT_MAX, "a count")?;
    if count <= cursor.remaining() { Ok(count) } else { Err(WireError::TooShort) }
}

/// The forms, not the rules: those in force are part of the state. A state under older rules is
/// written in the form of builds that have no others.
pub(super) const FIRST_FORM: u8 = 1;
const SECOND_FORM: u8 = 2;
const THIRD_FORM: u8 = 3;
const FOURTH_FORM: u8 = 4;
const FIFTH_FORM: u8 = 5;
pub(super) const FORM: u8 = 6;

pub(super) fn form_of(version: u32) -> u8 {
    match version {
        BASE_VERSION => FIRST_FORM,
        version if version < ANNOUNCEMENTS_GO_OUT => SECOND_FORM,
        version if version < PRESALE => THIRD_FORM,
        version if version < AUDIENCE_IS_RELEASED => FOURTH_FORM,
        version if version < A_DECLINE_TAKES_NO_TIME => FIFTH_FORM,
        _ => FORM,
    }
}

/// What the later forms say beyond the first.
pub(super) fn write_later(event: &Event, form: u8, out: &mut Vec<u8>) {
    if form != FIRST_FORM {
        write_additions(event, out);
    }
    if form > SECOND_FORM {
        write_messages(event, out);
    }
    if form > THIRD_FORM {
        write_presale(event, out);
    }
    if form > FOURTH_FORM {
        event.releases.write(out);
    }
    if form > FIFTH_FORM {
        write_hold_ends(event, out);
    }
}

pub(super) fn read_later(
    event: &mut Event,
    cursor: &mut Cursor<'_>,
    form: u8,
) -> Result<(), WireError> {
    if form == FIRST_FORM {
        event.buyers.find_all(Vec::new(), 0);
    } else {
        read_additions(event, cursor)?;
    }
    if form > SECOND_FORM {
        read_messages(event, cursor)?;
    }
    if form > THIRD_FORM {
        read_presale(event, cursor)?;
    }
    if form > FOURTH_FORM {
        event.releases = Releases::read(cursor)?;
    }
    if form > FIFTH_FORM {
        read_hold_ends(event, cursor)?;
    }
    Ok(())
}

fn write_additions(event: &Event, out: &mut Vec<u8>) {
    write_unanswered(&event.unanswered, out);
    let bound = event.orders.slots.iter().enumerate();
    let bound = bound.filter_map(|(slot, order)| Some((slot, order.pay_by?)));
    out.put_count(bound.clone().count());
    for (slot, pay_by) in bound {
        out.put_count(slot);
        out.put_varint(pay_by.0);
    }
    let cooled = event.buyers.records.iter().enumerate();
    let cooled = cooled.filter(|(_, buyer)| buyer.cooldown_count > 0);
    out.put_count(cooled.clone().count());
    for (at, buyer) in cooled {
        out.put_count(at);
        out.put_u8(buyer.cooldown_count);
    }
    out.put_count(event.set_aside.len());
    for (hold_id, SetAside { seats, until }) in &event.set_aside {
        out.put_u64_fixed(hold_id.0);
        out.put_seats(seats);
        out.put_varint(until.0);
    }
    write_neighbours(&event.seat_map.blocks, out);
    write_visits(event, out);
    let (free, hand) = event.buyers.free_and_hand();
    out.put_count(free.len());
    free.iter().for_each(|&at| out.put_varint(u64::from(at)));
    out.put_varint(u64::from(hand));
    let SaleTimes { opens_at, closes_at, .. } = event.sale_times;
    write_time(opens_at, out);
    write_time(closes_at, out);
    out.put_varint(u64::from(event.details_revision));
    write_quality(event.seat_map.quality.as_ref(), out);
}

fn read_additions(event: &mut Event, cursor: &mut Cursor<'_>) -> Result<(), WireError> {
    event.unanswered = read_unanswered(cursor)?;
    for _ in 0..read_count(cursor)? {
        let order = event.orders.slots.get_mut(cursor.u32()? as usize);
        let order = order.ok_or(WireError::OutOfBounds("a slot"))?;
        order.pay_by = Some(cursor.time()?);
    }
    for _ in 0..read_count(cursor)? {
        let buyer = event.buyers.records.get_mut(cursor.u32()? as usize);
        let buyer = buyer.ok_or(WireError::OutOfBounds("a buyer's number"))?;
        buyer.cooldown_count = cursor.u8()?;
    }
    for _ in 0..read_count(cursor)? {
        let hold_id = HoldId(cursor.u64_fixed()?);
        let aside = SetAside { seats: cursor.seats()?, until: cursor.time()? };
        event.set_aside.insert(hold_id, aside);
    }
    read_neighbours(&mut event.seat_map, cursor)?;
    read_visits(event, cursor)?;
    let free: Result<Vec<u32>, WireError> =
        (0..read_count(cursor)?).map(|_| cursor.u32()).collect();
    let found = event.buyers.find_all(free?, cursor.u32()?);
    found.ok_or(WireError::OutOfBounds("a buyer's number"))?;
    let (opens_at, closes_at) = (read_time(cursor)?, read_time(cursor)?);
    event.sale_times = SaleTimes { presale_at: None, opens_at, closes_at };
    event.details_revision = cursor.u32()?;
    event.seat_map.quality = read_quality(cursor, event.seat_map.seat_count())?;
    Ok(())
}

/// The third form: consents and announcements.
fn write_messages(event: &Event, out: &mut Vec<u8>) {
    event.consents.write(out);
    event.announcements.write(out);
}

fn read_messages(event: &mut Event, cursor: &mut Cursor<'_>) -> Result<(), WireError> {
    let buyers = read_count(cursor)?;
    event.consents = Consents::read(cursor, buyers)?;
    let count = read_count(cursor)?;
    event.announcements = Announcements::read(cursor, count)?;
    Ok(())
}

/// The fourth form: the presale and its codes.
fn write_presale(event: &Event, out: &mut Vec<u8>) {
    write_time(event.sale_times.presale_at, out);
    event.codes.write(out);
}

fn read_presale(event: &mut Event, cursor: &mut Cursor<'_>) -> Result<(), WireError> {
    event.sale_times.presale_at = read_time(cursor)?;
    event.codes = Codes::read(cursor)?;
    Ok(())
}

/// Since when the sale is open, and who may be idle when.
fn write_visits(event: &Event, out: &mut Vec<u8>) {
    out.put_varint(event.open_since.0);
    let visits = event.buyers.records.iter().enumerate();
    let visits = visits.filter(|(_, buyer)| buyer.idle_ms > 0);
    out.put_count(visits.clone().count());
    for (at, buyer) in visits {
        out.put_count(at);
        out.put_varint(u64::from(buyer.idle_ms));
        out.put_varint(buyer.idle_until.0);
    }
}

fn read_visits(event: &mut Event, cursor: &mut Cursor<'_>) -> Result<(), WireError> {
    event.open_since = cursor.time()?;
    for _ in 0..read_count(cursor)? {
        let buyer = event.buyers.records.get_mut(cursor.u32()? as usize);
        let buyer = buyer.ok_or(WireError::OutOfBounds("a buyer's number"))?;
        (buyer.idle_ms, buyer.idle_until) = (cursor.u32()?, cursor.time()?);
    }
    Ok(())
}

/// Of the few blocks about which there is something to say.
fn write_neighbours(blocks: &[Block], out: &mut Vec<u8>) {
    let says = |block: &&Block| block.touches || block.companion != 0;
    out.put_count(blocks.iter().filter(says).count());
    for (at, block) in blocks.iter().enumerate().filter(|(_, block)| says(block)) {
        out.put_count(at);
        out.put_u8(u8::from(block.touches));
        out.put_u64_fixed(block.companion);
    }
}

fn read_neighbours(seat_map: &mut SeatMap, cursor: &mut Cursor<'_>) -> Result<(), WireError> {
    let count = read_count(cursor)?;
    for _ in 0..count {
        let block = seat_map.blocks.get_mut(cursor.u32()? as usize);
        let block = block.ok_or(WireError::OutOfBounds("a block's number"))?;
        block.touches = cursor.bool()?;
        block.companion = cursor.u64_fixed()?;
    }
    if count > 0 {
        seat_map.find_lines();
    }
    Ok(())
}

/// Differences from seat to seat: a byte each along most rows.
fn write_quality(quality: Option<&Quality>, out: &mut Vec<u8>) {
    let of_seat = quality.map_or(&[][..], |quality| &quality.of_seat);
    out.put_count(of_seat.len());
    let mut last = 0;
    for &steps in of_seat {
        out.put_i32(i32::from(steps) - last);
        last = i32::from(steps);
    }
}

fn read_quality(cursor: &mut Cursor<'_>, seats: usize) -> Result<Option<Quality>, WireError> {
    let count = read_count(cursor)?;
    if count == 0 {
        return Ok(None);
    }
    // Every block finds its seats in it.
    if count < seats {
        return Err(WireError::OutOfBounds("a count of seats"));
    }
    let mut of_seat = Vec::with_capacity(count);
    let mut last = 0_i32;
    for _ in 0..count {
        last = last.wrapping_add(cursor.i32()?);
        let steps = u16::try_from(last).map_err(|_| WireError::OutOfBounds("a distance"))?;
        of_seat.push(steps);
    }
    Ok(Some(Quality { of_seat }))
}

fn write_unanswered(unanswered: &Unanswered, out: &mut Vec<u8>) {
    out.put_count(unanswered.all().len());
    for (buyer, Pending { attempts, instead }) in unanswered.all() {
        out.put_u64_fixed(buyer.0);
        out.put_count(attempts.len());
        for (hold_id, attempt) in attempts {
            out.put_u64_fixed(hold_id.0);
            out.put_u8(*attempt);
        }
        out.put_count(instead.len());
        for (one, other) in instead {
            out.put_u64_fixed(one.0);
            out.put_u64_fixed(other.0);
        }
    }
}

fn read_unanswered(cursor: &mut Cursor<'_>) -> Result<Unanswered, WireError> {
    let mut all = Vec::new();
    for _ in 0..read_count(cursor)? {
        let buyer = BuyerId(cursor.u64_fixed()?);
        let mut pending = Pending::default();
        for _ in 0..read_count(cursor)? {
            pending.attempts.insert((HoldId(cursor.u64_fixed()?), cursor.u8()?));
        }
        for _ in 0..read_count(cursor)? {
            pending.instead.insert((HoldId(cursor.u64_fixed()?), HoldId(cursor.u64_fixed()?)));
        }
        all.push((buyer, pending));
    }
    Ok(Unanswered::restored(all))
}

/// When holds end, of all orders whose rules ask for that.
fn write_hold_ends(event: &Event, out: &mut Vec<u8>) {
    let kept = event.orders.slots.iter().enumerate();
    let kept = kept.filter(|(_, order)| order.held_until != LogTime(0));
    out.put_count(kept.clone().count());
    for (slot, order) in kept {
        out.put_count(slot);
        out.put_varint(order.held_until.0);
    }
}

fn read_hold_ends(event: &mut Event, cursor: &mut Cursor<'_>) -> Result<(), WireError> {
    for _ in 0..read_count(cursor)? {
        let order = event.orders.slots.get_mut(cursor.u32()? as usize);
        let order = order.ok_or(WireError::OutOfBounds("a slot"))?;
        order.held_until = cursor.time()?;
    }
    Ok(())
}
