//! An attack on what is published of an audience: how well it shows which of two worlds it is from,
//! one with a person and one without.
//!
//! The ledger claims a price; this measures a lower bound on the true one. The worlds are made by
//! the code that publishes, the ledger by the engine. Whoever attacks knows everybody else exactly,
//! and looks at all cells of the person: the likeliest test counts those that say more than the
//! others are.

mod bounds;
mod ledger;

use std::fmt;

use floodgate_domain::{AgeBand, Cohort, EventId, Fact, FactPosition, FactRecord, LogTime};
use floodgate_streams::trial::Trial;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::Serialize;

pub use floodgate_streams::trial::Plant;

use self::bounds::{least, most};
use self::ledger::{Entry, entries};

/// Everybody else in each cell of the person. Not below the threshold, so that a cell that is not
/// published says the same as one that says less.
const OTHERS: u64 = 104;
const THRESHOLD: u64 = 100;
/// Two tests, each of a least and a most: together they err five times in a hundred at most.
const ERROR: f64 = 0.05 / 4.0;
/// Runs by which a test is chosen, and as many by which it is judged, at the least.
const RUNS_MIN: u32 = 100;
/// Each is a few microseconds and a few bytes.
const RUNS_MAX: u32 = 10_000_000;

/// What to attack, and how often.
#[derive(Debug, Clone, Copy)]
pub struct AttackOptions {
    pub runs: u32,
    pub seed: u64,
    pub plant: Plant,
}

/// How well one test knew the worlds.
#[derive(Debug, Clone, Serialize)]
pub struct TestReport {
    /// What was looked at.
    pub over: &'static str,
    /// What the ledger says that this costs at most.
    pub claim: f64,
    /// What it costs at the least, with 95 % certainty for both tests together.
    pub bound: f64,
    /// How often the test said yes of those it was judged by, with the person and without.
    pub yes_with: u64,
    pub yes_without: u64,
    pub judged: u64,
}

impl TestReport {
    #[must_use]
    pub fn holds(&self) -> bool {
        self.bound <= self.claim
    }
}

/// What the attack found.
#[derive(Debug, Clone, Serialize)]
pub struct AttackReport {
    pub runs: u32,
    pub seed: u64,
    pub tests: Vec<TestReport>,
}

impl AttackReport {
    /// Whether the claim stands.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.tests.iter().all(TestReport::holds)
    }
}

impl fmt::Display for AttackReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} pairs of worlds, seed {}", self.runs, self.seed)?;
        for test in &self.tests {
            let TestReport { over, claim, bound, yes_with, yes_without, judged } = test;
            let says = if test.holds() { "holds" } else { "does not hold" };
            writeln!(
                f,
                "{over}: at least {bound:.3}, claimed {claim:.3}: {says} \
                 (yes {yes_with} with and {yes_without} without, of {judged})"
            )?;
        }
        Ok(())
    }
}

/// How many cells more of the person said that they are there than that they are not, by table: of the
/// one world and of the other.
type Scores = Vec<i32>;

/// Runs it.
pub fn attack(options: AttackOptions) -> anyhow::Result<AttackReport> {
    let AttackOptions { runs, seed, plant } = options;
    anyhow::ensure!((RUNS_MIN..=RUNS_MAX).contains(&runs), "from {RUNS_MIN} to {RUNS_MAX} runs");
    let entries = entries()?;
    let mut rng = StdRng::seed_from_u64(seed);
    let mut world = World::new(plant)?;
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        with.push(world.scores(true, &entries, &mut rng));
        without.push(world.scores(false, &entries, &mut rng));
    }
    let micros = |micros: u32| f64::from(micros) / 1e6;
    let dearest = entries.iter().map(|entry| entry.release.epsilon_micros).max().unwrap_or(0);
    let of_year = entries.last().map_or(0, |entry| entry.spent_micros);
    let one_by_one = |all: &[Scores]| all.iter().flatten().copied().collect::<Vec<i32>>();
    let sums = |all: &[Scores]| all.iter().map(|one| one.iter().sum()).collect::<Vec<i32>>();
    let tests = vec![
        test("one table", micros(dearest), (&one_by_one(&with), &one_by_one(&without))),
        test("a year of tables", micros(of_year), (&sums(&with), &sums(&without))),
    ];
    Ok(AttackReport { runs, seed, tests })
}

/// The best limit is found on one half of the scores, and judged by the other.
fn test(over: &'static str, claim: f64, (with, without): (&[i32], &[i32])) -> TestReport {
    let half = with.len() / 2;
    let yes =
        |scores: &[i32], limit: i32| scores.iter().filter(|one| **one >= limit).count() as u64;
    let bound = |limit: i32, with: &[i32], without: &[i32]| {
        let (on, off) = (yes(with, limit), yes(without, limit));
        let (all_on, all_off) = (with.len() as u64, without.len() as u64);
        (least(on, all_on, ERROR) / most(off, all_off, ERROR)).ln().max(0.0)
    };
    let range = with.iter().chain(without).copied();
    let limits = range.clone().min().unwrap_or(0)..=range.max().unwrap_or(0);
    let best = limits.max_by(|a, b| {
        let of = |limit: &i32| bound(*limit, &with[..half], &without[..half]);
        of(a).total_cmp(&of(b))
    });
    let limit = best.unwrap_or(0);
    let (with, without) = (&with[half..], &without[half..]);
    TestReport {
        over,
        claim,
        bound: bound(limit, with, without),
        yes_with: yes(with, limit),
        yes_without: yes(without, limit),
        judged: with.len() as u64,
    }
}

/// The ledger as it goes on: every world is an event of its own in it.
struct World {
    trial: Trial,
    whose: Cohort,
    offset: u64,
    event_id: u64,
}

impl World {
    fn new(plant: Plant) -> anyhow::Result<Self> {
        let region = "CH".parse()?;
        let trial = Trial::new(THRESHOLD, &[region], plant);
        let whose = Cohort::new(Some(AgeBand::From25), Some(region));
        Ok(World { trial, whose, offset: 0, event_id: 0 })
    }

    fn scores(&mut self, is_there: bool, entries: &[Entry], rng: &mut StdRng) -> Scores {
        self.event_id += 1;
        for _ in 0..OTHERS + u64::from(is_there) {
            self.take(Fact::CohortJoined { cohort: self.whose });
        }
        let mut scores = Vec::with_capacity(entries.len());
        for (at, entry) in entries.iter().enumerate() {
            let mut release = entry.release;
            release.seed = rng.random();
            let (number, spent_micros) = (at as u32 + 1, entry.spent_micros);
            let release = Box::new(release);
            let said = self.take(Fact::AudienceReleased { number, spent_micros, release });
            let says_more = |said: &Option<u64>| said.is_some_and(|count| count > OTHERS);
            let score =
                said.iter().flatten().map(|said| if says_more(said) { 1 } else { -1 }).sum();
            scores.push(score);
        }
        scores
    }

    fn take(&mut self, fact: Fact) -> Option<Vec<Option<u64>>> {
        let position = FactPosition { offset: self.offset, index: 0 };
        self.offset += 1;
        let (at, event_id) = (LogTime(self.offset), EventId(self.event_id));
        self.trial.take(&FactRecord { position, at, event_id, fact }, self.whose)
    }
}
