//! An open-addressed index from hashes to record numbers, with linear probing.
//!
//! The records stay where they are; the index holds only their numbers, so a lookup touches
//! one line here and one there. Keys come from SHA-256 or from the engine, so nobody can
//! choose them to collide.

use std::hint::black_box;

/// Mixes a key so that its low bits depend on all of it (the finaliser of MurmurHash3).
pub(super) fn mix64(mut key: u64) -> u64 {
    key ^= key >> 33;
    key = key.wrapping_mul(0xff51_afd7_ed55_8ccd);
    key ^= key >> 33;
    key = key.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    key ^ (key >> 33)
}

/// A cell: the low half of the hash above, the record's number plus one below; 0 is empty.
///
/// The hash in the cell answers most comparisons without touching a record, which would be
/// a cache miss each, and shows where a record belongs when a gap closes.
#[derive(Debug, Clone, Copy)]
struct Cell(u64);

impl Cell {
    fn new(hash: u64, record: u32) -> Self {
        Cell(hash << 32 | (u64::from(record) + 1))
    }

    fn is_empty(self) -> bool {
        self.0 == 0
    }

    fn record(self) -> u32 {
        (self.0 as u32).wrapping_sub(1)
    }

    fn hash(self) -> usize {
        (self.0 >> 32) as usize
    }
}

/// Record numbers by hash.
#[derive(Debug)]
pub(super) struct Index {
    /// [`Cell`]s as plain numbers: a zeroed vector of those costs no memory until used.
    cells: Vec<u64>,
}

impl Index {
    /// An index that stays at most half full with `count` records; at most 2³¹ of them.
    pub(super) fn with_room_for(count: usize) -> Self {
        Index { cells: vec![0; (count.max(8) * 2).next_power_of_two()] }
    }

    fn mask(&self) -> usize {
        self.cells.len() - 1
    }

    /// The record with this hash for which `is` holds.
    pub(super) fn find(&self, hash: u64, is: impl Fn(u32) -> bool) -> Option<u32> {
        let mask = self.mask();
        let low_half = (hash & 0xffff_ffff) as usize;
        let mut at = low_half & mask;
        loop {
            let cell = Cell(self.cells[at]);
            if cell.is_empty() {
                return None;
            }
            if cell.hash() == low_half && is(cell.record()) {
                return Some(cell.record());
            }
            at = (at + 1) & mask;
        }
    }

    /// Loads the cell where a search for this hash starts; see [`super::Engine::look_ahead`].
    pub(super) fn touch(&self, hash: u64) {
        black_box(self.cells[hash as usize & self.mask()]);
    }

    /// Adds a record that is not there yet.
    pub(super) fn insert(&mut self, hash: u64, record: u32) {
        let mask = self.mask();
        let cell = Cell::new(hash, record);
        let mut at = cell.hash() & mask;
        while self.cells[at] != 0 {
            at = (at + 1) & mask;
        }
        self.cells[at] = cell.0;
    }

    /// Takes a record out and closes the gap behind it.
    pub(super) fn remove(&mut self, hash: u64, record: u32) {
        let mask = self.mask();
        let cell = Cell::new(hash, record);
        let mut hole = cell.hash() & mask;
        while self.cells[hole] != cell.0 {
            if self.cells[hole] == 0 {
                return;
            }
            hole = (hole + 1) & mask;
        }
        let mut at = hole;
        loop {
            self.cells[hole] = 0;
            loop {
                at = (at + 1) & mask;
                if self.cells[at] == 0 {
                    return;
                }
                // It may move into the hole unless its home lies behind the hole.
                let from_home = at.wrapping_sub(Cell(self.cells[at]).hash()) & mask;
                let from_hole = at.wrapping_sub(hole) & mask;
                if from_home >= from_hole {
                    break;
                }
            }
            self.cells[hole] = self.cells[at];
            hole = at;
        }
    }

    /// Doubles when `count` records would fill more than half of it.
    pub(super) fn grow_for(&mut self, count: usize) {
        if count * 2 <= self.cells.len() {
            return;
        }
        let old = std::mem::replace(self, Index::with_room_for(count * 2));
        for cell in old.cells.into_iter().map(Cell).filter(|cell| !cell.is_empty()) {
            self.insert(cell.hash() as u64, cell.record());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn agrees_with_a_map(ops in prop::collection::vec((0_u32..60, any::<bool>()), 1..400)) {
            // A weak hash makes long probe chains on purpose.
            let hash = |record: u32| u64::from(record % 7);
            let mut index = Index::with_room_for(64);
            let mut model = std::collections::BTreeSet::new();
            for (record, insert) in ops {
                if insert && model.insert(record) {
                    index.insert(hash(record), record);
                } else if !insert {
                    model.remove(&record);
                    index.remove(hash(record), record);
                }
                for probe in 0..60 {
                    let found = index.find(hash(probe), |at| at == probe).is_some();
                    prop_assert_eq!(found, model.contains(&probe));
                }
            }
        }
    }
}
