//! Lines of seats that touch although they are in different blocks, because their prices differ or
//! because they are many; and lines with wheelchair spaces.
//!
//! The index knows groups within a block. These are looked at when there is none, and for
//! wheelchair spaces, seat by seat: a row at a time, the best row first.

use floodgate_domain::plan::CategorySet;
use floodgate_domain::seats::{SeatId, SeatList};

use super::block::Block;

/// Blocks whose seats touch, by their place in the map, in the order of the plan.
type Line = Vec<u32>;

/// The lines of one event that the index does not cover.
#[derive(Debug, Clone, Default)]
pub(super) struct Lines {
    /// Of several blocks each.
    long: Vec<Line>,
    /// With a wheelchair space or a companion's seat.
    accessible: Vec<Line>,
}

/// What a seat is to somebody who needs a wheelchair space, the most suitable neighbour first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Companion,
    Ordinary,
    Wheelchair,
    Closed,
}

impl Lines {
    pub(super) fn of(blocks: &[Block]) -> Self {
        let mut in_plan: Vec<u32> = (0..blocks.len() as u32).collect();
        in_plan.sort_unstable_by_key(|&at| blocks[at as usize].first_seat);
        let mut all: Vec<Line> = Vec::new();
        for at in in_plan {
            match all.last_mut().filter(|_| blocks[at as usize].touches) {
                Some(line) => line.push(at),
                None => all.push(vec![at]),
            }
        }
        let best_first = |line: &Line| {
            let block = &blocks[line[0] as usize];
            (block.rank, block.first_seat)
        };
        all.sort_unstable_by_key(best_first);
        let has_pool = |line: &&Line| line.iter().any(|&at| blocks[at as usize].accessible != 0);
        let accessible = all.iter().filter(has_pool).cloned().collect();
        all.retain(|line| line.len() > 1);
        Lines { long: all, accessible }
    }

    /// The first `size` ordinary seats in a row that touch, over the borders of blocks.
    pub(super) fn group(
        &self,
        blocks: &[Block],
        size: usize,
        categories: CategorySet,
    ) -> Option<SeatList> {
        self.long.iter().find_map(|line| {
            let mut group = SeatList::new();
            for block in line.iter().map(|&at| &blocks[at as usize]) {
                let wanted = categories.contains(block.category);
                let open = if wanted { block.open_to_all() } else { 0 };
                for at in 0..block.count {
                    if open & 1 << at == 0 {
                        group = SeatList::new();
                    } else {
                        group.push(SeatId(block.first_seat + u32::from(at)));
                    }
                    if group.len() == size {
                        return Some(group);
                    }
                }
            }
            None
        })
    }

    /// `size` free seats that touch, at least one of them a wheelchair space: beside it companions'
    /// seats before ordinary ones, and another wheelchair space only where nothing else is left.
    pub(super) fn accessible_group(
        &self,
        blocks: &[Block],
        size: usize,
        categories: CategorySet,
    ) -> Option<SeatList> {
        self.accessible.iter().find_map(|line| {
            let seats: Vec<(u32, Kind)> =
                line.iter().flat_map(|&at| kinds_in(&blocks[at as usize], categories)).collect();
            let cost = |group: &&[(u32, Kind)]| {
                let of = |kind| group.iter().filter(|seat| seat.1 == kind).count();
                (of(Kind::Wheelchair), of(Kind::Ordinary))
            };
            let suits = |group: &&[(u32, Kind)]| {
                let is = |kind| group.iter().any(|seat| seat.1 == kind);
                is(Kind::Wheelchair) && !is(Kind::Closed)
            };
            let best = seats.windows(size).filter(suits).min_by_key(cost)?;
            let mut group = SeatList::new();
            best.iter().for_each(|seat| {
                group.push(SeatId(seat.0));
            });
            Some(group)
        })
    }

    /// Whether any seat of the pool is free: a wheelchair space, or with `companions` either.
    pub(super) fn any_accessible(
        &self,
        blocks: &[Block],
        categories: CategorySet,
        companions: bool,
    ) -> bool {
        let blocks = self.accessible.iter().flatten().map(|&at| &blocks[at as usize]);
        blocks.filter(|block| categories.contains(block.category)).any(|block| {
            let pool = block.free & block.accessible;
            if companions { pool != 0 } else { block.open_wheelchair_spaces() != 0 }
        })
    }
}

fn kinds_in(block: &Block, categories: CategorySet) -> impl Iterator<Item = (u32, Kind)> + '_ {
    let free = if categories.contains(block.category) { block.free } else { 0 };
    (0..block.count).map(move |at| {
        let has = |bits: u64| bits & 1 << at != 0;
        let kind = match () {
            () if !has(free) => Kind::Closed,
            () if has(block.open_wheelchair_spaces()) => Kind::Wheelchair,
            () if has(block.accessible) => Kind::Companion,
            () => Kind::Ordinary,
        };
        (block.first_seat + u32::from(at), kind)
    })
}
