//! `floodgate views`: the tables of the sinks, compared with the log and built anew.

use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use clap::Subcommand;
use floodgate_config::Settings;
use floodgate_event_log::{Log, Topic};
use floodgate_sinks::{check, destinations, rebuild};
use serde_json::json;

use super::exit::Failure;
use super::settings::Place;
use floodgate_server::SharedLog;

/// How often progress is shown.
const SHOWN_EVERY: Duration = Duration::from_secs(1);

/// Looks after the SQL tables, which follow from the log.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  floodgate views check                        whether views.db is what the log leads to
  floodgate views rebuild                      views.db of the data folder, with its server stopped
  floodgate views rebuild --sink postgres --config floodgate.toml

Tables need it after the log was replaced or put back from a copy, when they are damaged, and when a
new build has columns that theirs lack; the server then is not ready and says so. Whoever reads the
tables meanwhile finds them empty, or not complete yet.")]
pub(super) struct Views {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Writes the tables once more, aside, and compares every row. A server may be writing to them.
    /// Exits with 0 only if nothing differs. Tables in SQLite only; the store of people in both.
    Check {
        #[command(flatten)]
        place: Place,
    },
    /// Empties the tables and writes them anew from the first fact of the log to the last. Refused
    /// while a server or sink writes to them.
    Rebuild {
        #[command(flatten)]
        place: Place,
        /// sqlite, postgres, opensearch or people. Default: every one of the settings.
        #[arg(long, value_name = "NAME")]
        sink: Option<String>,
    },
}

impl Views {
    pub(super) fn run(self, as_json: bool) -> Result<(), Failure> {
        match self.action {
            Action::Check { place } => check_tables(&place, as_json),
            Action::Rebuild { place, sink } => rebuild_tables(&place, sink.as_deref(), as_json),
        }
    }
}

fn check_tables(place: &Place, as_json: bool) -> Result<(), Failure> {
    let settings = place.load(&[])?.settings;
    let log = SharedLog::open_to_read(&settings, &place.data)?.shared();
    let all = differences(&settings, &place.data, &log)?;
    for (sink, found) in &all {
        if as_json {
            println!("{}", json!({ "sink": sink, "differences": found }));
        } else if found.is_empty() {
            println!("{sink}: every row is what the log leads to");
        } else {
            found.iter().for_each(|one| println!("{sink}: {one}"));
            println!("{sink}: {REPAIR}");
        }
    }
    let is_clean = all.iter().all(|(_, found)| found.is_empty());
    if is_clean { Ok(()) } else { Err(Failure::findings()) }
}

/// What to do about tables that differ.
pub(super) const REPAIR: &str = "stop the server and run `floodgate views rebuild`";

/// What differs between the tables of each sink that can be looked at and what the log leads to.
pub(super) fn differences(
    settings: &Settings,
    data: &Path,
    log: &Arc<dyn Log>,
) -> Result<Vec<(&'static str, Vec<String>)>, Failure> {
    let mut all = Vec::new();
    for destination in destinations(&settings.sinks, data).map_err(Failure::bad_input)? {
        if let Some(found) = check(log, &destination).map_err(Failure::unavailable)? {
            all.push((destination.name(), found));
        }
    }
    let of_people = floodgate_server::people_differences(settings, data, log);
    all.extend(of_people.map_err(Failure::unavailable)?.map(|found| (PEOPLE, found)));
    Ok(all)
}

/// The store of people, as `--sink` names it.
const PEOPLE: &str = "people";

/// Lets the store of people begin with the first fact again; whether there is one.
fn refold_people(settings: &Settings, place: &Place, as_json: bool) -> Result<bool, Failure> {
    let forgot = floodgate_server::forget_folded(settings, &place.data);
    let is_there = forgot.map_err(Failure::unavailable)?;
    if is_there && as_json {
        println!("{}", json!({ "sink": PEOPLE, "rebuilt_at_next_start": true }));
    } else if is_there {
        println!("{PEOPLE}: who holds, waits and follows is read anew at the next start");
    }
    Ok(is_there)
}

fn rebuild_tables(place: &Place, only: Option<&str>, as_json: bool) -> Result<(), Failure> {
    let settings = place.load(&[])?.settings;
    let all = destinations(&settings.sinks, &place.data).map_err(Failure::bad_input)?;
    let is_one_left = only.is_none() && all.is_empty();
    if (only == Some(PEOPLE) || is_one_left) && refold_people(&settings, place, as_json)? {
        return Ok(());
    }
    let names: Vec<_> = all.iter().map(|one| one.name()).collect();
    let mut chosen = all.into_iter().filter(|one| only.is_none_or(|only| only == one.name()));
    let Some(first) = chosen.next() else {
        let named = only.unwrap_or("sink");
        let there = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        return Err(Failure::bad_input(anyhow!("no {named} in the settings; there is {there}")));
    };
    let log = SharedLog::open(&settings, &place.data)?;
    let shared = log.shared();
    let total = (0..shared.partitions(Topic::Ledger))
        .map(|partition| shared.end(Topic::Ledger, partition))
        .sum::<Result<u64, _>>()
        .map_err(Failure::io)?;
    let mut outcome = Ok(());
    for destination in std::iter::once(first).chain(chosen) {
        let (name, started) = (destination.name(), Instant::now());
        let mut progress = Progress::new(name, total);
        outcome = rebuild(&shared, &destination, |behind| progress.show(behind));
        if outcome.is_err() {
            break;
        }
        let seconds = started.elapsed().as_secs_f64();
        if as_json {
            println!("{}", json!({ "sink": name, "records": total, "seconds": seconds }));
        } else {
            println!("{name}: built anew from {total} records in {seconds:.1} s");
        }
    }
    log.close();
    outcome.map_err(|error| Failure::unavailable(anyhow!("{error}")))?;
    // Only now: while anybody serves from this folder, the tables above are refused.
    if only.is_none() {
        refold_people(&settings, place, as_json)?;
    }
    Ok(())
}

/// Shows how far it is, where somebody looks.
struct Progress {
    name: &'static str,
    total: u64,
    is_shown: bool,
    shown_at: Instant,
}

impl Progress {
    fn new(name: &'static str, total: u64) -> Self {
        let is_shown = std::io::stderr().is_terminal();
        Progress { name, total, is_shown, shown_at: Instant::now() }
    }

    fn show(&mut self, behind: u64) {
        if self.is_shown && self.shown_at.elapsed() >= SHOWN_EVERY {
            self.shown_at = Instant::now();
            let done = self.total.saturating_sub(behind);
            eprintln!("{}: {done} of {} records", self.name, self.total);
        }
    }
}
