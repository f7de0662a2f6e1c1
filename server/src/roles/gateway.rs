//! The role people come to: pages and calls, views, answers.

use std::sync::Arc;

use anyhow::Result;
use tokio::net::TcpListener;

use floodgate_admission::{AdmissionStore, Keys, Limits, MemoryStore, RedisStore, WaitingRoom};
use floodgate_channels::Templates;
use floodgate_config::{ForwardedBy, Store};
use floodgate_gateway::{
    ForwardedHeader, GatewayParts, GatewaySettings, GatewayState, PlaceReservations, Trust,
};
use floodgate_transport::{CommandClient, Stage, follow_replies};

use super::admission::{limit_settings, room_settings};
use super::process::{Server, Task};
use super::{Parts, pictures, places, reload, search};
use crate::channels::{ChannelPreview, Reports, push_key};
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

fn gateway_parts(parts: &Parts<'_>, secrets: Secrets) -> Result<GatewayParts> {
    let Parts { settings, services, hub, gateway_id, metrics, tracer, .. } = parts;
    let (admission, log) = (&settings.admission, parts.log.shared());
    let commands = CommandClient::new(Arc::clone(&log), hub.clone(), *gateway_id);
    let places = Arc::new(PlaceReservations::new(commands.clone()));
    let store: Arc<dyn AdmissionStore> = match admission.store {
        Store::Memory => Arc::new(MemoryStore::new(places, admission.block)),
        Store::Redis => {
            let url = &settings.redis.url;
            let store = Arc::new(RedisStore::open(url, places, admission.block)?);
            let watch = places::watch(Arc::clone(&store), Arc::clone(&log), settings);
            services.add_beside(Stage::Work, Arc::new(watch));
            store
        }
    };
    let server = &settings.server;
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
        root_key: secrets.root,
        sign_in: crate::sign_in::parts(settings, parts.address)?,
        people: parts.people.clone(),
        push_key: push_key(settings)?,
        preview: Arc::new(ChannelPreview {
            templates: Templates::new(),
            weekly_cap: settings.channels.announcements_per_week.into(),
        }),
        reports: Arc::new(Reports::new(settings)?),
        ticket_key: secrets.ticket,
        pictures: pictures::open(settings, parts.data)?,
        search: search::open(parts)?,
        payments: parts.provider.clone(),
        // Only where no stranger comes, if there is such a place.
        metrics: metrics.clone().filter(|_| server.status_listen.is_none()),
        tracer: tracer.clone(),
        settings: GatewaySettings {
            answer_deadline: server.answer_deadline.0,
            body_deadline: server.body_deadline.0,
            header_deadline: server.header_deadline.0,
            connections_max: server.connections_max,
            connections_per_address: server.connections_per_address,
            connections_per_network: server.connections_per_network,
            streams_per_address: server.streams_per_address,
            streams_per_network: server.streams_per_network,
            write_deadline: server.write_deadline.0,
            proxy_protocol: server.proxy_protocol,
            drain_notice: server.drain_notice.0,
            body_bytes_max: server.body_max.0,
            plan_bytes_max: server.plan_body_max.0,
            trust: Trust {
                networks: server.trusted_proxies.clone(),
                header: match server.forwarded_header {
                    ForwardedBy::XForwardedFor => ForwardedHeader::XForwardedFor,
                    ForwardedBy::Forwarded => ForwardedHeader::Forwarded,
                },
            },
            seller: settings.payments.seller.clone(),
            vat_basis_points: settings.payments.vat_basis_points,
            is_https: settings.payments.public_url.starts_with("https://"),
        },
    })
}
