//! The last fact that is published, whatever else is in the ledger.

use std::time::Duration;

use floodgate_domain::wire::{WireError, decode_fact};
use floodgate_domain::{EventId, FactPosition};
use floodgate_event_log::{Log, LogError, Offset, Partition, Record, Topic};

use crate::error::RunnerError;

/// Records looked at in one step back, at first and at most.
const STEP_MIN: u64 = 64;
const STEP_MAX: u64 = 65_536;
/// How long records that are there may take to come.
const READ_WITHIN: Duration = Duration::from_secs(10);

/// The position of the last fact. What somebody else wrote behind it is passed over; what may be the
/// fact of a later build is an error, since going on would publish over it.
pub(crate) fn facts_tail(
    log: &dyn Log,
    partition: Partition,
) -> Result<Option<FactPosition>, RunnerError> {
    let Some(last) = log.last(Topic::Ledger, partition)? else { return Ok(None) };
    if let Some(position) = fact_position(&last)? {
        return Ok(Some(position));
    }
    tracing::error!(
        partition,
        offset = last.offset,
        "the ledger ends with a record that is not a fact"
    );
    back_from(log, partition, last.offset, |_| true)
}

/// Whether the ledger has a fact of this position, or of a later one.
pub(crate) fn has_fact_from(
    log: &dyn Log,
    partition: Partition,
    position: FactPosition,
) -> Result<bool, RunnerError> {
    let end = log.end(Topic::Ledger, partition)?;
    Ok(back_from(log, partition, end, |found| found >= position)?.is_some())
}

/// The last fact before `end` whose position is wanted.
fn back_from(
    log: &dyn Log,
    partition: Partition,
    mut end: Offset,
    is_wanted: impl Fn(FactPosition) -> bool,
) -> Result<Option<FactPosition>, RunnerError> {
    let first = log.first(Topic::Ledger, partition)?;
    let mut step = STEP_MIN;
    while end > first {
        let from = end.saturating_sub(step).max(first);
        for record in records(log, partition, from, end)?.iter().rev() {
            if let Some(position) = fact_position(record)?.filter(|found| is_wanted(*found)) {
                return Ok(Some(position));
            }
        }
        (end, step) = (from, (step * 4).min(STEP_MAX));
    }
    Ok(None)
}

/// A fact's position; `None` when no build ever wrote this record.
pub(crate) fn fact_position(record: &Record) -> Result<Option<FactPosition>, RunnerError> {
    let error = match decode_fact(&record.value) {
        Ok(fact) => return Ok(Some(fact.position)),
        Err(error) => error,
    };
    let key = std::str::from_utf8(&record.key).ok();
    let has_our_key = key.is_some_and(|key| key.parse::<EventId>().is_ok());
    // The forms this build knows never change, so what is wrong in one of them is nobody's.
    let may_be_later = matches!(error, WireError::UnknownVersion(_) | WireError::UnknownKind(_));
    if has_our_key && may_be_later {
        return Err(RunnerError::ForeignFact { offset: record.offset, error });
    }
    Ok(None)
}

fn records(
    log: &dyn Log,
    partition: Partition,
    from: Offset,
    end: Offset,
) -> Result<Vec<Record>, LogError> {
    let mut reader = log.reader(Topic::Ledger, partition, from)?;
    let mut records = Vec::new();
    while reader.position() < end {
        let left = usize::try_from(end - reader.position()).unwrap_or(usize::MAX);
        if reader.poll(left, READ_WITHIN, &mut records)? == 0 {
            return Err(LogError::Backend("the ledger's end did not come in time".to_owned()));
        }
    }
    Ok(records)
}
