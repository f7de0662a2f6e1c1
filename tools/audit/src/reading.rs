//! Reading a partition from its first record on.

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};

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

/// The records of a partition before an end, one by one.
pub(crate) struct UpTo {
    reader: Box<dyn LogReader>,
    topic: Topic,
    end: u64,
    batch: VecDeque<Record>,
    /// Why there are no more, where that is not the end.
    pub(crate) failure: Option<anyhow::Error>,
}

impl UpTo {
    pub(crate) fn open(log: &dyn Log, topic: Topic, partition: u32, end: u64) -> Result<Self> {
        let reader = reader_from_start(log, topic, partition)?;
        Ok(UpTo { reader, topic, end, batch: VecDeque::new(), failure: None })
    }

    pub(crate) fn next(&mut self) -> Option<Record> {
        let mut batch = Vec::new();
        while self.batch.is_empty() {
            if self.reader.position() >= self.end || self.failure.is_some() {
                return None;
            }
            match self.reader.poll(BATCH, Duration::from_secs(10), &mut batch) {
                Ok(0) => {
                    self.failure = Some(anyhow!("{} stopped before its end", self.topic.name()));
                }
                Ok(_) => {}
                Err(error) => self.failure = Some(error.into()),
            }
            // What a running server has published since belongs to what is pending.
            let end = self.end;
            self.batch.extend(batch.drain(..).filter(|record| record.offset < end));
        }
        self.batch.pop_front()
    }
}
