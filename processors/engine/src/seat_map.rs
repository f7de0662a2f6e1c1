//! The seats of one event as bits: which are free, held or sold, and where the best ones are.
//!
//! Blocks are kept in the order they are served: by category, then by rank, then in plan order. A
//! block's rank is its row's, or the distance of its nearest seat where the plan has a focal point.

use super::block::Block;
use super::lines::Lines;
use super::quality::{Quality, Seating};
use super::run_index::{RunIndex, best_start, longest_run};
use floodgate_domain::plan::{CATEGORIES_MAX, CategorySet, Plan, Run, SeatFlags, SectionKind};
use floodgate_domain::price::PriceTable;
use floodgate_domain::seats::{SeatId, SeatList, SeatSet, SeatState};

/// What the rules in force look at in a plan.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    /// Which blocks touch, and which seats are companions'.
    pub(super) neighbours: bool,
    /// How far each seat is from the focal point.
    pub(super) seats_have_quality: bool,
}

/// Blocks that are compared for one group; the nearest come first.
const COMPARED_MAX: usize = 64;

/// All seats of one event.
#[derive(Debug, Clone)]
pub(super) struct SeatMap {
    pub(super) blocks: Vec<Block>,
    /// Per category, its blocks: from, up to.
    spans: Vec<(u32, u32)>,
    seat_block: Vec<u32>,
    index: RunIndex,
    lines: Lines,
    /// None: the seats of a row are alike.
    pub(super) quality: Option<Quality>,
    /// Categories of the plan, sold or not.
    pub(super) category_count: usize,
    pub(super) capacity: u32,
    pub(super) free: u32,
    pub(super) sold: u32,
    /// Held and sold seats by category, for price tiers.
    taken: [u32; CATEGORIES_MAX],
    /// All seats by category but the blocked ones; staff may block more, and put them back.
    total: [u32; CATEGORIES_MAX],
}

impl SeatMap {
    /// Lays a checked plan out in blocks, everything free.
    pub(super) fn build(plan: &Plan, known: Known) -> Self {
        let mut blocks = Vec::new();
        let mut first_seat = 0;
        for section in &plan.sections {
            let general_admission = section.kind == SectionKind::GeneralAdmission;
            for row in &section.rows {
                for (at, run) in row.runs.iter().enumerate() {
                    let first = blocks.len();
                    blocks.extend(blocks_of(run, first_seat, row.rank));
                    first_seat += run.labels.len() as u32;
                    for (piece, block) in blocks[first..].iter_mut().enumerate() {
                        block.general_admission = general_admission;
                        // A long run goes on in its next block.
                        block.touches = !general_admission && (piece > 0 || row.touches(at));
                    }
                }
            }
        }
        blocks.retain(|block| block.count > 0);
        let quality = Quality::of(plan).filter(|_| known.seats_have_quality);
        if let Some(quality) = &quality {
            blocks.iter_mut().for_each(|block| block.rank = quality.nearest(block));
        }
        if !known.neighbours {
            let first = |block: &mut Block| (block.touches, block.companion) = (false, 0);
            blocks.iter_mut().for_each(first);
        }
        blocks.sort_by_key(|block| (block.category, block.rank, block.first_seat));
        SeatMap { quality, ..SeatMap::from_blocks(blocks, plan.categories.len()) }
    }

    /// Rebuilds the derived tables from blocks in serving order.
    pub(super) fn from_blocks(mut blocks: Vec<Block>, category_count: usize) -> Self {
        let seat_count = blocks.iter().map(|b| b.first_seat as usize + usize::from(b.count)).max();
        let mut seat_block = vec![u32::MAX; seat_count.unwrap_or(0)];
        let mut index = RunIndex::new(blocks.len());
        let mut spans = vec![(0, 0); CATEGORIES_MAX];
        let (mut taken, mut total) = ([0; CATEGORIES_MAX], [0; CATEGORIES_MAX]);
        let (mut capacity, mut free, mut sold) = (0, 0, 0);
        for (at, block) in blocks.iter_mut().enumerate() {
            let number = at as u32;
            for seat in 0..u32::from(block.count) {
                seat_block[(block.first_seat + seat) as usize] = number;
            }
            let span: &mut (u32, u32) = &mut spans[usize::from(block.category)];
            *span = (if span.1 == 0 { number } else { span.0 }, number + 1);
            taken[usize::from(block.category)] += (block.for_sale & !block.free).count_ones();
            total[usize::from(block.category)] += block.for_sale.count_ones();
            capacity += block.for_sale.count_ones();
            free += block.free.count_ones();
            sold += block.sold.count_ones();
            block.longest = longest_run(block.open_to_all());
            index.update(at, 0, block.longest);
        }
        let lines = Lines::of(&blocks);
        SeatMap {
            blocks,
            spans,
            seat_block,
            index,
            lines,
            quality: None,
            category_count,
            capacity,
            free,
            sold,
            taken,
            total,
        }
    }

    /// Looks for lines again, now that it is known which blocks touch.
    pub(super) fn find_lines(&mut self) {
        self.lines = Lines::of(&self.blocks);
    }

    /// Held and sold seats of a category.
    pub(super) fn taken(&self, category: u8) -> u32 {
        self.taken[usize::from(category)]
    }

    /// Seats that are free while nobody can buy them, since their category has no price.
    pub(super) fn free_without_price(&self, prices: &PriceTable) -> u32 {
        let categories = (0..self.category_count).filter(|&at| !prices.sells(at as u8));
        categories.map(|at| self.total[at] - self.taken[at]).sum()
    }

    pub(super) fn held(&self) -> u32 {
        self.capacity - self.free - self.sold
    }

    /// Seats of the plan, for sale or not.
    pub(super) fn seat_count(&self) -> usize {
        self.seat_block.len()
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
        let first_seat = match &self.quality {
            Some(quality) => self.best_seating(quality, count, categories),
            None => self.best_block(usize::from(count), categories).and_then(|at| {
                let block = &self.blocks[at];
                best_start(block.open_to_all(), count.into()).map(|start| block.first_seat + start)
            }),
        };
        let Some(first_seat) = first_seat else {
            return self.best_standing(usize::from(count), categories);
        };
        let mut seats = SeatList::new();
        for offset in 0..u32::from(count) {
            seats.push(SeatId(first_seat + offset));
        }
        Some(seats)
    }

    /// Where a group sits best: the blocks that have room are compared, the nearest first, until
    /// those that follow cannot be better.
    fn best_seating(&self, quality: &Quality, count: u8, categories: CategorySet) -> Option<u32> {
        let mut best: Option<Seating> = None;
        for (category, &(from, to)) in self.spans.iter().enumerate() {
            if from == to || !categories.contains(category as u8) {
                continue;
            }
            let mut from = from as usize;
            for _ in 0..COMPARED_MAX {
                let found = self.index.first_with(usize::from(count), from);
                let Some(at) = found.filter(|&at| at < to as usize) else { break };
                let block = &self.blocks[at];
                if best.is_some_and(|best| !best.may_be_beaten_at(block.rank)) {
                    break;
                }
                let seating = quality.seating(block, count.into());
                best = best.into_iter().chain(seating).min();
                from = at + 1;
            }
        }
        best.map(|best| best.first_seat)
    }

    /// Whether any seat at all is open to a general request in these categories.
    pub(super) fn any_open(&self, categories: CategorySet) -> bool {
        self.best_block(1, categories).is_some()
    }

    /// Seats of different blocks that touch: of several prices, or in a long row.
    pub(super) fn best_across(&self, count: u8, categories: CategorySet) -> Option<SeatList> {
        self.lines.group(&self.blocks, usize::from(count), categories)
    }

    /// The best `count` seats that touch, at least one of them a wheelchair space.
    pub(super) fn best_accessible(&self, count: u8, categories: CategorySet) -> Option<SeatList> {
        self.lines.accessible_group(&self.blocks, usize::from(count), categories)
    }

    /// Whether any wheelchair space is free.
    pub(super) fn any_wheelchair_space(&self, categories: CategorySet) -> bool {
        self.lines.any_accessible(&self.blocks, categories, false)
    }

    /// Whether any wheelchair space or companion's seat is free.
    pub(super) fn any_accessible(&self, categories: CategorySet) -> bool {
        self.lines.any_accessible(&self.blocks, categories, true)
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

    /// Free seats are not for sale any more: they leave the capacity.
    pub(super) fn block(&mut self, seats: &SeatSet) {
        self.change(seats.as_slice(), |block, bits| {
            debug_assert_eq!(block.free & bits, bits, "only free seats can be blocked");
            block.for_sale &= !bits;
            block.free &= !bits;
        });
    }

    /// Seats that were not for sale are free.
    pub(super) fn unblock(&mut self, seats: &SeatSet) {
        self.change(seats.as_slice(), |block, bits| {
            debug_assert_eq!(block.for_sale & bits, 0, "a seat is put back once");
            block.for_sale |= bits;
            block.free |= bits;
        });
    }

    /// Free seats become held.
    pub(super) fn hold(&mut self, seats: &SeatList) {
        self.change(seats.as_slice(), |block, bits| {
            debug_assert_eq!(block.free & bits, bits, "only free seats can be held");
            block.free &= !bits;
        });
    }

    /// Held seats become sold.
    pub(super) fn sell(&mut self, seats: &SeatList) {
        self.change(seats.as_slice(), |block, bits| {
            debug_assert_eq!((block.free | block.sold) & bits, 0, "only held seats can be sold");
            block.sold |= bits;
        });
    }

    /// Held or sold seats become free.
    pub(super) fn free(&mut self, seats: &SeatList) {
        self.change(seats.as_slice(), |block, bits| {
            debug_assert_eq!(block.free & bits, 0, "a seat is freed once");
            block.free |= bits;
            block.sold &= !bits;
        });
    }

    /// Applies `turn` block by block and keeps index and counts in step.
    fn change(&mut self, seats: &[SeatId], turn: impl Fn(&mut Block, u64)) {
        let mut rest = seats;
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
            let before = Amounts::of(block);
            turn(block, bits);
            let after = Amounts::of(block);
            self.free = self.free - before.free + after.free;
            self.sold = self.sold - before.sold + after.sold;
            self.capacity = self.capacity - before.for_sale + after.for_sale;
            let category = usize::from(block.category);
            self.taken[category] = self.taken[category] - before.taken() + after.taken();
            self.total[category] = self.total[category] - before.for_sale + after.for_sale;
            let before = block.longest;
            block.longest = longest_run(block.open_to_all());
            let after = block.longest;
            self.index.update(at, before, after);
            rest = &rest[same..];
        }
    }
}

/// What the seats of a block add up to.
#[derive(Debug, Clone, Copy)]
struct Amounts {
    for_sale: u32,
    free: u32,
    sold: u32,
}

impl Amounts {
    fn of(block: &Block) -> Self {
        let Block { for_sale, free, sold, .. } = block;
        Amounts {
            for_sale: for_sale.count_ones(),
            free: free.count_ones(),
            sold: sold.count_ones(),
        }
    }

    /// Held and sold.
    fn taken(self) -> u32 {
        self.for_sale - self.free
    }
}

/// Near-equal pieces: they keep both halves of a long run useful.
fn blocks_of(run: &Run, first_seat: u32, rank: u32) -> impl Iterator<Item = Block> + '_ {
    let count = run.labels.len();
    let pieces = count.div_ceil(64).max(1);
    (0..pieces).map(move |piece| {
        let (from, to) = (count * piece / pieces, count * (piece + 1) / pieces);
        let flagged = |flag: SeatFlags| {
            run.flags
                .iter()
                .map(|(at, flags)| (usize::from(*at), flags))
                .filter(|(at, flags)| (from..to).contains(at) && flags.has(flag))
                .fold(0_u64, |mask, (at, _)| mask | 1 << (at - from))
        };
        let for_sale = mask_of((to - from) as u32) & !flagged(SeatFlags::BLOCKED);
        let wheelchair = flagged(SeatFlags::ACCESSIBLE);
        let companion = flagged(SeatFlags::COMPANION) & !wheelchair;
        Block {
            first_seat: first_seat + from as u32,
            rank,
            category: run.category,
            count: (to - from) as u8,
            general_admission: false,
            touches: false,
            for_sale,
            accessible: wheelchair | companion,
            companion,
            free: for_sale,
            sold: 0,
            longest: 0,
        }
    })
}

fn mask_of(count: u32) -> u64 {
    if count >= 64 { u64::MAX } else { (1 << count) - 1 }
}
