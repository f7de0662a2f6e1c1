//! Pauses between retries.

use std::time::Duration;

/// Pauses that double up to a bound, each cut by up to half at random, so that those who failed
/// together do not come back together.
#[derive(Debug, Clone)]
pub struct Backoff {
    next: Duration,
    min: Duration,
    max: Duration,
}

impl Backoff {
    #[must_use]
    pub fn new(min: Duration, max: Duration) -> Self {
        Backoff { next: min, min, max }
    }

    /// How long to wait before the next try.
    pub fn pause(&mut self) -> Duration {
        let whole = self.next;
        self.next = (self.next * 2).min(self.max);
        whole.mul_f64(0.5 + rand::random::<f64>() / 2.0)
    }

    /// What failed works again.
    pub fn reset(&mut self) {
        self.next = self.min;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_their_bound_and_begin_again() {
        let mut backoff = Backoff::new(Duration::from_millis(50), Duration::from_millis(300));
        for whole in [50, 100, 200, 300, 300] {
            let pause = backoff.pause();
            let whole = Duration::from_millis(whole);
            assert!((whole / 2..=whole).contains(&pause), "{pause:?} of {whole:?}");
        }
        backoff.reset();
        assert!(backoff.pause() <= Duration::from_millis(50));
    }
}
