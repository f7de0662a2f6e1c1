//! `floodgate log check`: reads everything and says what is not as it was written.

use std::io::{self, BufWriter, Write};

use anyhow::anyhow;
use floodgate_event_log::{Partition, RecordFault, Scan, Topic, scan};
use serde_json::json;

use super::super::audit::open_for_reading;
use super::super::exit::Failure;
use super::super::settings::Place;
use super::Failed;

/// Faults listed of one partition; the rest are counted. A lost page has a few dozen records.
const LISTED_MAX: usize = 20;

pub(super) fn check(place: &Place, json: bool) -> Result<(), Failed> {
    let log = open_for_reading(place)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let mut damaged = 0;
    for topic in Topic::ALL {
        for partition in 0..log.partitions(topic) {
            let found = scan(&*log, topic, partition, LISTED_MAX)?;
            damaged += found.damaged;
            if json {
                writeln!(out, "{}", as_json(topic, partition, &found))?;
            } else {
                print(&mut out, topic.name(), partition, &found)?;
            }
        }
    }
    out.flush()?;
    log.health().map_err(|error| Failure::from(anyhow!("{error}")))?;
    if damaged == 0 {
        return Ok(());
    }
    let advice = "a partition whose commands are damaged decides nothing any more. See what can be \
                  mended with `floodgate log repair`, or put back a copy of the whole folder";
    Err(Failure::from(anyhow!("{damaged} records are damaged: {advice}")).into())
}

fn as_json(topic: Topic, partition: Partition, found: &Scan) -> serde_json::Value {
    let Scan { first, end, good, damaged, .. } = found;
    let faults = found.faults.iter();
    let faults: Vec<_> =
        faults.map(|one| json!({ "offset": one.offset, "reason": one.reason })).collect();
    json!({ "topic": topic.name(), "partition": partition, "first": first, "end": end,
        "good": good, "damaged": damaged, "faults": faults })
}

fn print(out: &mut impl Write, topic: &str, partition: Partition, found: &Scan) -> io::Result<()> {
    let Scan { good, damaged, .. } = found;
    writeln!(out, "{topic:<28} {partition:>3} {good:>12} good {damaged:>8} damaged")?;
    for RecordFault { offset, reason } in &found.faults {
        writeln!(out, "  record {offset}: {reason}")?;
    }
    let more = damaged.saturating_sub(found.faults.len() as u64);
    if more > 0 { writeln!(out, "  and {more} more") } else { Ok(()) }
}
