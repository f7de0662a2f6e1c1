//! Audit: reads the log from its first record and recomputes every invariant.
//!
//! The ledger here keeps its own books from the facts and shares nothing with the engine's
//! apply. One more check runs the engine itself over the commands and compares its facts,
//! byte by byte, with those in the log.

mod acked;
mod crowd;
mod derive;
mod ledger;
mod replay;
mod report;
mod tickets;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

use floodgate_domain::wire::decode_fact;
use floodgate_event_log::{Log, LogReader, Record, Topic};

pub use self::acked::Acked;
pub use self::derive::{Derivation, lies_between};
use self::ledger::Ledger;
pub use self::report::{AuditReport, Check, SeatCounts};

/// Records read at once; a batch of small records stays within a few megabytes.
const BATCH: usize = 8192;

/// Audits every partition of `log`; with `acked`, also that nothing acknowledged is missing.
pub fn audit(log: &dyn Log, acked: Option<&Path>) -> Result<AuditReport> {
    let mut ledger = Ledger::new();
    for partition in 0..log.partitions(Topic::Commands) {
        // The facts' end first: every fact before it follows from a command before the other.
        let facts_end = log.end(Topic::Ledger, partition)?;
        let commands_end = log.end(Topic::Commands, partition)?;
        ledger.start_partition(partition, commands_end);
        each_record(log, Topic::Ledger, partition, facts_end, |record| {
            match decode_fact(&record.value) {
                Ok(fact) => ledger.take_published(&fact),
                Err(error) => ledger.undecodable(record.offset, &error.to_string()),
            }
        })?;
        replay::compare(log, partition, (commands_end, facts_end), &mut ledger)?;
    }
    ledger.close();
    let missing = acked.map(|path| acked::missing(path, &ledger)).transpose()?;
    Ok(ledger.into_report(missing))
}

/// Calls `each` with every record of a partition before `end`.
fn each_record(
    log: &dyn Log,
    topic: Topic,
    partition: u32,
    end: u64,
    mut each: impl FnMut(&Record),
) -> Result<()> {
    let mut reader = reader_from_start(log, topic, partition)?;
    let mut batch = Vec::with_capacity(BATCH);
    while reader.position() < end {
        batch.clear();
        let read = reader.poll(BATCH, Duration::from_secs(1), &mut batch)?;
        anyhow::ensure!(read > 0, "{} stopped at {}", topic.name(), reader.position());
        batch.iter().filter(|record| record.offset < end).for_each(&mut each);
    }
    Ok(())
}

fn reader_from_start(log: &dyn Log, topic: Topic, partition: u32) -> Result<Box<dyn LogReader>> {
    let first = log.first(topic, partition)?;
    log.reader(topic, partition, first)
        .with_context(|| format!("cannot read {} of partition {partition}", topic.name()))
}
