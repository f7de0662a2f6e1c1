//! `floodgate dlq`: records that could not be processed, and another try.

use std::time::Duration;

use anyhow::anyhow;
use clap::Subcommand;
use floodgate_log::{Log, NewRecord, Record, Topic};
use floodgate_onsale::wire::decode_command;
use serde_json::{Value, json};

use super::audit::open_for_reading;
use super::exit::Failure;
use super::settings::Place;
use crate::roles::SharedLog;

/// Dead letters: what no processor could read, kept with its origin and the reason.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  floodgate dlq list --json
  floodgate dlq show 2/17
  floodgate dlq replay 2/17      after an upgrade that can read it; appends it as a new command

A record of the dead letters is named PARTITION/OFFSET, as `list` prints it.")]
pub(super) struct Dlq {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Args)]
struct One {
    /// PARTITION/OFFSET.
    #[arg(value_name = "LETTER")]
    letter: String,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// One line a letter: its name, origin and reason.
    List {
        #[command(flatten)]
        place: Place,
    },
    /// One letter with its content in hex.
    Show(One),
    /// Appends a letter to the commands again, if this build can read it. On the embedded log
    /// the server must be stopped first.
    Replay(One),
}

impl Dlq {
    pub(super) fn run(self, as_json: bool) -> Result<(), Failure> {
        match self.action {
            Action::List { place } => {
                let log = open_for_reading(&place)?;
                for partition in 0..log.partitions(Topic::DeadLetters) {
                    for record in letters(&*log, partition, 0, u64::MAX)? {
                        tell(&described(partition, &record, false), as_json);
                    }
                }
                Ok(())
            }
            Action::Show(one) => {
                let log = open_for_reading(&one.place)?;
                let (partition, record) = find(&*log, &one.letter)?;
                tell(&described(partition, &record, true), as_json);
                Ok(())
            }
            Action::Replay(one) => replay(&one, as_json),
        }
    }
}

fn replay(one: &One, as_json: bool) -> Result<(), Failure> {
    let settings = one.place.load(&[])?.settings;
    let log = SharedLog::open(&settings, &one.place.data)?;
    let shared = log.shared();
    let (partition, record) = find(&*shared, &one.letter)?;
    if let Err(error) = decode_command(&record.value) {
        let why = anyhow!("this build cannot read it either: {error}; upgrade, then try again");
        return Err(Failure::bad_input(why));
    }
    let again = NewRecord::new(record.key, record.value);
    // The partition it came from: commands of an event stay together.
    let told =
        shared.append(Topic::Commands, partition, vec![again]).wait().map_err(Failure::io)?;
    log.close();
    tell(&json!({ "replayed": one.letter, "partition": partition, "offset": told.first }), as_json);
    Ok(())
}

fn find(log: &dyn Log, letter: &str) -> Result<(u32, Record), Failure> {
    let named = letter.split_once('/').and_then(|(p, o)| Some((p.parse().ok()?, o.parse().ok()?)));
    let (partition, offset): (u32, u64) = named
        .ok_or_else(|| Failure::bad_input(anyhow!("{letter}: a letter is PARTITION/OFFSET")))?;
    let found = letters(log, partition, offset, 1)?.into_iter().find(|r| r.offset == offset);
    let missing =
        || Failure::bad_input(anyhow!("there is no letter {letter}; see `floodgate dlq list`"));
    found.map(|record| (partition, record)).ok_or_else(missing)
}

fn letters(log: &dyn Log, partition: u32, from: u64, max: u64) -> Result<Vec<Record>, Failure> {
    let first = log.first(Topic::DeadLetters, partition).map_err(Failure::io)?;
    let end = log.end(Topic::DeadLetters, partition).map_err(Failure::io)?;
    let from = from.max(first);
    let mut reader = log.reader(Topic::DeadLetters, partition, from).map_err(Failure::io)?;
    let mut records = Vec::new();
    while reader.position() < end && (records.len() as u64) < max {
        let read = reader.poll(256, Duration::from_secs(5), &mut records).map_err(Failure::io)?;
        if read == 0 {
            break;
        }
    }
    records.retain(|record| record.offset < end);
    Ok(records)
}

fn described(partition: u32, record: &Record, whole: bool) -> Value {
    let mut headers = serde_json::Map::new();
    for (name, value) in &record.headers {
        headers.insert(name.clone(), json!(String::from_utf8_lossy(value)));
    }
    let mut letter = json!({
        "letter": format!("{partition}/{}", record.offset),
        "at": floodgate_live::public::time_text(record.at),
        "key": String::from_utf8_lossy(&record.key),
        "bytes": record.value.len(),
        "headers": headers,
    });
    if whole {
        letter["content"] = json!(crate::keys::hex(&record.value));
    }
    letter
}

fn tell(value: &Value, as_json: bool) {
    if as_json {
        println!("{value}");
        return;
    }
    for (name, value) in value.as_object().into_iter().flatten() {
        println!("{name:<10} {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    }
    println!();
}
