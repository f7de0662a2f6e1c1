//! The seats of one event as bits: which are free, held or sold, and where the best ones are.
//!
//! A block is up to 64 adjacent seats of one category. Blocks are kept in the order they
//! are served: by category, then by the row's rank, then in plan order.

use super::run_index::{RunIndex, best_start, longest_run};
use floodgate_domain::plan::{CATEGORIES_MAX, CategorySet, Plan, SeatFlags, SectionKind};
use floodgate_domain::seats::{SeatId, SeatList, SeatState};

/// Seats of one run that fit into one word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) first_seat: u32,
    pub(super) rank: u32,
    pub(super) category: u8,
    pub(super) count: u8,
    /// Any places will do: a standing area.
    pub(super) general_admission: bool,
    /// Seats that can be sold at all.
    pub(super) for_sale: u64,
    /// Wheelchair and companion seats: never given to a general request.
    pub(super) accessible: u64,
    pub(super) free: u64,
    pub(super) sold: u64,
    /// Longest run of free general seats, as noted in the index.
    pub(super) longest: u8,
}

impl Block {
    fn open_to_all(&self) -> u64 {
        self.free & !self.accessible
    }
}

/// All seats of one event.
#[derive(Debug, Clone)]
pub(super) struct SeatMap {
    pub(super) blocks: Vec<Block>,
    /// Per category, its blocks: from, up to.
    spans: Vec<(u32, u32)>,
    seat_block: Vec<u32>,
    index: RunIndex,
    /// Categories of the plan, sold or not.
    pub(super) category_count: usize,
    pub(super) capacity: u32,
    pub(super) free: u32,
    pub(super) sold: u32,
    /// Held and sold seats by category, for price tiers.
    taken: [u32; CATEGORIES_MAX],
}

impl SeatMap {
    /// Lays a checked plan out in blocks, everything free.
    pub(super) fn build(plan: &Plan) -> Self {
        let mut blocks = Vec::new();
        let mut first_seat = 0_u32;
        for (section, row, run) in plan.runs() {
            let count = run.labels.len();
            let pieces = count.div_ceil(64).max(1);
            for piece in 0..pieces {
                // Near-equal pieces keep both halves of a long run useful.
                let (from, to) = (count * piece / pieces, count * (piece + 1) / pieces);
                let flagged = |flag: SeatFlags| {
                    run.flags
                        .iter()
                        .map(|(at, flags)| (usize::from(*at), flags))
                        .filter(|(at, flags)| (from..to).contains(at) && flags.has(flag))
                        .fold(0_u64, |mask, (at, _)| mask | 1 << (at - from))
                };
                let all = mask_of((to - from) as u32);
                let for_sale = all & !flagged(SeatFlags::BLOCKED);
                blocks.push(Block {
                    first_seat: first_seat + from as u32,
                    rank: row.rank,
                    category: run.category,
                    count: (to - from) as u8,
                    general_admission: plan.sections[section].kind == SectionKind::GeneralAdmission,
                    for_sale,
                    accessible: flagged(SeatFlags::ACCESSIBLE) | flagged(SeatFlags::COMPANION),
                    free: for_sale,
                    sold: 0,
                    longest: 0,
                });
            }
            first_seat += count as u32;
        }
        blocks.retain(|block| block.count > 0);
        blocks.sort_by_key(|block| (block.category, block.rank, block.first_seat));
        SeatMap::from_blocks(blocks, plan.categories.len())
    }

    /// Rebuilds the derived tables from blocks in serving order.
    pub(super) fn from_blocks(mut blocks: Vec<Block>, category_count: usize) -> Self {
        let seat_count = blocks.iter().map(|b| b.first_seat as usize + usize::from(b.count)).max();
        let mut seat_block = vec![u32::MAX; seat_count.unwrap_or(0)];
        let mut index = RunIndex::new(blocks.len());
        let mut spans = vec![(0, 0); CATEGORIES_MAX];
        let mut taken = [0; CATEGORIES_MAX];
        let (mut capacity, mut free, mut sold) = (0, 0, 0);
        for (at, block) in blocks.iter_mut().enumerate() {
            let number = at as u32;
            for seat in 0..u32::from(block.count) {
                seat_block[(block.first_seat + seat) as usize] = number;
            }
            let span: &mut (u32, u32) = &mut spans[usize::from(block.category)];
            *span = (if span.1 == 0 { number } else { span.0 }, number + 1);
            taken[usize::from(block.category)] += (block.for_sale & !block.free).count_ones();
            capacity += block.for_sale.count_ones();
            free += block.free.count_ones();
            sold += block.sold.count_ones();
            block.longest = longest_run(block.open_to_all());
            index.update(at, 0, block.longest);
        }
        SeatMap { blocks, spans, seat_block, index, category_count, capacity, free, sold, taken }
    }

    /// Held and sold seats of a category.
    pub(super) fn taken(&self, category: u8) -> u32 {
        self.taken[usize::from(category)]
    }

    pub(super) fn held(&self) -> u32 {
        self.capacity - self.free - self.sold
    }

    fn locate(&self, seat: SeatId) -> Option<(usize, u64)> {
        let block = *self.seat_block.get(seat.0 as usize)? as usize;
        let bit = seat.0 - self.blocks.get(block)?.first_seat;
        Some((block, 1 << bit))
    }

    pub(super) fn seat_state(&self, seat: SeatId) -> Option<SeatState> {
        let (at, bit) = self.locate(seat)?;
        let block = &self.blocks[at];
        Some(match () {
            () if block.for_sale & bit == 0 => SeatState::NotForSale,
            () if block.free & bit != 0 => SeatState::Free,
            () if block.sold & bit != 0 => SeatState::Sold,
            () => SeatState::Held,
        })
    }

    /// Whether it is a wheelchair or companion seat.
    pub(super) fn is_accessible(&self, seat: SeatId) -> bool {
        self.locate(seat).is_some_and(|(at, bit)| self.blocks[at].accessible & bit != 0)
    }

    pub(super) fn category_of(&self, seat: SeatId) -> Option<u8> {
        self.locate(seat).map(|(at, _)| self.blocks[at].category)
    }

    pub(super) fn all_free(&self, seats: &SeatList) -> bool {
        seats.iter().all(|seat| self.seat_state(seat) == Some(SeatState::Free))
    }

    /// The best `count` seats together in one of `categories`; for a standing area any
    /// places. `None` when there is no such group.
    pub(super) fn best(&self, count: u8, categories: CategorySet) -> Option<SeatList> {
        let size = usize::from(count);
        let together = self.best_block(size, categories).map(|at| &self.blocks[at]);
        let Some(block) = together else {
            return self.best_standing(size, categories);
        };
        let start = best_start(block.open_to_all(), u32::from(count))?;
        let mut seats = SeatList::new();
        for offset in 0..u32::from(count) {
            seats.push(SeatId(block.first_seat + start + offset));
        }
        Some(seats)
    }

    /// Whether any seat at all is open to a general request in these categories.
    pub(super) fn any_open(&self, categories: CategorySet) -> bool {
        self.best_block(1, categories).is_some()
    }

    /// The best block with `size` in a run: lowest rank over the categories.
    fn best_block(&self, size: usize, categories: CategorySet) -> Option<usize> {
        let mut best: Option<(u32, u32, usize)> = None;
        for (category, &(from, to)) in self.spans.iter().enumerate() {
            if from == to || !categories.contains(category as u8) {
                continue;
            }
            if let Some(at) = self.index.first_with(size, from as usize)
                && at < to as usize
            {
                let block = &self.blocks[at];
                let found = (block.rank, block.first_seat, at);
                best = Some(best.map_or(found, |best| best.min(found)));
            }
        }
        best.map(|(_, _, at)| at)
    }

    /// Standing places need not touch: gather them over the blocks of one category.
    fn best_standing(&self, size: usize, categories: CategorySet) -> Option<SeatList> {
        for (category, &(from, to)) in self.spans.iter().enumerate() {
            if !categories.contains(category as u8) {
                continue;
            }
            let mut seats = SeatList::new();
            let mut at = from as usize;
            while let Some(found) = self.index.first_with(1, at).filter(|&at| at < to as usize) {
                let block = &self.blocks[found];
                let mut open = if block.general_admission { block.open_to_all() } else { 0 };
                while open != 0 && seats.len() < size {
                    seats.push(SeatId(block.first_seat + open.trailing_zeros()));
                    open &= open - 1;
                }
                if seats.len() == size {
                    return Some(seats);
                }
                at = found + 1;
            }
        }
        None
    }

    /// Free seats become held.
    pub(super) fn hold(&mut self, seats: &SeatList) {
        self.change(seats, |block, bits| {
            debug_assert_eq!(block.free & bits, bits, "only free seats can be held");
            block.free &= !bits;
        });
    }

    /// Held seats become sold.
    pub(super) fn sell(&mut self, seats: &SeatList) {
        self.change(seats, |block, bits| {
            debug_assert_eq!((block.free | block.sold) & bits, 0, "only held seats can be sold");
            block.sold |= bits;
        });
    }

    /// Held or sold seats become free.
    pub(super) fn free(&mut self, seats: &SeatList) {
        self.change(seats, |block, bits| {
            debug_assert_eq!(block.free & bits, 0, "a seat is freed once");
            block.free |= bits;
            block.sold &= !bits;
        });
    }

    /// Applies `turn` block by block and keeps index and counts in step.
    fn change(&mut self, seats: &SeatList, turn: impl Fn(&mut Block, u64)) {
        let mut rest = seats.as_slice();
        while let Some(&first) = rest.first() {
            let Some((at, _)) = self.locate(first) else {
                return;
            };
            let block = &mut self.blocks[at];
            let last = block.first_seat + u32::from(block.count);
            let within = |seat: &SeatId| (block.first_seat..last).contains(&seat.0);
            let same = rest.iter().position(|seat| !within(seat)).unwrap_or(rest.len());
            let bits =
                rest[..same].iter().fold(0, |bits, seat| bits | 1 << (seat.0 - block.first_seat));
            let (free, sold) = (block.free.count_ones(), block.sold.count_ones());
            turn(block, bits);
            self.free = self.free - free + block.free.count_ones();
            self.sold = self.sold - sold + block.sold.count_ones();
            let taken = &mut self.taken[usize::from(block.category)];
            *taken = *taken + free - block.free.count_ones();
            let before = block.longest;
            block.longest = longest_run(block.open_to_all());
            let after = block.longest;
            self.index.update(at, before, after);
            rest = &rest[same..];
        }
    }
}

fn mask_of(count: u32) -> u64 {
    if count >= 64 { u64::MAX } else { (1 << count) - 1 }
}
