//! `floodgate serve`: all roles in one process.

use std::net::SocketAddr;

use anyhow::Context;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

use super::block_on;
use super::exit::Failure;
use super::settings::{Place, secrets};
use crate::roles::{Running, metrics_recorder, told_to_end};

/// Runs all roles in one process until SIGTERM or Ctrl-C.
///
/// Logs are JSON lines on standard error; FLOODGATE_LOG sets what is told (info by default).
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  floodgate keys new --out data/keys
  floodgate serve --data data
  floodgate serve --data data --listen 0.0.0.0:8080 --config my.toml
  FLOODGATE_LOG=floodgate_gateway=debug floodgate serve --data data")]
pub(super) struct Serve {
    #[command(flatten)]
    place: Place,
    /// Address and port; port 0 takes a free one. The address in use is the first log line.
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
}

impl Serve {
    pub(super) fn run(self) -> Result<(), Failure> {
        log_as_json();
        let flags: Vec<_> =
            self.listen.iter().map(|a| ("server.listen".to_owned(), a.to_string())).collect();
        let settings = self.place.load(&flags)?.settings;
        let secrets = secrets(&settings, &self.place.data)?;
        raise_file_limit();
        block_on(async {
            let listen = settings.server.listen;
            let listener = TcpListener::bind(listen)
                .await
                .with_context(|| format!("cannot listen on {listen}; is it taken?"))?;
            let metrics = metrics_recorder();
            let running =
                Running::start(&settings, secrets, &self.place.data, listener, metrics).await?;
            tracing::info!(address = %running.address, data = %self.place.data.display(), "serving");
            told_to_end().await;
            tracing::info!("ending: readiness is off, open requests are finished");
            running.shutdown().await?;
            Ok(())
        })
    }
}

/// Log lines as JSON on standard error.
pub(super) fn log_as_json() {
    let told = EnvFilter::try_from_env("FLOODGATE_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    // A second subscriber in one process is only possible in tests, where the first one stays.
    let _ = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_writer(std::io::stderr)
        .with_env_filter(told)
        .try_init();
}

/// Takes as many open files as the system lets this process have: each connection is one.
pub(super) fn raise_file_limit() {
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
}
