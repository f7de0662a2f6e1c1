//! Proofs already used for a place, as far as this process knows: bounded, and forgotten
//! after a while.
//!
//! The store remembers too, in one step with the place. This memory answers repetitions without
//! asking it, and outlives a store that loses everything.

use std::collections::HashMap;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use floodgate_domain::{LogTime, Place};

use crate::puzzle::VALID_MS;

/// Proofs of one generation, about 40 bytes each: eight thousand joins a second for as long as
/// a challenge is valid. Beyond, the older half is forgotten early, and the store alone remembers.
pub(crate) const PROOFS_MAX: usize = 1 << 20;

/// Two generations; a proof is kept for as long as it is valid, and at most twice as long.
#[derive(Debug, Default)]
struct Generations {
    young: HashMap<u64, Place>,
    old: HashMap<u64, Place>,
    began_at: LogTime,
}

/// Which proof gave which place.
#[derive(Debug)]
pub(crate) struct SpentProofs {
    /// Of one generation.
    proofs_max: usize,
    // A plain mutex: held for two map look-ups, never across an await.
    generations: Mutex<Generations>,
}

impl SpentProofs {
    pub(crate) fn new(proofs_max: usize) -> Self {
        SpentProofs { proofs_max, generations: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The place a proof has given.
    pub(crate) fn place(&self, proof: u64) -> Option<Place> {
        let generations = self.lock();
        let Generations { young, old, .. } = &*generations;
        young.get(&proof).or_else(|| old.get(&proof)).copied()
    }

    /// Remembers it.
    pub(crate) fn spend(&self, proof: u64, place: Place, now: LogTime) {
        let mut generations = self.lock();
        let is_full = generations.young.len() >= self.proofs_max;
        if is_full || now >= generations.began_at.plus(VALID_MS) {
            if is_full {
                metrics::counter!("floodgate_puzzle_spent_overflows_total").increment(1);
            }
            // A generation that was quiet for as long as a proof is valid is over as well.
            let is_stale = now >= generations.began_at.plus(2 * VALID_MS);
            let young = mem::take(&mut generations.young);
            generations.old = if is_stale { HashMap::new() } else { young };
            generations.began_at = now;
        }
        generations.young.insert(proof, place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_kept_while_it_is_valid_and_then_forgotten() {
        let spent = SpentProofs::new(PROOFS_MAX);
        let start = 1_000_000;
        spent.spend(1, Place(10), LogTime(start));
        spent.spend(2, Place(20), LogTime(start + VALID_MS - 1));
        spent.spend(3, Place(30), LogTime(start + VALID_MS));
        for (proof, place) in [(1, 10), (2, 20), (3, 30)] {
            assert_eq!(spent.place(proof), Some(Place(place)));
        }
        spent.spend(4, Place(40), LogTime(start + 2 * VALID_MS));
        assert_eq!((spent.place(1), spent.place(3)), (None, Some(Place(30))));
        spent.spend(5, Place(50), LogTime(start + 9 * VALID_MS));
        assert_eq!((spent.place(4), spent.place(5)), (None, Some(Place(50))));
    }

    #[test]
    fn it_stays_bounded() {
        let spent = SpentProofs::new(100);
        let count = 2_010;
        for proof in 0..count {
            spent.spend(proof, Place(proof), LogTime(1_000_000));
        }
        let generations = spent.lock();
        assert!(generations.young.len() + generations.old.len() <= 200);
        drop(generations);
        assert_eq!(spent.place(count - 1), Some(Place(count - 1)));
    }
}
