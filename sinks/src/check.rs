//! Whether tables are what the ledger leads to: they are written once more, aside, and compared.
//!
//! A checksum in each row would say that a row is as it was written, and not that none is missing;
//! this says both, at the cost of a rebuild.

use std::sync::Arc;
use std::time::Duration;

use floodgate_domain::wire::decode_fact;
use floodgate_event_log::{Checkpoint, CheckpointError, Log, LogError, Partition, Topic};

use crate::sink::{Destination, Sink, SinkError};

/// Records read at once.
const BATCH_MAX: usize = 4096;
/// How long a record that is there may take to come.
const RECORD_WITHIN: Duration = Duration::from_secs(10);

/// What differs between a destination and what the ledger leads to, in words; nothing where all is
/// well, `None` where the destination cannot be looked at like this. A server may be writing there.
pub fn check(
    log: &Arc<dyn Log>,
    destination: &Arc<dyn Destination>,
) -> Result<Option<Vec<String>>, SinkError> {
    destination.differences(&mut |sink, partition, stored| {
        match stored.check(&**log, Topic::Ledger, partition) {
            Ok(()) => {}
            Err(CheckpointError::Log(error)) => return Err(unread(&error)),
            Err(error) => return Ok(Some(error.to_string())),
        }
        fill(&**log, sink, partition, stored).map(|()| None)
    })
}

fn fill(
    log: &dyn Log,
    sink: &mut dyn Sink,
    partition: Partition,
    stored: Checkpoint,
) -> Result<(), SinkError> {
    let first = log.first(Topic::Ledger, partition).map_err(|error| unread(&error))?;
    let mut reader = log.reader(Topic::Ledger, partition, first).map_err(|error| unread(&error))?;
    let (mut records, mut facts) = (Vec::new(), Vec::new());
    while reader.position() < stored.next {
        records.clear();
        let left = usize::try_from(stored.next - reader.position()).unwrap_or(usize::MAX);
        let read = reader.poll(left.min(BATCH_MAX), RECORD_WITHIN, &mut records);
        if read.map_err(|error| unread(&error))? == 0 {
            return Err(SinkError::Unavailable("the ledger did not come in time".to_owned()));
        }
        facts.clear();
        // What is no fact was set aside by whoever wrote the tables.
        facts.extend(records.iter().filter_map(|record| decode_fact(&record.value).ok()));
        sink.write(partition, &facts, Checkpoint::at(reader.position()))?;
    }
    Ok(())
}

fn unread(error: &LogError) -> SinkError {
    SinkError::Unavailable(format!("the ledger cannot be read: {error}"))
}
