//! `floodgate stampede`: simulated buyers against a server.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::block_on;
use super::exit::Failure;
use super::serve::raise_file_limit;
use floodgate_load::{LoadOptions, LoadProgress, Profile, Visit, run};

/// Sends simulated buyers to a server, open loop: nobody waits for anybody else's answer.
///
/// Latencies count from when a request was due to be sent. Only use it on loopback and on your
/// own servers: it is a flood. Each buyer has an address of their own, which the server believes if
/// this machine is one of its server.trusted_proxies; otherwise all share the limits of one.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  floodgate stampede --event evt_… --buyers 10000
  floodgate stampede --target http://127.0.0.1:8080 --event evt_… --buyers 50000 --rate 5000 --json
  floodgate stampede --event evt_… --buyers 50000 --profile docs/load/on-sale.toml --json
  floodgate stampede --event evt_… --buyers 20000 --acked acked.jsonl && floodgate audit --acked acked.jsonl")]
pub(super) struct Stampede {
    /// Address of the server.
    #[arg(
        long,
        default_value = "http://127.0.0.1:8080",
        env = "FLOODGATE_TARGET",
        value_name = "URL"
    )]
    target: String,
    /// The event they want to attend.
    #[arg(long, value_name = "ID")]
    event: String,
    /// Number of buyers.
    #[arg(long, value_name = "N")]
    buyers: usize,
    /// What each of them does.
    #[arg(long, value_enum, default_value = "whole")]
    visit: VisitKind,
    /// Arrivals per second. Default: everybody within two seconds.
    #[arg(long, value_name = "R")]
    rate: Option<f64>,
    /// When they come, how long they think and what they want; docs/load/on-sale.toml is an example.
    #[arg(long, value_name = "FILE", conflicts_with = "rate")]
    profile: Option<PathBuf>,
    /// Appends one JSON line for each hold and order, as soon as the server acknowledges it.
    #[arg(long, value_name = "FILE")]
    acked: Option<PathBuf>,
    /// Seed of what the buyers want and how they behave.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How long a buyer gets nowhere before giving up.
    #[arg(long, default_value = "15m", value_name = "TIME", value_parser = humantime::parse_duration)]
    patience: Duration,
}

/// What a buyer does.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum VisitKind {
    /// Queue, enter, hold, pay.
    Whole,
    /// One hold each, by devices that joined before the clock starts, through the door with a solved
    /// puzzle if it asks for one; the event must not require a pass.
    Holds,
}

impl Stampede {
    pub(super) fn run(self, json: bool) -> Result<(), Failure> {
        raise_file_limit();
        let profile = self.profile.as_deref().map(Profile::read).transpose();
        let profile = profile.map_err(Failure::bad_input)?.unwrap_or_default();
        let options = LoadOptions {
            visit: match self.visit {
                VisitKind::Whole => Visit::Whole,
                VisitKind::Holds => Visit::Holds,
            },
            rate: self.rate,
            acked: self.acked,
            profile,
            patience: self.patience,
            ..LoadOptions::new(self.target, self.event, self.buyers, self.seed)
        };
        let report =
            block_on(async { Ok(run(&options, Arc::new(LoadProgress::default())).await?) })?;
        if json {
            println!("{}", serde_json::to_string(&report).map_err(Failure::io)?);
        } else {
            println!("{report}");
        }
        Ok(())
    }
}
