//! A drawing for files without coordinates.
//!
//! Owns the synthetic layout: blocks of rows, the first row in front, either on the four sides
//! of a field (where the file names stands by compass) or facing a stage at the top. It
//! exists so that a map can be drawn; it says nothing about the real venue.

use crate::draft::{Draft, DraftRow, DraftSeat, DraftSection};
use crate::numbers::countable;

/// A seat pitch in plan units.
pub(crate) const PITCH: f64 = 100.0;
const ROW_DEPTH: f64 = 1.2 * PITCH;
const SECTION_GAP: f64 = 2.5 * PITCH;
/// Between a stand's front blocks and those behind them, and around the field.
const TIER_GAP: f64 = 4.0 * PITCH;
/// A block with less than this share of the deepest block's rows stands in a tier behind:
/// boxes and lounges would leave holes in the front line.
const FRONT_SHARE: f64 = 0.33;
/// Missing numbers leave a hole, unless the holes would make a row this many times wider.
const SPREAD_MAX: f64 = 3.0;

/// Which way a stand lies from the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    North,
    East,
    South,
    West,
}

const SIDES: [Side; 4] = [Side::North, Side::East, Side::South, Side::West];

impl Side {
    fn parse(stand: &str) -> Option<Self> {
        match stand.to_lowercase().as_str() {
            "north" | "n" => Some(Side::North),
            "east" | "e" => Some(Side::East),
            "south" | "s" => Some(Side::South),
            "west" | "w" => Some(Side::West),
            _ => None,
        }
    }
}

/// One section as a rectangle: where each seat stands along its rows.
#[derive(Debug)]
struct Block {
    section: usize,
    along: Vec<Vec<f64>>,
    width: f64,
}

impl Block {
    fn depth(&self) -> f64 {
        self.along.len() as f64 * ROW_DEPTH
    }
}

/// Blocks side by side, and how far behind the front they stand.
#[derive(Debug, Default)]
struct Shelf {
    blocks: Vec<Block>,
    behind: f64,
}

impl Shelf {
    fn width(&self) -> f64 {
        let blocks: f64 = self.blocks.iter().map(|block| block.width).sum();
        blocks + self.blocks.len().saturating_sub(1) as f64 * SECTION_GAP
    }

    fn depth(&self) -> f64 {
        self.blocks.iter().map(Block::depth).fold(0.0, f64::max)
    }
}

/// Gives every seat a point; says in words how.
pub(crate) fn lay_out(draft: &mut Draft) -> &'static str {
    let sides: Option<Vec<Side>> =
        draft.sections.iter().map(|section| Side::parse(&section.stand)).collect();
    let blocks: Vec<Block> =
        (0..).zip(&draft.sections).map(|(at, section)| block_of(at, section)).collect();
    match sides.filter(|sides| SIDES.iter().filter(|side| sides.contains(side)).count() > 2) {
        Some(sides) => {
            around_field(draft, blocks, &sides);
            draft.stage = Some(((0.0, 0.0), "the field of our drawing".to_owned()));
            "stands on the sides of a field, by their names"
        }
        None => {
            before_stage(draft, blocks);
            draft.stage = Some(((0.0, -TIER_GAP), "the stage of our drawing".to_owned()));
            "blocks facing a stage"
        }
    }
}

fn block_of(section_at: usize, section: &DraftSection) -> Block {
    let along = |row| by_number(row).unwrap_or_else(|| in_order(row));
    let mut along: Vec<Vec<f64>> = section.rows.iter().map(along).collect();
    let end = |row: &Vec<f64>| row.last().copied().unwrap_or_default();
    let width = along.iter().map(end).fold(0.0, f64::max);
    for row in &mut along {
        let shift = (width - end(row)) / 2.0;
        row.iter_mut().for_each(|x| *x += shift);
    }
    Block { section: section_at, along, width }
}

/// Seats where their numbers say, so that missing numbers show as a hole.
fn by_number(row: &DraftRow) -> Option<Vec<f64>> {
    let number = |seat: &DraftSeat| {
        let (prefix, number) = countable(&seat.label)?;
        prefix.is_empty().then_some(number)
    };
    let numbers: Vec<i64> = row.seats.iter().map(number).collect::<Option<_>>()?;
    if !numbers.is_sorted() {
        // Odd and even on two sides: in the order of the row.
        return None;
    }
    let (low, high) = (numbers.first()?, numbers.last()?);
    let spread = high.saturating_sub(*low) as f64;
    let is_dense = spread <= SPREAD_MAX * numbers.len() as f64;
    let place = |number: &i64| (number - low) as f64 * PITCH;
    is_dense.then(|| numbers.iter().map(place).collect())
}

/// Seats one after the other, an aisle as wide as a seat.
fn in_order(row: &DraftRow) -> Vec<f64> {
    let mut x = 0.0;
    let along = (0..row.seats.len()).map(|at| {
        if at > 0 {
            let aisle = row.aisles.binary_search(&at).is_ok();
            x += if aisle { 2.0 * PITCH } else { PITCH };
        }
        x
    });
    along.collect()
}

fn around_field(draft: &mut Draft, blocks: Vec<Block>, sides: &[Side]) {
    let mut stands: [Vec<Block>; 4] = Default::default();
    for block in blocks {
        let side = sides[block.section];
        stands[side as usize].push(block);
    }
    let stands = stands.map(tiers);
    let length = |a: Side, b: Side| {
        let shelves = stands[a as usize].iter().chain(&stands[b as usize]);
        shelves.map(Shelf::width).fold(20.0 * PITCH, f64::max)
    };
    let half_width = length(Side::North, Side::South) / 2.0 + TIER_GAP;
    let half_height = length(Side::East, Side::West) / 2.0 + TIER_GAP;
    for (side, shelves) in SIDES.into_iter().zip(&stands) {
        place(draft, shelves, |along, behind| match side {
            Side::North => (along, -half_height - behind),
            Side::South => (along, half_height + behind),
            Side::West => (-half_width - behind, along),
            Side::East => (half_width + behind, along),
        });
    }
}

/// A stand's deep blocks in front, the shallow ones in a tier behind them.
fn tiers(blocks: Vec<Block>) -> Vec<Shelf> {
    let deepest = blocks.iter().map(Block::depth).fold(0.0, f64::max);
    let (front, back): (Vec<_>, Vec<_>) =
        blocks.into_iter().partition(|block| block.depth() >= FRONT_SHARE * deepest);
    stack(vec![front, back])
}

/// Blocks in lines before a stage, in the order of the file, about as wide as deep.
fn before_stage(draft: &mut Draft, blocks: Vec<Block>) {
    let area = |block: &Block| (block.width + SECTION_GAP) * (block.depth() + TIER_GAP);
    let line_max = (1.6 * blocks.iter().map(area).sum::<f64>()).sqrt();
    let mut lines: Vec<Vec<Block>> = Vec::new();
    let mut line_width = f64::MAX;
    for block in blocks {
        if line_width + block.width > line_max {
            lines.push(Vec::new());
            line_width = 0.0;
        }
        line_width += block.width + SECTION_GAP;
        if let Some(line) = lines.last_mut() {
            line.push(block);
        }
    }
    place(draft, &stack(lines), |along, behind| (along, behind));
}

fn stack(lines: Vec<Vec<Block>>) -> Vec<Shelf> {
    let mut behind = 0.0;
    let mut shelves = Vec::new();
    for blocks in lines {
        let shelf = Shelf { blocks, behind };
        behind += shelf.depth() + TIER_GAP;
        shelves.push(shelf);
    }
    shelves
}

/// Writes points: `turn` maps (along the front, behind the front) to the drawing.
fn place(draft: &mut Draft, shelves: &[Shelf], turn: impl Fn(f64, f64) -> (f64, f64)) {
    for shelf in shelves {
        let mut left = -shelf.width() / 2.0;
        for block in &shelf.blocks {
            let rows = &mut draft.sections[block.section].rows;
            for ((row, along), at) in rows.iter_mut().zip(&block.along).zip(0_u32..) {
                let behind = shelf.behind + f64::from(at) * ROW_DEPTH;
                for (seat, x) in row.seats.iter_mut().zip(along) {
                    seat.point = Some(turn(left + x, behind));
                }
            }
            left += block.width + SECTION_GAP;
        }
    }
}
