//! Roles of a process: each of them alone, or all together.

mod log;
mod owners;
mod reload;
mod snapshots;

use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use floodgate_admission::limits::Rate;
use floodgate_admission::{
    AdmissionStore, Keys, LimitSettings, Limits, MemoryStore, PaceSettings, RedisStore,
    RoomSettings, WaitingRoom,
};
use floodgate_config::{Settings, Store};
use floodgate_domain::GatewayId;
use floodgate_event_log::{Log, LogReplies, ReplyHub, ReplyReader, Topic, Tracer};
use floodgate_gateway::{GatewayParts, GatewaySettings, GatewayState, LogPlaces, StatusPage};
use floodgate_payments::ProviderCalls;
use floodgate_runner::supervisor::Supervisor;
use floodgate_streams::AudienceSettings;
use floodgate_telemetry::tracer;
use floodgate_transport::{Health, Service};

pub use self::log::{SharedLog, kafka_options};
use self::owners::OwnerParts;
pub use self::snapshots::open as open_snapshots;
use crate::keys::Secrets;
use crate::payments::open_provider;

/// How long a status page may take to end: its answers are written at once.
const PAGE_ENDS_WITHIN: Duration = Duration::from_secs(1);

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Roles {
    pub gateway: bool,
    pub processor: bool,
    pub live: bool,
    pub sink: bool,
}

impl Roles {
    /// Everything in one process.
    pub const ALL: Roles = Roles { gateway: true, processor: true, live: true, sink: true };
    /// Nothing, to begin a role of its own with.
    pub const NONE: Roles = Roles { gateway: false, processor: false, live: false, sink: false };

    /// As traces call the process: its one role, or `serve`.
    fn name(self) -> &'static str {
        match (self.gateway, self.processor, self.live, self.sink) {
            (true, false, false, false) => "gateway",
            (false, true, false, false) => "processor",
            (false, false, true, false) => "live",
            (false, false, false, true) => "sink",
            _ => "serve",
        }
    }
}

/// A running process.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    log: SharedLog,
    owners: Option<Supervisor>,
    replies: Option<ReplyReader>,
    live: Vec<floodgate_streams::LiveHandle>,
    sinks: Vec<floodgate_sinks::SinkHandle>,
    server: JoinHandle<()>,
    /// Whether the server has buyers, who need the other roles until they are done.
    has_buyers: bool,
    draining: Arc<AtomicBool>,
    reloading: Option<JoinHandle<()>>,
    ending: watch::Sender<bool>,
}

/// What a process is started with.
#[derive(Debug)]
pub struct Start<'a> {
    pub settings: &'a Settings,
    pub roles: Roles,
    /// Needed by a gateway only.
    pub secrets: Option<Secrets>,
    pub data: &'a Path,
    /// Pages and calls of a gateway; liveness, readiness and metrics of every role.
    pub listener: TcpListener,
    pub metrics: Option<PrometheusHandle>,
    /// The settings' file to follow while running, and the flags that go on top.
    pub follows: Option<(PathBuf, Vec<(String, String)>)>,
}

impl Running {
    /// Starts the roles.
    pub async fn start(start: Start<'_>) -> Result<Self> {
        let Start { settings, roles, secrets, data, listener, metrics, follows } = start;
        let address = listener.local_addr()?;
        let takes_payments = roles.gateway || roles.processor;
        let provider = if takes_payments { open_provider(settings)? } else { None };
        let (settings_too, folder) = (settings.clone(), data.to_owned());
        // Connecting to a cluster takes a moment.
        let log = tokio::task::spawn_blocking(move || SharedLog::open(&settings_too, &folder));
        let log = log.await??;
        let shared = log.shared();
        let tracer = tracer(&settings.trace.endpoint, settings.trace.one_in, roles.name())?;
        let hub = ReplyHub::new();
        let gateway_id = GatewayId(settings.server.gateway_id);
        let replies = (roles.gateway && log.is_shared())
            .then(|| ReplyReader::spawn(&shared, gateway_id, hub.clone()))
            .transpose()?;
        let own = roles.gateway.then(|| (gateway_id, hub.clone()));
        let owners = if roles.processor {
            let calls = provider
                .clone()
                .map(|provider| ProviderCalls::pool(provider, settings.payments.calls_max));
            Some(start_owners(settings, &log, own, data, (&tracer, calls.transpose()?))?)
        } else {
            None
        };
        let live = if roles.live && settings.live.enabled {
            start_live(settings, &shared)?
        } else {
            vec![]
        };
        let sinks = if roles.sink { start_sinks(settings, &shared, data).await? } else { vec![] };
        let (ending, mut end) = watch::channel(false);
        let shutdown = async move {
            // The sender lives in `Running`; if it is gone, so is the reason to serve.
            let _ = end.wait_for(|ends| *ends).await;
        };
        let draining = Arc::new(AtomicBool::new(false));
        let mut reloading = None;
        let server = if roles.gateway {
            let secrets = secrets.context("a gateway needs its keys")?;
            let parts = gateway_parts(settings, secrets, &shared, &hub, metrics)?;
            let owners = owners.as_ref().map(Supervisor::is_ready);
            let parts = GatewayParts { tracer, owners, payments: provider, ..parts };
            let state = GatewayState::start(parts)?;
            if let Some((file, flags)) = follows {
                let following = reload::follow(file, flags, settings.clone(), state.clone());
                reloading = Some(tokio::spawn(following));
            }
            tokio::spawn(floodgate_gateway::run(listener, state, shutdown))
        } else {
            let ready = owners.as_ref().map(Supervisor::is_ready);
            let (log, draining) = (Arc::clone(&shared), Arc::clone(&draining));
            let page = StatusPage { log, ready, draining, metrics };
            tokio::spawn(floodgate_gateway::run_status(listener, page, shutdown))
        };
        let has_buyers = roles.gateway;
        Ok(Running {
            address,
            log,
            owners,
            replies,
            live,
            sinks,
            server,
            has_buyers,
            draining,
            reloading,
            ending,
        })
    }

    /// The log, for those who look while it runs.
    #[must_use]
    pub fn log(&self) -> Arc<dyn Log> {
        self.log.shared()
    }

    /// Ends only when this process cannot go on: another one must take over.
    pub async fn failed(&self) -> anyhow::Error {
        let mut pulse = tokio::time::interval(Duration::from_millis(200));
        loop {
            pulse.tick().await;
            let owners = self.owners.as_ref().map(Service::health);
            if let Some(Health::Failed { reason }) = owners {
                return anyhow!("owners: {reason}");
            }
            if matches!(self.log.shared().health(), Err(floodgate_event_log::LogError::Closed)) {
                return anyhow!("the log's producer failed for good; a new process starts afresh");
            }
        }
    }

    /// Ends calmly: drain the gateway, let the owners store their state, leave the group, close
    /// the log.
    pub async fn shutdown(self) -> Result<()> {
        let Running { log, owners, replies, live, sinks, mut server, ending, .. } = self;
        self.draining.store(true, Ordering::Release);
        self.reloading.iter().for_each(JoinHandle::abort);
        if self.has_buyers {
            let _ = ending.send(true);
            (&mut server).await.context("the server ended badly")?;
        }
        let ended = tokio::task::spawn_blocking(move || {
            owners.iter().for_each(Service::stop);
            live.iter().for_each(floodgate_streams::LiveHandle::stop);
            sinks.iter().for_each(floodgate_sinks::SinkHandle::stop);
            replies.iter().for_each(ReplyReader::stop);
            let owned = owners.map_or(Ok(()), |owners| owners.join());
            live.into_iter().for_each(floodgate_streams::LiveHandle::join);
            sinks.into_iter().for_each(floodgate_sinks::SinkHandle::join);
            replies.into_iter().for_each(ReplyReader::join);
            log.close();
            owned
        })
        .await?;
        if !self.has_buyers {
            // Machines look at readiness and metrics until the end, and nothing waits for them.
            let _ = ending.send(true);
            let _ = tokio::time::timeout(PAGE_ENDS_WITHIN, server).await;
        }
        Ok(ended?)
    }
}

/// Owners of partitions; their answers to the gateway of this process go straight to it.
fn start_owners(
    settings: &Settings,
    log: &SharedLog,
    own: Option<(GatewayId, ReplyHub)>,
    data: &Path,
    (tracer, calls): (&Tracer, Option<ProviderCalls>),
) -> Result<Supervisor> {
    owners::start(OwnerParts {
        log: log.clone(),
        replies: Arc::new(LogReplies::new(log.shared(), own)),
        calls,
        snapshots: snapshots::open(settings, data)?,
        settings: settings.clone(),
        tracer: tracer.clone(),
    })
}

fn start_live(
    settings: &Settings,
    log: &Arc<dyn Log>,
) -> Result<Vec<floodgate_streams::LiveHandle>> {
    let live = floodgate_streams::LiveSettings {
        forget_after: settings.live.forget_after.0,
        audience: AudienceSettings {
            window_ms: settings.live.audience_window.as_millis(),
            threshold: settings.live.audience_threshold,
        },
    };
    let start = |partition| floodgate_streams::spawn(Arc::clone(log), partition, live);
    let live = (0..log.partitions(Topic::Ledger)).map(start).collect::<std::io::Result<_>>();
    live.context("a counting thread could not start")
}

async fn start_sinks(
    settings: &Settings,
    log: &Arc<dyn Log>,
    data: &Path,
) -> Result<Vec<floodgate_sinks::SinkHandle>> {
    let mut sinks: Vec<Box<dyn floodgate_sinks::Sink>> = Vec::new();
    if settings.sinks.sqlite {
        std::fs::create_dir_all(data)?;
        let sink = floodgate_sinks::SqliteSink::open(&data.join("views.db"))
            .context("views.db cannot be opened; it can be deleted, the log has everything")?;
        sinks.push(Box::new(sink));
    }
    if !settings.sinks.postgres.is_empty() {
        let config = settings.sinks.postgres.clone();
        let open = move || floodgate_sinks::PostgresSink::open(&config);
        let sink = tokio::task::spawn_blocking(open).await?;
        sinks.push(Box::new(sink.context("sinks.postgres cannot be reached")?));
    }
    let spawn = |sink| floodgate_sinks::spawn(Arc::clone(log), sink);
    sinks.into_iter().map(spawn).collect::<std::io::Result<_>>().context("a sink's thread")
}

fn gateway_parts(
    settings: &Settings,
    secrets: Secrets,
    log: &Arc<dyn Log>,
    replies: &ReplyHub,
    metrics: Option<PrometheusHandle>,
) -> Result<GatewayParts> {
    let admission = &settings.admission;
    let gateway_id = GatewayId(settings.server.gateway_id);
    let places = Arc::new(LogPlaces::new(Arc::clone(log), replies.clone(), gateway_id));
    let store: Arc<dyn AdmissionStore> = match admission.store {
        Store::Memory => Arc::new(MemoryStore::new(places, admission.block)),
        Store::Redis => Arc::new(RedisStore::open(&settings.redis.url, places, admission.block)?),
    };
    let server = &settings.server;
    Ok(GatewayParts {
        log: Arc::clone(log),
        replies: replies.clone(),
        gateway_id,
        room: Arc::new(WaitingRoom::new(
            Keys::new(1, secrets.root),
            store,
            room_settings(settings),
        )),
        limits: Limits::new(limit_settings(settings)),
        staff_keys: secrets.staff,
        ticket_key: secrets.ticket,
        payments: None,
        metrics,
        tracer: Tracer::default(),
        owners: None,
        settings: GatewaySettings {
            answer_deadline: server.answer_deadline.0,
            body_deadline: server.body_deadline.0,
            header_deadline: server.header_deadline.0,
            connections_max: server.connections_max,
            drain_notice: server.drain_notice.0,
            body_bytes_max: server.body_max.0,
            plan_bytes_max: server.plan_body_max.0,
            trusted_proxies: server.trusted_proxies.clone(),
        },
    })
}

fn room_settings(settings: &Settings) -> RoomSettings {
    let admission = &settings.admission;
    let (per_minute, grace_ms) = (admission.pace_per_minute, admission.grace.as_millis());
    let pace = PaceSettings { per_minute, grace_ms };
    let (puzzle_level, puzzle_neighbours) = (admission.puzzle_level, admission.puzzle_neighbours);
    RoomSettings { pace, puzzle_level, puzzle_neighbours }
}

fn limit_settings(settings: &Settings) -> LimitSettings {
    let admission = &settings.admission;
    let rate = |per_second, burst| Rate { per_second, burst };
    LimitSettings {
        address: rate(admission.address_per_second, admission.address_burst),
        network: rate(admission.network_per_second, admission.network_burst),
        device: rate(admission.device_per_second, admission.device_burst),
        keys_max: admission.keys_max,
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
