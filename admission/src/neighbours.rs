//! Networks that request many challenges get harder ones: a bot farm in one network pays for its
//! numbers, while everybody else's puzzle stays as it is.
//!
//! Networks are IPv4 /24 and IPv6 /48; who draws addresses from all of an IPv6 provider's (/32)
//! is counted there as well, with the room of several. Counted by each gateway on its own, roughly,
//! and for a minute: a few people who share a slot or a network with a crowd compute for some
//! milliseconds more.
//!
//! Those who wait instead wait one after the other: a wait costs nothing but time, and only one
//! wait at a time costs a network what it is meant to.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use floodgate_domain::LogTime;

use crate::limits::neighbourhoods;

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

    /// Whether `most` of a network, or as many for each network of a provider's room, have entered in
    /// this minute.
    pub(crate) fn have_entered(&self, address: IpAddr, now: LogTime, most: u32) -> bool {
        let is_full =
            |(key, times): (u64, u32)| self.entered(key, now) >= most.saturating_mul(times);
        neighbourhoods(address).any(is_full)
    }

    fn entered(&self, key: u64, now: LogTime) -> u32 {
        let (minute, count) = unpacked(self.entries[self.slot(key)].load(Ordering::Relaxed));
        if minute == now.0 / MINUTE_MS { count } else { 0 }
    }

    /// One more at this address has entered.
    pub(crate) fn note_entry(&self, address: IpAddr, now: LogTime) {
        neighbourhoods(address).for_each(|(key, _)| self.count_entry(key, now));
    }

    fn count_entry(&self, network: u64, now: LogTime) {
        let now = now.0 / MINUTE_MS;
        let add = |before| {
            let (minute, count) = unpacked(before);
            let count = if minute == now { count.saturating_add(1) } else { 1 };
            Some(now << 32 | u64::from(count))
        };
        let entries = &self.entries[self.slot(network)];
        let _ = entries.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    /// One more wait of `wait_ms` at this address, behind those its network was given before: when it
    /// is over. If there are too many, how long until another can be given.
    pub(crate) fn wait(&self, address: IpAddr, now: LogTime, wait_ms: u64) -> Result<LogTime, u64> {
        let mut over = now;
        // The narrowest first: who is refused there takes nothing from others.
        for (key, times) in neighbourhoods(address) {
            over = over.max(self.book(key, now, wait_ms / u64::from(times))?);
        }
        Ok(over)
    }

    fn book(&self, network: u64, now: LogTime, wait_ms: u64) -> Result<LogTime, u64> {
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

    /// One more challenge for an address: how many levels that adds, where the first `free` of a
    /// network's minute add none. With `free` 0 none ever do.
    pub(crate) fn note(&self, address: IpAddr, now: LogTime, free: u32) -> u8 {
        let levels = neighbourhoods(address)
            .map(|(key, times)| self.count_challenge(key, now, free.saturating_mul(times)));
        levels.max().unwrap_or(0)
    }

    fn count_challenge(&self, network: u64, now: LogTime, free: u32) -> u8 {
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

    /// An address in the network of this number.
    fn at(network: u8) -> IpAddr {
        IpAddr::from([198, 51, network, 7])
    }

    /// One in some network of one IPv6 provider.
    fn rotating(network: u16) -> IpAddr {
        IpAddr::from([0x2001, 0xdb8, network, 0, 0, 0, 0, 1])
    }

    #[test]
    fn a_crowd_pays_for_itself_and_for_its_minute() {
        let neighbours = Neighbours::new();
        let now = LogTime(10 * MINUTE_MS);
        let crowd: Vec<u8> = (0..50).map(|_| neighbours.note(at(1), now, 10)).collect();
        assert_eq!((crowd[9], crowd[10], crowd[20], crowd[49]), (0, 1, 2, 3));
        let strangers = (2..200).filter(|&other| neighbours.note(at(other), now, 10) > 0).count();
        assert!(strangers < 5, "{strangers} strangers share a slot with the crowd");
        assert_eq!(neighbours.note(at(1), now.plus(MINUTE_MS), 10), 0, "another minute");
        assert_eq!(neighbours.note(at(1), now, 10), 0, "an older clock clears nothing");
    }

    #[test]
    fn a_network_waits_one_after_the_other() {
        let neighbours = Neighbours::new();
        let now = LogTime(10 * MINUTE_MS);
        let ends: Vec<u64> =
            (0..120).map(|_| neighbours.wait(at(1), now, 5_000).map_or(0, |end| end.0)).collect();
        // Eighty places for no work took five seconds; now they take four hundred.
        assert_eq!((ends[0], ends[79]), (now.0 + 5_000, now.0 + 400_000));
        assert_eq!(neighbours.wait(at(1), now, 5_000), Err(5_000), "ten minutes are enough");
        assert!(neighbours.wait(at(1), now.plus(5_000), 5_000).is_ok(), "and later one more");
        let strangers = (2..200).map(|other| neighbours.wait(at(other), now, 5_000));
        let late = strangers.filter(|end| *end != Ok(now.plus(5_000))).count();
        assert!(late < 5, "{late} strangers share a slot with the crowd");
    }

    #[test]
    fn entries_are_counted_by_network_and_minute() {
        let neighbours = Neighbours::new();
        let now = LogTime(10 * MINUTE_MS);
        (0..7).for_each(|_| neighbours.note_entry(at(1), now));
        let have = |after, most| neighbours.have_entered(at(1), now.plus(after), most);
        assert!(have(MINUTE_MS - 1, 7) && !have(0, 8) && !have(MINUTE_MS, 1));
        neighbours.note_entry(at(1), now.plus(MINUTE_MS));
        assert!(have(MINUTE_MS, 1) && !have(MINUTE_MS, 2));
    }

    /// A new network for each request does not help: its provider is counted as well, with room for
    /// ten networks.
    #[test]
    fn drawing_addresses_from_a_whole_provider_is_counted() {
        let neighbours = Neighbours::new();
        let now = LogTime(10 * MINUTE_MS);
        let levels: Vec<u8> = (0..450).map(|net| neighbours.note(rotating(net), now, 10)).collect();
        assert_eq!((levels[0], levels[449]), (0, 3), "{levels:?}");
        // Now and then two networks share a slot; that makes nothing easier.
        assert!(levels[..100].iter().filter(|level| **level > 0).count() < 3, "{levels:?}");
        assert!(levels[100..].iter().all(|level| *level > 0), "{levels:?}");

        (0..100).for_each(|net| neighbours.note_entry(rotating(net), now));
        assert!(neighbours.have_entered(rotating(1_000), now, 10), "ten times ten");
        assert!(!neighbours.have_entered(rotating(1_000), now, 11));

        let wait = |net| neighbours.wait(rotating(net), now, 5_000);
        let ends: Vec<u64> = (0..400).filter_map(|net| wait(net).ok()).map(|end| end.0).collect();
        // Ten at a time: four hundred places for no work take two hundred seconds.
        assert_eq!(ends.last(), Some(&(now.0 + 200_000)));
        let refused = (400..2_000).filter(|&net| wait(net).is_err()).count();
        assert!(refused > 700, "{refused}");
        assert_eq!(neighbours.note(IpAddr::from([0x2001, 0xdb9, 0, 0, 0, 0, 0, 1]), now, 10), 0);
    }
}
