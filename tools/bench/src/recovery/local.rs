//! One process restarts, on the embedded log: from a snapshot, from nothing, from a follower.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;

use floodgate_domain::EventId;
use floodgate_engine::EngineLimits;
use floodgate_event_log::{EmbeddedLog, EmbeddedOptions, Log, NewRecord, Topic};
use floodgate_runner::{
    FolderStore, GroupVersion, LoopConfig, PartitionLoop, SnapshotStore, Standby,
};

use super::{Figure, Nobody, RawLog, TAIL, row};

/// Records appended together.
const APPENDED: usize = 4_096;

pub(super) fn run(history: &RawLog, rounds: usize, folder: &Path) -> Result<Vec<Figure>> {
    let commands = history.iter().count();
    let mut undecided = Vec::new();
    let mut last = None;
    for round in 0..rounds {
        // Whoever decides a log leaves its facts there, so each round has one of its own.
        drop(last.take());
        let log = write(history, &folder.join(format!("log-{round}")))?;
        undecided.push(start(&config(&log, &folder.join("none"), u64::MAX))?);
        last = Some(log);
    }
    let Some(log) = last else { return Ok(Vec::new()) };
    // One snapshot as far from the end as a snapshot can be, stored by an owner that went by.
    let snapshots = folder.join("snapshots");
    let every = commands.saturating_sub(TAIL).max(1) as u64;
    drive(PartitionLoop::start(config(&log, &snapshots, every))?, Some(&snapshots))?;
    let (mut with_snapshot, mut whole) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        with_snapshot.push(start(&config(&log, &snapshots, u64::MAX))?);
        whole.push(start(&config(&log, &folder.join("none"), u64::MAX))?);
    }
    let takeovers = follow(&config(&log, &snapshots, u64::MAX), rounds)?;
    Ok(vec![
        row("restart_snapshot_and_tail", with_snapshot, Some(1_000.0)),
        row("restart_whole_log", whole, None),
        row("restart_undecided_log", undecided, None),
        row("standby_takes_over", takeovers, None),
    ])
}

fn write(history: &RawLog, folder: &Path) -> Result<Arc<EmbeddedLog>> {
    let options = EmbeddedOptions { partitions: 1, ..EmbeddedOptions::default() };
    let log = EmbeddedLog::open(folder, &options)?;
    let key = EventId(1).to_string();
    let records: Vec<NewRecord> =
        history.iter().map(|(_, value)| NewRecord::new(key.clone(), value.to_vec())).collect();
    for batch in records.chunks(APPENDED) {
        log.append(Topic::Commands, 0, batch.to_vec()).wait()?;
    }
    Ok(Arc::new(log))
}

fn config(log: &Arc<EmbeddedLog>, snapshots: &Path, snapshot_every: u64) -> LoopConfig {
    LoopConfig {
        partition: 0,
        log: Arc::clone(log) as Arc<dyn Log>,
        replies: Arc::new(Nobody),
        snapshots: Arc::new(FolderStore::new(snapshots)),
        limits: EngineLimits::default(),
        group_version: GroupVersion::default(),
        snapshot_every,
        tracer: Default::default(),
    }
}

/// From nothing in memory to having decided everything.
fn start(config: &LoopConfig) -> Result<Duration> {
    let started = Instant::now();
    let owner = PartitionLoop::start(config.clone())?;
    let owner = drive(owner, None)?;
    let took = started.elapsed();
    drop(owner);
    Ok(took)
}

/// Turns until everything is decided; its facts may still be on their way.
fn drive(mut owner: PartitionLoop, snapshots: Option<&Path>) -> Result<PartitionLoop> {
    loop {
        let turn = owner.turn(Duration::ZERO)?;
        if let (Some(folder), Some((next, state))) = (snapshots, owner.storable_snapshot()) {
            FolderStore::new(folder).save(0, next, &state)?;
        }
        if turn.commands == 0 && turn.behind == 0 {
            return Ok(owner);
        }
    }
}

/// How quickly a follower owns that is as warm as it gets.
fn follow(config: &LoopConfig, rounds: usize) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    let mut standby = Standby::start(config.clone())?;
    for _ in 0..rounds {
        while standby.turn(Duration::ZERO)?.behind > 0 {}
        let started = Instant::now();
        let owner = drive(standby.take_over()?, None)?;
        times.push(started.elapsed());
        standby = owner.stand_by()?;
    }
    Ok(times)
}
