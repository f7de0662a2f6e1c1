//! Reads a partition to its end and lists what is not as it was written.

use std::time::Duration;

use crate::topics::Topic;
use crate::traits::{Log, LogError, Offset, Partition, Record};

/// Records read at once.
const BATCH_MAX: usize = 1024;
/// How long records that are there may take to come.
const READ_WITHIN: Duration = Duration::from_secs(10);

/// A record that is damaged or missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordFault {
    pub offset: Offset,
    pub reason: String,
}

/// What was found in one partition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scan {
    pub first: Offset,
    pub end: Offset,
    /// Records that are as they were written.
    pub good: u64,
    /// Records that are damaged or missing.
    pub damaged: u64,
    /// The first of them, in order.
    pub faults: Vec<RecordFault>,
}

/// Scans one partition; lists up to `faults_max` faults and counts the rest. An error is no fault of
/// a record: the log cannot be reached.
pub fn scan(
    log: &dyn Log,
    topic: Topic,
    partition: Partition,
    faults_max: usize,
) -> Result<Scan, LogError> {
    let mut found = Scan::default();
    let ends =
        log.first(topic, partition).and_then(|first| Ok((first, log.end(topic, partition)?)));
    (found.first, found.end) = match ends {
        Ok(ends) => ends,
        Err(LogError::Damaged { offset, reason, .. }) => {
            found.note(offset, reason, faults_max);
            return Ok(found);
        }
        Err(error) => return Err(error),
    };
    let mut at = found.first;
    while at < found.end {
        at = found.read_from(log, (topic, partition), at, faults_max)?;
    }
    Ok(found)
}

impl Scan {
    fn note(&mut self, offset: Offset, reason: String, faults_max: usize) {
        self.damaged += 1;
        if self.faults.len() < faults_max {
            self.faults.push(RecordFault { offset, reason });
        }
    }

    /// Reads up to the next fault; where to go on behind it.
    fn read_from(
        &mut self,
        log: &dyn Log,
        (topic, partition): (Topic, Partition),
        mut at: Offset,
        faults_max: usize,
    ) -> Result<Offset, LogError> {
        let mut reader = log.reader(topic, partition, at)?;
        let mut step = BATCH_MAX;
        let mut records: Vec<Record> = Vec::new();
        while at < self.end {
            records.clear();
            match reader.poll(step, READ_WITHIN, &mut records) {
                Ok(0) => {
                    let what = "no more records came, although the partition goes on";
                    self.note(at, what.to_owned(), faults_max);
                    return Ok(self.end);
                }
                Ok(_) => {
                    let is_before = |record: &&Record| record.offset < self.end;
                    self.good += records.iter().filter(is_before).count() as u64;
                    at = reader.position();
                }
                // Those before it in the batch are good: one at a time up to there.
                Err(LogError::Damaged { offset, .. }) if offset > at && step > 1 => step = 1,
                Err(LogError::Damaged { offset, reason, .. }) => {
                    self.note(offset, reason, faults_max);
                    return Ok(offset + 1);
                }
                Err(LogError::Trimmed { first }) => return Ok(first.max(at + 1)),
                Err(error) => return Err(error),
            }
        }
        Ok(at)
    }
}
