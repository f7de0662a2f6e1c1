//! Reading a partition from its first record on.

use std::time::Duration;

use anyhow::{Context, Result};

use floodgate_event_log::{Log, LogReader, Record, Topic};

/// Records read at once; a batch of small records stays within a few megabytes.
pub(super) const BATCH: usize = 8192;

/// Calls `each` with every record of a partition before `end`.
pub(super) fn each_record(
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

pub(super) fn reader_from_start(
    log: &dyn Log,
    topic: Topic,
    partition: u32,
) -> Result<Box<dyn LogReader>> {
    let first = log.first(topic, partition)?;
    log.reader(topic, partition, first)
        .with_context(|| format!("cannot read {} of partition {partition}", topic.name()))
}
