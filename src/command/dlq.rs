//! `floodgate dlq`: records that could not be processed, and replaying them.

use std::path::Path;

use anyhow::anyhow;
use clap::Subcommand;
use floodgate_config::Settings;
use floodgate_domain::wire::{decode_command, decode_fact};
use floodgate_event_log::{Log, NewRecord, Origin, Record, Topic, read_dead_letters};
use floodgate_sinks::{SinkError, destinations, role};
use serde_json::{Value, json};

use super::audit::open_for_reading;
use super::exit::Failure;
use super::settings::Place;
use floodgate_server::SharedLog;

/// Lists and replays dead letters: records a role could not read, with origin and reason.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  floodgate dlq list --json
  floodgate dlq show 2/17
  floodgate dlq replay 2/17          after an upgrade that can read it: a new command
  floodgate dlq replay ledger/2/17   rewinds the sink that could not read it

A dead letter about a command is named PARTITION/OFFSET, one about a record of the ledger
ledger/PARTITION/OFFSET, as `list` prints it. Commands are decided anew, so they are appended
again. The ledger is history, and its readers drop records that are out of order: a sink is
rewound to before the record, with its process stopped, and goes on from there; live counts and
payments read the ledger from its first record at every start, so they need no rewinding.")]
pub(super) struct Dlq {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Args)]
struct One {
    /// PARTITION/OFFSET, or ledger/PARTITION/OFFSET.
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Lists dead letters, one per line: name, origin, role and reason.
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Shows one dead letter with its content in hex.
    Show(One),
    /// Makes a role read a dead letter again, if this build can read it. With the embedded log,
    /// stop the server first.
    Replay(One),
}

impl Dlq {
    pub(super) fn run(self, as_json: bool) -> Result<(), Failure> {
        match self.action {
            Action::List { place } => {
                let log = open_for_reading(&place)?;
                for topic in [Topic::DeadLetters, Topic::DeadFacts] {
                    for partition in 0..log.partitions(topic) {
                        for record in dead_letters(&*log, topic, partition, (0, usize::MAX))? {
                            print(&described((topic, partition), &record, false), as_json);
                        }
                    }
                }
                Ok(())
            }
            Action::Show(one) => {
                let log = open_for_reading(&one.place)?;
                let (topic, partition, record) = find(&*log, &one.name)?;
                print(&described((topic, partition), &record, true), as_json);
                Ok(())
            }
            Action::Replay(one) => {
                let settings = one.place.load(&[])?.settings;
                let replayed = replay(&one, &settings)?;
                print(&replayed, as_json);
                Ok(())
            }
        }
    }
}

fn replay(one: &One, settings: &Settings) -> Result<Value, Failure> {
    let (_, partition, record) = find(&*open_for_reading(&one.place)?, &one.name)?;
    let origin = Origin::of(&record);
    let origin = origin.ok_or_else(|| {
        Failure::bad_input(anyhow!("{} does not say where it comes from", one.name))
    })?;
    let readable = match origin.topic {
        Topic::Commands => decode_command(&record.value).map(|_| ()),
        _ => decode_fact(&record.value).map(|_| ()),
    };
    if let Err(error) = readable {
        let why = anyhow!("this build cannot read it either: {error}; upgrade, then try again");
        return Err(Failure::bad_input(why));
    }
    match origin.topic {
        Topic::Commands => append_again(&one.name, (partition, record), settings, one),
        _ => set_back(&one.name, &origin, settings, &one.place.data),
    }
}

/// A command is decided once it is in the log, so it is appended.
fn append_again(
    name: &str,
    (partition, record): (u32, Record),
    settings: &Settings,
    one: &One,
) -> Result<Value, Failure> {
    let log = SharedLog::open(settings, &one.place.data)?;
    let again = NewRecord::new(record.key, record.value);
    // The partition it came from: commands of an event stay together.
    let appended = log.shared().append(Topic::Commands, partition, vec![again]).wait();
    log.close();
    let appended = appended.map_err(Failure::io)?;
    Ok(json!({ "replayed": name, "partition": partition, "offset": appended.first }))
}

/// A fact has its place in history. A sink that keeps a position is rewound to before it; what it
/// reads again does no harm, because row versions only ever grow.
fn set_back(
    name: &str,
    origin: &Origin,
    settings: &Settings,
    data: &Path,
) -> Result<Value, Failure> {
    let Origin { partition, offset, .. } = *origin;
    let all = destinations(&settings.sinks, data).map_err(Failure::bad_input)?;
    let named = all.into_iter().find(|one| origin.role == role(one.name()) && one.exists());
    let Some(destination) = named else {
        return Err(Failure::bad_input(cannot_be_set_back(&origin.role)));
    };
    let mut sink = destination.open().map_err(Failure::unavailable)?;
    sink.rewind(partition, offset).map_err(|error| match error {
        SinkError::InUse(_) => Failure::bad_input(error),
        error => Failure::unavailable(error),
    })?;
    Ok(json!({ "replayed": name, "role": origin.role, "partition": partition,
        "reads_again_from": offset, "next": "start the sink" }))
}

fn cannot_be_set_back(role: &str) -> anyhow::Error {
    if role.starts_with("sink-") {
        return anyhow!(
            "{role} is not one of these settings: give the --data folder with its views.db, or the \
             --config with the setting of the sink, such as sinks.postgres"
        );
    }
    if role == "channels" {
        return anyhow!(
            "{role} writes what follows from the ledger into the store of people: stop it and run \
             `floodgate views rebuild --sink people`, and it reads all of it again; messages keep \
             their names, so that none goes out twice"
        );
    }
    anyhow!(
        "{role} reads the ledger from its first record whenever it starts: restart it with a build \
         that can read this one, as this build can, and nothing has to be put back"
    )
}

fn find(log: &dyn Log, name: &str) -> Result<(Topic, u32, Record), Failure> {
    let (topic, place) = match name.strip_prefix("ledger/") {
        Some(place) => (Topic::DeadFacts, place),
        None => (Topic::DeadLetters, name),
    };
    let named = place.split_once('/').and_then(|(p, o)| Some((p.parse().ok()?, o.parse().ok()?)));
    let (partition, offset): (u32, u64) = named.ok_or_else(|| {
        let form = "PARTITION/OFFSET or ledger/PARTITION/OFFSET";
        Failure::bad_input(anyhow!("{name}: a dead letter is named {form}"))
    })?;
    let missing =
        || Failure::bad_input(anyhow!("there is no dead letter {name}; see `floodgate dlq list`"));
    if partition >= log.partitions(topic) {
        return Err(missing());
    }
    let found = dead_letters(log, topic, partition, (offset, 1))?;
    let found = found.into_iter().find(|record| record.offset == offset);
    found.map(|record| (topic, partition, record)).ok_or_else(missing)
}

fn dead_letters(
    log: &dyn Log,
    topic: Topic,
    partition: u32,
    which: (u64, usize),
) -> Result<Vec<Record>, Failure> {
    read_dead_letters(log, topic, partition, which).map_err(Failure::io)
}

fn described((topic, partition): (Topic, u32), record: &Record, whole: bool) -> Value {
    let prefix = if topic == Topic::DeadFacts { "ledger/" } else { "" };
    let mut shown = json!({
        "dead_letter": format!("{prefix}{partition}/{}", record.offset),
        "at": floodgate_streams::public::time_text(record.at),
        "key": String::from_utf8_lossy(&record.key),
        "bytes": record.value.bytes().map(bytes::Bytes::len),
    });
    if let Some(origin) = Origin::of(record) {
        let place = format!("{}/{}/{}", origin.topic.name(), origin.partition, origin.offset);
        shown["origin"] = json!(place);
        shown["role"] = json!(origin.role);
        shown["reason"] = json!(origin.reason);
    }
    if whole {
        let headers = record.headers.iter();
        let headers: serde_json::Map<_, _> = headers
            .map(|(name, value)| (name.clone(), json!(String::from_utf8_lossy(value))))
            .collect();
        shown["headers"] = Value::Object(headers);
        shown["content"] = json!(record.value.bytes().map(|_| record.value.hex()));
    }
    shown
}

fn print(value: &Value, as_json: bool) {
    if as_json {
        println!("{value}");
        return;
    }
    for (name, value) in value.as_object().into_iter().flatten() {
        println!("{name:<12} {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    }
    println!();
}
