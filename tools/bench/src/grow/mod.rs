//! How cost, memory and start time grow with a house, a crowd, and the events of a partition.
//!
//! The engine alone, on simulated time. Each point is a process of its own, so that none has the
//! memory of another. A figure is the exponent of growth: 1 is in proportion, n log n from a
//! thousand to a million is 1.1.

mod plot;
mod point;

use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::Figure;

pub use self::plot::svg;
pub use self::point::{Axis, GrowthPoint, measure};

/// n log n over a factor of a thousand, and half as much again for what is measured badly.
const GROWTH_MAX: f64 = 1.15;
/// Sizes of houses and crowds.
const SIZES: [u32; 4] = [1_000, 10_000, 100_000, 1_000_000];
/// Events of one partition.
const EVENTS: [u32; 4] = [1, 10, 100, 1_000];

/// How far it goes.
#[derive(Debug, Clone, Copy)]
pub struct GrowBench {
    /// Sizes above this are left out.
    pub largest: u32,
    pub seed: u64,
}

/// Every point, axis by axis.
pub fn run(options: GrowBench) -> Result<Vec<GrowthPoint>> {
    let mut points = Vec::new();
    for axis in Axis::ALL {
        let sizes = if axis == Axis::Events { EVENTS } else { SIZES };
        for size in sizes.into_iter().filter(|size| *size <= options.largest) {
            points.push(in_a_process(axis, size, options.seed)?);
        }
    }
    Ok(points)
}

fn in_a_process(axis: Axis, size: u32, seed: u64) -> Result<GrowthPoint> {
    let only = format!("{}={size}", axis.name());
    let output = Command::new(std::env::current_exe()?)
        .args(["bench", "grow", "--only", &only, "--seed", &seed.to_string()])
        .output()
        .with_context(|| format!("{only} does not start"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{only}: {said}");
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// A name, and what of a point it is about.
type Series = (&'static str, fn(&GrowthPoint) -> f64);

/// The points as rows, and how each axis grows.
#[must_use]
pub fn rows(points: &[GrowthPoint]) -> Vec<Figure> {
    let mut rows = Vec::new();
    for point in points {
        let name = |what: &str| format!("{}_{}_{what}", point.axis.name(), point.size);
        let answer = Figure::rate(name("answer"), point.answer_ns, "ns/answer", None);
        rows.push(answer.beside(("memory_chased", point.floor_ns)));
        let memory = point.memory_bytes as f64;
        rows.push(Figure::rate(name("memory"), memory / f64::from(1 << 20), "MiB", None));
        rows.push(Figure::rate(name("start"), point.start_ms, "ms", None));
    }
    for axis in Axis::ALL {
        let of_axis: Vec<&GrowthPoint> = points.iter().filter(|point| point.axis == axis).collect();
        let series: [Series; 4] = [
            // So many answers, each of which costs that much.
            ("answers", |point| point.answer_ns * f64::from(point.size)),
            ("answers_to_floor", |point| point.answer_ns / point.floor_ns * f64::from(point.size)),
            ("memory", |point| point.memory_bytes as f64),
            ("start", |point| point.start_ms),
        ];
        for (what, value) in series {
            let pairs = of_axis.iter().map(|point| (f64::from(point.size), value(point)));
            if let Some(growth) = exponent(pairs) {
                let name = format!("{}_growth_{what}", axis.name());
                let row = Figure::rate(name, growth, "exponent", None);
                let row = Figure { growth: Some(growth), ..row };
                // The caches of a machine are no fault of ours: the floor has them too.
                let is_judged = what != "answers";
                rows.push(if is_judged { row.at_most(GROWTH_MAX, ("n", 1.0)) } else { row });
            }
        }
    }
    rows
}

/// The slope of a straight line through the logarithms, by least squares.
fn exponent(pairs: impl Iterator<Item = (f64, f64)>) -> Option<f64> {
    let logs: Vec<(f64, f64)> =
        pairs.filter(|(x, y)| *x > 0.0 && *y > 0.0).map(|(x, y)| (x.ln(), y.ln())).collect();
    let count = logs.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| logs.iter().map(of).sum::<f64>() / count;
    let (x_mean, y_mean) = (mean(|log| log.0), mean(|log| log.1));
    let over: f64 = logs.iter().map(|(x, y)| (x - x_mean) * (y - y_mean)).sum();
    let under: f64 = logs.iter().map(|(x, _)| (x - x_mean).powi(2)).sum();
    (logs.len() > 1 && under > 0.0).then(|| over / under)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn growth(of: fn(f64) -> f64) -> f64 {
        exponent(SIZES.iter().map(|size| (f64::from(*size), of(f64::from(*size))))).unwrap()
    }

    #[test]
    fn what_grows_faster_than_n_log_n_is_seen() {
        assert!((growth(|n| 3.0 * n) - 1.0).abs() < 1e-9);
        assert!((growth(|n| n * n) - 2.0).abs() < 1e-9);
        assert!(growth(|n| n * n.ln()) < GROWTH_MAX);
        assert!(growth(|n| n * n.sqrt()) > GROWTH_MAX);
        assert!(exponent([(1.0, 1.0)].into_iter()).is_none());
    }

    #[test]
    fn a_curve_that_grows_too_fast_is_not_met() {
        let point = |size: u32, memory_bytes: u64| GrowthPoint {
            axis: Axis::Seats,
            size,
            answers: 1,
            answer_ns: 500.0,
            floor_ns: 500.0,
            memory_bytes,
            start_ms: f64::from(size) / 1e3,
        };
        let points = [point(1_000, 1_000), point(10_000, 100_000), point(100_000, 10_000_000)];
        let rows = rows(&points);
        let met = |name: &str| {
            let row = rows.iter().find(|row| row.row == name).unwrap();
            row.beside.as_ref().unwrap().ratio_is_met
        };
        assert_eq!(met("seats_growth_memory"), Some(false));
        assert_eq!(met("seats_growth_start"), Some(true));
        assert!(svg(&points).contains("seats"));
    }
}
