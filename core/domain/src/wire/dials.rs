//! Changes of dials on the wire: how many are set, then the number and value of each, ascending;
//! the reason; the origin.

use super::MESSAGE_BYTES_MAX;
use super::cursor::{Cursor, WireError, WireWriter};
use crate::dials::{DIALS, Dial, DialChange, DialKind, DialValue, PhaseDial};

pub(super) fn write_dial_change(change: &DialChange, out: &mut Vec<u8>) {
    out.put_count(change.turned().count());
    for (dial, value) in change.turned() {
        out.put_u8(dial.wire);
        match value {
            DialValue::Number(number) => out.put_varint(number),
            DialValue::Text(text) => out.put_text(&text),
            DialValue::Phase(phase) => out.put_u8(phase as u8),
        }
    }
    out.put_text(&change.reason);
    out.put_u64_fixed(change.origin);
}

pub(super) fn read_dial_change(cursor: &mut Cursor<'_>) -> Result<DialChange, WireError> {
    let mut change = DialChange::default();
    let mut last = 0;
    for _ in 0..cursor.usize(DIALS.len(), "a count of dials")? {
        let number = cursor.u8()?;
        let known = DIALS.iter().find(|dial| dial.wire == number && number > last);
        let dial = known.ok_or(WireError::OutOfBounds("a dial's number"))?;
        last = number;
        let value = read_value(dial, cursor)?;
        if !dial.set(&mut change, &value) {
            return Err(WireError::OutOfBounds("a dial's value"));
        }
    }
    change.reason = cursor.text(MESSAGE_BYTES_MAX)?;
    change.origin = cursor.u64_fixed()?;
    Ok(change)
}

/// By its type alone: whether it is within the bounds is for the engine to say, in the log.
fn read_value(dial: &Dial, cursor: &mut Cursor<'_>) -> Result<DialValue, WireError> {
    match dial.kind {
        DialKind::Number { .. } | DialKind::Duration { .. } => {
            cursor.varint().map(DialValue::Number)
        }
        DialKind::Text { .. } => cursor.text(MESSAGE_BYTES_MAX).map(DialValue::Text),
        DialKind::Phase => PhaseDial::from_code(cursor.u8()?)
            .map(DialValue::Phase)
            .ok_or(WireError::OutOfBounds("a phase")),
    }
}
