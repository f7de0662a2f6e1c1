//! `floodgate serve`: all roles in one process.

use std::net::SocketAddr;

use anyhow::Context;

use super::block_on;
use super::exit::Failure;
use super::settings::{Place, secret_files, secrets};
use floodgate_server::{ProcessOptions, Role, Running, end_signal};
use floodgate_telemetry::{log_as_json, metrics_recorder};

/// Runs all roles in one process until SIGTERM or Ctrl-C.
///
/// Logs are JSON lines on standard error; FLOODGATE_LOG filters them (info by default).
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  floodgate keys new --out data/keys
  floodgate serve --data data --allow-sandbox          test cards, no money
  floodgate serve --data data --listen 0.0.0.0:8080 --config my.toml
  FLOODGATE_LOG=floodgate_gateway=debug floodgate serve --data data")]
pub(super) struct Serve {
    #[command(flatten)]
    place: Place,
    /// Address and port; port 0 picks a free one. The first log line has the address in use.
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    #[command(flatten)]
    trial: Trial,
}

/// What only a trial may do.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct Trial {
    /// Sell with test cards and no money. Same as payments.allow_sandbox = true.
    #[arg(long)]
    allow_sandbox: bool,
}

impl Trial {
    fn flag(self) -> Option<(String, String)> {
        self.allow_sandbox.then(|| ("payments.allow_sandbox".to_owned(), "true".to_owned()))
    }
}

impl Serve {
    pub(super) fn run(self) -> Result<(), Failure> {
        run_roles(&self.place, self.listen, self.trial, &Role::ALL)
    }
}

/// Runs some roles in this process until it is asked to end, or cannot go on.
pub(super) fn run_roles(
    place: &Place,
    listen: Option<SocketAddr>,
    trial: Trial,
    roles: &[Role],
) -> Result<(), Failure> {
    log_as_json();
    let mut flags: Vec<_> =
        listen.iter().map(|a| ("server.listen".to_owned(), a.to_string())).collect();
    flags.extend(trial.flag());
    let settings = place.load(&flags)?.settings;
    let needs_keys = [Role::Gateway, Role::Channels].iter().any(|role| roles.contains(role));
    // Who only counts draws the noise of live numbers with them, where they are.
    let uses_keys =
        roles.contains(&Role::Streams) && secret_files(&settings, &place.data).root.exists();
    let secrets = (needs_keys || uses_keys).then(|| secrets(&settings, &place.data)).transpose()?;
    raise_file_limit();
    block_on(async {
        let listen = settings.server.listen;
        let listener = floodgate_gateway::listen(listen)
            .with_context(|| format!("cannot listen on {listen}; is it taken?"))?;
        let metrics = metrics_recorder();
        let data = &place.data;
        let follows = place.config.clone().map(|file| (file, flags));
        let options = ProcessOptions {
            settings: &settings,
            roles,
            secrets,
            data,
            listener,
            metrics,
            follows,
        };
        let running = Running::start(options).await?;
        tracing::info!(address = %running.address, data = %data.display(), "serving");
        let failure = tokio::select! {
            () = end_signal() => None,
            failure = running.failed() => Some(failure),
        };
        if let Some(failure) = &failure {
            let (service, reason) = (&failure.service, &failure.reason);
            tracing::error!(service, reason, "the process cannot go on");
        }
        tracing::info!("shutting down: readiness is off, open requests are finished");
        let ended = running.shutdown().await;
        match failure {
            Some(failure) => Err(Failure::unavailable(failure)),
            None => Ok(ended?),
        }
    })
}

/// Takes as many open files as the system lets this process have: each connection is one.
pub(super) fn raise_file_limit() {
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
}
