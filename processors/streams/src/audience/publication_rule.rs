//! What may be published: pure, so that it can be tested to the last person.

use floodgate_privacy::{SEED_BYTES, Scale, noise};

use super::cell::Cell;

/// How a count becomes one that may be published, if it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PublicationRule {
    /// No record says less.
    pub(crate) threshold: u64,
    pub(crate) scale: Scale,
}

impl PublicationRule {
    /// The count with its noise, unless that is below the threshold. The noise decides this too: that a
    /// cell is missing says as little of anybody as what it would have said.
    pub(crate) fn publishes(self, count: i64, cell: Cell, seed: &[u8; SEED_BYTES]) -> Option<u64> {
        let drawn = noise(seed, cell.to_string().as_bytes(), self.scale);
        let noisy = u64::try_from(count.saturating_add(drawn)).ok()?;
        (noisy >= self.threshold).then_some(noisy)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn noise_decides_what_is_published() {
        let rule = PublicationRule { threshold: 100, scale: Scale::of(4, 1_000_000).unwrap() };
        let said = |count: i64| {
            let seeds = (0..200_u8).map(|seed| rule.publishes(count, Cell::All, &[seed; 32]));
            seeds.flatten().collect::<Vec<u64>>()
        };
        assert!(said(0).is_empty(), "a cell of nobody would need a noise of 25 scales");
        let (few, many) = (said(97), said(103));
        assert!((20..100).contains(&few.len()), "{}", few.len());
        assert!((100..180).contains(&many.len()), "{}", many.len());
        assert!(few.iter().chain(&many).all(|count| *count >= 100));
        assert_eq!(said(1_000).len(), 200);
        assert_eq!(rule.publishes(-5, Cell::All, &[1; 32]), None);
    }
}
