//! Fictional venues: free to ship, the same on every run.
//!
//! Owns the geometry of the two demonstration venues. Names no real venue. Counts depend on
//! additions and multiplications only; sines and cosines decide where a seat is drawn, to a
//! hundredth of a seat, never how many there are.

mod bowl;
mod theatre;

use floodgate_domain::plan::{Category, Labels};

use crate::palette::color_of;

pub use bowl::bowl;
pub use theatre::theatre;

/// A point in seat pitches, the field or stage in the middle.
type Point = (f64, f64);

/// Plan units in a seat pitch.
const PITCH: f64 = 100.0;

fn categories(names: &[&str]) -> Vec<Category> {
    let category =
        |(at, name): (usize, &&str)| Category { name: (*name).to_owned(), color: color_of(at) };
    names.iter().enumerate().map(category).collect()
}

fn numbers_from(first: u32, count: u32) -> Labels {
    Labels::Numbers {
        // Rows have hundreds of seats.
        first: first as i32,
        step: 1,
        count: count as u16,
    }
}

/// Pitches from the drawing's corner → plan units.
fn units(point: Point, middle: Point) -> (i32, i32) {
    (((point.0 + middle.0) * PITCH).round() as i32, ((point.1 + middle.1) * PITCH).round() as i32)
}
