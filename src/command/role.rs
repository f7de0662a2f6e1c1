//! `floodgate gateway | processor | streams | sink | channels`: one role per process, any number of
//! each.

use std::net::SocketAddr;

use super::exit::Failure;
use super::serve::{Trial, run_roles};
use super::settings::Place;
use floodgate_server::Role as ServerRole;

/// Runs one role of the distributed form until SIGTERM or Ctrl-C.
///
/// Needs `log.backend = "kafka"`: roles in different processes communicate through the log. Every role serves
/// /livez, /readyz and /metrics at its address.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  floodgate gateway --config config/distributed.toml --data data/g1 --listen 0.0.0.0:8080
  floodgate processor --config config/distributed.toml --data data/p1 --listen 127.0.0.1:9101
  FLOODGATE_SERVER__GATEWAY_ID=2 floodgate gateway --config config/distributed.toml --data data/g2")]
pub(super) struct Role {
    #[command(flatten)]
    place: Place,
    /// Address and port; port 0 picks a free one. The first log line has the address in use.
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    #[command(flatten)]
    trial: Trial,
}

impl Role {
    pub(super) fn run(self, role: ServerRole) -> Result<(), Failure> {
        run_roles(&self.place, self.listen, self.trial, &[role])
    }
}
