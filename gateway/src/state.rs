//! What every handler shares.

use std::future::Future;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use ed25519_dalek::SigningKey;
use http::HeaderValue;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::watch;

use floodgate_admission::{LimitSettings, Limits, RoomSettings, WaitingRoom};
use floodgate_event_log::{Log, Tracer};
use floodgate_transport::{CommandClient, Group, Service, Services, Stage};

use crate::commands::Late;
use crate::extract::staff::StaffKey;
use crate::metering::Metering;
use crate::routes::sandbox::PaymentSandbox;
use crate::views::Views;

/// Settings of a gateway.
#[derive(Debug, Clone)]
pub struct GatewaySettings {
    /// How long a command is waited for before 202.
    pub answer_deadline: Duration,
    /// How long a body may take to arrive.
    pub body_deadline: Duration,
    /// How long a request's head may take to arrive.
    pub header_deadline: Duration,
    /// Connections at once; more are not accepted until some end.
    pub connections_max: usize,
    /// How long connections are still taken once readiness is off.
    pub drain_notice: Duration,
    /// Bytes of an ordinary body.
    pub body_bytes_max: usize,
    /// Bytes of a body that carries a seating plan.
    pub plan_bytes_max: usize,
    /// Peers whose X-Forwarded-For is believed.
    pub trusted_proxies: Vec<IpAddr>,
}

/// What it takes to run a gateway.
#[derive(Debug)]
pub struct GatewayParts {
    pub log: Arc<dyn Log>,
    pub commands: CommandClient,
    /// What the process is: readiness tells of each of them. The views join them.
    pub services: Services,
    pub room: Arc<WaitingRoom>,
    pub limits: Limits,
    pub staff_keys: Vec<StaffKey>,
    /// Signs tickets.
    pub ticket_key: [u8; 32],
    /// The sandbox provider, when it is on.
    pub sandbox: Option<Arc<dyn PaymentSandbox>>,
    pub metrics: Option<PrometheusHandle>,
    pub tracer: Tracer,
    pub settings: GatewaySettings,
}

/// Shared by all handlers; cheap to clone.
#[derive(Debug, Clone)]
pub struct GatewayState(pub(crate) Arc<Shared>);

#[derive(Debug)]
#[allow(unreachable_pub, reason = "named by Deref of a public type")]
pub struct Shared {
    pub(crate) commands: CommandClient,
    pub(crate) services: Services,
    pub(crate) room: Arc<WaitingRoom>,
    // Replaced whole by a reload; read for a moment by each request.
    quotas: RwLock<Arc<Quotas>>,
    pub(crate) staff_keys: Vec<StaffKey>,
    pub(crate) ticket_key: SigningKey,
    pub(crate) sandbox: Option<Arc<dyn PaymentSandbox>>,
    pub(crate) metrics: Option<PrometheusHandle>,
    pub(crate) settings: GatewaySettings,
    pub(crate) views: Arc<Views>,
    /// What folds the views.
    pub(crate) following: Arc<Group>,
    pub(crate) late: Late,
    pub(crate) metering: Metering,
    pub(crate) tracer: Tracer,
    pub(crate) draining: AtomicBool,
    /// Whether the settings file as it is now cannot be used.
    pub(crate) settings_refused: AtomicBool,
    /// Whether streams and connections end now.
    ending: watch::Sender<bool>,
}

impl GatewayState {
    /// Starts following the facts; requests may come at once, `/readyz` says when the views
    /// have caught up.
    pub fn start(parts: GatewayParts) -> std::io::Result<Self> {
        let (views, following) = Views::follow(&parts.log)?;
        let following = Arc::new(following);
        parts.services.add(Stage::Work, Arc::clone(&following) as Arc<dyn Service>);
        let GatewayParts { commands, services, room, limits, staff_keys, .. } = parts;
        Ok(GatewayState(Arc::new(Shared {
            quotas: RwLock::new(Arc::new(Quotas::new(limits))),
            commands,
            services,
            room,
            staff_keys,
            ticket_key: SigningKey::from_bytes(&parts.ticket_key),
            sandbox: parts.sandbox,
            metrics: parts.metrics,
            settings: parts.settings,
            views,
            following,
            late: Late::default(),
            metering: Metering::default(),
            tracer: parts.tracer,
            draining: AtomicBool::new(false),
            settings_refused: AtomicBool::new(false),
            ending: watch::Sender::new(false),
        })))
    }

    /// Turns what can be turned while it runs: rooms nobody has turned by hand follow the new
    /// settings; new limits, if there are any, begin anew.
    pub fn retune(&self, limits: Option<LimitSettings>, room: RoomSettings) {
        if let Some(limits) = limits {
            let quotas = Arc::new(Quotas::new(Limits::new(limits)));
            *self.0.quotas.write().unwrap_or_else(PoisonError::into_inner) = quotas;
        }
        self.0.room.retune(room);
    }

    /// From now on `/readyz` says no, so that no new visitor is sent here.
    pub fn drain(&self) {
        self.0.draining.store(true, Ordering::Release);
    }

    /// Ends what lasts: streams say when to come back, idle connections are closed.
    pub fn end(&self) {
        self.0.ending.send_replace(true);
    }
}

/// Rate limits, and how they are told.
#[derive(Debug)]
pub(crate) struct Quotas {
    pub(crate) limits: Limits,
    /// As every limited answer names them.
    pub(crate) policies: HeaderValue,
}

impl Quotas {
    fn new(limits: Limits) -> Self {
        let policies = HeaderValue::from_str(&limits.policies());
        Quotas { limits, policies: policies.unwrap_or_else(|_| HeaderValue::from_static("")) }
    }
}

impl Shared {
    /// Done once streams and connections are to end.
    pub(crate) fn ends(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut ending = self.ending.subscribe();
        async move {
            // A sender that is gone has taken the gateway with it.
            let _ = ending.wait_for(|ends| *ends).await;
        }
    }

    pub(crate) fn is_ending(&self) -> bool {
        *self.ending.borrow()
    }

    pub(crate) fn quotas(&self) -> Arc<Quotas> {
        Arc::clone(&self.quotas.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl std::ops::Deref for GatewayState {
    type Target = Shared;
    fn deref(&self) -> &Shared {
        &self.0
    }
}
