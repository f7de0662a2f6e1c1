//! Dials on the wire.
//!
//! One byte says which of them follow, then those in its order, the reason, the origin.

use super::MESSAGE_BYTES_MAX;
use super::cursor::{Cursor, Sink, WireError};
use crate::dials::{PhaseDial, RoomDials};

const PER_MINUTE: u8 = 1;
const SHOPPERS_MAX: u8 = 2;
const PUZZLE_LEVEL: u8 = 4;
const PHASE: u8 = 8;
const MESSAGE: u8 = 16;
const ALL: u8 = PER_MINUTE | SHOPPERS_MAX | PUZZLE_LEVEL | PHASE | MESSAGE;

pub(super) fn write_room_dials(dials: &RoomDials, out: &mut Vec<u8>) {
    let RoomDials { per_minute, shoppers_max, puzzle_level, phase, message, reason, origin } =
        dials;
    let flag = |is_turned: bool, bit: u8| if is_turned { bit } else { 0 };
    out.put_u8(
        flag(per_minute.is_some(), PER_MINUTE)
            | flag(shoppers_max.is_some(), SHOPPERS_MAX)
            | flag(puzzle_level.is_some(), PUZZLE_LEVEL)
            | flag(phase.is_some(), PHASE)
            | flag(message.is_some(), MESSAGE),
    );
    for number in [per_minute, shoppers_max].into_iter().flatten() {
        out.put_varint(u64::from(*number));
    }
    if let Some(level) = puzzle_level {
        out.put_u8(*level);
    }
    if let Some(phase) = phase {
        out.put_u8(*phase as u8);
    }
    if let Some(message) = message {
        out.put_text(message);
    }
    out.put_text(reason);
    out.put_u64_fixed(*origin);
}

pub(super) fn read_room_dials(cursor: &mut Cursor<'_>) -> Result<RoomDials, WireError> {
    let turned = cursor.u8()?;
    if turned & !ALL != 0 {
        return Err(WireError::OutOfBounds("a dial"));
    }
    let has = |bit: u8| turned & bit != 0;
    Ok(RoomDials {
        per_minute: has(PER_MINUTE).then(|| cursor.u32()).transpose()?,
        shoppers_max: has(SHOPPERS_MAX).then(|| cursor.u32()).transpose()?,
        puzzle_level: has(PUZZLE_LEVEL).then(|| cursor.u8()).transpose()?,
        phase: has(PHASE).then(|| read_phase(cursor)).transpose()?,
        message: has(MESSAGE).then(|| cursor.text(MESSAGE_BYTES_MAX)).transpose()?,
        reason: cursor.text(MESSAGE_BYTES_MAX)?,
        origin: cursor.u64_fixed()?,
    })
}

fn read_phase(cursor: &mut Cursor<'_>) -> Result<PhaseDial, WireError> {
    PhaseDial::from_code(cursor.u8()?).ok_or(WireError::OutOfBounds("a phase"))
}
