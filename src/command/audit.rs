//! `floodgate audit`: recompute every invariant from the log.

use std::path::PathBuf;
use std::sync::Arc;

use floodgate_audit::AuditOptions;
use floodgate_event_log::Log;

use super::exit::Failure;
use super::settings::Place;
use floodgate_server::SharedLog;

/// Reads the log from its first record and recomputes every invariant.
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
}

impl Audit {
    pub(super) fn run(self, json: bool) -> Result<(), Failure> {
        let log = open_for_reading(&self.place)?;
        let (acked, replay) = (self.acked.as_deref(), !self.without_replay);
        let report = floodgate_audit::audit_with(&*log, AuditOptions { acked, replay })?;
        if json {
            println!("{}", serde_json::to_string(&report).map_err(Failure::io)?);
        } else {
            println!("{report}");
        }
        if report.is_clean() { Ok(()) } else { Err(Failure::findings()) }
    }
}

/// The log as the settings say, without changing anything there.
pub(super) fn open_for_reading(place: &Place) -> Result<Arc<dyn Log>, Failure> {
    let settings = place.load(&[])?.settings;
    Ok(SharedLog::open_to_read(&settings, &place.data)?.shared())
}
