//! `floodgate places`: the store that gateways share.

use anyhow::anyhow;
use clap::Subcommand;
use floodgate_config::Store;
use floodgate_server::forget_places;
use serde_json::json;

use super::block_on;
use super::exit::Failure;
use super::settings::Place;

/// Looks after the store of places in the line, which gateways share.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  floodgate places rebuild --config floodgate.toml

The store needs it after the log was replaced or put back from a copy: gateways then are not ready
and say so. Nobody loses a place: visitors carry theirs in signed tickets and numbers come from the
log. Gateways may run meanwhile, and are ready within a second or two.")]
pub(super) struct Places {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Forgets every place in the database that `redis.url` names, and which log they were of.
    Rebuild {
        #[command(flatten)]
        place: Place,
    },
}

impl Places {
    pub(super) fn run(self, as_json: bool) -> Result<(), Failure> {
        let Action::Rebuild { place } = self.action;
        let settings = place.load(&[])?.settings;
        if settings.admission.store == Store::Memory {
            let reason =
                "admission.store is memory: a gateway keeps places itself, and begins anew";
            return Err(Failure::bad_input(anyhow!(reason)));
        }
        let forgotten =
            block_on(async { forget_places(&settings).await.map_err(Failure::unavailable) })?;
        if as_json {
            println!("{}", json!({ "forgotten": forgotten }));
        } else {
            println!("forgotten: {forgotten} keys; gateways fill it again as visitors come");
        }
        Ok(())
    }
}
