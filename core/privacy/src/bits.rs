//! Random bits that a seed and a cell determine.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

pub const SEED_BYTES: usize = 32;

/// What this stream is for, so that a seed that is used for anything else gives other bits.
const LABEL: &[u8] = b"floodgate audience noise v1";
const BLOCK_BYTES: usize = 32;

/// A stream of bits: HMAC-SHA256 under the seed, over label, cell and a counter of blocks. To whoever has
/// not got the seed they look like random ones.
#[derive(Clone)]
pub struct Bits {
    under_cell: Hmac<Sha256>,
    block: [u8; BLOCK_BYTES],
    used: usize,
    next_block: u64,
}

// Bits and seed stay out of log lines.
impl std::fmt::Debug for Bits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bits at block {}", self.next_block)
    }
}

impl Bits {
    #[must_use]
    pub fn of(seed: &[u8; SEED_BYTES], cell: &[u8]) -> Self {
        let mut under_cell =
            Hmac::<Sha256>::new_from_slice(seed).expect("HMAC takes keys of any length");
        under_cell.update(LABEL);
        // Its length first, so that no cell with a counter is another cell with another.
        under_cell.update(&(cell.len() as u64).to_be_bytes());
        under_cell.update(cell);
        Bits { under_cell, block: [0; BLOCK_BYTES], used: BLOCK_BYTES, next_block: 0 }
    }

    fn word(&mut self) -> u64 {
        if self.used == BLOCK_BYTES {
            let mut hmac = self.under_cell.clone();
            hmac.update(&self.next_block.to_be_bytes());
            self.block = hmac.finalize().into_bytes().into();
            self.next_block += 1;
            self.used = 0;
        }
        let mut word = [0; 8];
        word.copy_from_slice(&self.block[self.used..self.used + 8]);
        self.used += 8;
        u64::from_be_bytes(word)
    }

    pub(crate) fn coin(&mut self) -> bool {
        self.word() & 1 == 1
    }

    /// A number below `bound`, each as likely as the others. What would favour the small ones is drawn
    /// again: fewer than half of all words, so two draws on average at the very most.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        let bound = bound.max(1);
        let rest = (u64::MAX % bound + 1) % bound;
        loop {
            let word = self.word();
            if word <= u64::MAX - rest {
                return word % bound;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seed_and_cell_determine_the_bits() {
        let words = |seed: u8, cell: &[u8]| {
            let mut bits = Bits::of(&[seed; SEED_BYTES], cell);
            [(); 6].map(|()| bits.word())
        };
        assert_eq!(words(1, b"all"), words(1, b"all"));
        assert_ne!(words(1, b"all"), words(2, b"all"));
        assert_ne!(words(1, b"all"), words(1, b"al"));
        // Golden: another stream would draw the noise of old releases again.
        assert_eq!(words(7, b"all")[..2], [GOLDEN.0, GOLDEN.1]);
        assert_eq!(words(7, b"all")[5], GOLDEN.2, "from the second block");
    }

    const GOLDEN: (u64, u64, u64) =
        (6973712467056704440, 2095009468972710687, 17789819409917204582);

    #[test]
    fn numbers_below_a_bound_are_even() {
        let mut bits = Bits::of(&[3; SEED_BYTES], b"even");
        let mut counts = [0_u32; 6];
        (0..60_000).for_each(|_| counts[bits.below(6) as usize] += 1);
        // χ² with 5 degrees of freedom: above 20.5 once in a thousand seeds; this is one seed.
        let chi: f64 = counts.iter().map(|&n| (f64::from(n) - 10_000.0).powi(2) / 10_000.0).sum();
        assert!(chi < 20.5, "{counts:?}: {chi}");
        assert_eq!(bits.below(1), 0);
        assert_eq!(bits.below(0), 0);
        // More than half of all words: what is drawn again is nearly half of them.
        assert!((0..50).all(|_| bits.below((1 << 63) + 1) <= 1 << 63));
    }
}
