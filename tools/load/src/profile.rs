//! How a crowd behaves: when it comes, how long it thinks, what it wants.
//!
//! `docs/load/on-sale.toml` is an example of every key.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rand::RngExt;
use rand::rngs::StdRng;
use serde::Deserialize;

/// Points of a curve, and sizes to draw from: more say nothing more.
const POINTS_MAX: usize = 1_000;

/// A crowd, as read from a file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Profile {
    pub(crate) arrivals: ArrivalCurve,
    pub(crate) think: Think,
    pub(crate) tempers: Tempers,
}

/// When they come. Without points, evenly.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ArrivalCurve {
    curve: Vec<CurvePoint>,
}

/// How many come at a time, relative to the other points; straight between two of them.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CurvePoint {
    at_s: f64,
    weight: f64,
}

/// How long they take before they act; nobody thinks where nothing is said.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Think {
    pub(crate) choose: Thought,
    pub(crate) pay: Thought,
}

/// A negative exponential distribution, cut off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Thought {
    mean_s: f64,
    max_s: f64,
}

impl Thought {
    pub(crate) fn draw(self, rng: &mut StdRng) -> Duration {
        if self.mean_s <= 0.0 {
            return Duration::ZERO;
        }
        let drawn = -self.mean_s * (1.0 - rng.random::<f64>()).ln();
        Duration::from_secs_f64(drawn.clamp(0.0, self.max_s))
    }
}

/// What they want, and what becomes of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Tempers {
    /// Seats of a group; each buyer is one of these.
    pub(crate) groups: Vec<u8>,
    /// Shares of those who name seats, and of those who leave without paying.
    pub(crate) picks_seats: f64,
    pub(crate) walks_away: f64,
    /// Of a thousand cards, those that are declined, and those that are never answered for.
    pub(crate) declined: u32,
    pub(crate) lost: u32,
}

impl Default for Tempers {
    fn default() -> Self {
        let groups = vec![1, 2, 2, 2, 3, 4, 4, 6];
        Tempers { groups, picks_seats: 0.1, walks_away: 0.04, declined: 40, lost: 2 }
    }
}

impl Profile {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        Profile::parse(&text).with_context(|| format!("{}", path.display()))
    }

    /// Reads what a file says.
    pub fn parse(text: &str) -> Result<Self> {
        let profile: Profile = toml::from_str(text)?;
        profile.check()?;
        Ok(profile)
    }

    fn check(&self) -> Result<()> {
        let curve = &self.arrivals.curve;
        ensure!(curve.len() <= POINTS_MAX, "arrivals.curve has more than {POINTS_MAX} points");
        ensure!(curve.len() != 1, "arrivals.curve needs two points or none");
        let is_number = |value: f64| value.is_finite() && value >= 0.0;
        for point in curve {
            let is_good = is_number(point.at_s) && is_number(point.weight);
            ensure!(is_good, "arrivals.curve: times and weights are numbers from 0 on");
        }
        let grows = curve.windows(2).all(|pair| pair[0].at_s < pair[1].at_s);
        ensure!(grows, "arrivals.curve: each point is later than the one before");
        ensure!(curve.is_empty() || self.area() > 0.0, "arrivals.curve: nobody ever comes");
        for (name, thought) in [("choose", self.think.choose), ("pay", self.think.pay)] {
            let is_good = is_number(thought.mean_s) && is_number(thought.max_s);
            ensure!(is_good, "think.{name}: mean_s and max_s are numbers from 0 on");
        }
        let Tempers { groups, picks_seats, walks_away, declined, lost } = &self.tempers;
        ensure!((1..=POINTS_MAX).contains(&groups.len()), "tempers.groups is empty or too long");
        ensure!(!groups.contains(&0), "tempers.groups: nobody comes for no seat");
        for (name, share) in [("picks_seats", picks_seats), ("walks_away", walks_away)] {
            ensure!((0.0..=1.0).contains(share), "tempers.{name} is a share from 0 to 1");
        }
        let cards = declined.saturating_add(*lost);
        ensure!(cards <= 1_000, "tempers: declined and lost are of a thousand cards together");
        Ok(())
    }

    /// Whether buyers stand still inside.
    pub(crate) fn thinks(&self) -> bool {
        self.think.choose.mean_s > 0.0 || self.think.pay.mean_s > 0.0
    }

    /// When the buyer with this number comes, of so many; `None` where the file does not say.
    #[must_use]
    pub fn arrival(&self, number: usize, buyers: usize) -> Option<Duration> {
        let first = self.arrivals.curve.first()?;
        let mut left = (number as f64 + 0.5) / buyers.max(1) as f64 * self.area();
        let mut at = first.at_s;
        for pair in self.arrivals.curve.windows(2) {
            let (from, to) = (pair[0], pair[1]);
            let (whole, span) = (area(from, to), to.at_s - from.at_s);
            if left <= whole && whole > 0.0 {
                // Of a line from w0 to w1 over this span, the part whose area is what is left.
                let slope = (to.weight - from.weight) / span;
                let root = (from.weight * from.weight + 2.0 * slope * left).max(0.0).sqrt();
                let within =
                    if root + from.weight > 0.0 { 2.0 * left / (from.weight + root) } else { 0.0 };
                return Some(Duration::from_secs_f64(from.at_s + within.min(span)));
            }
            left -= whole;
            at = to.at_s;
        }
        Some(Duration::from_secs_f64(at))
    }

    fn area(&self) -> f64 {
        self.arrivals.curve.windows(2).map(|pair| area(pair[0], pair[1])).sum()
    }
}

fn area(from: CurvePoint, to: CurvePoint) -> f64 {
    (to.at_s - from.at_s) * (from.weight + to.weight) / 2.0
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use rand::SeedableRng;

    fn curve(points: &str) -> Profile {
        Profile::parse(&format!("[arrivals]\ncurve = [{points}]")).unwrap()
    }

    #[test]
    fn the_example_is_a_crowd() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/load/on-sale.toml");
        let profile = Profile::read(&path).unwrap();
        assert!(profile.thinks());
        assert!(profile.arrival(0, 1_000).unwrap() < profile.arrival(999, 1_000).unwrap());
    }

    #[test]
    fn as_many_come_as_the_curve_is_high() {
        // A rise of ten seconds to a plateau of ten: a third of all come while it rises.
        let profile =
            curve("{ at_s = 0, weight = 0 }, { at_s = 10, weight = 4 }, { at_s = 20, weight = 4 }");
        let arrivals: Vec<f64> =
            (0..3_000).map(|n| profile.arrival(n, 3_000).unwrap().as_secs_f64()).collect();
        assert!(arrivals.windows(2).all(|pair| pair[0] <= pair[1]), "in order");
        let before = |second: f64| arrivals.iter().filter(|at| **at < second).count();
        assert_eq!(before(10.0), 1_000);
        // The area of a triangle grows with the square.
        assert_eq!(before(5.0), 250);
        assert_eq!(before(15.0), 2_000);
        assert!(arrivals[2_999] <= 20.0);
        assert!(curve("").arrival(0, 1).is_none(), "evenly");
    }

    #[test]
    fn thoughts_have_their_mean_and_their_end() {
        let thought = Thought { mean_s: 7.0, max_s: 70.0 };
        let mut rng = StdRng::seed_from_u64(1);
        let drawn: Vec<f64> = (0..20_000).map(|_| thought.draw(&mut rng).as_secs_f64()).collect();
        let mean = drawn.iter().sum::<f64>() / drawn.len() as f64;
        assert!((6.8..7.2).contains(&mean), "{mean}");
        assert!(drawn.iter().all(|seconds| *seconds <= 70.0));
        assert_eq!(Thought::default().draw(&mut rng), Duration::ZERO);
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for (text, word) in [
            ("[arrivals]\ncurve = [{ at_s = 1, weight = 1 }]", "two points"),
            ("[arrivals]\ncurve = [{ at_s = 1, weight = 1 }, { at_s = 1, weight = 1 }]", "later"),
            (
                "[arrivals]\ncurve = [{ at_s = 0, weight = 0 }, { at_s = 1, weight = 0 }]",
                "nobody ever",
            ),
            ("[tempers]\ngroups = []", "groups"),
            ("[tempers]\nwalks_away = 1.5", "walks_away"),
            ("[tempers]\ndeclined = 999\nlost = 2", "thousand"),
            ("[think]\npay = { mean_s = -1, max_s = 2 }", "think.pay"),
            ("[tempers]\nmood = 1", "mood"),
        ] {
            let error = format!("{:#}", Profile::parse(text).unwrap_err());
            assert!(error.contains(word), "{text}: {error}");
        }
    }
}
