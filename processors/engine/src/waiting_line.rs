//! The line as the log knows it: how far it was called, and who waits for a message.

use floodgate_domain::ids::Place;
use floodgate_domain::wire::{Cursor, Sink, WireError};

/// People who may wait for a message at once: whoever notifies them keeps about 100 bytes each.
pub(super) const AWAITING_MAX: u32 = 1 << 20;

/// What one event knows of its line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct WaitingLine {
    /// Every place below was called; at most as many as were given out.
    pub(super) called: u64,
    /// One bit a place that ever asked for a message, as far as the last one that did: at most
    /// two megabytes, like the marks of spent places.
    requested: Vec<u64>,
    /// Of those the ones not called and not entered yet. Follows from the rest.
    awaiting: u32,
}

fn bit(place: Place) -> (usize, u64) {
    (usize::try_from(place.0 / 64).unwrap_or(usize::MAX), 1 << (place.0 % 64))
}

impl WaitingLine {
    pub(super) fn has_requested(&self, place: Place) -> bool {
        let (word, bit) = bit(place);
        self.requested.get(word).is_some_and(|bits| bits & bit != 0)
    }

    pub(super) fn awaiting(&self) -> u32 {
        self.awaiting
    }

    /// A place that has not asked before; places given out bound the memory.
    pub(super) fn request(&mut self, place: Place) {
        let (word, bit) = bit(place);
        if self.requested.len() <= word {
            self.requested.resize(word + 1, 0);
        }
        self.requested[word] |= bit;
        self.awaiting += u32::from(place.0 >= self.called);
    }

    /// The line moves on; `spent` marks the places that have entered.
    pub(super) fn call(&mut self, below: Place, spent: &[u64]) {
        let called = self.called.max(below.0);
        self.awaiting -= self.requested_between(self.called, called, spent);
        self.called = called;
    }

    /// A place enters that was not marked as spent yet.
    pub(super) fn enter(&mut self, place: Place) {
        self.awaiting -= u32::from(place.0 >= self.called && self.has_requested(place));
    }

    /// Those who asked, were not called and have not entered, counted anew.
    pub(super) fn count(&self, spent: &[u64]) -> u32 {
        self.requested_between(self.called, u64::MAX, spent)
    }

    /// Places from `first` up to and without `beyond` that asked and have not entered.
    fn requested_between(&self, first: u64, beyond: u64, spent: &[u64]) -> u32 {
        let end = self.requested.len() as u64;
        let words = (first / 64).min(end)..beyond.div_ceil(64).min(end);
        let counted = words.map(|word| {
            let (at, start) = (word as usize, word * 64);
            let from_first = u64::MAX << first.saturating_sub(start).min(63);
            let to_beyond = u64::MAX >> (start + 63).saturating_sub(beyond - 1).min(63);
            let waiting = self.requested[at] & !spent.get(at).unwrap_or(&0);
            (waiting & from_first & to_beyond).count_ones()
        });
        counted.sum()
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.put_varint(self.called);
        out.put_count(self.requested.len());
        self.requested.iter().for_each(|&bits| out.put_u64_fixed(bits));
    }

    /// Reads what belongs to an event with these spent places.
    pub(super) fn read(cursor: &mut Cursor<'_>, spent: &[u64]) -> Result<Self, WireError> {
        let called = cursor.varint()?;
        let words = cursor.usize(spent.len(), "a count of places that asked")?;
        let requested: Result<Vec<u64>, WireError> =
            (0..words).map(|_| cursor.u64_fixed()).collect();
        let mut waiting_line = WaitingLine { called, requested: requested?, awaiting: 0 };
        waiting_line.awaiting = waiting_line.count(spent);
        Ok(waiting_line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_awaits_is_counted_once() {
        let mut waiting_line = WaitingLine::default();
        let mut spent = vec![0; 4];
        for place in [0, 3, 63, 64, 130] {
            waiting_line.request(Place(place));
        }
        assert_eq!(waiting_line.awaiting(), 5);
        waiting_line.enter(Place(3));
        spent[0] |= 1 << 3;
        assert_eq!(waiting_line.awaiting(), 4);
        waiting_line.call(Place(64), &spent);
        assert_eq!(waiting_line.awaiting(), 2, "64 and 130");
        waiting_line.request(Place(5));
        assert_eq!(waiting_line.awaiting(), 2, "a called place waits no more");
        waiting_line.enter(Place(130));
        spent[2] |= 1 << 2;
        waiting_line.call(Place(10), &spent);
        assert_eq!(
            (waiting_line.called, waiting_line.awaiting()),
            (64, 1),
            "the line does not go back"
        );

        let mut bytes = Vec::new();
        waiting_line.write(&mut bytes);
        let mut cursor = Cursor::new(&bytes);
        assert_eq!(WaitingLine::read(&mut cursor, &spent), Ok(waiting_line));
        assert_eq!(cursor.finish(), Ok(()));
    }
}
