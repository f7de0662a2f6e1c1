//! One measured figure, as a line of JSON.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

/// A figure next to its goal. Latencies in microseconds, where the row has any.
#[derive(Debug, Clone, Serialize)]
pub struct Figure {
    pub row: String,
    pub value: f64,
    pub unit: &'static str,
    pub goal: Option<f64>,
    /// Smallest and greatest of several rounds, of which `value` is the median.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// The exponent of a growth, where the figure is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub growth: Option<f64>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub beside: Option<Beside>,
    pub p50_us: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p95_us: Option<f64>,
    pub p99_us: Option<f64>,
    pub p999_us: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p90_us: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_us: Option<f64>,
    /// The whole distribution: latencies up to so many microseconds and above the bound before, and how
    /// many there were.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub histogram: Vec<(u64, u64)>,
}

/// What the figure is a multiple of: another row, measured in the same minutes.
#[derive(Debug, Clone, Serialize)]
pub struct Beside {
    pub ratio: f64,
    pub ratio_to: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio_goal: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio_is_met: Option<bool>,
}

impl Figure {
    /// A row without latencies.
    #[must_use]
    pub fn rate(row: impl Into<String>, value: f64, unit: &'static str, goal: Option<f64>) -> Self {
        let row = row.into();
        Figure {
            row,
            value,
            unit,
            goal,
            min: None,
            max: None,
            growth: None,
            beside: None,
            p50_us: None,
            p95_us: None,
            p99_us: None,
            p999_us: None,
            p90_us: None,
            max_us: None,
            histogram: Vec::new(),
        }
    }

    /// The same row as a multiple of another one's value.
    #[must_use]
    pub fn beside(self, (ratio_to, other): (&'static str, f64)) -> Self {
        let ratio = self.value / other.max(f64::MIN_POSITIVE);
        let beside = Beside { ratio, ratio_to, ratio_goal: None, ratio_is_met: None };
        Figure { beside: Some(beside), ..self }
    }

    /// The same, and it shall be this multiple or more.
    #[must_use]
    pub fn at_least(self, goal: f64, other: (&'static str, f64)) -> Self {
        self.judged(goal, other, |ratio| ratio >= goal)
    }

    /// The same, and it shall be this multiple or less.
    #[must_use]
    pub fn at_most(self, goal: f64, other: (&'static str, f64)) -> Self {
        self.judged(goal, other, |ratio| ratio <= goal)
    }

    fn judged(self, goal: f64, other: (&'static str, f64), is_met: impl Fn(f64) -> bool) -> Self {
        let mut row = self.beside(other);
        if let Some(beside) = &mut row.beside {
            beside.ratio_goal = Some(goal);
            beside.ratio_is_met = Some(is_met(beside.ratio));
        }
        row
    }

    /// The same row with percentiles of these latencies.
    #[must_use]
    pub fn with_latencies(mut self, mut latencies: Vec<Duration>) -> Self {
        latencies.sort_unstable();
        let at = |share: f64| {
            let rank = (latencies.len() as f64 * share) as usize;
            latencies
                .get(rank.min(latencies.len().saturating_sub(1)))
                .map(|latency| latency.as_secs_f64() * 1e6)
        };
        (self.p50_us, self.p99_us, self.p999_us) = (at(0.5), at(0.99), at(0.999));
        self
    }

    /// The same row with the whole distribution of these latencies.
    #[must_use]
    pub fn with_distribution(mut self, mut latencies: Vec<Duration>) -> Self {
        latencies.sort_unstable();
        let micros = |latency: &Duration| latency.as_secs_f64() * 1e6;
        self.histogram = histogram(&latencies);
        self.max_us = latencies.last().map(micros);
        self.p90_us = latencies.get(latencies.len() * 9 / 10).map(micros);
        self.with_latencies(latencies)
    }
}

/// Two digits of a latency are enough to draw it: bounds 10 % apart, from 100 µs on.
fn histogram(sorted: &[Duration]) -> Vec<(u64, u64)> {
    let (mut bound, mut count, mut all) = (100_u64, 0, Vec::new());
    for latency in sorted {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        while micros > bound {
            if count > 0 {
                all.push((bound, std::mem::take(&mut count)));
            }
            bound = bound.saturating_add(bound / 10);
        }
        count += 1;
    }
    if count > 0 {
        all.push((bound, count));
    }
    all
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = if self.value.abs() < 10.0 { 2 } else { 1 };
        write!(f, "{:<30} {:>12.*} {:<15}", self.row, digits, self.value, self.unit)?;
        if let Some(goal) = self.goal {
            write!(f, " goal {goal:>11.0}")?;
        }
        if let (Some(min), Some(max)) = (self.min, self.max) {
            write!(f, "  {min:.1} to {max:.1}")?;
        }
        if let Some(Beside { ratio, ratio_to, ratio_goal, .. }) = &self.beside {
            write!(f, "  {ratio:.2} × {ratio_to}")?;
            if let Some(goal) = ratio_goal {
                write!(f, " (goal {goal})")?;
            }
        }
        let percentiles = [
            ("p50", self.p50_us),
            ("p90", self.p90_us),
            ("p95", self.p95_us),
            ("p99", self.p99_us),
            ("p99.9", self.p999_us),
            ("max", self.max_us),
        ];
        for (name, value) in percentiles {
            if let Some(value) = value {
                write!(f, "  {name} {value:.2} µs")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distribution_has_every_latency_once() {
        let latencies = |all: &[u64]| all.iter().map(|us| Duration::from_micros(*us)).collect();
        let row =
            |all: &[u64]| Figure::rate("a", 1.0, "ms", None).with_distribution(latencies(all));
        assert_eq!(row(&[]).histogram, []);
        let row = row(&[250_000, 90, 100, 101, 110, 5_000]);
        let (bounds, counts): (Vec<u64>, Vec<u64>) = row.histogram.iter().copied().unzip();
        assert_eq!(counts, [2, 2, 1, 1]);
        assert_eq!((bounds[0], bounds[1]), (100, 110));
        assert!((5_000..5_500).contains(&bounds[2]) && (250_000..275_000).contains(&bounds[3]));
        assert_eq!(row.max_us, Some(250_000.0));
    }
}
