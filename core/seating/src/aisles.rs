//! Which seats of a row are adjacent.
//!
//! Owns the inference by geometry, where there are coordinates; `numbers` has the other. Both put
//! a row's seats in order and note where a new run begins. Never changes a label, and never joins
//! two row objects of a file: one visible row stored as several objects stays several rows, so that
//! seats are offered together only where the file itself says that they are in one line.

use crate::draft::{Draft, DraftRow, DraftSeat, Point};

/// A gap of more than so many pitches is an aisle. Drawings place seats by hand and on
/// curves, so gaps within a run vary by a quarter; an aisle is at least a missing seat wide.
const AISLE_PITCHES: f64 = 1.6;
/// Below this many gaps a row's own median says little (two seats across an aisle would be
/// neighbours), and the house's pitch is used.
const GAPS_FOR_OWN_PITCH: usize = 4;

/// Puts seats in order along their row and finds the aisles. Every seat has a point.
/// Returns the house's seat pitch, if any two seats are apart.
pub(crate) fn by_geometry(draft: &mut Draft) -> Option<f64> {
    let mut all_gaps = Vec::new();
    for row in draft.rows_mut() {
        order_along_row(row);
        all_gaps.extend(gaps(row).filter(|&gap| gap > 0.0));
    }
    let house_pitch = median(&mut all_gaps)?;
    for row in draft.rows_mut() {
        let gaps: Vec<f64> = gaps(row).collect();
        let mut own: Vec<f64> = gaps.iter().copied().filter(|&gap| gap > 0.0).collect();
        let pitch = if own.len() >= GAPS_FOR_OWN_PITCH {
            median(&mut own).unwrap_or(house_pitch)
        } else {
            house_pitch
        };
        row.aisles =
            (1..row.seats.len()).filter(|&at| gaps[at - 1] > AISLE_PITCHES * pitch).collect();
    }
    Some(house_pitch)
}

fn point(seat: &DraftSeat) -> Point {
    seat.point.unwrap_or_default()
}

fn gaps(row: &DraftRow) -> impl Iterator<Item = f64> {
    row.seats.windows(2).map(|pair| distance(point(&pair[0]), point(&pair[1])))
}

pub(crate) fn distance(a: Point, b: Point) -> f64 {
    (a.0 - b.0).hypot(a.1 - b.1)
}

fn median(values: &mut [f64]) -> Option<f64> {
    let middle = values.len() / 2;
    values.sort_unstable_by(f64::total_cmp);
    values.get(middle).copied()
}

/// Sorts a row's seats along its main axis, unless the file's own order is the shorter walk:
/// a row that bends round the stage has no one axis. The file's direction is kept.
fn order_along_row(row: &mut DraftRow) {
    if row.seats.len() < 3 {
        return;
    }
    let points: Vec<Point> = row.seats.iter().map(point).collect();
    let axis = main_axis(&points);
    let along = |at: usize| points[at].0 * axis.0 + points[at].1 * axis.1;
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by(|&a, &b| along(a).total_cmp(&along(b)));
    let first_at = order.iter().position(|&at| at == 0);
    let last_at = order.iter().position(|&at| at == points.len() - 1);
    if first_at > last_at {
        order.reverse();
    }
    let walk = |order: &mut dyn Iterator<Item = usize>| {
        let mut last = None;
        order.fold(0.0, |length, at| {
            let step = last.map_or(0.0, |last: usize| distance(points[last], points[at]));
            last = Some(at);
            length + step
        })
    };
    if walk(&mut order.iter().copied()) < walk(&mut (0..points.len())) {
        let mut seats: Vec<Option<DraftSeat>> = row.seats.drain(..).map(Some).collect();
        row.seats = order.iter().filter_map(|&at| seats[at].take()).collect();
    }
}

/// The direction in which points spread most.
fn main_axis(points: &[Point]) -> (f64, f64) {
    let count = points.len() as f64;
    let (sum_x, sum_y) = points.iter().fold((0.0, 0.0), |sum, p| (sum.0 + p.0, sum.1 + p.1));
    let (mean_x, mean_y) = (sum_x / count, sum_y / count);
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in points {
        let (dx, dy) = (x - mean_x, y - mean_y);
        xx += dx * dx;
        xy += dx * dy;
        yy += dy * dy;
    }
    let angle = 0.5 * (2.0 * xy).atan2(xx - yy);
    (angle.cos(), angle.sin())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use floodgate_domain::plan::SeatFlags;

    use super::*;
    use crate::Format;
    use crate::draft::{Categories, DraftSection, FileLocation};

    fn draft(seats: Vec<(String, Option<Point>)>) -> Draft {
        let seats = seats.into_iter().map(|(label, point)| DraftSeat {
            label,
            category: 0,
            flags: SeatFlags::default(),
            point,
            origin: FileLocation::Line(2),
            guid: None,
        });
        let row = DraftRow { label: "A".into(), seats: seats.collect(), aisles: Vec::new() };
        Draft {
            format: Format::Csv,
            name: String::new(),
            size: None,
            stage: None,
            categories: Categories::default(),
            sections: vec![DraftSection { rows: vec![row], ..DraftSection::default() }],
            notes: Vec::new(),
        }
    }

    /// The labels in walking order, with `|` where an aisle is.
    fn walked(draft: &Draft) -> String {
        let row = draft.rows().next().unwrap();
        let mut text = String::new();
        for (at, seat) in row.seats.iter().enumerate() {
            let gap = if row.aisles.contains(&at) { "|" } else { " " };
            text += if at == 0 { "" } else { gap };
            text += &seat.label;
        }
        text
    }

    fn placed(points: &[Point]) -> String {
        let seats = points.iter().zip(1..).map(|(p, n)| (n.to_string(), Some(*p)));
        let mut draft = draft(seats.collect());
        by_geometry(&mut draft);
        walked(&draft)
    }

    #[test]
    fn gaps_in_the_drawing_are_aisles() {
        let on_x = |xs: &[f64]| placed(&xs.iter().map(|&x| (x, 0.0)).collect::<Vec<_>>());
        assert_eq!(on_x(&[0., 25., 50., 75., 100.]), "1 2 3 4 5");
        assert_eq!(on_x(&[0., 25., 50., 100., 125.]), "1 2 3|4 5");
        // Hand-placed seats are not evenly spaced.
        assert_eq!(on_x(&[0., 25., 62., 85., 110.]), "1 2 3 4 5");
        // Out of order in the file, and drawn from right to left.
        assert_eq!(on_x(&[0., 50., 25., 75., 100.]), "1 3 2 4 5");
        assert_eq!(on_x(&[100., 75., 50., 25., 0.]), "1 2 3 4 5");
        assert_eq!(on_x(&[7.0]), "1");
    }

    #[test]
    fn slanted_and_round_rows_are_walked() {
        let slanted: Vec<_> = (0..6).map(|at| (f64::from(at), f64::from(at) * 3.0)).collect();
        assert_eq!(placed(&slanted), "1 2 3 4 5 6");
        let round: Vec<_> = (0..12)
            .map(|at| (f64::from(at) * 0.45).sin_cos())
            .map(|(y, x)| (x * 100.0, y * 100.0))
            .collect();
        assert_eq!(placed(&round), "1 2 3 4 5 6 7 8 9 10 11 12");
    }
}
