//! Seats that are drawn on top of each other.

use std::collections::HashMap;

/// Closer than this (plan units; a pitch is 100) one seat hides the other on a map.
const OVERLAP: i32 = 30;

/// In plan units.
type Point = (i32, i32);

/// The seats drawn so far, in cells as wide as [`OVERLAP`]. A cell holds at most four seats:
/// more cannot lie in it without overlapping, and those that overlap are not kept.
#[derive(Debug, Default)]
pub(crate) struct Overlaps {
    cells: HashMap<Point, Vec<(Point, u32)>>,
}

impl Overlaps {
    /// Adds the seat with this number; says which earlier seat it lies on.
    pub(crate) fn add(&mut self, point: Point, seat: u32) -> Option<u32> {
        let cell = (point.0.div_euclid(OVERLAP), point.1.div_euclid(OVERLAP));
        for across in -1..=1 {
            for down in -1..=1 {
                let near = (cell.0.saturating_add(across), cell.1.saturating_add(down));
                let hit = self
                    .cells
                    .get(&near)
                    .and_then(|seats| seats.iter().find(|(other, _)| is_close(*other, point)));
                if let Some((_, other)) = hit {
                    return Some(*other);
                }
            }
        }
        self.cells.entry(cell).or_default().push((point, seat));
        None
    }
}

fn is_close(a: Point, b: Point) -> bool {
    let (dx, dy) = (i64::from(a.0) - i64::from(b.0), i64::from(a.1) - i64::from(b.1));
    dx * dx + dy * dy < i64::from(OVERLAP * OVERLAP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_seats_are_found_across_cells() {
        let mut overlaps = Overlaps::default();
        assert_eq!(overlaps.add((0, 0), 0), None);
        assert_eq!(overlaps.add((100, 0), 1), None);
        assert_eq!(overlaps.add((-29, 0), 2), Some(0));
        assert_eq!(overlaps.add((121, 20), 3), Some(1));
        assert_eq!(overlaps.add((122, 22), 4), None);
        assert_eq!(overlaps.add((i32::MAX, i32::MIN), 5), None);
    }
}
