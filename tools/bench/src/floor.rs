//! What memory alone costs: as many random cache lines as a decision has to touch.
//!
//! The tables of a sale are larger than any cache, so a decision waits for memory. Two floors: each
//! line asked for once the one before is there, as a fold does that takes one command after the
//! other; and a batch of such chains at once, which is what looking ahead makes of it.

use std::hint::black_box;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::cpu::of_this_thread;

/// Lines of a decision: the cell and the entry of its outcome, the cell of the outcome that goes
/// for it, the cell and the record of its buyer, its order, its seats' state and owners.
const LINES: usize = 8;
/// Chains at once: as many commands are looked ahead at together.
const CHAINS: usize = 64;
/// A line of a cache, in bytes.
const LINE_BYTES: usize = 64;
/// Steps between two looks at the clock, and how long it is chased for.
const STEPS: usize = 4_096;
const CHASE: Duration = Duration::from_millis(300);

/// A line, and where the next one is.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Line {
    next: u32,
    /// Written as well: a decision changes what it touches.
    touched: u32,
}

/// Decisions a second that memory of this size allows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Floor {
    /// One line after the other.
    pub(super) chased: f64,
    /// A batch of chains at once.
    pub(super) overlapped: f64,
}

impl Floor {
    /// Of a table of so many bytes.
    pub(super) fn of(bytes: usize, seed: u64) -> Self {
        let mut lines = circle((bytes / LINE_BYTES).max(CHAINS), seed);
        Floor { chased: chase::<1>(&mut lines), overlapped: chase::<CHAINS>(&mut lines) }
    }
}

/// One circle through all lines (Sattolo 1986): no chain comes back before it has seen all.
fn circle(count: usize, seed: u64) -> Vec<Line> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut lines: Vec<Line> = (0..count as u32).map(|next| Line { next, touched: 0 }).collect();
    for at in (1..count).rev() {
        let other = rng.random_range(0..at);
        let next = lines[at].next;
        lines[at].next = std::mem::replace(&mut lines[other].next, next);
    }
    lines
}

/// Decisions a second of so many chains at once.
fn chase<const COUNT: usize>(lines: &mut [Line]) -> f64 {
    let apart = lines.len() / COUNT;
    let mut at: [u32; COUNT] = std::array::from_fn(|chain| (chain * apart) as u32);
    let (mut steps, mut took, started) = (0, Duration::ZERO, of_this_thread());
    while took < CHASE {
        for _ in 0..STEPS {
            for chain in &mut at {
                let line = &mut lines[*chain as usize];
                line.touched = line.touched.wrapping_add(1);
                *chain = line.next;
            }
        }
        steps += STEPS;
        took = of_this_thread().saturating_sub(started);
    }
    black_box(at);
    (steps * COUNT / LINES) as f64 / took.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_sees_every_line_once() {
        let lines = circle(1_000, 7);
        let (mut at, mut seen) = (0, vec![false; lines.len()]);
        for _ in 0..lines.len() {
            assert!(!std::mem::replace(&mut seen[at], true), "line {at} came twice");
            at = lines[at].next as usize;
        }
        assert_eq!(at, 0, "back at the beginning");
    }
}
