//! The shortest encoding of labels and points.

use floodgate_domain::plan::{Labels, Shape};

/// A seat may be drawn this far from its place (plan units; a pitch is about 100): nobody
/// sees two hundredths of a seat, and straight rows shrink to four numbers.
const DRAWING_TOLERANCE: i32 = 2;

/// Evenly counting numbers as such, everything else as texts.
pub(crate) fn labels<'a>(texts: impl ExactSizeIterator<Item = &'a str> + Clone) -> Labels {
    let as_numbers = || {
        let count = u16::try_from(texts.len()).ok()?;
        let mut numbers = texts.clone().map(number);
        let first = numbers.next()??;
        let mut step = None;
        let mut last = first;
        for number in numbers {
            let number = number?;
            let this_step = number.checked_sub(last)?;
            if *step.get_or_insert(this_step) != this_step {
                return None;
            }
            last = number;
        }
        let step = step.unwrap_or(1);
        Some(Labels::Numbers { first, step, count })
    };
    as_numbers().unwrap_or_else(|| Labels::Texts(texts.map(str::to_owned).collect()))
}

/// Only what would be written the same way again: `07` and `+7` are texts.
fn number(text: &str) -> Option<i32> {
    text.parse().ok().filter(|n: &i32| n.to_string() == text)
}

/// A line if all points are on one, evenly spaced; else the points.
pub(crate) fn shape(points: Vec<(i32, i32)>) -> Shape {
    let (Some(&first), Some(&last)) = (points.first(), points.last()) else {
        return Shape::default();
    };
    let steps = (points.len() as i64 - 1).max(1);
    let step = |from: i32, to: i32| {
        let way = (i64::from(to) - i64::from(from)) * 256;
        // Rounded to the nearest, so that the last seat is not a unit off.
        i32::try_from((way + way.signum() * steps / 2) / steps).ok()
    };
    let (Some(dx), Some(dy)) = (step(first.0, last.0), step(first.1, last.1)) else {
        return Shape::Points(points);
    };
    let (x, y) = first;
    let line = Shape::Line { x, y, dx, dy };
    let fits = points.iter().enumerate().all(|(at, point)| {
        let drawn = line.point(at);
        drawn.0.abs_diff(point.0) <= DRAWING_TOLERANCE as u32
            && drawn.1.abs_diff(point.1) <= DRAWING_TOLERANCE as u32
    });
    if fits { line } else { Shape::Points(points) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_become_numbers_only_when_nothing_is_lost() {
        let of = |texts: &[&str]| labels(texts.iter().copied());
        let numbers = |first, step, count| Labels::Numbers { first, step, count };
        assert_eq!(of(&["1", "2", "3"]), numbers(1, 1, 3));
        assert_eq!(of(&["9", "7", "5"]), numbers(9, -2, 3));
        assert_eq!(of(&["4"]), numbers(4, 1, 1));
        let texts = |texts: &[&str]| Labels::Texts(texts.iter().map(|&t| t.into()).collect());
        for kept in [&["01", "02"][..], &["1", "2", "4"], &["1", "A"], &["+1"]] {
            assert_eq!(of(kept), texts(kept));
        }
    }

    #[test]
    fn straight_rows_become_lines() {
        let straight = vec![(0, 0), (100, 33), (200, 67), (300, 100)];
        assert!(matches!(shape(straight), Shape::Line { x: 0, y: 0, .. }));
        let bent = vec![(0, 0), (100, 10), (200, 0)];
        assert_eq!(shape(bent.clone()), Shape::Points(bent));
        let far = vec![(i32::MIN, 0), (i32::MAX, 0)];
        assert_eq!(shape(far.clone()), Shape::Points(far));
    }
}
