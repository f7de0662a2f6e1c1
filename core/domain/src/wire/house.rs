//! What staff do by hand, on the wire.

use super::cursor::{Cursor, WireError, WireWriter};
use crate::house::{Gift, HouseSeats, NOTE_BYTES_MAX, RefundReason, RefundWhy};
use crate::plan::SEATS_PER_PLAN_MAX;
use crate::seats::{SEATS_PER_SET_MAX, SeatId, SeatSet};

pub(super) fn write_house(house: &HouseSeats, out: &mut Vec<u8>) {
    write_seat_set(&house.seats, out);
    out.put_text(&house.note);
}

pub(super) fn read_house(cursor: &mut Cursor<'_>) -> Result<HouseSeats, WireError> {
    Ok(HouseSeats { seats: read_seat_set(cursor)?, note: cursor.text(NOTE_BYTES_MAX)? })
}

pub(super) fn write_gift(gift: &Gift, out: &mut Vec<u8>) {
    out.put_seats(&gift.seats);
    out.put_text(&gift.note);
}

pub(super) fn read_gift(cursor: &mut Cursor<'_>) -> Result<Gift, WireError> {
    Ok(Gift { seats: cursor.seats()?, note: cursor.text(NOTE_BYTES_MAX)? })
}

pub(super) fn write_why(why: &RefundWhy, out: &mut Vec<u8>) {
    out.put_u8(why.reason as u8);
    out.put_text(&why.note);
}

pub(super) fn read_why(cursor: &mut Cursor<'_>) -> Result<RefundWhy, WireError> {
    let reason = RefundReason::from_number(cursor.u8()?);
    let reason = reason.ok_or(WireError::OutOfBounds("a reason to refund"))?;
    Ok(RefundWhy { reason, note: cursor.text(NOTE_BYTES_MAX)? })
}

/// The last field of a record, which older ones do not have.
pub(super) fn read_last_why(cursor: &mut Cursor<'_>) -> Result<Option<Box<RefundWhy>>, WireError> {
    if cursor.remaining() == 0 {
        return Ok(None);
    }
    read_why(cursor).map(|why| Some(Box::new(why)))
}

/// Runs of seats: how many, then of each the gap before it and its length less one. Rows and whole
/// sections cost a few bytes.
pub(super) fn write_seat_set(seats: &SeatSet, out: &mut Vec<u8>) {
    out.put_count(seats.runs().count());
    let mut end = 0;
    for (first, count) in seats.runs() {
        out.put_varint(u64::from(first.0 - end));
        out.put_varint(u64::from(count - 1));
        end = first.0 + count;
    }
}

pub(super) fn read_seat_set(cursor: &mut Cursor<'_>) -> Result<SeatSet, WireError> {
    let wrong = WireError::OutOfBounds("a set of seats");
    let runs = cursor.usize(SEATS_PER_SET_MAX, "a count of runs")?;
    let (mut seats, mut end) = (Vec::new(), 0_u64);
    for run in 0..runs {
        let gap = cursor.bounded(u64::from(SEATS_PER_PLAN_MAX), "a seat")?;
        let count = cursor.bounded(SEATS_PER_SET_MAX as u64 - 1, "a count of seats")? + 1;
        let first = end + gap;
        end = first + count;
        // Two runs that touch would be a second form of one.
        let touches = run > 0 && gap == 0;
        let fits = seats.len() as u64 + count <= SEATS_PER_SET_MAX as u64;
        if touches || !fits || end > u64::from(SEATS_PER_PLAN_MAX) {
            return Err(wrong);
        }
        seats.extend((first..end).map(|seat| SeatId(seat as u32)));
    }
    SeatSet::of(seats).ok_or(wrong)
}
