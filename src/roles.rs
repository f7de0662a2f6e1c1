//! All roles in one process, on the embedded log.

use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use floodgate_admission::limits::Rate;
use floodgate_admission::{
    Keys, LimitSettings, Limits, MemoryStore, PaceSettings, RoomSettings, WaitingRoom,
};
use floodgate_config::{PaymentsProvider, Settings};
use floodgate_gateway::{GatewayParts, GatewaySettings, GatewayState, LogPlaces, PaymentSandbox};
use floodgate_log::{EmbeddedLog, EmbeddedOptions, Log, ReplyHub, Topic};
use floodgate_onsale::{EngineLimits, GatewayId, HoldId};
use floodgate_payments::{Outbox, OutboxConfig, OutboxHandle, Sandbox};
use floodgate_runner::{FolderStore, LoopConfig, Runner, RunnerHandle};

use crate::keys::Secrets;

/// The one gateway of this process.
const GATEWAY: GatewayId = GatewayId(1);

/// A running Floodgate.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    log: Arc<EmbeddedLog>,
    runners: Vec<RunnerHandle>,
    outboxes: Vec<OutboxHandle>,
    live: Vec<floodgate_live::LiveHandle>,
    sink: Option<floodgate_sinks::SinkHandle>,
    gateway: JoinHandle<()>,
    ending: watch::Sender<bool>,
}

/// The sandbox provider as the gateway's pages see it.
#[derive(Debug)]
struct SandboxPages(Arc<Sandbox>);

impl PaymentSandbox for SandboxPages {
    fn tokenise(&self, card_number: &str) -> Option<String> {
        self.0.tokenise(card_number)
    }
    fn has_challenge(&self, hold_id: HoldId) -> bool {
        self.0.has_challenge(hold_id)
    }
    fn resolve_challenge(&self, hold_id: HoldId, approve: bool) -> bool {
        self.0.resolve_challenge(hold_id, approve)
    }
}

/// Opens the log of a data folder for writing.
pub fn open_log(settings: &Settings, data: &Path) -> Result<EmbeddedLog> {
    let options = EmbeddedOptions {
        partitions: settings.log.partitions,
        queue_records_max: settings.log.queue_records_max,
        queue_bytes_max: settings.log.queue_max.0,
        ..EmbeddedOptions::default()
    };
    Ok(EmbeddedLog::open(data, &options)?)
}

impl Running {
    /// Starts every role: log, runners, payments, live counts, tables, gateway.
    pub async fn start(
        settings: &Settings,
        secrets: Secrets,
        data: &Path,
        listener: TcpListener,
        metrics: Option<PrometheusHandle>,
    ) -> Result<Self> {
        let address = listener.local_addr()?;
        let log = Arc::new(open_log(settings, data)?);
        let shared: Arc<dyn Log> = Arc::clone(&log) as Arc<dyn Log>;
        let replies = ReplyHub::new();
        let partitions = shared.partitions(Topic::Commands);
        let runners = (0..partitions)
            .map(|partition| {
                Runner::spawn(LoopConfig {
                    partition,
                    log: Arc::clone(&shared),
                    replies: Arc::new(replies.clone()),
                    snapshots: Arc::new(FolderStore::new(&data.join("snapshots"))),
                    limits: EngineLimits::default(),
                    snapshot_every: settings.engine.snapshot_every,
                })
            })
            .collect::<std::io::Result<Vec<_>>>()
            .context("a partition's thread could not start")?;
        let sandbox = (settings.payments.provider == PaymentsProvider::Sandbox)
            .then(|| Arc::new(Sandbox::new()));
        let outboxes = match &sandbox {
            Some(sandbox) => start_outboxes(settings, &shared, sandbox)?,
            None => Vec::new(),
        };
        let live = if settings.live.enabled { start_live(&shared)? } else { Vec::new() };
        let sink = settings.sinks.sqlite.then(|| start_sink(&shared, data)).transpose()?;
        let parts = gateway_parts(settings, secrets, &shared, &replies, sandbox, metrics);
        let state = GatewayState::start(parts)?;
        let (ending, mut end) = watch::channel(false);
        let shutdown = async move {
            // The sender lives in `Running`; if it is gone, so is the reason to serve.
            let _ = end.wait_for(|ends| *ends).await;
        };
        let gateway = tokio::spawn(floodgate_gateway::run(listener, state, shutdown));
        Ok(Running { address, log, runners, outboxes, live, sink, gateway, ending })
    }

    /// The log, for those who look while it runs.
    #[must_use]
    pub fn log(&self) -> &EmbeddedLog {
        &self.log
    }

    /// Ends calmly: drain the gateway, stop the outboxes, let the runners store their state,
    /// close the log.
    pub async fn shutdown(self) -> Result<()> {
        let Running { log, runners, outboxes, live, sink, gateway, ending, .. } = self;
        let _ = ending.send(true);
        gateway.await.context("the gateway ended badly")?;
        tokio::task::spawn_blocking(move || {
            outboxes.iter().for_each(OutboxHandle::stop);
            runners.iter().for_each(RunnerHandle::stop);
            live.iter().for_each(floodgate_live::LiveHandle::stop);
            sink.iter().for_each(floodgate_sinks::SinkHandle::stop);
            outboxes.into_iter().for_each(OutboxHandle::join);
            for runner in runners {
                runner.join()?;
            }
            live.into_iter().for_each(floodgate_live::LiveHandle::join);
            sink.into_iter().for_each(floodgate_sinks::SinkHandle::join);
            log.close();
            Ok(())
        })
        .await?
    }
}

fn start_outboxes(
    settings: &Settings,
    log: &Arc<dyn Log>,
    sandbox: &Arc<Sandbox>,
) -> Result<Vec<OutboxHandle>> {
    let start = |partition| {
        Outbox::spawn(OutboxConfig {
            log: Arc::clone(log),
            partition,
            provider: Arc::clone(sandbox) as Arc<dyn floodgate_payments::Provider>,
            patience: settings.payments.patience.0,
            late_window: settings.payments.late_window.0,
        })
    };
    let outboxes = (0..log.partitions(Topic::Facts)).map(start).collect::<std::io::Result<_>>();
    outboxes.context("a payment thread could not start")
}

fn start_live(log: &Arc<dyn Log>) -> Result<Vec<floodgate_live::LiveHandle>> {
    let start = |partition| floodgate_live::spawn(Arc::clone(log), partition);
    let live = (0..log.partitions(Topic::Facts)).map(start).collect::<std::io::Result<_>>();
    live.context("a counting thread could not start")
}

fn start_sink(log: &Arc<dyn Log>, data: &Path) -> Result<floodgate_sinks::SinkHandle> {
    let sink = floodgate_sinks::SqliteSink::open(&data.join("views.db"))
        .context("views.db cannot be opened; it can be deleted, the log has everything")?;
    Ok(floodgate_sinks::spawn(Arc::clone(log), Box::new(sink))?)
}

fn gateway_parts(
    settings: &Settings,
    secrets: Secrets,
    log: &Arc<dyn Log>,
    replies: &ReplyHub,
    sandbox: Option<Arc<Sandbox>>,
    metrics: Option<PrometheusHandle>,
) -> GatewayParts {
    let admission = &settings.admission;
    let places = LogPlaces::new(Arc::clone(log), replies.clone(), GATEWAY);
    let store = MemoryStore::new(Arc::new(places), admission.block);
    let pace = PaceSettings {
        per_minute: admission.pace_per_minute,
        grace_ms: admission.grace.as_millis(),
    };
    let rate = |per_second, burst| Rate { per_second, burst };
    let server = &settings.server;
    GatewayParts {
        log: Arc::clone(log),
        replies: replies.clone(),
        gateway_id: GATEWAY,
        room: Arc::new(WaitingRoom::new(
            Keys::new(1, secrets.root),
            Arc::new(store),
            RoomSettings { pace },
        )),
        limits: Limits::new(LimitSettings {
            address: rate(admission.address_per_second, admission.address_burst),
            network: rate(admission.network_per_second, admission.network_burst),
            device: rate(admission.device_per_second, admission.device_burst),
            keys_max: admission.keys_max,
        }),
        staff_keys: secrets.staff,
        ticket_key: secrets.ticket,
        sandbox: sandbox.map(|sandbox| Arc::new(SandboxPages(sandbox)) as Arc<dyn PaymentSandbox>),
        metrics,
        settings: GatewaySettings {
            answer_deadline: server.answer_deadline.0,
            body_deadline: server.body_deadline.0,
            header_deadline: server.header_deadline.0,
            connections_max: server.connections_max,
            body_bytes_max: server.body_max.0,
            plan_bytes_max: server.plan_body_max.0,
            trusted_proxies: server.trusted_proxies.clone(),
        },
    }
}

/// Installs the recorder of metrics; `None` when this process has one already.
#[must_use]
pub fn metrics_recorder() -> Option<PrometheusHandle> {
    PrometheusBuilder::new().install_recorder().ok()
}

/// Ends when the process is told to: SIGTERM or Ctrl-C.
pub fn told_to_end() -> impl Future<Output = ()> + Send {
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
