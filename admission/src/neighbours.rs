//! Networks that request many challenges get harder ones: a bot farm in one network pays for its
//! numbers, while everybody else's puzzle stays as it is.
//!
//! Counted by each gateway on its own, roughly, and for a minute: a few people who share a slot or
//! a network with a crowd compute for some milliseconds more.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use floodgate_domain::LogTime;

/// Counters: a quarter of a megabyte, and few neighbourhoods of a sale share one.
const SLOTS: usize = 1 << 16;
const MINUTE_MS: u64 = 60_000;
/// Levels a crowd can add: eight times the work.
const STEPS_MAX: u8 = 3;

/// How many challenges each neighbourhood was given in this minute.
// Relaxed everywhere: rough counts, no other memory depends on them.
#[derive(Debug)]
pub(crate) struct Neighbours {
    counts: Box<[AtomicU32]>,
    minute: AtomicU64,
    /// Slots nobody outside can choose.
    keys: RandomState,
}

impl Neighbours {
    pub(crate) fn new() -> Self {
        let counts = (0..SLOTS).map(|_| AtomicU32::new(0)).collect();
        Neighbours { counts, minute: AtomicU64::new(0), keys: RandomState::new() }
    }

    /// One more challenge for a neighbourhood: how many levels that adds, where the first `free` of
    /// a minute add none. With `free` 0 none ever do.
    pub(crate) fn note(&self, network: u64, now: LogTime, free: u32) -> u8 {
        let minute = now.0 / MINUTE_MS;
        if self.minute.fetch_max(minute, Ordering::Relaxed) < minute {
            self.counts.iter().for_each(|count| count.store(0, Ordering::Relaxed));
        }
        let slot = self.keys.hash_one(network) as usize % SLOTS;
        let before = self.counts[slot].fetch_add(1, Ordering::Relaxed);
        steps(before, free)
    }
}

/// One level more with each doubling beyond what is free.
fn steps(before: u32, free: u32) -> u8 {
    match before.checked_div(free) {
        None | Some(0) => 0,
        Some(times) => STEPS_MAX.min(times.ilog2() as u8 + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_doubling_is_a_level() {
        let rows = [
            (0, 0, 0),
            (1_000_000, 0, 0),
            (0, 100, 0),
            (99, 100, 0),
            (100, 100, 1),
            (199, 100, 1),
            (200, 100, 2),
            (399, 100, 2),
            (400, 100, 3),
            (u32::MAX, 1, 3),
        ];
        for (before, free, expected) in rows {
            assert_eq!(steps(before, free), expected, "{before} of {free}");
        }
    }

    #[test]
    fn a_crowd_pays_for_itself_and_for_its_minute() {
        let neighbours = Neighbours::new();
        let now = LogTime(10 * MINUTE_MS);
        let crowd: Vec<u8> = (0..50).map(|_| neighbours.note(1, now, 10)).collect();
        assert_eq!((crowd[9], crowd[10], crowd[20], crowd[49]), (0, 1, 2, 3));
        let strangers = (2..200).filter(|&network| neighbours.note(network, now, 10) > 0).count();
        assert!(strangers < 5, "{strangers} strangers share a slot with the crowd");
        assert_eq!(neighbours.note(1, now.plus(MINUTE_MS), 10), 0, "another minute");
        assert_eq!(neighbours.note(1, now, 10), 0, "an older clock clears nothing");
    }
}
