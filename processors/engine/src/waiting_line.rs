//! The line as recorded in the log: how far it was called, and who awaits a message.
//!
//! It knows places only by their rank. Those who have entered are no longer in it.

use floodgate_domain::line::{Frontier, Rank};
use floodgate_domain::wire::{Cursor, WireError, WireWriter};

/// People who may await a message at once: whoever notifies them keeps about 100 bytes each.
pub(super) const AWAITING_MAX: u32 = 1 << 20;

/// What one event knows of its line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct WaitingLine {
    /// At most as far as places were given out.
    pub(super) called: Frontier,
    /// One bit a rank whose place asked for a message and has not entered, as far as the last one
    /// that did: at most two megabytes, like the marks of spent places.
    requested: Vec<u64>,
    /// Of those the ones not called yet. Follows from the rest.
    awaiting: u32,
}

fn bit(rank: Rank) -> (usize, u64) {
    (usize::try_from(rank.0 / 64).unwrap_or(usize::MAX), 1 << (rank.0 % 64))
}

impl WaitingLine {
    pub(super) fn has_requested(&self, rank: Rank) -> bool {
        let (word, bit) = bit(rank);
        self.requested.get(word).is_some_and(|bits| bits & bit != 0)
    }

    pub(super) fn awaiting(&self) -> u32 {
        self.awaiting
    }

    /// A place that has not asked before; places given out bound the memory.
    pub(super) fn request(&mut self, rank: Rank) {
        let (word, bit) = bit(rank);
        if self.requested.len() <= word {
            self.requested.resize(word + 1, 0);
        }
        self.requested[word] |= bit;
        self.awaiting += u32::from(!self.called.has_called(rank));
    }

    /// The line moves on.
    pub(super) fn call(&mut self, below: Frontier) {
        let called = self.called.max(below);
        self.awaiting -= self.requested_between(self.called.0, called.0);
        self.called = called;
    }

    /// A place enters: it awaits nothing any more.
    pub(super) fn enter(&mut self, rank: Rank) {
        if !self.has_requested(rank) {
            return;
        }
        let (word, bit) = bit(rank);
        self.requested[word] &= !bit;
        self.awaiting -= u32::from(!self.called.has_called(rank));
    }

    /// Those who asked, were not called and have not entered, counted anew.
    pub(super) fn count(&self) -> u32 {
        self.requested_between(self.called.0, u64::MAX)
    }

    /// Ranks from `first` up to and without `beyond` whose places asked and have not entered.
    fn requested_between(&self, first: u64, beyond: u64) -> u32 {
        let end = self.requested.len() as u64;
        let words = (first / 64).min(end)..beyond.div_ceil(64).min(end);
        let counted = words.map(|word| {
            let (at, start) = (word as usize, word * 64);
            let from_first = u64::MAX << first.saturating_sub(start).min(63);
            let to_beyond = u64::MAX >> (start + 63).saturating_sub(beyond - 1).min(63);
            (self.requested[at] & from_first & to_beyond).count_ones()
        });
        counted.sum()
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.put_varint(self.called.0);
        out.put_count(self.requested.len());
        self.requested.iter().for_each(|&bits| out.put_u64_fixed(bits));
    }

    /// Reads the line of an event whose places take so many words of bits.
    pub(super) fn read(cursor: &mut Cursor<'_>, words_max: usize) -> Result<Self, WireError> {
        let called = cursor.frontier()?;
        let words = cursor.usize(words_max, "a count of places that asked")?;
        let requested: Result<Vec<u64>, WireError> =
            (0..words).map(|_| cursor.u64_fixed()).collect();
        let mut waiting_line = WaitingLine { called, requested: requested?, awaiting: 0 };
        waiting_line.awaiting = waiting_line.count();
        Ok(waiting_line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_awaits_is_counted_once() {
        let mut line = WaitingLine::default();
        for rank in [0, 3, 63, 64, 130] {
            line.request(Rank(rank));
        }
        assert_eq!(line.awaiting(), 5);
        line.enter(Rank(3));
        assert_eq!(line.awaiting(), 4);
        line.call(Frontier(64));
        assert_eq!(line.awaiting(), 2, "64 and 130");
        line.request(Rank(5));
        assert_eq!(line.awaiting(), 2, "who was called awaits nothing more");
        line.enter(Rank(130));
        line.enter(Rank(131));
        line.call(Frontier(10));
        assert_eq!((line.called, line.awaiting()), (Frontier(64), 1), "the line does not go back");

        let mut bytes = Vec::new();
        line.write(&mut bytes);
        let mut cursor = Cursor::new(&bytes);
        assert_eq!(WaitingLine::read(&mut cursor, 4), Ok(line));
        assert_eq!(cursor.finish(), Ok(()));
    }
}
