//! `floodgate log`: what the log holds.

mod check;
mod repair;

use std::io::{self, BufWriter, Write};
use std::time::Duration;

use anyhow::anyhow;
use clap::Subcommand;
use floodgate_event_log::Topic;
use serde_json::Value;

use super::audit::open_for_reading;
use super::exit::Failure;
use super::settings::Place;
use floodgate_streams::cloudevents;

/// Reads the log, whether or not it is in use.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  floodgate log topics
  floodgate log cat --topic facts --json
  floodgate log cat --topic commands --partition 2 --from 1000 --count 10
  floodgate log check
  floodgate log repair                        says what can be repaired, and from what
  floodgate log repair --from /backup/data --apply")]
pub(super) struct Log {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Prints records: a CloudEvent per line with --json, otherwise a readable line.
    Cat {
        #[command(flatten)]
        place: Place,
        /// commands, ledger, facts, replies, counts, notifications, audience, dlq or dlq-ledger.
        #[arg(long, value_name = "T")]
        topic: String,
        /// Only this partition. Default: all of them, one after the other.
        #[arg(long, value_name = "P")]
        partition: Option<u32>,
        /// First offset. Default: the oldest that is kept.
        #[arg(long, value_name = "OFFSET")]
        from: Option<u64>,
        /// At most this many records per partition.
        #[arg(long, value_name = "N")]
        count: Option<u64>,
    },
    /// Reads everything and lists records that are not as they were written. Exit code 1 if there
    /// are any. A server may run meanwhile.
    Check {
        #[command(flatten)]
        place: Place,
    },
    /// Puts damaged records right: from their checksums, from copies of the log, and from what
    /// follows from what. The server must be stopped. Exit code 1 while there is damage.
    Repair(repair::Repair),
    /// Lists topics, partitions and their offsets.
    Topics {
        #[command(flatten)]
        place: Place,
    },
}

impl Log {
    pub(super) fn run(self, json: bool) -> Result<(), Failure> {
        let outcome = match self.action {
            Action::Cat { place, topic, partition, from, count } => {
                let topic = Topic::parse(&topic).ok_or_else(|| {
                    let names: Vec<_> = Topic::ALL.iter().map(|topic| topic.short_name()).collect();
                    Failure::bad_input(anyhow!("no topic {topic}; there are {}", names.join(", ")))
                })?;
                cat(&place, topic, partition, (from, count), json)
            }
            Action::Check { place } => check::check(&place, json),
            Action::Repair(repair) => repair.run(json).map_err(Failed::from),
            Action::Topics { place } => topics(&place, json),
        };
        match outcome {
            // Whoever reads us has seen enough.
            Err(Failed::Pipe) => Ok(()),
            Err(Failed::Other(failure)) => Err(failure),
            Ok(()) => Ok(()),
        }
    }
}

enum Failed {
    Pipe,
    Other(Failure),
}

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        Failed::Other(failure)
    }
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failed::Pipe,
            _ => Failed::Other(Failure::io(error)),
        }
    }
}

impl From<floodgate_event_log::LogError> for Failed {
    fn from(error: floodgate_event_log::LogError) -> Self {
        Failed::Other(Failure::io(error))
    }
}

/// Records printed from one read.
const BATCH: usize = 1024;

fn cat(
    place: &Place,
    topic: Topic,
    partition: Option<u32>,
    (from, count): (Option<u64>, Option<u64>),
    json: bool,
) -> Result<(), Failed> {
    let log = open_for_reading(place)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let all = log.partitions(topic);
    for partition in partition.map_or(0..all, |partition| partition..partition + 1) {
        let start = from.map_or_else(|| log.first(topic, partition), Ok)?;
        let end = log.end(topic, partition)?;
        let end = count.map_or(end, |count| end.min(start.saturating_add(count)));
        let mut reader = log.reader(topic, partition, start)?;
        let mut batch = Vec::new();
        while reader.position() < end {
            batch.clear();
            if reader.poll(BATCH, Duration::from_secs(1), &mut batch)? == 0 {
                break;
            }
            for record in batch.iter().filter(|record| record.offset < end) {
                let event = cloudevents::event(topic, partition, record);
                if json {
                    writeln!(out, "{event}")?;
                } else {
                    line(&mut out, &event)?;
                }
            }
        }
    }
    out.flush()?;
    Ok(())
}

fn line(out: &mut impl Write, event: &Value) -> io::Result<()> {
    let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
    let (partition, offset) = (&event["partition"], &event["offset"]);
    writeln!(out, "{} {partition}/{offset} {} {}", text("time"), text("type"), event["data"])
}

fn topics(place: &Place, json: bool) -> Result<(), Failed> {
    let log = open_for_reading(place)?;
    let mut out = BufWriter::new(io::stdout().lock());
    for topic in Topic::ALL {
        for partition in 0..log.partitions(topic) {
            let (first, end) = (log.first(topic, partition)?, log.end(topic, partition)?);
            let name = topic.name();
            if json {
                let row = serde_json::json!({
                    "topic": name, "partition": partition, "first": first, "end": end,
                });
                writeln!(out, "{row}")?;
            } else {
                writeln!(out, "{name:<28} {partition:>3} {first:>12} {end:>12}")?;
            }
        }
    }
    out.flush()?;
    Ok(())
}
