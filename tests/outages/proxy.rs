//! A way to a server that can be closed and opened, and lead elsewhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use floodgate_testkit::ports::port_for_a_server;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// Forwards connections to one port; ended when dropped.
pub(super) struct Proxy {
    pub(super) port: u16,
    leads_to: Arc<AtomicU16>,
    /// `None` while it is closed.
    open: Option<JoinHandle<()>>,
}

impl Proxy {
    /// A closed one.
    pub(super) fn new(to: u16) -> Self {
        Proxy { port: port_for_a_server(), leads_to: Arc::new(AtomicU16::new(to)), open: None }
    }

    pub(super) fn lead_to(&self, port: u16) {
        self.leads_to.store(port, Ordering::Relaxed);
    }

    pub(super) async fn open(&mut self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await.unwrap();
        self.open = Some(tokio::spawn(forward(listener, Arc::clone(&self.leads_to))));
    }

    /// Nobody listens any more, and every connection is gone.
    pub(super) async fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        open.abort();
        // Done once all that it held is dropped.
        let _ = open.await;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.open.iter().for_each(JoinHandle::abort);
    }
}

async fn forward(listener: TcpListener, to: Arc<AtomicU16>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((mut client, _)) = accepted else { continue };
                let port = to.load(Ordering::Relaxed);
                connections.spawn(async move {
                    let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)).await else { return };
                    let _ = client.set_nodelay(true);
                    let _ = server.set_nodelay(true);
                    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}
