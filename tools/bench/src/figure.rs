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
    pub p50_us: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p95_us: Option<f64>,
    pub p99_us: Option<f64>,
    pub p999_us: Option<f64>,
}

impl Figure {
    /// A row without latencies.
    #[must_use]
    pub fn rate(row: impl Into<String>, value: f64, unit: &'static str, goal: Option<f64>) -> Self {
        let row = row.into();
        Figure { row, value, unit, goal, p50_us: None, p95_us: None, p99_us: None, p999_us: None }
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
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<20} {:>14.1} {:<12}", self.row, self.value, self.unit)?;
        if let Some(goal) = self.goal {
            write!(f, " goal {goal:>11.0}")?;
        }
        let percentiles = [
            ("p50", self.p50_us),
            ("p95", self.p95_us),
            ("p99", self.p99_us),
            ("p99.9", self.p999_us),
        ];
        for (name, value) in percentiles {
            if let Some(value) = value {
                write!(f, "  {name} {value:.2} µs")?;
            }
        }
        Ok(())
    }
}
