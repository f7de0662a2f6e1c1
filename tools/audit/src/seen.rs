//! What was read lately, so that what comes again can be compared with it.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

use floodgate_domain::FactPosition;

/// Records a repetition is compared with: far more than an owner publishes before it notices that it
/// has been replaced.
const REMEMBERED_MAX: usize = 1 << 16;

/// Position and digest of the last records, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Seen {
    records: VecDeque<(FactPosition, u64)>,
}

fn digest(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

impl Seen {
    /// Whether something comes that is not greater than the last; if so, whether it is what was
    /// there before, as far as that is remembered. Anything else is remembered.
    pub(super) fn repeats(&mut self, position: FactPosition, bytes: &[u8]) -> Option<bool> {
        let digest = digest(bytes);
        if self.records.back().is_some_and(|(last, _)| position <= *last) {
            let is_remembered = self.records.front().is_some_and(|(first, _)| *first <= position);
            let at = self.records.partition_point(|(before, _)| *before < position);
            return Some(!is_remembered || self.records.get(at) == Some(&(position, digest)));
        }
        if self.records.len() == REMEMBERED_MAX {
            self.records.pop_front();
        }
        self.records.push_back((position, digest));
        None
    }
}
