//! The roles of a process: one of them, or all together.
//!
//! A running process is a list of services. A role is a file here that starts its services and adds
//! them to the list; readiness, failure and shutdown follow from the list alone.

mod admission;
mod channels;
mod gateway;
mod log;
mod people;
mod pictures;
mod places;
mod process;
mod processor;
mod reload;
mod search;
mod sink;
mod snapshots;
mod streams;

use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;

use floodgate_channels::CodeWriter;
use floodgate_config::Settings;
use floodgate_domain::GatewayId;
use floodgate_event_log::{Log, Tracer};
use floodgate_gateway::StatusPage;
use floodgate_payments::Provider;
use floodgate_people::People;
use floodgate_streams::NoiseKey;
use floodgate_telemetry::tracer;
use floodgate_transport::{ReplyHub, ServiceError, Services, Stage};

pub use self::log::{SharedLog, kafka_options};
pub use self::people::{forget_folded, people_answer, people_differences};
pub use self::places::forget_places;
use self::process::{LogService, Server};
pub use self::snapshots::open as open_snapshots;
use crate::channels::code_writer;
use crate::keys::Secrets;
use crate::payments::open_provider;
use crate::private::keep_private;

/// How long a status page may take to end: its answers are written at once.
const PAGE_ENDS_WITHIN: Duration = Duration::from_secs(1);
/// How often it is looked whether the process can go on.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Processor,
    Streams,
    Sink,
    Channels,
    Gateway,
}

impl Role {
    /// Everything in one process, in the order they are started in: those who come in need the
    /// rest.
    pub const ALL: [Role; 5] =
        [Role::Processor, Role::Streams, Role::Sink, Role::Channels, Role::Gateway];

    fn name(self) -> &'static str {
        match self {
            Role::Processor => "processor",
            Role::Streams => "streams",
            Role::Sink => "sink",
            Role::Channels => "channels",
            Role::Gateway => "gateway",
        }
    }
}

/// What a process is started with.
#[derive(Debug)]
pub struct ProcessOptions<'a> {
    pub settings: &'a Settings,
    pub roles: &'a [Role],
    /// Needed by a gateway, and by the channels.
    pub secrets: Option<Secrets>,
    pub data: &'a Path,
    /// Pages and calls of a gateway; liveness, readiness and metrics of every role.
    pub listener: TcpListener,
    pub metrics: Option<PrometheusHandle>,
    /// The settings' file to follow while running, and the flags that go on top.
    pub follows: Option<(PathBuf, Vec<(String, String)>)>,
}

/// What the roles of one process share.
struct Parts<'a> {
    settings: &'a Settings,
    roles: &'a [Role],
    data: &'a Path,
    /// Where this process listens.
    address: SocketAddr,
    log: SharedLog,
    services: Services,
    gateway_id: GatewayId,
    /// Who can be reached, where addresses are kept and the root key is known.
    people: Option<People>,
    /// What writes the codes of a presale, likewise.
    codes: Option<CodeWriter>,
    /// What draws the noise of live numbers, likewise.
    noise: Option<NoiseKey>,
    /// Answers to the gateway of this process.
    hub: ReplyHub,
    /// The provider of payments, where the process needs one and there is one.
    provider: Option<Arc<dyn Provider>>,
    tracer: Tracer,
    metrics: Option<PrometheusHandle>,
    follows: Option<(PathBuf, Vec<(String, String)>)>,
}

/// A running process.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    log: SharedLog,
    services: Services,
    draining: Arc<AtomicBool>,
    /// How long a service it needs may be unable to go on.
    patience: Duration,
}

impl Running {
    /// Starts the roles; when one cannot start, those that could end again.
    pub async fn start(options: ProcessOptions<'_>) -> Result<Self> {
        let ProcessOptions { settings, roles, secrets, data, listener, metrics, follows } = options;
        keep_private(data).with_context(|| format!("cannot keep {} private", data.display()))?;
        let takes_payments = [Role::Gateway, Role::Processor].iter().any(|one| roles.contains(one));
        let provider = if takes_payments { open_provider(settings)? } else { None };
        let (settings_too, folder) = (settings.clone(), data.to_owned());
        // Connecting to a cluster takes a moment.
        let log = tokio::task::spawn_blocking(move || SharedLog::open(&settings_too, &folder));
        let log = log.await??;
        let running = Running {
            address: listener.local_addr()?,
            log: log.clone(),
            services: Services::default(),
            draining: Arc::new(AtomicBool::new(false)),
            patience: settings.server.give_up_after.0,
        };
        let name = if let [role] = roles { role.name() } else { "serve" };
        let parts = Parts {
            settings,
            roles,
            data,
            address: running.address,
            log,
            services: running.services.clone(),
            gateway_id: GatewayId(settings.server.gateway_id),
            codes: secrets.as_ref().map(|keys| code_writer(keys.root)),
            // Noise has a label of its own under the key, so that it says nothing else.
            noise: secrets.as_ref().map(|keys| NoiseKey(keys.root)),
            people: secrets.as_ref().and_then(|keys| people::open(settings, data, &keys.root)),
            hub: ReplyHub::new(),
            provider,
            tracer: tracer(&settings.trace.endpoint, settings.trace.one_in, name)?,
            metrics,
            follows,
        };
        match running.start_roles(&parts, secrets, listener) {
            Ok(()) => Ok(running),
            Err(error) => {
                let _ = running.shutdown().await;
                Err(error)
            }
        }
    }

    fn start_roles(
        &self,
        parts: &Parts<'_>,
        secrets: Option<Secrets>,
        listener: TcpListener,
    ) -> Result<()> {
        self.services.add(Stage::Log, Arc::new(LogService::new(parts.log.clone())));
        let wants = |role| parts.roles.contains(&role);
        for role in Role::ALL.into_iter().filter(|role| wants(*role)) {
            match role {
                Role::Processor => processor::start(parts)?,
                Role::Streams => streams::start(parts)?,
                Role::Sink => sink::start(parts)?,
                Role::Channels => channels::start(parts)?,
                // Below: it takes the listener.
                Role::Gateway => {}
            }
        }
        if wants(Role::Gateway) {
            if let Some(address) = parts.settings.server.status_listen {
                let own = floodgate_gateway::listen(address);
                let own = own.with_context(|| format!("server.status_listen: {address}"))?;
                tracing::info!(address = %own.local_addr()?, "status is served");
                self.serve_status(parts, own);
            }
            gateway::start(parts, secrets.context("a gateway needs its keys")?, listener)
        } else {
            self.serve_status(parts, listener);
            Ok(())
        }
    }

    /// Machines look at readiness and metrics until the end, and nothing waits for them.
    fn serve_status(&self, parts: &Parts<'_>, listener: TcpListener) {
        let page = StatusPage {
            services: self.services.clone(),
            draining: Arc::clone(&self.draining),
            metrics: parts.metrics.clone(),
        };
        let run = |shutdown| floodgate_gateway::run_status(listener, page, shutdown);
        let server = Server::spawn("status", Some(PAGE_ENDS_WITHIN), run);
        self.services.add(Stage::Watched, Arc::new(server));
    }

    /// The log, for those who look while it runs.
    #[must_use]
    pub fn log(&self) -> Arc<dyn Log> {
        self.log.shared()
    }

    /// Ends only when this process cannot go on: another one must take over.
    pub async fn failed(&self) -> ServiceError {
        let mut pulse = tokio::time::interval(LOOK_EVERY);
        loop {
            pulse.tick().await;
            if let Some(failure) = self.failure() {
                return failure;
            }
        }
    }

    /// Why this process cannot go on, if it cannot.
    #[must_use]
    pub fn failure(&self) -> Option<ServiceError> {
        self.services.failure(self.patience)
    }

    /// Ends calmly: drain the gateway, let the owners store their state, leave the group, close
    /// the log.
    pub async fn shutdown(self) -> Result<()> {
        self.draining.store(true, Ordering::Release);
        let services = self.services;
        Ok(tokio::task::spawn_blocking(move || services.end()).await??)
    }
}

/// Ends when the process is asked to end: SIGTERM or Ctrl-C.
pub fn end_signal() -> impl Future<Output = ()> + Send {
    use tokio::signal::unix::{SignalKind, signal};
    async {
        let Ok(mut terminated) = signal(SignalKind::terminate()) else {
            let _ = tokio::signal::ctrl_c().await;
            return;
        };
        tokio::select! {
            _ = terminated.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    }
}
