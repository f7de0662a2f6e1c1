//! Blocks that are drawn from their own corner each, as a heap on one place.
//!
//! Owns finding them and laying them out side by side. It says nothing about where they really are.

use std::collections::HashMap;

use crate::draft::{Draft, DraftSection, Point};
use crate::report::{Findings, IssueCode};

/// From this share of seats on that lie on a seat of another block, the blocks are a heap: a
/// balcony that is drawn over the stalls does not lie on them seat by seat.
const HEAP_SHARE: f64 = 0.2;
/// Between blocks, in pitches.
const GAP: f64 = 2.5;
/// A heap's blocks fill an area so many times as wide as deep.
const WIDTH_TO_DEPTH: f64 = 1.6;

/// Lays a heap of blocks out, in the order of the file; every seat has a point.
pub(crate) fn spread(draft: &mut Draft, pitch: f64, findings: &mut Findings) {
    if draft.sections.len() < 2 || !is_heap(draft, pitch) {
        return;
    }
    let boxes: Vec<(Point, Point)> = draft.sections.iter().map(bounds).collect();
    let gap = GAP * pitch;
    let area: f64 = boxes.iter().map(|(low, high)| area(*low, *high, gap)).sum();
    let width_max = (WIDTH_TO_DEPTH * area).sqrt();
    let (mut x, mut y, mut depth) = (0.0, 0.0, 0.0_f64);
    for (section, (low, high)) in draft.sections.iter_mut().zip(boxes) {
        let width = high.0 - low.0;
        if x > 0.0 && x + width > width_max {
            (x, y, depth) = (0.0, y + depth + gap, 0.0);
        }
        for seat in section.rows.iter_mut().flat_map(|row| &mut row.seats) {
            seat.point = seat.point.map(|point| (point.0 - low.0 + x, point.1 - low.1 + y));
        }
        x += width + gap;
        depth = depth.max(high.1 - low.1);
    }
    // Neither fits the new drawing.
    draft.size = None;
    draft.stage = None;
    let message = "the blocks' coordinates each begin anew, so that blocks would lie on each other; \
                   they are drawn side by side in the order of the file, which is not where they \
                   are in the house; give coordinates of the whole house";
    findings.warn(IssueCode::LocalCoordinates, "", message);
}

fn area(low: Point, high: Point, gap: f64) -> f64 {
    (high.0 - low.0 + gap) * (high.1 - low.1 + gap)
}

fn bounds(section: &DraftSection) -> (Point, Point) {
    let points = section.rows.iter().flat_map(|row| &row.seats).filter_map(|seat| seat.point);
    let none = ((f64::MAX, f64::MAX), (f64::MIN, f64::MIN));
    let (low, high) = points.fold(none, |(low, high), (x, y)| {
        ((low.0.min(x), low.1.min(y)), (high.0.max(x), high.1.max(y)))
    });
    if low.0 > high.0 { ((0.0, 0.0), (0.0, 0.0)) } else { (low, high) }
}

/// Whether many seats lie on one of another block.
fn is_heap(draft: &Draft, pitch: f64) -> bool {
    // Half a seat: neighbours are in cells of their own.
    let cell = |point: Point| {
        ((point.0 / pitch * 2.0).round() as i64, (point.1 / pitch * 2.0).round() as i64)
    };
    let mut first: HashMap<(i64, i64), usize> = HashMap::new();
    let (mut seats, mut on_another) = (0_u32, 0_u32);
    for (at, section) in draft.sections.iter().enumerate() {
        let points = section.rows.iter().flat_map(|row| &row.seats).filter_map(|seat| seat.point);
        for point in points {
            seats += 1;
            on_another += u32::from(*first.entry(cell(point)).or_insert(at) != at);
        }
    }
    f64::from(on_another) > HEAP_SHARE * f64::from(seats)
}
