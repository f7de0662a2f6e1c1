//! The role people come to: pages and calls, views, answers.

use std::sync::Arc;

use anyhow::Result;
use tokio::net::TcpListener;

use floodgate_admission::limits::Rate;
use floodgate_admission::{
    AdmissionStore, Keys, LimitSettings, Limits, MemoryStore, PaceSettings, RedisStore,
    RoomSettings, WaitingRoom,
};
use floodgate_config::{PaymentsProvider, Settings, Store};
use floodgate_gateway::{
    GatewayParts, GatewaySettings, GatewayState, PaymentSandbox, PlaceReservations,
};
use floodgate_payments::Sandbox;
use floodgate_transport::{CommandClient, Stage, follow_replies};

use super::process::{Server, Task};
use super::{Parts, reload};
use crate::keys::Secrets;

/// Starts what a gateway is: the followers of answers and facts, and then the door.
pub(super) fn start(parts: &Parts<'_>, secrets: Secrets, listener: TcpListener) -> Result<()> {
    let Parts { services, settings, .. } = parts;
    if parts.log.is_shared() {
        let replies = follow_replies(&parts.log.shared(), parts.gateway_id, parts.hub.clone())?;
        services.add(Stage::Work, Arc::new(replies));
    }
    let state = GatewayState::start(gateway_parts(parts, secrets)?)?;
    if let Some((file, flags)) = &parts.follows {
        let follow =
            reload::follow(file.clone(), flags.clone(), (*settings).clone(), state.clone());
        services.add(Stage::Door, Arc::new(Task::spawn("settings", follow)));
    }
    let run = |shutdown| floodgate_gateway::run(listener, state, shutdown);
    services.add(Stage::Door, Arc::new(Server::spawn("gateway", None, run)));
    Ok(())
}

/// The sandbox provider as the gateway's pages see it.
#[derive(Debug)]
struct SandboxPages;

impl PaymentSandbox for SandboxPages {
    fn tokenise(&self, card_number: &str) -> Option<&'static str> {
        Sandbox::tokenise(card_number)
    }
    fn asks_buyer(&self, method: &str) -> bool {
        Sandbox::asks_buyer(method)
    }
}

fn gateway_parts(parts: &Parts<'_>, secrets: Secrets) -> Result<GatewayParts> {
    let Parts { settings, services, hub, gateway_id, metrics, tracer, .. } = parts;
    let (admission, log) = (&settings.admission, parts.log.shared());
    let commands = CommandClient::new(Arc::clone(&log), hub.clone(), *gateway_id);
    let places = Arc::new(PlaceReservations::new(commands.clone()));
    let store: Arc<dyn AdmissionStore> = match admission.store {
        Store::Memory => Arc::new(MemoryStore::new(places, admission.block)),
        Store::Redis => Arc::new(RedisStore::open(&settings.redis.url, places, admission.block)?),
    };
    let server = &settings.server;
    let has_sandbox = settings.payments.provider == PaymentsProvider::Sandbox;
    Ok(GatewayParts {
        log,
        commands,
        services: services.clone(),
        room: Arc::new(WaitingRoom::new(
            Keys::new(1, secrets.root),
            store,
            room_settings(settings),
        )),
        limits: Limits::new(limit_settings(settings)),
        staff_keys: secrets.staff,
        ticket_key: secrets.ticket,
        sandbox: has_sandbox.then(|| Arc::new(SandboxPages) as Arc<dyn PaymentSandbox>),
        metrics: metrics.clone(),
        tracer: tracer.clone(),
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

pub(super) fn room_settings(settings: &Settings) -> RoomSettings {
    let admission = &settings.admission;
    let (per_minute, grace_ms) = (admission.pace_per_minute, admission.grace.as_millis());
    let pace = PaceSettings { per_minute, grace_ms };
    let (puzzle_level, puzzle_neighbours) = (admission.puzzle_level, admission.puzzle_neighbours);
    RoomSettings { pace, puzzle_level, puzzle_neighbours }
}

pub(super) fn limit_settings(settings: &Settings) -> LimitSettings {
    let admission = &settings.admission;
    let rate = |per_second, burst| Rate { per_second, burst };
    LimitSettings {
        address: rate(admission.address_per_second, admission.address_burst),
        network: rate(admission.network_per_second, admission.network_burst),
        device: rate(admission.device_per_second, admission.device_burst),
        keys_max: admission.keys_max,
    }
}
