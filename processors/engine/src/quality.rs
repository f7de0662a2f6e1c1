//! How good each seat is, and where a group sits best among the free seats of a block.
//!
//! The nearer to the plan's focal point, the better. A group is as good as its worst seat and its
//! middle one; to leave a single seat that nobody else wants counts as sitting further away.

use super::block::Block;
use super::run_index::{starts_of, strands};
use floodgate_domain::plan::Plan;

/// Plan units in a step of quality, a fiftieth of a seat: so fine that of two neighbours the nearer is
/// known, so coarse that the largest house fits.
const STEP: u64 = 2;
/// A group sits so many steps further away rather than leave a single seat, twice as many rather
/// than two: three seats' width, so that the next row's middle comes before a row's torn end.
const SINGLE: u32 = 150;
/// Places that differ by less are alike, and the search ends: half a seat, and a thirty-second of the
/// way to the focal point, since from afar nobody sees a seat's difference.
const ALIKE: u32 = 25;
const ALIKE_SHARE: u32 = 32;

/// Distances from the focal point by seat, in steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Quality {
    pub(super) of_seat: Vec<u16>,
}

/// Where a group may sit, ordered from the best on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Seating {
    /// Twice the steps: of the worst seat and of the middle.
    cost: u32,
    pub(super) first_seat: u32,
}

impl Seating {
    /// Whether a block could have a better place, whose nearest seat is so far away.
    pub(super) fn may_be_beaten_at(self, nearest: u32) -> bool {
        2 * (nearest + nearest / ALIKE_SHARE + ALIKE) < self.cost
    }
}

impl Quality {
    /// None: only rows have ranks.
    pub(super) fn of(plan: &Plan) -> Option<Self> {
        let focus = plan.focus?;
        let mut of_seat = Vec::with_capacity(plan.seat_count() as usize);
        for (_, _, run) in plan.runs() {
            of_seat.extend((0..run.labels.len()).map(|at| steps(run.shape.point(at), focus)));
        }
        Some(Quality { of_seat })
    }

    fn seats(&self, block: &Block) -> &[u16] {
        let first = block.first_seat as usize;
        &self.of_seat[first..first + usize::from(block.count)]
    }

    /// The steps to a block's nearest seat.
    pub(super) fn nearest(&self, block: &Block) -> u32 {
        self.seats(block).iter().copied().min().unwrap_or(u16::MAX).into()
    }

    /// The best place for `size` ordinary seats that touch, if the block has any.
    pub(super) fn seating(&self, block: &Block, size: u32) -> Option<Seating> {
        let free = block.open_to_all();
        let (single_before, single_after) = strands(free, size);
        let of = self.seats(block);
        let mut starts = starts_of(free, size);
        let mut best: Option<Seating> = None;
        while starts != 0 {
            let start = starts.trailing_zeros();
            starts &= starts - 1;
            let steps = |at: u32| u32::from(of[(start + at) as usize]);
            // Along a row the distance only falls, then only grows: an end is the worst.
            let worst = steps(0).max(steps(size - 1));
            let middle = u32::midpoint(steps((size - 1) / 2), steps(size / 2));
            let singles = (single_before >> start & 1) + (single_after >> start & 1);
            let cost = worst + middle + 2 * SINGLE * singles as u32;
            let seating = Seating { cost, first_seat: block.first_seat + start };
            best = Some(best.map_or(seating, |best| best.min(seating)));
        }
        best
    }
}

/// Whole numbers only, so that every machine decides alike.
fn steps(point: (i32, i32), focus: (i32, i32)) -> u16 {
    let away = |a: i32, b: i32| u64::from(a.abs_diff(b));
    let (x, y) = (away(point.0, focus.0), away(point.1, focus.1));
    let distance = x.saturating_mul(x).saturating_add(y.saturating_mul(y)).isqrt();
    u16::try_from(distance / STEP).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seats in a straight row before a focal point at its middle.
    fn row(count: u8) -> (Quality, Block) {
        let at = |seat: u8| steps((i32::from(seat) * 100, 500), (i32::from(count - 1) * 50, 0));
        let block = Block {
            first_seat: 0,
            rank: 0,
            category: 0,
            count,
            general_admission: false,
            touches: false,
            for_sale: (1 << count) - 1,
            accessible: 0,
            companion: 0,
            free: (1 << count) - 1,
            sold: 0,
            longest: 0,
        };
        (Quality { of_seat: (0..count).map(at).collect() }, block)
    }

    #[test]
    fn groups_sit_in_the_middle_and_tear_no_row() {
        let (quality, block) = row(11);
        for (free, size, start) in [
            (0b111_1111_1111, 1, Some(5)),
            (0b111_1111_1111, 3, Some(4)),
            (0b111_1111_1111, 10, Some(0)),
            // The middle is taken: beside it.
            (0b111_1000_1111, 2, Some(2)),
            // Nearer would leave a single seat.
            (0b000_0000_0111, 2, Some(1)),
            (0b111_1001_0111, 1, Some(4)),
            (0b000_0000_0000, 1, None),
        ] {
            let block = Block { free, ..block.clone() };
            let found = quality.seating(&block, size).map(|seating| seating.first_seat);
            assert_eq!(found, start, "{free:011b} {size}");
        }
    }

    #[test]
    fn distances_are_bounded() {
        assert_eq!(steps((0, 0), (300, 400)), 250);
        assert_eq!(steps((i32::MIN, 0), (i32::MAX, 0)), u16::MAX);
    }
}
