//! Sockets: limits on how many, how slow and how long, and graceful shutdown.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use futures::FutureExt;
use http::HeaderValue;
use http::header::CONNECTION;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tower::ServiceExt;

use crate::extract::address::Peer;
use crate::heartbeat::Heartbeat;
use crate::routes::app;
use crate::state::GatewayState;

/// Bytes of a connection's read buffer: heads are small, and 100,000 idle connections must
/// fit into a gigabyte.
const BUFFER_BYTES: usize = 16 * 1024;
/// How long connections may take to end after their streams were sent elsewhere: longer than any
/// request that meets its deadlines.
const DRAIN_FOR: Duration = Duration::from_secs(10);

/// Serves until `shutdown` is done, then drains: readiness off at once, connections still taken
/// for as long as load balancers need to notice, then streams sent elsewhere and running requests
/// finished.
pub async fn run(
    listener: TcpListener,
    state: GatewayState,
    shutdown: impl Future<Output = ()> + Send,
) {
    let heartbeat = Heartbeat::start(&state);
    let mut door = Door::open(listener, &state);
    door.accept_until(shutdown).await;
    state.drain();
    let notice = state.settings.drain_notice;
    tracing::info!(open = door.connections.len(), ?notice, "readiness is off");
    door.accept_until(tokio::time::sleep(notice)).await;
    let mut connections = door.close();
    state.end();
    let drained = async { while connections.join_next().await.is_some() {} };
    let in_time = tokio::time::timeout(DRAIN_FOR, drained).await.is_ok();
    let cut = connections.len();
    if in_time {
        tracing::info!(cut, "drained: every connection has ended");
    } else {
        tracing::warn!(cut, "connections that did not end were closed");
    }
    drop(heartbeat);
}

/// Where connections come in, and those that did.
struct Door {
    listener: TcpListener,
    router: axum::Router,
    state: GatewayState,
    // A permit belongs to its connection and goes with it, hang-ups included.
    permits: Arc<Semaphore>,
    connections: JoinSet<()>,
}

impl Door {
    fn open(listener: TcpListener, state: &GatewayState) -> Self {
        Door {
            listener,
            router: app(state.clone()),
            state: state.clone(),
            permits: Arc::new(Semaphore::new(state.settings.connections_max)),
            connections: JoinSet::new(),
        }
    }

    async fn accept_until(&mut self, end: impl Future<Output = ()> + Send) {
        tokio::pin!(end);
        loop {
            let permit = tokio::select! {
                () = &mut end => return,
                permit = Arc::clone(&self.permits).acquire_owned() => permit,
            };
            let Ok(permit) = permit else { return };
            let accepted = tokio::select! {
                () = &mut end => return,
                accepted = self.listener.accept() => accepted,
            };
            while self.connections.try_join_next().is_some() {}
            match accepted {
                Ok((stream, peer)) => self.serve(stream, peer, permit),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    // Out of files, usually: give those that end a moment.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    fn serve(&mut self, stream: TcpStream, peer: SocketAddr, permit: OwnedSemaphorePermit) {
        let (router, state) = (self.router.clone(), self.state.clone());
        self.connections.spawn(async move {
            serve(stream, Peer(peer), router, state).await;
            drop(permit);
        });
    }

    /// Takes those who stand at the door already, for to the kernel they are
    /// connected; whoever comes later is refused at once.
    fn close(mut self) -> JoinSet<()> {
        while let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned()
            && let Some(Ok((stream, peer))) = self.listener.accept().now_or_never()
        {
            self.serve(stream, peer, permit);
        }
        self.connections
    }
}

async fn serve(stream: TcpStream, peer: Peer, router: axum::Router, state: GatewayState) {
    // Small answers must not wait for more bytes to come.
    let _ = stream.set_nodelay(true);
    let (ends, header_deadline) = (state.lifecycle.ends(), state.settings.header_deadline);
    let service = router
        .map_request(move |mut request: hyper::Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(peer);
            request.map(Body::new)
        })
        .map_response(move |mut response: hyper::Response<Body>| {
            // A client that keeps its connection while the server stops would lose it in the
            // middle of the next request.
            if state.lifecycle.is_draining() {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            response
        });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header_deadline)
        .max_buf_size(BUFFER_BYTES)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    tokio::pin!(connection);
    tokio::select! {
        // Errors here are clients that left or spoke nonsense.
        _ = &mut connection => return,
        () = ends => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}
