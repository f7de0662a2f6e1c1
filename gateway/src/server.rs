//! Sockets: limits on how many, how slow and how long, and a calm end.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tower::ServiceExt;

use floodgate_onsale::SalePhase;

use crate::calling::tell_the_log;
use crate::extract::address::Peer;
use crate::routes::app;
use crate::state::GatewayState;
use crate::time;

/// Bytes of a connection's read buffer: heads are small, and 100,000 idle connections must
/// fit into a gigabyte.
const BUFFER_BYTES: usize = 16 * 1024;
/// How long connections may take to end after a shutdown was asked for.
const DRAIN_FOR: Duration = Duration::from_secs(10);
/// How often rooms advance.
const ROOMS_EVERY: Duration = Duration::from_millis(100);
/// How often gateways make one frontier of theirs.
const AGREE_EVERY: Duration = Duration::from_millis(200);
/// How often seat changes are sent.
const FRAMES_EVERY: Duration = Duration::from_millis(250);

/// Serves until `shutdown` is done, then drains: readiness off, running requests finished,
/// streams ended.
pub async fn run(
    listener: TcpListener,
    state: GatewayState,
    shutdown: impl Future<Output = ()> + Send,
) {
    let (ending, end) = watch::channel(false);
    let pulse = tokio::spawn(pulse(state.clone()));
    let agreeing = tokio::spawn(agree(state.clone()));
    let calling = tokio::spawn(tell_the_log(state.clone()));
    let router = app(state.clone());
    // A permit belongs to its connection and goes with it, hang-ups included.
    let permits = Arc::new(Semaphore::new(state.settings.connections_max));
    let mut connections = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        let permit = tokio::select! {
            () = &mut shutdown => break,
            permit = Arc::clone(&permits).acquire_owned() => permit,
        };
        let Ok(permit) = permit else { break };
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => accepted,
        };
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, peer)) => {
                let (router, peer) = (router.clone(), Peer(peer));
                let (deadline, end) = (state.settings.header_deadline, end.clone());
                connections.spawn(async move {
                    serve(stream, router, peer, deadline, end).await;
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                // Out of files, usually: give those that end a moment.
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    state.drain();
    // Receivers are the connections; without any there is nobody to tell.
    let _ = ending.send(true);
    let drained = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(DRAIN_FOR, drained).await.is_err() {
        tracing::info!("connections that would not end were closed");
    }
    pulse.abort();
    agreeing.abort();
    calling.abort();
    state.stop();
}

async fn serve(
    stream: TcpStream,
    router: axum::Router,
    peer: Peer,
    header_deadline: Duration,
    mut end: watch::Receiver<bool>,
) {
    // Small answers must not wait for more bytes to come.
    let _ = stream.set_nodelay(true);
    let service = TowerToHyperService::new(router.map_request(
        move |mut request: hyper::Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(peer);
            request.map(axum::body::Body::new)
        },
    ));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header_deadline)
        .max_buf_size(BUFFER_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    tokio::select! {
        // Errors here are clients that left or spoke nonsense.
        _ = &mut connection => return,
        _ = end.changed() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

/// The gateway's heartbeat: rooms advance, seat changes become frames.
async fn pulse(state: GatewayState) {
    let mut pulse = tokio::time::interval(ROOMS_EVERY);
    let mut framed = tokio::time::Instant::now();
    loop {
        pulse.tick().await;
        let cut = framed.elapsed() >= FRAMES_EVERY;
        for (event_id, entry) in state.views.all() {
            state.room.advance(event_id, time::now(), entry.shop());
            let turned = entry.read().changes.turned.clone();
            if let Err(error) = state.room.tune(event_id, turned) {
                tracing::error!(%event_id, %error, "the dials do not fit");
            }
            if cut {
                entry.cut_frame();
            }
        }
        if cut {
            framed = tokio::time::Instant::now();
        }
    }
}

/// Makes one frontier of all gateways' frontiers. A task of its own: a store that is slow or gone
/// must not hold rooms or seat changes back.
async fn agree(state: GatewayState) {
    let mut pulse = tokio::time::interval(AGREE_EVERY);
    pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_told = false;
    loop {
        pulse.tick().await;
        let mut outcome = Ok(());
        for (event_id, entry) in state.views.all() {
            let is_over = matches!(entry.read().phase, SalePhase::Closed | SalePhase::Cancelled);
            if is_over {
                continue;
            }
            outcome = state.room.agree(event_id).await;
            if outcome.is_err() {
                break;
            }
        }
        if let (Err(error), false) = (&outcome, is_told) {
            tracing::warn!(%error, "frontiers are each gateway's own until the store is back");
        }
        is_told = outcome.is_err();
    }
}
