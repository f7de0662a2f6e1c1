//! `floodgate audit`: recompute every invariant from the log.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::anyhow;
use floodgate_audit::AuditOptions;
use floodgate_event_log::Log;
use floodgate_streams::NoiseKey;
use serde_json::json;

use super::exit::Failure;
use super::settings::{Place, secrets};
use super::views::{REPAIR, differences};
use floodgate_server::SharedLog;

/// Reads the log from its first record and recomputes every invariant; compares views.db with it.
///
/// Works on a data folder whether or not a server is using it. Exits with 0 only if it finds nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  floodgate audit
  floodgate audit --data data --acked acked.jsonl --json
  floodgate audit --without-replay")]
pub(super) struct Audit {
    #[command(flatten)]
    place: Place,
    /// What the server acknowledged to a stampede, one JSON object per line: none of it may be missing.
    #[arg(long, value_name = "FILE")]
    acked: Option<PathBuf>,
    /// Leave out the engine, which decides every command once more: what is found is found by the
    /// audit's own rules, and commands behind the last published fact are not looked at.
    #[arg(long)]
    without_replay: bool,
    /// Do not compare the tables in views.db with the log; see `floodgate views check`.
    #[arg(long)]
    without_tables: bool,
}

impl Audit {
    pub(super) fn run(self, json: bool) -> Result<(), Failure> {
        let settings = self.place.load(&[])?.settings;
        let log = SharedLog::open_to_read(&settings, &self.place.data)?.shared();
        // What is missing at its end breaks no rule of what is left.
        log.health().map_err(|error| Failure::from(anyhow!("{error}")))?;
        let (acked, replay) = (self.acked.as_deref(), !self.without_replay);
        // A copy of the log may lie without its keys: live numbers are then compared less closely.
        let noise = secrets(&settings, &self.place.data).ok().map(|keys| NoiseKey(keys.root));
        let report = floodgate_audit::audit_with(&*log, AuditOptions { acked, replay, noise })?;
        let tables = match self.without_tables {
            true => Vec::new(),
            false => differences(&settings, &self.place.data, &log)?,
        };
        let found: Vec<String> = tables
            .into_iter()
            .flat_map(|(sink, found)| found.into_iter().map(move |one| format!("{sink}: {one}")))
            .collect();
        if json {
            let mut document = serde_json::to_value(&report).map_err(Failure::io)?;
            document["tables"] = json!(found);
            println!("{document}");
        } else {
            println!("{report}");
            found.iter().for_each(|one| println!("tables: {one}; {REPAIR}"));
        }
        if report.is_clean() && found.is_empty() { Ok(()) } else { Err(Failure::findings()) }
    }
}

/// The log as the settings say, without changing anything there.
pub(super) fn open_for_reading(place: &Place) -> Result<Arc<dyn Log>, Failure> {
    let settings = place.load(&[])?.settings;
    Ok(SharedLog::open_to_read(&settings, &place.data)?.shared())
}
