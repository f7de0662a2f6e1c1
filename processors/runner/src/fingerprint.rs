//! Which record came last before a snapshot, so that a snapshot is never used with another log.
//!
//! A folder or bucket may outlive the log it belongs to, or two installations may share one by
//! mistake. Such a state would be wrong for every seat, and nothing about it would look wrong.

use floodgate_event_log::Record;

/// Before every state: what the record before it looked like. Zero before the first record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RecordFingerprint {
    at: u64,
    sum: u32,
}

/// The first byte of a state with a fingerprint.
const FORMAT: u8 = 1;
const BYTES: usize = 13;

impl RecordFingerprint {
    pub(crate) fn of(record: &Record) -> Self {
        RecordFingerprint { at: record.at.0, sum: crc32fast::hash(&record.value) }
    }

    /// Writes itself where a state will follow.
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        out.push(FORMAT);
        out.extend_from_slice(&self.at.to_le_bytes());
        out.extend_from_slice(&self.sum.to_le_bytes());
    }

    /// The fingerprint and the state behind it; `None` for what another build wrote.
    pub(crate) fn split(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (head, state) = bytes.split_first_chunk::<BYTES>()?;
        let [FORMAT, rest @ ..] = head else { return None };
        let (at, sum) = rest.split_at(8);
        let at = u64::from_le_bytes(at.try_into().ok()?);
        Some((RecordFingerprint { at, sum: u32::from_le_bytes(sum.try_into().ok()?) }, state))
    }
}
