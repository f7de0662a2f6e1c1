//! A state with what it rests on, so that it is never used with another log.
//!
//! A folder or bucket may outlive the log it belongs to, or two installations may share one by
//! mistake. Such a state would be wrong for every seat, and nothing about it would look wrong.

use floodgate_domain::FactPosition;
use floodgate_event_log::RecordMark;

/// The first byte of a state that says which record came before it, and of one that says as well
/// which fact did.
const WITH_RECORD: u8 = 1;
const WITH_FACT: u8 = 2;

/// What a state follows from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Basis {
    /// What the command before it looked like; `None` before the first.
    pub(crate) command: Option<RecordMark>,
    /// The last fact that was decided; `None` while there is none, or where an older build did not
    /// say.
    pub(crate) fact: Option<FactPosition>,
}

impl Basis {
    /// Writes itself where a state will follow. Zeroes stand for nothing.
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        out.push(WITH_FACT);
        out.extend_from_slice(&self.command.map_or([0; RecordMark::BYTES], RecordMark::to_bytes));
        let (behind, index) = self.fact.map_or((0, 0), |fact| (fact.offset + 1, fact.index));
        out.extend_from_slice(&behind.to_le_bytes());
        out.extend_from_slice(&index.to_le_bytes());
    }

    /// What a state follows from, and the state; `None` for what another build wrote.
    pub(crate) fn split(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (&format, rest) = bytes.split_first()?;
        let (command, rest) = rest.split_first_chunk::<{ RecordMark::BYTES }>()?;
        let command = RecordMark::from_bytes(*command);
        if format == WITH_RECORD {
            return Some((Basis { command, fact: None }, rest));
        }
        let (behind, rest) = rest.split_first_chunk::<8>()?;
        let (index, state) = rest.split_first_chunk::<2>()?;
        let offset = u64::from_le_bytes(*behind).checked_sub(1);
        let fact = offset.map(|offset| FactPosition { offset, index: u16::from_le_bytes(*index) });
        (format == WITH_FACT).then_some((Basis { command, fact }, state))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_basis_is_what_was_written() {
        let mark = RecordMark::from_bytes([7; RecordMark::BYTES]);
        for fact in [None, Some(FactPosition { offset: 0, index: 0 })] {
            for command in [None, mark] {
                let basis = Basis { command, fact };
                let mut bytes = Vec::new();
                basis.write(&mut bytes);
                bytes.extend_from_slice(b"state");
                assert_eq!(Basis::split(&bytes), Some((basis, &b"state"[..])));
                for cut in 0..bytes.len() - 5 {
                    assert_eq!(Basis::split(&bytes[..cut]), None, "{cut}");
                }
            }
        }
        let mut older = vec![WITH_RECORD];
        older.extend_from_slice(&[7; RecordMark::BYTES]);
        assert_eq!(Basis::split(&older), Some((Basis { command: mark, fact: None }, &[][..])));
        older[0] = 3;
        assert_eq!(Basis::split(&older), None);
    }
}
