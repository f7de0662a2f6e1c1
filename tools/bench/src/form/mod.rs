//! The distributed form as a whole: HTTP → Kafka → engine → HTTP, roles as processes, open loop.
//!
//! Everything runs on one machine and shares its cores, the load generator and the broker
//! included; the CPU time of each process per answer shows where it goes.

mod cpu;
mod installation;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use http::Method;
use serde_json::json;

pub use self::installation::RoleCounts;

use self::cpu::Meter;
use self::installation::Installation;
use crate::Figure;
use floodgate_http_client::{Call, Http};
use floodgate_load::{LoadProgress, LoadReport, Prepared, Visit};

/// Requests of the idle row, one after the other.
const IDLE_REQUESTS: usize = 300;
/// How long each step of the ramp lasts.
const STEP: Duration = Duration::from_secs(4);
/// Arrivals a second of the ramp's steps; it ends at the first one whose p95 is over.
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
    /// Holds of the burst; a fifth as many whole visits follow.
    pub burst: usize,
    pub ramp: bool,
    pub seed: u64,
}

/// Every row of the form.
pub async fn run(options: &FormBench) -> Result<Vec<Figure>> {
    let mut meter = Meter::default();
    let installation =
        Installation::start(options.config.as_deref(), options.roles, &mut meter).await?;
    meter.watch("client", std::process::id());
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
    let mut rows = vec![idle(installation, meter).await?];
    let report = burst(options, installation, Visit::Holds, options.burst, meter).await?;
    rows.push(figure("burst_holds", &report, Some(40_000.0)));
    rows.extend(shares("burst_holds", &report, &meter.lap()));
    if options.ramp {
        rows.extend(ramp(options, installation, meter).await?);
    }
    let report = burst(options, installation, Visit::Whole, options.burst / 5, meter).await?;
    rows.push(figure("burst_visits", &report, None));
    rows.extend(shares("burst_visits", &report, &meter.lap()));
    Ok(rows)
}

/// One request after the other: what a single buyer waits when nobody else is there.
async fn idle(installation: &Installation, meter: &mut Meter) -> Result<Figure> {
    let event_id = installation.event(false).await?;
    meter.settle().await?;
    let http = Http::new(&installation.targets[0])?;
    let join = format!("/v1/events/{event_id}/queue");
    let call = Call { key: Some("idle"), body: Some(json!({})), ..Call::default() };
    let joined = http.until_decided(Method::POST, &join, call).await?;
    let device = joined.text("device").unwrap_or_default().to_owned();
    let path = format!("/v1/events/{event_id}/status?consistency=strong");
    let mut latencies = Vec::with_capacity(IDLE_REQUESTS);
    // The device's rate limit is 20 a second; a strong status is a command like any other.
    let mut pulse = tokio::time::interval(Duration::from_millis(55));
    for number in 0..IDLE_REQUESTS {
        pulse.tick().await;
        let headers = vec![("floodgate-device", device.as_str())];
        let sent = Instant::now();
        let call = Call { headers, ..Call::default() };
        http.exchange(&Method::GET, &path, &call).await?;
        // The first ones open connections.
        if number >= 10 {
            latencies.push(sent.elapsed());
        }
    }
    let mut row = Figure::rate("idle", 0.0, "ms at p50", Some(3.0)).with_latencies(latencies);
    row.value = row.p50_us.unwrap_or_default() / 1e3;
    Ok(row)
}

async fn burst(
    options: &FormBench,
    installation: &Installation,
    visit: Visit,
    buyers: usize,
    meter: &mut Meter,
) -> Result<LoadReport> {
    let mut events = Vec::with_capacity(options.events);
    for _ in 0..options.events {
        events.push(installation.event(visit == Visit::Whole).await?);
    }
    send(installation, visit, &events, (buyers, None), options.seed, meter).await
}

/// Buyers over all gateways and events alike, so many in all and so many a second. The meter's
/// next lap begins when everything is ready.
async fn send(
    installation: &Installation,
    visit: Visit,
    events: &[String],
    (buyers, rate): (usize, Option<f64>),
    seed: u64,
    meter: &mut Meter,
) -> Result<LoadReport> {
    let streams = installation.targets.len().max(events.len());
    let mut ready = Vec::with_capacity(streams);
    let targets = installation.targets.iter().cycle();
    for (number, (event, target)) in events.iter().cycle().zip(targets).take(streams).enumerate() {
        let options = floodgate_load::LoadOptions {
            visit,
            rate: rate.map(|rate| rate / streams as f64),
            patience: Duration::from_secs(120),
            // Buyers of different streams are different people.
            first: number * (buyers / streams),
            ..floodgate_load::LoadOptions::new(
                target,
                event,
                buyers / streams,
                seed + number as u64,
            )
        };
        ready.push(floodgate_load::prepare(&options, Arc::new(LoadProgress::default())).await?);
    }
    meter.settle().await?;
    meter.lap();
    let mut streams: tokio::task::JoinSet<_> = ready.into_iter().map(Prepared::run).collect();
    let mut reports = Vec::new();
    while let Some(report) = streams.join_next().await {
        reports.push(report??);
    }
    Ok(LoadReport::sum(reports))
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
        let load = (buyers, Some(rate));
        let report = send(installation, Visit::Holds, &events, load, seed, meter).await?;
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
fn shares(name: &str, report: &LoadReport, laps: &[(String, Duration)]) -> Vec<Figure> {
    let each = |spent: Duration| spent.as_secs_f64() * 1e6 / report.answers.max(1) as f64;
    let total: Duration = laps.iter().map(|(_, spent)| *spent).sum();
    let row = |of: &str, spent, goal| {
        Figure::rate(format!("{name}_cpu_{of}"), each(spent), "µs CPU/answer", goal)
    };
    let mut rows: Vec<Figure> = laps.iter().map(|(of, spent)| row(of, *spent, None)).collect();
    rows.push(row("total", total, Some(50.0)));
    rows
}
