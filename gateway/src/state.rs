//! What handlers share, split by subject: each takes what it uses.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRef;
use metrics_exporter_prometheus::PrometheusHandle;

use floodgate_admission::{LimitSettings, Limits, RoomSettings, WaitingRoom};
use floodgate_domain::{EventId, VenueId};
use floodgate_event_log::{Log, Tracer};
use floodgate_payments::Provider;
use floodgate_people::People;
use floodgate_transport::{CommandClient, Services, Stage};

use crate::admission::Admission;
use crate::commands::Commands;
use crate::extract::idempotent::BodyLimits;
use crate::kept::Shelf;
use crate::lifecycle::Lifecycle;
use crate::model::PlanForm;
use crate::payments::PaymentProvider;
use crate::people::preview::{ChannelReports, MessagePreview};
use crate::people::{PeopleDesk, PushKey};
use crate::pictures::{PictureStore, Pictures};
use crate::queue_feeds::QueueFeeds;
use crate::search::{SearchDesk, SearchParts};
use crate::share_links::ShareLinks;
use crate::shares::{ShareLimits, Shares};
use crate::sign_in::{SignInParts, SignIns};
use crate::staff::buyer_keys::BuyerKeys;
use crate::staff::session::SessionKey;
use crate::staff::sessions::StaffSessions;
use crate::staff::{StaffKey, StaffKeys};
use crate::telemetry::Telemetry;
use crate::ticket::TicketKey;
use crate::time;
use crate::trust::Trust;
use crate::views::audience::AudienceTables;
use crate::views::{Entry, Views};

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
    /// Connections at once from one address, and from one network.
    pub connections_per_address: usize,
    pub connections_per_network: usize,
    /// Streams at once for one address, and for one network.
    pub streams_per_address: usize,
    pub streams_per_network: usize,
    /// How long a client may take nothing of what is sent.
    pub write_deadline: Duration,
    /// Whether trusted proxies begin each connection with a PROXY header.
    pub proxy_protocol: bool,
    /// How long connections are still taken once readiness is off.
    pub drain_notice: Duration,
    /// Bytes of an ordinary body.
    pub body_bytes_max: usize,
    /// Bytes of a body that carries a seating plan.
    pub plan_bytes_max: usize,
    /// Proxies whose word about an address is believed.
    pub trust: Trust,
    /// Who sells, a line each, as invoices say it; nothing where nobody has said.
    pub seller: Vec<String>,
    /// VAT within what advertisers pay, in hundredths of a percent.
    pub vat_basis_points: u32,
    /// Whether the public address begins with `https`, so that cookies stay there.
    pub is_https: bool,
}

/// What it takes to run a gateway.
#[derive(Debug)]
pub struct GatewayParts {
    pub log: Arc<dyn Log>,
    pub commands: CommandClient,
    /// What the process is: readiness names each of them. The views join them.
    pub services: Services,
    pub room: Arc<WaitingRoom>,
    pub limits: Limits,
    pub staff_keys: Vec<StaffKey>,
    /// Signs sessions of staff, and what goes with other ways to sign in.
    pub root_key: [u8; 32],
    /// How people sign in.
    pub sign_in: SignInParts,
    /// Who can be reached, if addresses are kept.
    pub people: Option<People>,
    /// The key under which browsers subscribe to push messages, if any are sent.
    pub push_key: Option<String>,
    /// Shows messages as they will be read.
    pub preview: Arc<dyn MessagePreview>,
    /// Reads what mail servers report.
    pub reports: Arc<dyn ChannelReports>,
    /// Signs tickets.
    pub ticket_key: [u8; 32],
    /// Where pictures of events are kept.
    pub pictures: Arc<dyn PictureStore>,
    /// What answers searches.
    pub search: SearchParts,
    /// The provider of payments, if there is one.
    pub payments: Option<Arc<dyn Provider>>,
    pub metrics: Option<PrometheusHandle>,
    pub tracer: Tracer,
    pub settings: GatewaySettings,
}

/// Shared by all handlers; cheap to clone.
#[derive(Debug, Clone)]
pub struct GatewayState(Arc<Subjects>);

#[derive(Debug)]
#[allow(unreachable_pub, reason = "named by Deref of a public type")]
pub struct Subjects {
    pub(crate) log: Arc<dyn Log>,
    pub(crate) commands: Commands,
    pub(crate) views: Arc<Views>,
    pub(crate) admission: Admission,
    pub(crate) queues: QueueFeeds,
    pub(crate) staff: StaffKeys,
    pub(crate) buyer_keys: BuyerKeys,
    pub(crate) sessions: StaffSessions,
    pub(crate) sign_ins: SignIns,
    pub(crate) share_links: ShareLinks,
    pub(crate) people: PeopleDesk,
    pub(crate) push_key: PushKey,
    pub(crate) preview: Arc<dyn MessagePreview>,
    pub(crate) reports: Arc<dyn ChannelReports>,
    pub(crate) tickets: TicketKey,
    pub(crate) payments: PaymentProvider,
    pub(crate) pictures: Pictures,
    pub(crate) audience: AudienceTables,
    pub(crate) search: SearchDesk,
    pub(crate) bodies: BodyLimits,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) telemetry: Telemetry,
    pub(crate) trust: Trust,
    pub(crate) streams: Shares,
    pub(crate) plans: Shelf<(VenueId, PlanForm)>,
    pub(crate) snapshots: Shelf<EventId>,
    pub(crate) settings: GatewaySettings,
}

impl std::ops::Deref for GatewayState {
    type Target = Subjects;
    fn deref(&self) -> &Subjects {
        &self.0
    }
}

/// Lets a handler take a subject as `State<Subject>`.
macro_rules! subjects {
    ($($field:ident: $subject:ty,)*) => {
        $(impl FromRef<GatewayState> for $subject {
            fn from_ref(state: &GatewayState) -> Self {
                state.0.$field.clone()
            }
        })*
    };
}
subjects! {
    log: Arc<dyn Log>,
    commands: Commands,
    views: Arc<Views>,
    admission: Admission,
    queues: QueueFeeds,
    staff: StaffKeys,
    buyer_keys: BuyerKeys,
    sessions: StaffSessions,
    sign_ins: SignIns,
    share_links: ShareLinks,
    people: PeopleDesk,
    push_key: PushKey,
    preview: Arc<dyn MessagePreview>,
    reports: Arc<dyn ChannelReports>,
    tickets: TicketKey,
    payments: PaymentProvider,
    pictures: Pictures,
    audience: AudienceTables,
    search: SearchDesk,
    bodies: BodyLimits,
    lifecycle: Lifecycle,
    telemetry: Telemetry,
    trust: Trust,
    plans: Shelf<(VenueId, PlanForm)>,
    snapshots: Shelf<EventId>,
}

impl GatewayState {
    /// Starts following the facts; requests may come at once, `/readyz` says when the views have
    /// caught up.
    pub fn start(parts: GatewayParts) -> std::io::Result<Self> {
        let GatewayParts { log, commands, services, room, limits, settings, .. } = parts;
        let admission = Admission::new(room, limits);
        let queues = QueueFeeds::default();
        // Before an event can be found it has its room and its queue.
        let (rooms, feeds) = (admission.clone(), queues.clone());
        let (views, following) = Views::follow(&log, move |event_id, entry: &Entry| {
            rooms.room().advance(event_id, time::now(), entry.shop());
            feeds.publish(event_id, entry, rooms.room().view(event_id), true);
        })?;
        services.add(Stage::Work, following);
        let people = PeopleDesk::new(parts.people);
        let sign_ins = SignIns::new(parts.sign_in, &parts.root_key);
        let share_links = ShareLinks::new(&parts.root_key);
        let buyer_keys = BuyerKeys::new(&parts.root_key);
        let sessions = SessionKey::new(&parts.root_key, sign_ins.staff_digest());
        let telemetry = Telemetry::new(parts.metrics, parts.tracer);
        let deadline = settings.answer_deadline;
        Ok(GatewayState(Arc::new(Subjects {
            log: Arc::clone(&log),
            commands: Commands::new(commands, deadline, telemetry.clone()),
            views,
            admission,
            queues,
            staff: StaffKeys::new(parts.staff_keys, buyer_keys.clone()),
            buyer_keys,
            sessions: StaffSessions::new(sessions),
            sign_ins,
            share_links,
            people,
            push_key: PushKey::new(parts.push_key),
            preview: parts.preview,
            reports: parts.reports,
            tickets: TicketKey::new(parts.ticket_key),
            payments: PaymentProvider::new(parts.payments),
            pictures: Pictures::new(parts.pictures),
            audience: AudienceTables::new(log),
            search: SearchDesk::new(parts.search),
            bodies: BodyLimits {
                bytes_max: settings.body_bytes_max,
                plan_bytes_max: settings.plan_bytes_max,
                deadline: settings.body_deadline,
            },
            lifecycle: Lifecycle::new(services),
            telemetry,
            trust: settings.trust.clone(),
            streams: streams(&settings),
            plans: Shelf::default(),
            snapshots: Shelf::default(),
            settings,
        })))
    }

    /// Turns what can be turned while it runs: rooms nobody has turned by hand follow the new
    /// settings; new limits, if there are any, begin anew.
    pub fn follow_settings(&self, limits: Option<LimitSettings>, room: RoomSettings) {
        self.admission.follow_settings(limits, room);
    }

    /// From now on `/readyz` says no, so that no new visitor is sent here.
    pub fn drain(&self) {
        self.lifecycle.drain();
    }

    /// Ends what lasts: streams say when to come back, idle connections are closed.
    pub fn end(&self) {
        self.lifecycle.end();
    }

    /// Whether the facts have been followed to near their end, so that it is known what was done.
    #[must_use]
    pub fn has_caught_up(&self) -> bool {
        self.views.is_ready()
    }

    /// Records for `/readyz` and the metrics whether the settings file as it is now is in use.
    pub fn note_settings(&self, are_used: bool) {
        self.lifecycle.refuse_settings(!are_used);
        metrics::gauge!("floodgate_config_reload_failed").set(if are_used { 0.0 } else { 1.0 });
        let failures = metrics::counter!("floodgate_config_reload_failures_total");
        failures.increment(u64::from(!are_used));
    }
}

/// Each stream takes a connection, so all of them together leave half of those to others.
fn streams(settings: &GatewaySettings) -> Shares {
    let (address, network) = (settings.streams_per_address, settings.streams_per_network);
    // A proxy carries many streams on one connection of HTTP/2.
    let total = settings.connections_max;
    let part = ShareLimits { total: total / 2, address, network }.within();
    Shares::new(ShareLimits { total, ..part })
}
