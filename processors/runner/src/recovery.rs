//! Where to continue: the newest valid snapshot, and the tail of the published facts.

use std::time::Duration;

use floodgate_domain::FactPosition;
use floodgate_engine::{Engine, EngineLimits, SnapshotError};
use floodgate_event_log::{Log, LogError, Offset, Origin, Partition, Topic};

use crate::error::{RunnerError, broken};
use crate::fingerprint::RecordFingerprint;
use crate::readers::Reader;
use crate::snapshots::SnapshotStore;
use crate::tail::facts_tail;

/// How long the record before a snapshot may take to arrive.
const RECORD_WITHIN: Duration = Duration::from_secs(10);

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
    /// The record before them.
    pub(crate) fingerprint: RecordFingerprint,
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
        None => RecoveredState {
            engine: Engine::new(limits),
            commands: Reader(log.reader(Topic::Commands, partition, 0)?),
            fingerprint: RecordFingerprint::default(),
            origin: RecoveredFrom::Nothing,
        },
    };
    // Here, and not at every takeover: it looks at every seat, fifty milliseconds for 200,000.
    if let Some(violation) = recovered.engine.violations().into_iter().next() {
        return Err(broken(partition, violation));
    }
    Ok(OwnerStart {
        recovered,
        facts_tail: facts_tail(log, partition)?,
        parked_tail: parked_tail(log, partition)?,
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
        let Some((fingerprint, state)) = RecordFingerprint::split(&bytes) else {
            tracing::error!(partition, next, "a snapshot is from another build; skipped");
            continue;
        };
        let Some(commands) = behind_fingerprint(log, partition, next, fingerprint)? else {
            return Err(RunnerError::ForeignSnapshot { partition, next, end });
        };
        match Engine::restore(state, limits) {
            Ok(engine) => {
                return Ok(Some(RecoveredState {
                    engine,
                    commands,
                    fingerprint,
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

/// A reader at `next`, if the record before it is the one that is marked.
fn behind_fingerprint(
    log: &dyn Log,
    partition: Partition,
    next: Offset,
    fingerprint: RecordFingerprint,
) -> Result<Option<Reader>, RunnerError> {
    let Some(before) = next.checked_sub(1) else {
        let first = Reader(log.reader(Topic::Commands, partition, 0)?);
        return Ok(Some(first).filter(|_| fingerprint == RecordFingerprint::default()));
    };
    let mut reader = log.reader(Topic::Commands, partition, before)?;
    let mut found = Vec::new();
    if reader.poll(1, RECORD_WITHIN, &mut found)? == 0 {
        let late = format!("command {before} of partition {partition} did not come in time");
        return Err(RunnerError::Log(LogError::Backend(late)));
    }
    let is_same = found
        .iter()
        .all(|record| record.offset == before && RecordFingerprint::of(record) == fingerprint);
    Ok(is_same.then_some(Reader(reader)))
}

pub(crate) fn parked_tail(
    log: &dyn Log,
    partition: Partition,
) -> Result<Option<Offset>, RunnerError> {
    let last = log.last(Topic::DeadLetters, partition)?;
    Ok(last.and_then(|record| Origin::of(&record)).map(|origin| origin.offset))
}
