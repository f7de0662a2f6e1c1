//! `floodgate audience`: whether what is published of people keeps its promise.

use floodgate_audit::{AttackOptions, Plant, attack};
use serde_json::json;

use super::exit::Failure;

/// What is published of people who agreed to be counted.
#[derive(Debug, clap::Args)]
pub(super) struct Audience {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Attacks it: builds worlds with and without a person, and measures what tables give away.
    ///
    /// Prints a lower bound on ε, with 95 % certainty, beside what the ledger claims. Exits with 0 only
    /// if the bound is not above the claim.
    #[command(after_help = "\
Examples:
  floodgate audience attack --runs 10000
  floodgate audience attack --seed 7 --json
  floodgate audience attack --plant half-noise     has to fail")]
    Attack {
        /// Pairs of worlds.
        #[arg(long, value_name = "N", default_value_t = 10_000)]
        runs: u32,
        /// The same seed gives the same worlds.
        #[arg(long, value_name = "N", default_value_t = 1)]
        seed: u64,
        /// Breaks the noise on purpose, to see that the attack finds it.
        #[arg(long, value_name = "WHAT")]
        plant: Option<Planted>,
    },
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Planted {
    HalfNoise,
}

impl Audience {
    pub(super) fn run(self, as_json: bool) -> Result<(), Failure> {
        let Action::Attack { runs, seed, plant } = self.action;
        let plant = plant.map_or(Plant::Nothing, |Planted::HalfNoise| Plant::HalfNoise);
        let report = attack(AttackOptions { runs, seed, plant })?;
        if as_json {
            let mut document = serde_json::to_value(&report).map_err(Failure::io)?;
            document["holds"] = json!(report.holds());
            println!("{document}");
        } else {
            print!("{report}");
        }
        if report.holds() { Ok(()) } else { Err(Failure::findings()) }
    }
}
