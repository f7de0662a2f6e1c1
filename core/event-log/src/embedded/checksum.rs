//! What every record at rest is checked with, and the file's description of itself.
//!
//! CRC-32 (ISO 3309, as in zlib) over everything a record says and where it says it, so that
//! neither a flipped bit nor a record in another's place goes unnoticed. It finds every burst of up
//! to 32 bits; it is no protection against somebody who can write to the file.

use crate::traits::{Offset, Partition};
/// The record's parts as the tables have them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parts<'a> {
    pub(super) offset: Offset,
    pub(super) at: u64,
    pub(super) key: &'a [u8],
    /// `None` is a tombstone.
    pub(super) value: Option<&'a [u8]>,
    /// As they are encoded; empty for none.
    pub(super) headers: &'a [u8],
}

/// The checksum of a record in its partition. The sizes of its parts are part of it: bytes that
/// move from one to the next are noticed.
pub(super) fn of_record(topic: &str, partition: Partition, parts: Parts<'_>) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(topic.as_bytes());
    sum.update(&partition.to_le_bytes());
    sum.update(&parts.offset.to_le_bytes());
    sum.update(&parts.at.to_le_bytes());
    sum.update(&[u8::from(parts.value.is_some())]);
    for part in [parts.key, parts.value.unwrap_or_default(), parts.headers] {
        sum.update(&(part.len() as u64).to_le_bytes());
        sum.update(part);
    }
    sum.finalize()
}

/// What one more byte behind it makes of a difference between two sums (the polynomial of CRC-32,
/// reflected): sums are linear, so a flipped bit changes every sum in the same way. Of a single bit
/// it makes what the bit itself, as the last byte's, changes.
pub(super) fn step(difference: u32) -> u32 {
    const POLYNOMIAL: u32 = 0xedb8_8320;
    (0..8).fold(difference, |sum, _| (sum >> 1) ^ (POLYNOMIAL & (sum & 1).wrapping_neg()))
}

/// The checksum of names and values, in the order of the names.
pub(super) fn of_about<'a>(rows: impl Iterator<Item = (&'a str, &'a str)>) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    for text in rows.flat_map(|(name, value)| [name, value]) {
        sum.update(&(text.len() as u64).to_le_bytes());
        sum.update(text.as_bytes());
    }
    sum.finalize()
}
