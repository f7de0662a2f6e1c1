//! How long shoppers stay, from those who left.

/// Shoppers the mean looks back on, more or less: it follows a crowd that changes.
const WEIGHT: u64 = 256;

/// A mean that follows.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Stay {
    left_count: u64,
    mean_ms: u64,
}

impl Stay {
    /// Somebody left after so long.
    pub(super) fn note(&mut self, stay_ms: u64) {
        self.left_count = (self.left_count + 1).min(WEIGHT);
        let others = self.left_count - 1;
        // Whole milliseconds: what rounding loses does not matter here.
        self.mean_ms = (self.mean_ms * others + stay_ms) / self.left_count;
    }

    /// The mean; `None` before anybody left.
    pub(crate) fn mean_ms(&self) -> Option<u64> {
        (self.left_count > 0).then_some(self.mean_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_mean_first_and_follows_later() {
        let mut stay = Stay::default();
        assert_eq!(stay.mean_ms(), None);
        [60_000, 120_000, 180_000].into_iter().for_each(|ms| stay.note(ms));
        assert_eq!(stay.mean_ms(), Some(120_000));
        (0..5_000).for_each(|_| stay.note(30_000));
        assert!(stay.mean_ms().is_some_and(|ms| ms.abs_diff(30_000) < 500));
    }
}
