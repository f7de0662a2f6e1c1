//! Networks that request many challenges get harder ones: a bot farm in one network pays for its
//! numbers, while everybody else's puzzle stays as it is.
//!
//! Counted by each gateway on its own, roughly, and for a minute: a few people who share a slot or
//! a network with a crowd compute for some milliseconds more.
//!
//! Those who wait instead wait one after the other: a wait costs nothing but time, and only one
//! wait at a time costs a network what it is meant to.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use floodgate_domain::LogTime;

/// Counters: a quarter of a megabyte, and few neighbourhoods of a sale share one.
const SLOTS: usize = 1 << 16;
const MINUTE_MS: u64 = 60_000;
/// Levels a crowd can add: eight times the work.
const STEPS_MAX: u8 = 3;
/// How long the last of a neighbourhood may have to wait; who comes then is refused for now.
const WAIT_MS_MAX: u64 = 600_000;

/// How many challenges each neighbourhood was given in this minute.
// Relaxed everywhere: rough counts, no other memory depends on them.
#[derive(Debug)]
pub(crate) struct Neighbours {
    counts: Box<[AtomicU32]>,
    minute: AtomicU64,
    /// How many of each neighbourhood have entered in this minute, and in which minute that is.
    entries: Box<[AtomicU64]>,
    /// Until when the waits of each neighbourhood last that were given out; half a megabyte.
    waits: Box<[AtomicU64]>,
    /// Slots nobody outside can choose.
    keys: RandomState,
}

impl Neighbours {
    pub(crate) fn new() -> Self {
        let counts = (0..SLOTS).map(|_| AtomicU32::new(0)).collect();
        let waits = (0..SLOTS).map(|_| AtomicU64::new(0)).collect();
        let entries = (0..SLOTS).map(|_| AtomicU64::new(0)).collect();
        Neighbours { counts, minute: AtomicU64::new(0), entries, waits, keys: RandomState::new() }
    }

    fn slot(&self, network: u64) -> usize {
        self.keys.hash_one(network) as usize % SLOTS
    }

    /// How many of a neighbourhood have entered in this minute.
    pub(crate) fn entered(&self, network: u64, now: LogTime) -> u32 {
        let (minute, count) = unpacked(self.entries[self.slot(network)].load(Ordering::Relaxed));
        if minute == now.0 / MINUTE_MS { count } else { 0 }
    }

    /// One more of a neighbourhood has entered.
    pub(crate) fn note_entry(&self, network: u64, now: LogTime) {
        let now = now.0 / MINUTE_MS;
        let add = |before| {
            let (minute, count) = unpacked(before);
            let count = if minute == now { count.saturating_add(1) } else { 1 };
            Some(now << 32 | u64::from(count))
        };
        let entries = &self.entries[self.slot(network)];
        let _ = entries.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    /// One more wait of `wait_ms` for a neighbourhood, behind those it was given before: when it is
    /// over. If it has too many, how long until another can be given.
    pub(crate) fn wait(&self, network: u64, now: LogTime, wait_ms: u64) -> Result<LogTime, u64> {
        let end = |before: u64| before.max(now.0).saturating_add(wait_ms);
        let latest = now.0.saturating_add(WAIT_MS_MAX.max(wait_ms));
        let booked = self.waits[self.slot(network)].fetch_update(
            Ordering::Relaxed,
            Ordering::Relaxed,
            |before| Some(end(before)).filter(|end| *end <= latest),
        );
        match booked {
            Ok(before) => Ok(LogTime(end(before))),
            Err(before) => Err(end(before) - latest),
        }
    }

    /// One more challenge for a neighbourhood: how many levels that adds, where the first `free` of
    /// a minute add none. With `free` 0 none ever do.
    pub(crate) fn note(&self, network: u64, now: LogTime, free: u32) -> u8 {
        let minute = now.0 / MINUTE_MS;
        if self.minute.fetch_max(minute, Ordering::Relaxed) < minute {
            self.counts.iter().for_each(|count| count.store(0, Ordering::Relaxed));
        }
        let before = self.counts[self.slot(network)].fetch_add(1, Ordering::Relaxed);
        steps(before, free)
    }
}

/// Minute and count of one number.
fn unpacked(entries: u64) -> (u64, u32) {
    (entries >> 32, entries as u32)
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

    #[test]
    fn a_network_waits_one_after_the_other() {
        let neighbours = Neighbours::new();
        let now = LogTime(10 * MINUTE_MS);
        let ends: Vec<u64> =
            (0..120).map(|_| neighbours.wait(1, now, 5_000).map_or(0, |end| end.0)).collect();
        // Eighty places for no work took five seconds; now they take four hundred.
        assert_eq!((ends[0], ends[79]), (now.0 + 5_000, now.0 + 400_000));
        assert_eq!(neighbours.wait(1, now, 5_000), Err(5_000), "ten minutes are enough");
        assert!(neighbours.wait(1, now.plus(5_000), 5_000).is_ok(), "and later one more");
        let strangers = (2..200).map(|network| neighbours.wait(network, now, 5_000));
        let late = strangers.filter(|end| *end != Ok(now.plus(5_000))).count();
        assert!(late < 5, "{late} strangers share a slot with the crowd");
    }

    #[test]
    fn entries_are_counted_by_network_and_minute() {
        let neighbours = Neighbours::new();
        let now = LogTime(10 * MINUTE_MS);
        (0..7).for_each(|_| neighbours.note_entry(1, now));
        assert_eq!(neighbours.entered(1, now.plus(MINUTE_MS - 1)), 7);
        assert_eq!(neighbours.entered(1, now.plus(MINUTE_MS)), 0);
        neighbours.note_entry(1, now.plus(MINUTE_MS));
        assert_eq!(neighbours.entered(1, now.plus(MINUTE_MS)), 1);
    }
}
