//! `floodgate views`: the tables of the sinks, built anew.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use clap::Subcommand;
use floodgate_event_log::Topic;
use floodgate_sinks::{destinations, rebuild};
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
    /// Empties the tables and writes them anew from the first fact of the log to the last. Refused
    /// while a server or sink writes to them.
    Rebuild {
        #[command(flatten)]
        place: Place,
        /// sqlite or postgres. Default: every sink of the settings.
        #[arg(long, value_name = "NAME")]
        sink: Option<String>,
    },
}

impl Views {
    pub(super) fn run(self, as_json: bool) -> Result<(), Failure> {
        let Action::Rebuild { place, sink } = self.action;
        rebuild_tables(&place, sink.as_deref(), as_json)
    }
}

fn rebuild_tables(place: &Place, only: Option<&str>, as_json: bool) -> Result<(), Failure> {
    let settings = place.load(&[])?.settings;
    let all = destinations(&settings.sinks, &place.data).map_err(Failure::bad_input)?;
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
    outcome.map_err(|error| Failure::unavailable(anyhow!("{error}")))
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
