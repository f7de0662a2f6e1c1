//! Where to continue: the newest valid snapshot, and the tail of the published facts.

use floodgate_domain::FactPosition;
use floodgate_engine::{Engine, EngineLimits, SnapshotError};
use floodgate_event_log::{Checkpoint, CheckpointError, Log, Offset, Origin, Partition, Topic};

use crate::error::{RunnerError, broken};
use crate::marked::Basis;
use crate::readers::Reader;
use crate::snapshots::SnapshotStore;
use crate::tail::{facts_tail, has_fact_from};

/// Where a state came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecoveredFrom {
    /// The whole log is folded.
    Nothing,
    Snapshot,
    /// A follower that had folded the log.
    Standby,
}

impl RecoveredFrom {
    pub(crate) fn name(self) -> &'static str {
        match self {
            RecoveredFrom::Nothing => "nothing",
            RecoveredFrom::Snapshot => "snapshot",
            RecoveredFrom::Standby => "standby",
        }
    }
}

/// A state, and the commands it needs next.
#[derive(Debug)]
pub(crate) struct RecoveredState {
    pub(crate) engine: Engine,
    pub(crate) commands: Reader,
    /// What the state follows from.
    pub(crate) basis: Basis,
    pub(crate) origin: RecoveredFrom,
}

/// Where an owner begins.
#[derive(Debug)]
pub(crate) struct OwnerStart {
    pub(crate) recovered: RecoveredState,
    pub(crate) facts_tail: Option<FactPosition>,
    pub(crate) parked_tail: Option<Offset>,
}

/// Finds where to start. Replaying from there gives the state as of the end of the log,
/// whichever snapshot was good.
pub(crate) fn find_start(
    log: &dyn Log,
    snapshots: &dyn SnapshotStore,
    partition: Partition,
    limits: EngineLimits,
) -> Result<OwnerStart, RunnerError> {
    let recovered = match newest_good(log, snapshots, partition, limits)? {
        Some(recovered) => recovered,
        None => from_the_first(log, partition, limits)?,
    };
    // Here, and not at every takeover: it looks at every seat, fifty milliseconds for 200,000.
    if let Some(violation) = recovered.engine.violations().into_iter().next() {
        return Err(broken(partition, violation));
    }
    let facts_tail = facts_tail(log, partition)?;
    look_at_ledger(log, partition, recovered.basis, facts_tail)?;
    Ok(OwnerStart { recovered, facts_tail, parked_tail: parked_tail(log, partition)? })
}

/// Whether the ledger is that of the commands and of the state, as far as its end says.
fn look_at_ledger(
    log: &dyn Log,
    partition: Partition,
    basis: Basis,
    facts_tail: Option<FactPosition>,
) -> Result<(), RunnerError> {
    // Every fact before a snapshot was durable when that was stored. An owner that was replaced may
    // have repeated older ones behind it.
    if let Some(position) = basis.fact.filter(|fact| Some(*fact) > facts_tail)
        && !has_fact_from(log, partition, position)?
    {
        let what = "ends before a fact that a snapshot rests on";
        return Err(RunnerError::Diverged { partition, position, what });
    }
    // After the tail: what was published since then is of commands that are there too.
    let end = log.end(Topic::Commands, partition)?;
    match facts_tail.filter(|tail| tail.offset >= end) {
        None => Ok(()),
        Some(position) => {
            let what = "holds facts of commands that are not in the log";
            Err(RunnerError::Diverged { partition, position, what })
        }
    }
}

/// The state before the first command, if that one is still there.
fn from_the_first(
    log: &dyn Log,
    partition: Partition,
    limits: EngineLimits,
) -> Result<RecoveredState, RunnerError> {
    let first = log.first(Topic::Commands, partition)?;
    if first > 0 {
        return Err(RunnerError::CommandsGone { partition, first });
    }
    Ok(RecoveredState {
        engine: Engine::new(limits),
        commands: Reader(log.reader(Topic::Commands, partition, 0)?),
        basis: Basis::default(),
        origin: RecoveredFrom::Nothing,
    })
}

fn newest_good(
    log: &dyn Log,
    snapshots: &dyn SnapshotStore,
    partition: Partition,
    limits: EngineLimits,
) -> Result<Option<RecoveredState>, RunnerError> {
    let end = log.end(Topic::Commands, partition)?;
    let offsets = snapshots.list(partition).unwrap_or_else(|error| {
        tracing::error!(partition, %error, "snapshots cannot be listed; replaying the whole log");
        Vec::new()
    });
    for next in offsets {
        if next > end {
            return Err(RunnerError::ForeignSnapshot { partition, next, end });
        }
        let bytes = match snapshots.load(partition, next) {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::error!(partition, next, %error, "a snapshot cannot be read; skipped");
                continue;
            }
        };
        let Some((basis, state)) = Basis::split(&bytes) else {
            tracing::error!(partition, next, "a snapshot is from another build; skipped");
            continue;
        };
        let mark = basis.command;
        if mark.is_some() != (next > 0) {
            return Err(RunnerError::ForeignSnapshot { partition, next, end });
        }
        match (Checkpoint { next, mark }).check(log, Topic::Commands, partition) {
            Ok(()) => {}
            // Those before it lie even further back.
            Err(CheckpointError::Gone { first, .. }) => {
                return Err(RunnerError::CommandsGone { partition, first });
            }
            Err(CheckpointError::Beyond { .. } | CheckpointError::Replaced { .. }) => {
                return Err(RunnerError::ForeignSnapshot { partition, next, end });
            }
            Err(CheckpointError::Log(error)) => return Err(error.into()),
        }
        match Engine::restore(state, limits) {
            Ok(engine) => {
                return Ok(Some(RecoveredState {
                    engine,
                    commands: Reader(log.reader(Topic::Commands, partition, next)?),
                    basis,
                    origin: RecoveredFrom::Snapshot,
                }));
            }
            // It is of this log, so the whole log again would only lead to the same place.
            Err(SnapshotError::Newer(newer)) => {
                return Err(RunnerError::NewerVersion { partition, newer });
            }
            Err(error @ SnapshotError::Damaged(_)) => {
                tracing::error!(partition, next, %error, "a snapshot is not usable; skipped");
            }
        }
    }
    Ok(None)
}

pub(crate) fn parked_tail(
    log: &dyn Log,
    partition: Partition,
) -> Result<Option<Offset>, RunnerError> {
    let last = log.last(Topic::DeadLetters, partition)?;
    Ok(last.and_then(|record| Origin::of(&record)).map(|origin| origin.offset))
}
