//! Reading and writing the primitive parts.
//!
//! All of it is `#[inline]`: each is a few instructions, called for every field, and mostly from
//! another crate. Without it a snapshot of 100,000 orders took twice as long to write.

use crate::ids::{LogTime, Place};
use crate::line::Frontier;
use crate::seats::{SEATS_PER_HOLD_MAX, SeatId, SeatList};

/// Why bytes are not what they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    #[error("the record ends too early")]
    TooShort,
    #[error("the record has {0} bytes too many")]
    TooLong(usize),
    #[error("wire version {0} is not known to this build; upgrade it")]
    UnknownVersion(u8),
    #[error("kind {0} is not known to this build; upgrade it")]
    UnknownKind(u8),
    #[error("a value is out of range: {0}")]
    OutOfBounds(&'static str),
}

/// Reads forward through a record.
#[derive(Debug, Clone)]
pub struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    #[must_use]
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Self {
        Cursor { rest: bytes }
    }

    /// Bytes not read yet.
    #[must_use]
    #[inline]
    pub fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// Succeeds only when everything was read.
    #[inline]
    pub fn finish(self) -> Result<(), WireError> {
        if self.rest.is_empty() { Ok(()) } else { Err(WireError::TooLong(self.rest.len())) }
    }

    #[inline]
    pub fn bytes(&mut self, count: usize) -> Result<&'a [u8], WireError> {
        let (head, rest) = self.rest.split_at_checked(count).ok_or(WireError::TooShort)?;
        self.rest = rest;
        Ok(head)
    }

    #[inline]
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let (head, rest) = self.rest.split_first_chunk::<N>().ok_or(WireError::TooShort)?;
        self.rest = rest;
        Ok(*head)
    }

    #[inline]
    pub fn u8(&mut self) -> Result<u8, WireError> {
        let (&head, rest) = self.rest.split_first().ok_or(WireError::TooShort)?;
        self.rest = rest;
        Ok(head)
    }

    #[inline]
    pub fn bool(&mut self) -> Result<bool, WireError> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(WireError::OutOfBounds("a yes or no")),
        }
    }

    #[inline]
    pub fn u32_fixed(&mut self) -> Result<u32, WireError> {
        self.array().map(u32::from_le_bytes)
    }

    #[inline]
    pub fn u64_fixed(&mut self) -> Result<u64, WireError> {
        self.array().map(u64::from_le_bytes)
    }

    #[inline]
    pub fn u128_fixed(&mut self) -> Result<u128, WireError> {
        self.array().map(u128::from_le_bytes)
    }

    /// A LEB128 number.
    #[inline]
    pub fn varint(&mut self) -> Result<u64, WireError> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return Err(WireError::OutOfBounds("a number"));
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(WireError::OutOfBounds("a number"))
    }

    /// A LEB128 number at most `max`.
    #[inline]
    pub fn bounded(&mut self, max: u64, what: &'static str) -> Result<u64, WireError> {
        let value = self.varint()?;
        if value <= max { Ok(value) } else { Err(WireError::OutOfBounds(what)) }
    }

    #[inline]
    pub fn u16(&mut self) -> Result<u16, WireError> {
        u16::try_from(self.varint()?).map_err(|_| WireError::OutOfBounds("a 16-bit number"))
    }

    #[inline]
    pub fn u32(&mut self) -> Result<u32, WireError> {
        u32::try_from(self.varint()?).map_err(|_| WireError::OutOfBounds("a 32-bit number"))
    }

    #[inline]
    pub fn usize(&mut self, max: usize, what: &'static str) -> Result<usize, WireError> {
        usize::try_from(self.varint()?)
            .ok()
            .filter(|&value| value <= max)
            .ok_or(WireError::OutOfBounds(what))
    }

    /// A zigzag LEB128 number.
    #[inline]
    pub fn i32(&mut self) -> Result<i32, WireError> {
        let raw = self.u32()?;
        Ok((raw >> 1).cast_signed() ^ -(raw & 1).cast_signed())
    }

    #[inline]
    pub fn time(&mut self) -> Result<LogTime, WireError> {
        self.varint().map(LogTime)
    }

    #[inline]
    pub fn place(&mut self) -> Result<Place, WireError> {
        self.varint().map(Place)
    }

    #[inline]
    pub fn frontier(&mut self) -> Result<Frontier, WireError> {
        self.varint().map(Frontier)
    }

    /// A text of at most `max` bytes.
    #[inline]
    pub fn text(&mut self, max: usize) -> Result<String, WireError> {
        self.str(max).map(str::to_owned)
    }

    /// The same, still in the record.
    #[inline]
    pub fn str(&mut self, max: usize) -> Result<&'a str, WireError> {
        let count = self.usize(max, "a text's length")?;
        std::str::from_utf8(self.bytes(count)?).map_err(|_| WireError::OutOfBounds("a text"))
    }

    /// Seats: a count, the first, then gaps; see [`WireWriter::seats`].
    #[inline]
    pub fn seats(&mut self) -> Result<SeatList, WireError> {
        let count = self.usize(SEATS_PER_HOLD_MAX, "a count of seats")?;
        let mut list = SeatList::new();
        let mut last = 0_i32;
        for _ in 0..count {
            last = last.wrapping_add(self.i32()?);
            list.push(SeatId(last.cast_unsigned()));
        }
        Ok(list)
    }
}

/// Writes a record's parts behind each other.
pub trait WireWriter {
    fn put_u8(&mut self, value: u8);
    fn put_bytes(&mut self, bytes: &[u8]);
    #[inline]
    fn put_u32_fixed(&mut self, value: u32) {
        self.put_bytes(&value.to_le_bytes());
    }
    #[inline]
    fn put_u64_fixed(&mut self, value: u64) {
        self.put_bytes(&value.to_le_bytes());
    }
    #[inline]
    fn put_u128_fixed(&mut self, value: u128) {
        self.put_bytes(&value.to_le_bytes());
    }
    /// A LEB128 number.
    #[inline]
    fn put_varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.put_u8((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.put_u8((value & 0x7f) as u8);
    }
    #[inline]
    fn put_count(&mut self, count: usize) {
        self.put_varint(count as u64);
    }
    /// A zigzag LEB128 number.
    #[inline]
    fn put_i32(&mut self, value: i32) {
        self.put_varint(u64::from(((value << 1) ^ (value >> 31)).cast_unsigned()));
    }
    #[inline]
    fn put_text(&mut self, text: &str) {
        self.put_count(text.len());
        self.put_bytes(text.as_bytes());
    }
    /// Seats as signed gaps: neighbours cost one byte each, order is kept.
    #[inline]
    fn put_seats(&mut self, seats: &SeatList) {
        self.put_count(seats.len());
        let mut last = 0_i32;
        for seat in seats.iter() {
            let number = seat.0.cast_signed();
            self.put_i32(number.wrapping_sub(last));
            last = number;
        }
    }
}

impl WireWriter for Vec<u8> {
    #[inline]
    fn put_u8(&mut self, value: u8) {
        self.push(value);
    }
    #[inline]
    fn put_bytes(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}
