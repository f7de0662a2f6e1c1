//! What is kept of a buyer until it says nothing any more.

use std::collections::HashMap;

use floodgate_domain::BuyerId;

/// Entries below which nobody looks for those that are over.
const LOOK_AT_MIN: usize = 1_024;

/// An entry a buyer. Those that are over are dropped whenever it has doubled, so that it holds twice
/// as many as count at most, and an insertion costs the same however many there are.
#[derive(Debug)]
pub(crate) struct Fading<V> {
    entries: HashMap<BuyerId, V>,
    look_at: usize,
}

impl<V> Default for Fading<V> {
    fn default() -> Self {
        Fading { entries: HashMap::new(), look_at: LOOK_AT_MIN }
    }
}

impl<V> Fading<V> {
    pub(crate) fn get(&self, buyer: &BuyerId) -> Option<&V> {
        self.entries.get(buyer)
    }

    /// Keeps what is known of a buyer now, in place of what was; `is_over` says of any entry whether
    /// it says nothing any more.
    pub(super) fn insert(&mut self, buyer: BuyerId, value: V, is_over: impl Fn(&V) -> bool) {
        if self.entries.len() >= self.look_at {
            self.entries.retain(|_, value| !is_over(value));
            self.look_at = LOOK_AT_MIN.max(self.entries.len() * 2);
        }
        self.entries.insert(buyer, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_goes_and_the_rest_stays() {
        let mut fading = Fading::default();
        let (mut largest, kept) = (0, 50_u64);
        for number in 0..100_000_u64 {
            // Each says something until fifty more have come.
            fading.insert(BuyerId(number), number, |at| at + kept < number);
            largest = largest.max(fading.entries.len());
            assert!(fading.get(&BuyerId(number.saturating_sub(kept))).is_some());
        }
        assert!(largest <= LOOK_AT_MIN + 1, "{largest}");
    }
}
