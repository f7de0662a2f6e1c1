//! The focal point: what everybody in the house looks at, by whose distance seats are good.
//!
//! Owns the ways to know it, the surest first: said by whoever imports the plan, named in the file,
//! seen from the rows (their numbers count away from the stage, or they bend round it). Where none
//! of them helps, it is assumed at the top, and said.

use crate::Mend;
use crate::aisles::distance;
use crate::draft::{Draft, DraftRow, DraftSection, Point};
use crate::numbers::row_place;

/// Where a focal point is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Focus {
    Top,
    Bottom,
    Left,
    Right,
    Middle,
    /// In the file's own units.
    At(f64, f64),
}

impl Focus {
    /// Reads `top`, `bottom`, `left`, `right`, `middle`, or a point such as `120,40.5`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text.trim() {
            "top" => Focus::Top,
            "bottom" => Focus::Bottom,
            "left" => Focus::Left,
            "right" => Focus::Right,
            "middle" => Focus::Middle,
            point => {
                let (x, y) = point.split_once(',')?;
                let (x, y): (f64, f64) = (x.trim().parse().ok()?, y.trim().parse().ok()?);
                return (x.is_finite() && y.is_finite()).then_some(Focus::At(x, y));
            }
        })
    }

    /// The point of a house whose seats reach from `low` to `high`; a side is before its front row.
    pub(crate) fn within(self, (low, high): (Point, Point), pitch: f64) -> Point {
        let middle = ((low.0 + high.0) / 2.0, (low.1 + high.1) / 2.0);
        let before = BEFORE_FRONT * pitch;
        match self {
            Focus::Top => (middle.0, low.1 - before),
            Focus::Bottom => (middle.0, high.1 + before),
            Focus::Left => (low.0 - before, middle.1),
            Focus::Right => (high.0 + before, middle.1),
            Focus::Middle => middle,
            Focus::At(x, y) => (x, y),
        }
    }
}

/// What whoever imports a plan says about it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ImportOptions {
    /// Where the stage is. None: as the file shows it.
    pub focus: Option<Focus>,
    /// What else the file does not say, or says wrongly; at most [`crate::MENDS_MAX`].
    pub mends: Vec<Mend>,
}

/// Rows face one way if their directions agree by so much; else they surround something.
const ONE_WAY: f64 = 0.5;
/// The stage is so far before the front row, in pitches.
const BEFORE_FRONT: f64 = 2.0;
/// Rows bend if their middle is off the line between their ends by so much of its length.
const BEND: f64 = 0.02;

/// The focal point as the rows show it, with a word how; every seat has a point.
pub(crate) fn seen(draft: &Draft, pitch: f64) -> Option<(Point, &'static str)> {
    let by_labels: Vec<Facing> = draft.sections.iter().filter_map(by_labels).collect();
    let seats = draft.seats().count() as f64;
    let known: f64 = by_labels.iter().map(|facing| facing.seats).sum();
    if known * 2.0 > seats {
        return Some((
            point_before(draft, pitch, &by_labels),
            "the lowest row is taken as the front",
        ));
    }
    let bend = by_bend(draft)?;
    Some((point_before(draft, pitch, &[bend]), "rows are taken to bend round it"))
}

/// Which way so many seats look: a unit vector.
#[derive(Debug, Clone, Copy)]
struct Facing {
    to: Point,
    seats: f64,
}

/// Towards the lower numbers of its rows.
fn by_labels(section: &DraftSection) -> Option<Facing> {
    let rows = section.rows.iter().filter(|row| !row.seats.is_empty());
    let placed: Vec<(f64, Point, f64)> = rows
        .map(|row| {
            let (_, number, again) = row_place(&row.label)?;
            Some((number as f64 + f64::from(again) / 4.0, middle(row), row.seats.len() as f64))
        })
        .collect::<Option<_>>()?;
    let prefix = |row: &DraftRow| row_place(&row.label).map(|place| place.0.to_owned());
    let first = prefix(section.rows.first()?);
    if section.rows.iter().any(|row| prefix(row) != first) {
        return None;
    }
    let seats: f64 = placed.iter().map(|row| row.2).sum();
    let mean = |of: &dyn Fn(&(f64, Point, f64)) -> f64| {
        placed.iter().map(|row| of(row) * row.2).sum::<f64>() / seats
    };
    let (at, x, y) = (mean(&|row| row.0), mean(&|row| row.1.0), mean(&|row| row.1.1));
    let slope = |of: &dyn Fn(&Point) -> f64| {
        placed.iter().map(|row| (row.0 - at) * of(&row.1) * row.2).sum::<f64>()
    };
    let away = (slope(&|point| point.0 - x), slope(&|point| point.1 - y));
    unit(away).map(|away| Facing { to: (-away.0, -away.1), seats })
}

/// The ends of a row that bends are nearer to the stage than its middle.
fn by_bend(draft: &Draft) -> Option<Facing> {
    let (mut sum, mut all, mut chords, mut seats) = ((0.0, 0.0), 0.0, 0.0, 0.0);
    for row in draft.rows().filter(|row| row.seats.len() >= 5) {
        let point = |at: usize| row.seats[at].point.unwrap_or_default();
        let last = row.seats.len() - 1;
        let (first, last) = (point(0), point(last));
        let between = ((first.0 + last.0) / 2.0, (first.1 + last.1) / 2.0);
        let halves = [point((row.seats.len() - 1) / 2), point(row.seats.len() / 2)];
        let half = ((halves[0].0 + halves[1].0) / 2.0, (halves[0].1 + halves[1].1) / 2.0);
        let off = (between.0 - half.0, between.1 - half.1);
        // Across the row only: seats are not evenly spaced.
        let Some(chord) = unit((last.0 - first.0, last.1 - first.1)) else { continue };
        let along = off.0 * chord.0 + off.1 * chord.1;
        let sag = (off.0 - along * chord.0, off.1 - along * chord.1);
        sum = (sum.0 + sag.0, sum.1 + sag.1);
        all += sag.0.hypot(sag.1);
        chords += distance(first, last);
        seats += row.seats.len() as f64;
    }
    let is_clear = all > BEND * chords && sum.0.hypot(sum.1) > ONE_WAY * all;
    if is_clear { unit(sum).map(|to| Facing { to, seats }) } else { None }
}

/// Before the front row if all look one way, else in their middle.
fn point_before(draft: &Draft, pitch: f64, facing: &[Facing]) -> Point {
    let points = || draft.seats().filter_map(|seat| seat.point);
    let seats: f64 = facing.iter().map(|one| one.seats).sum();
    let sum = facing
        .iter()
        .fold((0.0, 0.0), |sum, one| (sum.0 + one.to.0 * one.seats, sum.1 + one.to.1 * one.seats));
    let agree = sum.0.hypot(sum.1) / seats;
    let Some(to) = unit(sum).filter(|_| agree >= ONE_WAY) else {
        return Focus::Middle.within(extent(points()), pitch);
    };
    let along = |(x, y): Point| x * to.0 + y * to.1;
    let across = |(x, y): Point| y * to.0 - x * to.1;
    let front = points().map(along).fold(f64::MIN, f64::max) + BEFORE_FRONT * pitch;
    let (low, high) = points()
        .map(across)
        .fold((f64::MAX, f64::MIN), |(low, high), at| (low.min(at), high.max(at)));
    let side = (low + high) / 2.0;
    (to.0 * front - to.1 * side, to.1 * front + to.0 * side)
}

/// The corners around all points.
pub(crate) fn extent(points: impl Iterator<Item = Point>) -> (Point, Point) {
    points.fold(((f64::MAX, f64::MAX), (f64::MIN, f64::MIN)), |(low, high), (x, y)| {
        ((low.0.min(x), low.1.min(y)), (high.0.max(x), high.1.max(y)))
    })
}

pub(crate) fn middle(row: &DraftRow) -> Point {
    let seats = row.seats.len().max(1) as f64;
    let points = row.seats.iter().map(|seat| seat.point.unwrap_or_default());
    let sum = points.fold((0.0, 0.0), |sum, point| (sum.0 + point.0, sum.1 + point.1));
    (sum.0 / seats, sum.1 / seats)
}

fn unit((x, y): Point) -> Option<Point> {
    let length = x.hypot(y);
    (length > 1e-9).then(|| (x / length, y / length))
}
