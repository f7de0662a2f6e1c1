//! The embedded log alone: every figure is of durable records, synced before they count.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bytes::Bytes;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use floodgate_event_log::{EmbeddedLog, EmbeddedOptions, Log, NewRecord, Topic};

use crate::Figure;

/// Bytes of a record: an ordinary command with its envelope.
const RECORD_BYTES: usize = 64;
/// Appends under way at once in the saturated row: so many requests wait in one gateway.
const IN_FLIGHT: usize = 4_096;
/// Records of the row that sends one at a time.
const IDLE_RECORDS: usize = 2_000;

/// How much, where, and with which content.
#[derive(Debug, Clone)]
pub struct LogBench {
    pub records: u64,
    /// A folder is made in it and removed again.
    pub folder: Option<PathBuf>,
    pub seed: u64,
}

/// Every log row.
pub fn run(options: &LogBench) -> Result<Vec<Figure>> {
    let parent = options.folder.clone().unwrap_or_else(std::env::temp_dir);
    let folder = parent.join(format!("floodgate-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    let rows = measure(options, &folder);
    // Only what was made here, whether measuring went well or not.
    std::fs::remove_dir_all(&folder)
        .with_context(|| format!("cannot remove {}", folder.display()))?;
    rows
}

fn measure(options: &LogBench, folder: &std::path::Path) -> Result<Vec<Figure>> {
    let log = EmbeddedLog::open(
        folder,
        &EmbeddedOptions { partitions: 1, ..EmbeddedOptions::default() },
    )?;
    let mut rng = StdRng::seed_from_u64(options.seed);
    let mut content = vec![0; RECORD_BYTES];
    rng.fill(&mut content[..]);
    let record = NewRecord::new(Bytes::from_static(b"evt_0000000000001"), content);
    let idle = one_at_a_time(&log, &record)?;
    let saturated = many_at_once(&log, &record, options.records)?;
    let read = read_back(&log)?;
    Ok(vec![idle, saturated, read])
}

fn one_at_a_time(log: &EmbeddedLog, record: &NewRecord) -> Result<Figure> {
    let mut latencies = Vec::with_capacity(IDLE_RECORDS);
    let started = Instant::now();
    for _ in 0..IDLE_RECORDS {
        let sent = Instant::now();
        log.append(Topic::Commands, 0, vec![record.clone()]).wait()?;
        latencies.push(sent.elapsed());
    }
    let rate = IDLE_RECORDS as f64 / started.elapsed().as_secs_f64();
    Ok(Figure::rate("append_one_at_a_time", rate, "records/s", None).with_latencies(latencies))
}

fn many_at_once(log: &EmbeddedLog, record: &NewRecord, records: u64) -> Result<Figure> {
    let mut waiting = VecDeque::with_capacity(IN_FLIGHT);
    let mut latencies = Vec::with_capacity(records as usize);
    let started = Instant::now();
    for _ in 0..records {
        if waiting.len() == IN_FLIGHT {
            settle(&mut waiting, &mut latencies)?;
        }
        waiting.push_back((Instant::now(), log.append(Topic::Commands, 0, vec![record.clone()])));
    }
    while !waiting.is_empty() {
        settle(&mut waiting, &mut latencies)?;
    }
    let rate = records as f64 / started.elapsed().as_secs_f64();
    Ok(Figure::rate("append_durable", rate, "records/s", Some(250_000.0)).with_latencies(latencies))
}

fn settle(
    waiting: &mut VecDeque<(Instant, floodgate_event_log::PendingAppend)>,
    latencies: &mut Vec<Duration>,
) -> Result<()> {
    if let Some((sent, append)) = waiting.pop_front() {
        append.wait()?;
        latencies.push(sent.elapsed());
    }
    Ok(())
}

fn read_back(log: &EmbeddedLog) -> Result<Figure> {
    let end = log.end(Topic::Commands, 0)?;
    let mut reader = log.reader(Topic::Commands, 0, 0)?;
    let mut batch = Vec::new();
    let started = Instant::now();
    while reader.position() < end {
        batch.clear();
        reader.poll(4_096, Duration::from_secs(1), &mut batch)?;
    }
    let rate = end as f64 / started.elapsed().as_secs_f64();
    Ok(Figure::rate("read_from_file", rate, "records/s", None))
}
