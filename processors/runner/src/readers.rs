//! Readers as the loops hold them.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use floodgate_event_log::{LogError, LogReader, Offset, Record};

/// A reader in a box that may be debugged.
pub(crate) struct Reader(pub(crate) Box<dyn LogReader>);

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reader at {}", self.0.position())
    }
}

/// A reader that first gives what was read from it already.
pub(crate) struct Kept {
    first: VecDeque<Record>,
    then: Reader,
}

impl Kept {
    pub(crate) fn new(first: VecDeque<Record>, then: Reader) -> Self {
        Kept { first, then }
    }
}

impl LogReader for Kept {
    fn poll(
        &mut self,
        max: usize,
        wait: Duration,
        into: &mut Vec<Record>,
    ) -> Result<usize, LogError> {
        if self.first.is_empty() {
            return self.then.0.poll(max, wait, into);
        }
        let count = self.first.len().min(max);
        into.extend(self.first.drain(..count));
        Ok(count)
    }

    fn position(&self) -> Offset {
        self.first.front().map_or_else(|| self.then.0.position(), |record| record.offset)
    }

    fn behind(&mut self) -> Result<u64, LogError> {
        Ok(self.first.len() as u64 + self.then.0.behind()?)
    }
}
