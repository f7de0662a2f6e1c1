//! A small theatre: stalls, a circle, and boxes on both sides.

use floodgate_domain::Plan;
use floodgate_domain::plan::{Row, Run, SeatFlags, Section, SectionKind, Shape};

use super::{PITCH, Point, categories, numbers_from, units};

const STALLS: u8 = 0;
const REAR_STALLS: u8 = 1;
const CIRCLE: u8 = 2;
const BOXES: u8 = 3;

/// I is left out: on a ticket it reads as a one.
const ROW_LETTERS: [&str; 14] =
    ["A", "B", "C", "D", "E", "F", "G", "H", "J", "K", "L", "M", "N", "O"];
const FRONT_ROWS: usize = 8;
const CIRCLE_ROWS: usize = 6;
const BOXES_PER_SIDE: u32 = 4;
/// Wheelchair spaces at each end of the last stalls row, a companion beside each.
const ACCESSIBLE_PER_END: u16 = 2;

// In seat pitches; the stage's edge is at (0, 0), the house lies below it.
const AISLE: f64 = 2.0;
const ROW_DEPTH: f64 = 1.5;
/// Rows bend about a point behind the stage.
const BEND_CENTRE: Point = (0.0, -24.0);
const STALLS_RADIUS: f64 = 29.0;
const CIRCLE_RADIUS: f64 = 55.0;
/// The stage's edge is so far from the drawing's left and upper edge.
const MIDDLE: Point = (27.0, 1.0);
const SIZE: Point = (54.0, 42.0);

/// A theatre of 604 seats.
#[must_use]
pub fn theatre() -> Plan {
    let mut sections = vec![stalls(), circle()];
    for side in [-1.0, 1.0] {
        sections.extend((0..BOXES_PER_SIDE).map(|at| side_box(side, at)));
    }
    Plan {
        name: "Demonstration theatre".to_owned(),
        categories: categories(&["Stalls", "Rear stalls", "Circle", "Boxes"]),
        sections,
        size: ((SIZE.0 * PITCH) as i32, (SIZE.1 * PITCH) as i32),
        focus: Some(units((0.0, 0.0), MIDDLE)),
    }
}

fn seated(name: String, rows: Vec<Row>) -> Section {
    Section { name, kind: SectionKind::Seated, rows }
}

fn stalls() -> Section {
    let rows = ROW_LETTERS.iter().enumerate().map(|(at, letter)| {
        let seats = 20 + 2 * (at as u32 / 2);
        let radius = STALLS_RADIUS + at as f64 * ROW_DEPTH;
        let category = if at < FRONT_ROWS { STALLS } else { REAR_STALLS };
        let mut row = bent_row(letter, category, radius, &[seats / 2, seats / 2]);
        if at + 1 == ROW_LETTERS.len() {
            add_wheelchair_spaces(&mut row);
        }
        row
    });
    seated("Stalls".to_owned(), rows.collect())
}

fn circle() -> Section {
    let rows = ROW_LETTERS.iter().take(CIRCLE_ROWS).enumerate();
    let rows = rows.map(|(at, letter)| {
        let middle = 14 + 2 * (at as u32 / 2);
        let radius = CIRCLE_RADIUS + at as f64 * ROW_DEPTH;
        bent_row(letter, CIRCLE, radius, &[8, middle, 8])
    });
    seated("Circle".to_owned(), rows.collect())
}

/// A row on a circle about [`BEND_CENTRE`], its runs split by aisles.
fn bent_row(label: &str, category: u8, radius: f64, runs: &[u32]) -> Row {
    let seats: u32 = runs.iter().sum();
    let length = f64::from(seats) + AISLE * (runs.len() as f64 - 1.0);
    let mut along = (1.0 - length) / 2.0;
    let mut next_number = 1;
    let mut drawn = Vec::new();
    for &count in runs {
        let seat = |at: u32| {
            let (sin, cos) = ((along + f64::from(at)) / radius).sin_cos();
            let point = (BEND_CENTRE.0 + radius * sin, BEND_CENTRE.1 + radius * cos);
            units(point, MIDDLE)
        };
        drawn.push(Run {
            category,
            labels: numbers_from(next_number, count),
            shape: Shape::Points((0..count).map(seat).collect()),
            flags: Vec::new(),
        });
        next_number += count;
        along += f64::from(count) + AISLE;
    }
    Row {
        label: label.to_owned(),
        rank: ((radius + BEND_CENTRE.1) * PITCH).round() as u32,
        runs: drawn,
    }
}

fn add_wheelchair_spaces(row: &mut Row) {
    let kind = |at: u16| {
        if at.is_multiple_of(2) { SeatFlags::ACCESSIBLE } else { SeatFlags::COMPANION }
    };
    let spaces = 2 * ACCESSIBLE_PER_END;
    if let Some(left) = row.runs.first_mut() {
        left.flags = (0..spaces).map(|at| (at, kind(at))).collect();
    }
    if let Some(right) = row.runs.last_mut() {
        let seats = right.labels.len() as u16;
        // Mirrored: the space itself is the outer seat.
        let mirrored = (seats - spaces..seats).map(|at| (at, kind(seats - 1 - at)));
        right.flags = mirrored.collect();
    }
}

/// Two rows of three along the wall; the rear row looks past the front one.
fn side_box(side: f64, at: u32) -> Section {
    let number = if side < 0.0 { at } else { BOXES_PER_SIDE + at } + 1;
    let top = 6.0 + f64::from(at) * 5.0;
    let row = |label: &str, behind: u32| {
        let x = side * (21.0 + 1.3 * f64::from(behind));
        let first = units((x, top), MIDDLE);
        let restricted = (0..3).map(|at| (at, SeatFlags::RESTRICTED_VIEW));
        Row {
            label: label.to_owned(),
            rank: ((x.hypot(top + 1.0) + f64::from(behind)) * PITCH).round() as u32,
            runs: vec![Run {
                category: BOXES,
                labels: numbers_from(1 + 3 * behind, 3),
                shape: Shape::Line { x: first.0, y: first.1, dx: 0, dy: 100 * 256 },
                flags: if behind > 0 { restricted.collect() } else { Vec::new() },
            }],
        }
    };
    seated(format!("Box {number}"), vec![row("1", 0), row("2", 1)])
}
