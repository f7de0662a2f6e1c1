//! A bowl: tiers of straight sides and round corners about a field.

use floodgate_domain::Plan;
use floodgate_domain::plan::{
    Row, Run, SEATS_PER_PLAN_MAX, SeatFlags, Section, SectionKind, Shape,
};

use super::{PITCH, Point, categories, numbers_from, units};

// All lengths are in seat pitches of half a metre: a field with a track, 190 by 140 metres
// between the first rows, and rows 85 centimetres deep.
const HALF_WIDTH: f64 = 190.0;
const HALF_HEIGHT: f64 = 140.0;
const CORNER_RADIUS: f64 = 90.0;
const ROW_DEPTH: f64 = 1.7;
const TIER_GAP: f64 = 8.0;
const AISLE: f64 = 2.4;
const ROWS_PER_TIER: u32 = 32;
/// A row is split into as few runs as keep everyone at most this far from an aisle's other side.
const SEATS_PER_RUN: f64 = 26.0;
/// Runs a row may have, or walking past the others takes longer than the break.
const RUNS_MAX: u32 = 3;
/// Wheelchair spaces and their companions at the start of a tier's last row.
const ACCESSIBLE_PER_SECTION: u16 = 4;

const CATEGORIES: [&str; 5] = ["Premium", "Gold", "Silver", "Bronze", "Upper"];

/// Sections on a long side, a short side and in a corner; tiers above the last are like it.
const SECTIONS: [(u32, u32, u32); 4] = [(5, 3, 3), (5, 3, 3), (5, 3, 4), (5, 3, 5)];

/// One section of one tier: its piece of the ring.
#[derive(Debug, Clone, Copy)]
struct Piece {
    /// 0 top, then clockwise.
    side: u32,
    corner: bool,
    /// Which of how many equal pieces of that side or corner.
    at: u32,
    of: u32,
}

impl Piece {
    fn length(&self, offset: f64) -> f64 {
        let whole = if self.corner {
            std::f64::consts::FRAC_PI_2 * (CORNER_RADIUS + offset)
        } else {
            2.0 * half_side(self.side)
        };
        whole / f64::from(self.of)
    }

    /// The point `along` this piece of the ring that lies `offset` behind the first row.
    fn point(&self, along: f64, offset: f64) -> Point {
        let radius = CORNER_RADIUS + offset;
        let along = along + f64::from(self.at) * self.length(offset);
        let (half, next_half) = (half_side(self.side), half_side(self.side + 1));
        let (mut x, mut y) = if self.corner {
            let (sin, cos) = (along / radius).sin_cos();
            (half + radius * sin, -next_half - radius * cos)
        } else {
            (along - half, -next_half - radius)
        };
        for _ in 0..self.side {
            (x, y) = (-y, x);
        }
        (x, y)
    }

    /// On a long side, where the view is best.
    fn is_best(&self) -> bool {
        !self.corner && self.side.is_multiple_of(2)
    }
}

/// Half the straight part of a side.
fn half_side(side: u32) -> f64 {
    if side.is_multiple_of(2) { HALF_WIDTH - CORNER_RADIUS } else { HALF_HEIGHT - CORNER_RADIUS }
}

fn pieces(tier: u32) -> Vec<Piece> {
    let last = SECTIONS.len() - 1;
    let (long, short, corner) = SECTIONS[(tier as usize).min(last)];
    let mut pieces = Vec::new();
    for side in 0..4 {
        let straight = if side % 2 == 0 { long } else { short };
        for (corner, of) in [(false, straight), (true, corner)] {
            pieces.extend((0..of).map(|at| Piece { side, corner, at, of }));
        }
    }
    pieces
}

/// One row of one section before it is drawn.
#[derive(Debug, Clone, Copy)]
struct RowSketch {
    piece: Piece,
    tier: u32,
    row: u32,
    offset: f64,
    runs: u32,
    seats: u32,
}

/// The distance of a row from the first one.
fn offset_of(tier: u32, row: u32) -> f64 {
    let tier_depth = f64::from(ROWS_PER_TIER) * ROW_DEPTH + TIER_GAP;
    f64::from(tier) * tier_depth + f64::from(row) * ROW_DEPTH
}

/// A bowl of exactly `seats_target` seats (at least one, at most what a plan can hold).
#[must_use]
pub fn bowl(seats_target: u32) -> Plan {
    let target = seats_target.clamp(1, SEATS_PER_PLAN_MAX);
    let rings = rings_of(target);
    let last = rings.last().and_then(|ring| ring.first());
    let depth = last.map_or(0.0, |row| row.offset) + 4.0;
    let middle = (HALF_WIDTH + depth, HALF_HEIGHT + depth);
    let mut sections: Vec<Section> = Vec::new();
    let mut tier_start = 0;
    for ring in &rings {
        if ring.first().is_some_and(|row| row.row == 0) {
            tier_start = sections.len();
            let named = ring.iter().zip(1..).map(|(row, number)| Section {
                name: format!("{}{number:02}", row.tier + 1),
                kind: SectionKind::Seated,
                rows: Vec::new(),
            });
            sections.extend(named);
        }
        for (section, row) in sections[tier_start..].iter_mut().zip(ring) {
            if row.seats > 0 {
                section.rows.push(draw(row, middle));
            }
        }
    }
    sections.retain(|section| !section.rows.is_empty());
    let side = |half: f64| (2.0 * half * PITCH).round() as i32;
    Plan {
        name: format!("Demonstration bowl, {target} seats"),
        categories: categories(&CATEGORIES),
        sections,
        size: (side(middle.0), side(middle.1)),
        focus: Some(units((0.0, 0.0), middle)),
    }
}

/// Rings from the field outwards until there are enough seats; the last tier is thinned to
/// the exact count, a seat or a few a row, so that no row is left with a lone seat.
fn rings_of(target: u32) -> Vec<Vec<RowSketch>> {
    let mut rings = Vec::new();
    let mut total = 0;
    // Every ring has hundreds of seats, so this ends within a few hundred rounds.
    for number in 0.. {
        let ring = ring(number / ROWS_PER_TIER, number % ROWS_PER_TIER);
        total += ring.iter().map(|row| row.seats).sum::<u32>();
        rings.push(ring);
        if total >= target {
            break;
        }
    }
    let last_tier = (rings.len() - 1) / ROWS_PER_TIER as usize * ROWS_PER_TIER as usize;
    thin_out(&mut rings[last_tier..], total - target);
    rings
}

fn ring(tier: u32, row: u32) -> Vec<RowSketch> {
    let offset = offset_of(tier, row);
    let sketch = |piece: Piece| {
        // Aisles run straight through a tier, so its last and longest row decides on them.
        let longest = piece.length(offset_of(tier, ROWS_PER_TIER - 1));
        let runs = ((longest / SEATS_PER_RUN).ceil() as u32).clamp(1, RUNS_MAX);
        let seats = (piece.length(offset) - AISLE * f64::from(runs)).floor() as u32;
        RowSketch { piece, tier, row, offset, runs, seats }
    };
    pieces(tier).into_iter().map(sketch).collect()
}

/// Takes `excess` seats away, one from each row in turn.
fn thin_out(rings: &mut [Vec<RowSketch>], mut excess: u32) {
    while excess > 0 {
        for row in rings.iter_mut().flatten().filter(|row| row.seats > 0) {
            if excess == 0 {
                return;
            }
            row.seats -= 1;
            excess -= 1;
        }
    }
}

fn draw(row: &RowSketch, middle: Point) -> Row {
    let runs = row.runs.min(row.seats);
    let used = f64::from(row.seats) + AISLE * f64::from(runs - 1);
    let mut along = (row.piece.length(row.offset) - used) / 2.0;
    let mut next_number = 1;
    let mut drawn = Vec::new();
    for run in 0..runs {
        let count = row.seats * (run + 1) / runs - row.seats * run / runs;
        let span = f64::from(count - 1);
        let start = row.piece.point(along + 0.5, row.offset);
        let end = row.piece.point(along + 0.5 + span, row.offset);
        drawn.push(Run {
            category: category_of(row),
            labels: numbers_from(next_number, count),
            shape: line(start, end, count, middle),
            flags: flags_of(row, run, count),
        });
        next_number += count;
        along += f64::from(count) + AISLE;
    }
    let centre = row.piece.point(row.piece.length(row.offset) / 2.0, row.offset);
    Row {
        label: (row.row + 1).to_string(),
        rank: (centre.0.hypot(centre.1) * PITCH).round() as u32,
        runs: drawn,
    }
}

fn line(start: Point, end: Point, count: u32, middle: Point) -> Shape {
    let (x, y) = units(start, middle);
    let step = |from: f64, to: f64| {
        let steps = f64::from(count.max(2) - 1);
        ((to - from) * PITCH * 256.0 / steps).round() as i32
    };
    Shape::Line { x, y, dx: step(start.0, end.0), dy: step(start.1, end.1) }
}

fn category_of(row: &RowSketch) -> u8 {
    let best = row.piece.is_best();
    match row.tier {
        0 if best => 0,
        0 => 1,
        1 if best => 1,
        1 => 2,
        2 if best => 2,
        2 => 3,
        _ => 4,
    }
}

/// The lower tiers' last rows lie level with the way in.
fn flags_of(row: &RowSketch, run: u32, count: u32) -> Vec<(u16, SeatFlags)> {
    let pairs = ACCESSIBLE_PER_SECTION;
    let level = row.tier < 2 && row.row == ROWS_PER_TIER - 1;
    if !level || run != 0 || count < u32::from(2 * pairs) {
        return Vec::new();
    }
    let flag = |at: u16| {
        if at.is_multiple_of(2) { SeatFlags::ACCESSIBLE } else { SeatFlags::COMPANION }
    };
    (0..2 * pairs).map(|at| (at, flag(at))).collect()
}
