//! The best block with `k` free seats in a run, found in a few word operations.
//!
//! For each group size one bitmap over all blocks, best first, under two levels of
//! summaries. A bit is set when the block has a run of at least that many free seats.

use floodgate_domain::seats::SEATS_PER_HOLD_MAX;

/// A set of small numbers with a fast "next one from here": 64-ary, three levels.
#[derive(Debug, Clone)]
struct LayeredSet {
    levels: [Vec<u64>; 3],
}

impl LayeredSet {
    fn new(count: usize) -> Self {
        let words = |bits: usize| vec![0; bits.div_ceil(64).max(1)];
        let bottom = words(count);
        let middle = words(bottom.len());
        let top = words(middle.len());
        LayeredSet { levels: [bottom, middle, top] }
    }

    fn insert(&mut self, at: usize) {
        let mut at = at;
        for level in &mut self.levels {
            level[at / 64] |= 1 << (at % 64);
            at /= 64;
        }
    }

    fn remove(&mut self, at: usize) {
        let mut at = at;
        for level in &mut self.levels {
            level[at / 64] &= !(1 << (at % 64));
            if level[at / 64] != 0 {
                return;
            }
            at /= 64;
        }
    }

    /// The smallest member that is at least `from`.
    fn next(&self, from: usize) -> Option<usize> {
        let mut at = from;
        for (height, level) in self.levels.iter().enumerate() {
            let word = level.get(at / 64)? & (u64::MAX << (at % 64));
            if word != 0 {
                let found = (at & !63) | word.trailing_zeros() as usize;
                return Some(self.descend(found, height));
            }
            // Nothing in this word from here on: look one level up, behind this word.
            at = at / 64 + 1;
        }
        self.beyond_top(at)
    }

    /// From a member of level `height` down to the smallest number below it.
    fn descend(&self, found: usize, height: usize) -> usize {
        self.levels[..height]
            .iter()
            .rev()
            .fold(found, |parent, level| parent * 64 + level[parent].trailing_zeros() as usize)
    }

    /// The top level may have several words: walk them. 64³ blocks fit into one.
    fn beyond_top(&self, first_word: usize) -> Option<usize> {
        let top = &self.levels[2];
        let word = (first_word..top.len()).find(|&word| top[word] != 0)?;
        Some(self.descend(word * 64 + top[word].trailing_zeros() as usize, 2))
    }
}

/// The index over all group sizes.
#[derive(Debug, Clone)]
pub(super) struct RunIndex {
    by_size: Vec<LayeredSet>,
}

impl RunIndex {
    /// An index over `count` blocks, none of which has a free run yet.
    pub(super) fn new(count: usize) -> Self {
        RunIndex { by_size: vec![LayeredSet::new(count); SEATS_PER_HOLD_MAX] }
    }

    /// Notes that the longest free run of block `at` went from `before` to `after` seats.
    pub(super) fn update(&mut self, at: usize, before: u8, after: u8) {
        for size in after..before {
            self.by_size[usize::from(size)].remove(at);
        }
        for size in before..after {
            self.by_size[usize::from(size)].insert(at);
        }
    }

    /// The first block from `from` on with `size` free seats in a run; `size` from 1 to
    /// [`SEATS_PER_HOLD_MAX`].
    pub(super) fn first_with(&self, size: usize, from: usize) -> Option<usize> {
        self.by_size.get(size.checked_sub(1)?)?.next(from)
    }
}

/// Length of the longest run of ones, counted up to [`SEATS_PER_HOLD_MAX`].
pub(super) fn longest_run(mut mask: u64) -> u8 {
    let mut length = 0;
    while mask != 0 && usize::from(length) < SEATS_PER_HOLD_MAX {
        mask &= mask << 1;
        length += 1;
    }
    length
}

/// Where a group of `size` can start among these free seats.
pub(super) fn starts_of(free: u64, size: u32) -> u64 {
    debug_assert!((1..=64).contains(&size));
    (1..size).fold(free, |starts, shift| starts & free >> shift)
}

/// The starts of a group of `size` that leave a single seat before it, and those after it.
pub(super) fn strands(free: u64, size: u32) -> (u64, u64) {
    let free_at = |distance: i64| match distance {
        d if d <= -64 || d >= 64 => 0,
        d if d < 0 => free << d.unsigned_abs(),
        d => free >> d,
    };
    let after = i64::from(size);
    (free_at(-1) & !free_at(-2), free_at(after) & !free_at(after + 1))
}

/// Where a group of `size` sits best in a row whose seats are alike: the lowest start that leaves no
/// single seat on either side, else the lowest start.
pub(super) fn best_start(free: u64, size: u32) -> Option<u32> {
    let starts = starts_of(free, size);
    if starts == 0 {
        return None;
    }
    let (single_before, single_after) = strands(free, size);
    let tidy = starts & !single_before & !single_after;
    Some(if tidy != 0 { tidy.trailing_zeros() } else { starts.trailing_zeros() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn groups_do_not_strand_single_seats() {
        // free seats (bit 0 = left), group size, start
        let rows = [
            (0b1_1111, 5, Some(0)),
            (0b1_1111, 2, Some(0)),
            (0b111, 2, Some(0)),
            (0b0111_0110, 2, Some(1)),
            (0b0111_0111, 3, Some(0)),
            (0b1_0111, 1, Some(0)),
            (0b1_1011, 1, Some(0)),
            (0b111, 1, Some(0)),
            (0b1_0111, 4, None),
            (0, 1, None),
            (u64::MAX, 16, Some(0)),
        ];
        for (free, size, start) in rows {
            assert_eq!(best_start(free, size), start, "{free:b} {size}");
        }
    }

    #[test]
    fn runs_are_measured() {
        for (mask, length) in [(0, 0), (1, 1), (0b1011, 2), (u64::MAX, 16), (0xffff, 16)] {
            assert_eq!(longest_run(mask), length, "{mask:b}");
        }
    }

    proptest! {
        #[test]
        fn layered_set_agrees_with_a_sorted_set(
            count in 1_usize..300_000,
            ops in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 1..200),
            probes in prop::collection::vec(any::<prop::sample::Index>(), 20),
        ) {
            let mut set = LayeredSet::new(count);
            let mut model = std::collections::BTreeSet::new();
            for (at, insert) in &ops {
                let at = at.index(count);
                if *insert {
                    set.insert(at);
                    model.insert(at);
                } else {
                    set.remove(at);
                    model.remove(&at);
                }
            }
            for probe in &probes {
                let from = probe.index(count);
                prop_assert_eq!(set.next(from), model.range(from..).next().copied());
            }
            prop_assert_eq!(set.next(0), model.first().copied());
            prop_assert_eq!(set.next(count), None);
        }

        #[test]
        fn a_placed_group_fits(free in any::<u64>(), size in 1_u32..=16) {
            if let Some(start) = best_start(free, size) {
                let group = ((1_u64 << size) - 1) << start;
                prop_assert_eq!(free & group, group);
            } else {
                prop_assert!(u32::from(longest_run(free)) < size);
            }
        }
    }
}
