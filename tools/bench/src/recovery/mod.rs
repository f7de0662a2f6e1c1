//! How long nobody answers when a processor dies: from a snapshot, from nothing, by another
//! process.

mod local;
mod processes;
mod takeover;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

use floodgate_config::Settings;
use floodgate_domain::{NewEvent, Reply};
use floodgate_transport::ReplySender;

use super::engine::{self, RawLog};
use crate::Figure;

/// How much, how often and where.
#[derive(Debug, Clone)]
pub struct RecoveryBench {
    /// Commands behind when nothing but the log is there.
    pub commands: usize,
    /// Each row is the median of so many.
    pub rounds: usize,
    /// A folder is made in it and removed again.
    pub folder: Option<PathBuf>,
    pub seed: u64,
}

/// What a processor replays at most behind its snapshot, as the default has it.
const TAIL: usize = 200_000;

/// The rows of one process, then, on a cluster, those of a takeover by another one.
pub fn run(
    new: &NewEvent,
    options: &RecoveryBench,
    cluster: Option<&TakeoverCluster>,
) -> Result<Vec<Figure>> {
    let parent = options.folder.clone().unwrap_or_else(std::env::temp_dir);
    let folder = parent.join(format!("floodgate-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    let rows = measure(new, options, cluster, &folder);
    // Only what was made here, whether measuring went well or not.
    std::fs::remove_dir_all(&folder)
        .with_context(|| format!("cannot remove {}", folder.display()))?;
    rows
}

fn measure(
    new: &NewEvent,
    options: &RecoveryBench,
    cluster: Option<&TakeoverCluster>,
    folder: &Path,
) -> Result<Vec<Figure>> {
    let commands = engine::EngineBench { commands: options.commands, seed: options.seed };
    let history = engine::timeless_log(new, commands);
    let mut rows = local::run(&history, options.rounds, folder)?;
    if let Some(cluster) = cluster {
        rows.extend(takeover::run(&history, options.rounds, cluster, folder)?);
    }
    Ok(rows)
}

/// A cluster to measure takeovers on, and the settings' file that leads there.
#[derive(Debug)]
pub struct TakeoverCluster {
    pub settings: Settings,
    pub config: PathBuf,
}

/// The median, with the others as percentiles.
fn row(name: &str, mut times: Vec<Duration>, goal: Option<f64>) -> Figure {
    times.sort_unstable();
    let median = times.get(times.len() / 2).copied().unwrap_or_default();
    Figure::rate(name, median.as_secs_f64() * 1e3, "ms", goal).with_latencies(times)
}

/// Answers nobody waits for.
#[derive(Debug)]
struct Nobody;

impl ReplySender for Nobody {
    fn send(&self, replies: Vec<Reply>) {
        std::hint::black_box(&replies);
    }
}
