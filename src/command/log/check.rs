//! `floodgate log check`: reads everything and says what is not as it was written.

use std::io::{self, BufWriter, Write};
use std::time::Duration;

use anyhow::anyhow;
use floodgate_event_log::{Log, LogError, Offset, Partition, Record, Topic};
use serde::Serialize;

use super::super::audit::open_for_reading;
use super::super::exit::Failure;
use super::super::settings::Place;
use super::{BATCH, Failed};

/// Faults listed of one partition; the rest are counted. A lost page has a few dozen records.
const LISTED_MAX: usize = 20;
/// How long records that are there may take to come.
const READ_WITHIN: Duration = Duration::from_secs(10);

/// What was found in one partition.
#[derive(Debug, Default, Serialize)]
struct Found {
    topic: &'static str,
    partition: Partition,
    first: Offset,
    end: Offset,
    /// Records that are as they were written.
    good: u64,
    /// Records that are damaged or missing.
    damaged: u64,
    /// The first of them, with what is wrong.
    faults: Vec<Fault>,
}

#[derive(Debug, Serialize)]
struct Fault {
    offset: Offset,
    reason: String,
}

pub(super) fn check(place: &Place, json: bool) -> Result<(), Failed> {
    let log = open_for_reading(place)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let mut damaged = 0;
    for topic in Topic::ALL {
        for partition in 0..log.partitions(topic) {
            let found = check_partition(&*log, topic, partition)?;
            damaged += found.damaged;
            if json {
                let row = serde_json::to_string(&found).map_err(io::Error::from)?;
                writeln!(out, "{row}")?;
            } else {
                print(&mut out, &found)?;
            }
        }
    }
    out.flush()?;
    if damaged == 0 {
        return Ok(());
    }
    let advice = "stop the server, keep the folder as it is, and put back a copy of all of it; a \
                  partition whose commands are damaged decides nothing until then";
    Err(Failure::from(anyhow!("{damaged} records are damaged: {advice}")).into())
}

fn print(out: &mut impl Write, found: &Found) -> io::Result<()> {
    let Found { topic, partition, good, damaged, .. } = found;
    writeln!(out, "{topic:<28} {partition:>3} {good:>12} good {damaged:>8} damaged")?;
    for Fault { offset, reason } in &found.faults {
        writeln!(out, "  record {offset}: {reason}")?;
    }
    let more = damaged.saturating_sub(found.faults.len() as u64);
    if more > 0 { writeln!(out, "  and {more} more") } else { Ok(()) }
}

/// Reads a partition to its end; what cannot be read is noted, and passed over.
fn check_partition(log: &dyn Log, topic: Topic, partition: Partition) -> Result<Found, LogError> {
    let mut found = Found { topic: topic.name(), partition, ..Found::default() };
    let ends =
        log.first(topic, partition).and_then(|first| Ok((first, log.end(topic, partition)?)));
    (found.first, found.end) = match ends {
        Ok(ends) => ends,
        Err(LogError::Damaged { offset, reason, .. }) => {
            found.note(offset, reason);
            return Ok(found);
        }
        Err(error) => return Err(error),
    };
    let mut at = found.first;
    let mut records: Vec<Record> = Vec::new();
    while at < found.end {
        let mut reader = log.reader(topic, partition, at)?;
        let mut step = BATCH;
        while at < found.end {
            records.clear();
            match reader.poll(step, READ_WITHIN, &mut records) {
                Ok(0) => {
                    found.note(at, "no more records came, although the partition goes on".into());
                    return Ok(found);
                }
                Ok(_) => {
                    found.good +=
                        records.iter().filter(|one| one.offset < found.end).count() as u64;
                    at = reader.position();
                }
                // Those before it in the batch are good: one at a time up to there.
                Err(LogError::Damaged { offset, .. }) if offset > at && step > 1 => step = 1,
                Err(LogError::Damaged { offset, reason, .. }) => {
                    found.note(offset, reason);
                    at = offset + 1;
                    break;
                }
                Err(LogError::Trimmed { first }) => {
                    at = first.max(at + 1);
                    break;
                }
                Err(error) => return Err(error),
            }
        }
    }
    Ok(found)
}

impl Found {
    fn note(&mut self, offset: Offset, reason: String) {
        self.damaged += 1;
        if self.faults.len() < LISTED_MAX {
            self.faults.push(Fault { offset, reason });
        }
    }
}
