//! The door: how many connections come in, and graceful shutdown.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use crate::connection::Server;
use crate::heartbeat::Heartbeat;
use crate::routes::app;
use crate::shares::{ShareLimits, Shares};
use crate::state::GatewayState;

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
    let people = state.people.clone();
    let sessions = tokio::spawn(state.sessions.clone().follow(people.clone()));
    let keys = tokio::spawn(state.buyer_keys.clone().follow(people.clone()));
    let devices = tokio::spawn(people.follow_devices());
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
    devices.abort();
    sessions.abort();
    keys.abort();
    drop(heartbeat);
}

/// Where connections come in, and those that did.
struct Door {
    listener: TcpListener,
    server: Server,
    // A permit belongs to its connection and goes with it, hang-ups included.
    permits: Arc<Semaphore>,
    connections: JoinSet<()>,
}

impl Door {
    fn open(listener: TcpListener, state: &GatewayState) -> Self {
        let settings = &state.settings;
        let total = settings.connections_max;
        let (address, network) =
            (settings.connections_per_address, settings.connections_per_network);
        let shares = Shares::new(ShareLimits { total, address, network }.within());
        Door {
            listener,
            server: Server { router: app(state.clone()), state: state.clone(), shares },
            permits: Arc::new(Semaphore::new(total)),
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
        let server = self.server.clone();
        self.connections.spawn(async move {
            server.serve(stream, peer).await;
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
