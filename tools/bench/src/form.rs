//! The distributed form as a whole: HTTP → Kafka → engine → HTTP, roles as processes, open loop.
//!
//! Everything runs on one machine and shares its cores, the load generator and the broker
//! included; the CPU time of each process per answer shows where it goes.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;

pub use crate::installation::RoleCounts;

use crate::Figure;
use crate::cpu::{Lap, Meter};
use crate::crowd::Load;
use crate::installation::Installation;
use crate::limit::{self, BURST, BareLog, CLIENT, EMBEDDED_GOAL, IDLE, Measured, Rounds};
use floodgate_load::{LoadReport, Visit};

/// How long each step of the ramp lasts.
const STEP: Duration = Duration::from_secs(4);
/// Load a second of the ramp's steps; it ends at the first one whose p95 is over.
const STEPS: [f64; 9] =
    [1_000.0, 2_000.0, 4_000.0, 6_000.0, 8_000.0, 12_000.0, 16_000.0, 24_000.0, 40_000.0];
/// A step that is slower at p95 was not held.
const P95_MAX_MS: f64 = 200.0;

/// What is measured.
#[derive(Debug, Clone)]
pub struct FormBench {
    /// The servers to use, as every role takes them.
    pub config: Option<PathBuf>,
    pub roles: RoleCounts,
    /// Events on sale at once; the burst is spread over them.
    pub events: usize,
    /// Each row of the burst is the median of this many rounds.
    pub rounds: usize,
    /// Holds of the burst; a fifth as many whole visits follow.
    pub burst: usize,
    /// The embedded form in the same rounds.
    pub embedded: bool,
    pub ramp: bool,
    pub seed: u64,
}

/// Every row of the form.
pub async fn run(options: &FormBench) -> Result<Vec<Figure>> {
    let mut meter = Meter::default();
    let config = options.config.as_deref();
    let installation = Installation::distributed(config, options.roles, &mut meter).await?;
    meter.watch(CLIENT, std::process::id());
    meter.watch_servers(std::path::Path::new(".servers"));
    let rows = measure(options, &installation, &mut meter).await;
    installation.end().await?;
    rows
}

async fn measure(
    options: &FormBench,
    installation: &Installation,
    meter: &mut Meter,
) -> Result<Vec<Figure>> {
    let mut rows = Box::pin(beside_the_limit(options, installation, meter)).await?;
    if options.ramp {
        rows.extend(ramp(options, installation, meter).await?);
    }
    let mut events = Vec::with_capacity(options.events);
    for _ in 0..options.events {
        events.push(installation.event(true).await?);
    }
    let (buyers, seed) = (options.burst / 5, options.seed);
    let crowd = Load { visit: Visit::Whole, buyers, rate: None, seed };
    let report = crowd.send(&installation.targets, &events, meter).await?;
    rows.push(figure("burst_visits", &report, None));
    rows.extend(shares("burst_visits", &report, &meter.lap()));
    Ok(rows)
}

/// The burst of holds and the single buyer, in rounds with the bare processes and, where that is
/// wanted, with the embedded form.
async fn beside_the_limit(
    options: &FormBench,
    installation: &Installation,
    meter: &mut Meter,
) -> Result<Vec<Figure>> {
    let FormBench { rounds, burst, events, seed, .. } = *options;
    let rounds = Rounds { rounds, burst, events, goal: EMBEDDED_GOAL, seed };
    let log = BareLog::Kafka(options.config.clone());
    let mut measured =
        vec![Measured { name: BURST, idle: IDLE, installation, meter, profile: None }];
    if !options.embedded {
        return Box::pin(limit::rounds(&rounds, &mut measured, &log)).await;
    }
    let mut embedded_meter = Meter::default();
    let embedded = Installation::embedded(None, &mut embedded_meter).await?;
    embedded_meter.watch(CLIENT, std::process::id());
    let (name, idle) = ("embedded_holds", "embedded_idle");
    let (installation, meter) = (&embedded, &mut embedded_meter);
    let one = Measured { name, idle, installation, meter, profile: None };
    measured.insert(0, one);
    let rows = Box::pin(limit::rounds(&rounds, &mut measured, &log)).await;
    embedded.end().await?;
    rows
}

/// Steps of growing rate, each on an event of its own, up to the first that is not held.
async fn ramp(
    options: &FormBench,
    installation: &Installation,
    meter: &mut Meter,
) -> Result<Vec<Figure>> {
    let (mut rows, mut held) = (Vec::new(), None);
    for rate in STEPS {
        let events = [installation.event(false).await?];
        let buyers = (rate * STEP.as_secs_f64()) as usize;
        let seed = options.seed + rate as u64;
        let crowd = Load { visit: Visit::Holds, buyers, rate: Some(rate), seed };
        let report = crowd.send(&installation.targets, &events, meter).await?;
        let name = format!("ramp_{rate}");
        let is_held = report.latency_ms.p95 < P95_MAX_MS && report.gave_up == 0;
        rows.push(figure(&name, &report, None));
        if !is_held {
            break;
        }
        held = Some(rate);
    }
    let held = held.unwrap_or_default();
    rows.push(Figure::rate("ramp_held", held, "answers/s at p95 < 200 ms", Some(40_000.0)));
    Ok(rows)
}

fn figure(name: &str, report: &LoadReport, goal: Option<f64>) -> Figure {
    let mut row = Figure::rate(name, report.answers_per_s, "answers/s", goal);
    let latency = &report.latency_ms;
    row.p50_us = Some(latency.p50 * 1e3);
    row.p95_us = Some(latency.p95 * 1e3);
    row.p99_us = Some(latency.p99 * 1e3);
    row
}

/// Processor time an answer, by process and in all.
fn shares(name: &str, report: &LoadReport, laps: &[Lap]) -> Vec<Figure> {
    let each = |spent: Duration| spent.as_secs_f64() * 1e6 / report.answers.max(1) as f64;
    let total: Duration = laps.iter().map(|lap| lap.spent).sum();
    let row = |of: &str, spent| {
        Figure::rate(format!("{name}_cpu_{of}"), each(spent), "µs CPU/answer", None)
    };
    let mut rows: Vec<Figure> = laps.iter().map(|lap| row(&lap.name, lap.spent)).collect();
    rows.push(row("total", total));
    rows
}
