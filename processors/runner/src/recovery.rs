//! Where to go on: the newest good snapshot, and the tail of the published facts.

use floodgate_log::{Log, Offset, Origin, Partition, Topic};
use floodgate_onsale::{Engine, EngineLimits, Source};

use crate::partition_loop::RunnerError;
use crate::snapshots::SnapshotStore;
use crate::tail::facts_tail;

/// An engine and the next command it needs.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) engine: Engine,
    pub(crate) next: Offset,
    pub(crate) facts_tail: Option<Source>,
    pub(crate) parked_tail: Option<Offset>,
}

/// Finds where to start. Replaying from there gives the state as of the end of the log,
/// whichever snapshot was good.
pub(crate) fn find_start(
    log: &dyn Log,
    snapshots: &dyn SnapshotStore,
    partition: Partition,
    limits: EngineLimits,
) -> Result<Start, RunnerError> {
    let end = log.end(Topic::Commands, partition)?;
    let (engine, next) =
        newest_good(snapshots, partition, end, limits).unwrap_or_else(|| (Engine::new(limits), 0));
    Ok(Start {
        engine,
        next,
        facts_tail: facts_tail(log, partition)?,
        parked_tail: parked_tail(log, partition)?,
    })
}

fn newest_good(
    snapshots: &dyn SnapshotStore,
    partition: Partition,
    end: Offset,
    limits: EngineLimits,
) -> Option<(Engine, Offset)> {
    let offsets = snapshots.list(partition).unwrap_or_else(|error| {
        tracing::error!(partition, %error, "snapshots cannot be listed; replaying the whole log");
        Vec::new()
    });
    // A snapshot from beyond the log belongs to another log.
    for next in offsets.into_iter().filter(|&next| next <= end) {
        let state = match snapshots.load(partition, next) {
            Ok(state) => state,
            Err(error) => {
                tracing::error!(partition, next, %error, "a snapshot cannot be read; skipped");
                continue;
            }
        };
        match Engine::restore(&state, limits) {
            Ok(engine) => return Some((engine, next)),
            Err(error) => {
                tracing::error!(partition, next, %error, "a snapshot is not usable; skipped");
            }
        }
    }
    None
}

fn parked_tail(log: &dyn Log, partition: Partition) -> Result<Option<Offset>, RunnerError> {
    let last = log.last(Topic::DeadLetters, partition)?;
    Ok(last.and_then(|letter| Origin::of(&letter)).map(|origin| origin.offset))
}
