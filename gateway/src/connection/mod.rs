//! One connection: whom it is from, which HTTP it speaks, and how long it may hold us up.

mod guarded;
mod proxy_protocol;
mod socket;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::header::CONNECTION;
use http::{HeaderValue, Request, Response, Version};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use socket2::SockRef;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tower::ServiceExt;

use self::proxy_protocol::ProxyHeader;
use self::socket::Socket;
use crate::extract::address::Peer;
use crate::shares::Shares;
use crate::state::GatewayState;

pub(crate) use guarded::guarded;

/// Bytes of a connection's read buffer: heads are small, and 100,000 idle connections must
/// fit into a gigabyte.
const BUFFER_BYTES: usize = 16 * 1024;
/// What an HTTP/2 client says first (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Requests of one HTTP/2 connection at once: a proxy carries many visitors on one, and each of
/// them has a stream.
const REQUESTS_MAX: u32 = 256;
/// Bytes that wait for one of them to be taken.
const SEND_BYTES_MAX: usize = 16 * 1024;
/// How often an HTTP/2 client is asked whether it is there, and how long it has to answer.
const PING_EVERY: Duration = Duration::from_secs(15);
/// An HTTP/2 connection without a request is closed after so many looks, a minute.
const LOOK_EVERY: Duration = Duration::from_secs(5);
const IDLE_LOOKS: u32 = 12;
/// What those hear who hold enough connections.
const TOO_MANY: &[u8] = b"HTTP/1.1 429 Too Many Requests\r\nconnection: close\r\n\
    content-type: application/problem+json\r\ncache-control: private, no-store\r\n\
    retry-after: 5\r\ncontent-length: 170\r\n\r\n\
    {\"type\":\"/problems/rate_limited\",\"title\":\"rate limited\",\"status\":429,\
    \"detail\":\"Too many connections from this address. Close some.\",\
    \"code\":\"rate_limited\",\"retry\":\"later\"}";

/// What every connection is served with.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) router: axum::Router,
    pub(crate) state: GatewayState,
    /// Connections by address.
    pub(crate) shares: Shares,
}

impl Server {
    /// Serves a connection until it ends, or until the gateway does.
    pub(crate) async fn serve(self, stream: TcpStream, peer: SocketAddr) {
        let settings = &self.state.settings;
        // Small answers must not wait for more bytes to come.
        let _ = stream.set_nodelay(true);
        // A client that is gone without a word would be waited for by the system for many minutes.
        let _ = SockRef::from(&stream).set_tcp_user_timeout(Some(settings.write_deadline));
        let is_proxy = self.state.trust.trusts(peer.ip());
        let mut socket = Socket::new(stream, settings.write_deadline);
        let mut held = None;
        if !is_proxy {
            held = self.shares.enter(peer.ip());
            if held.is_none() {
                return refuse(socket).await;
            }
        }
        let asks_proxy = is_proxy && settings.proxy_protocol;
        let beginning = begin(&mut socket, asks_proxy);
        let beginning = tokio::time::timeout(settings.header_deadline, beginning).await;
        let Ok(Some(ConnectionStart { client, is_http2 })) = beginning else { return };
        let client = client.unwrap_or(peer);
        if is_proxy && !self.state.trust.trusts(client.ip()) {
            held = self.shares.enter(client.ip());
            if held.is_none() {
                return refuse(socket).await;
            }
        }
        if is_http2 {
            self.http2(socket, Peer(client)).await;
        } else {
            self.http1(socket, Peer(client)).await;
        }
        drop(held);
    }

    async fn http1(self, socket: Socket<TcpStream>, peer: Peer) {
        let (ends, lifecycle) = (self.state.lifecycle.ends(), self.state.lifecycle.clone());
        let deadline = self.state.settings.header_deadline;
        let service = self.router.map_request(with(peer)).map_response(
            move |mut response: Response<Body>| {
                // A client that keeps its connection while the server stops would lose it in the
                // middle of the next request.
                if lifecycle.is_draining() {
                    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                response
            },
        );
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(deadline)
            .max_buf_size(BUFFER_BYTES)
            .serve_connection(TokioIo::new(socket), TowerToHyperService::new(service));
        tokio::pin!(connection);
        tokio::select! {
            // Errors here are clients that left or spoke nonsense.
            _ = &mut connection => return,
            () = ends => connection.as_mut().graceful_shutdown(),
        }
        let _ = connection.await;
    }

    /// The same over HTTP/2, as proxies speak it that know we do ("prior knowledge").
    async fn http2(self, socket: Socket<TcpStream>, peer: Peer) {
        let ends = self.state.lifecycle.ends();
        // One reference is ours, every other one belongs to a request that is being answered.
        let running = Arc::new(());
        let theirs = Arc::clone(&running);
        let service = self.router.map_request(move |request: Request<Incoming>| {
            let mut request = with(peer)(request);
            let running = RunningRequest { _request: Arc::clone(&theirs) };
            request.extensions_mut().insert(running);
            request
        });
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_concurrent_streams(REQUESTS_MAX)
            .max_send_buf_size(SEND_BYTES_MAX)
            .max_header_list_size(BUFFER_BYTES as u32)
            .keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PING_EVERY)
            .serve_connection(TokioIo::new(socket), TowerToHyperService::new(service));
        tokio::pin!(connection);
        let idle = async {
            let mut looks = tokio::time::interval(LOOK_EVERY);
            let mut idle = 0;
            while idle < IDLE_LOOKS {
                looks.tick().await;
                idle = if Arc::strong_count(&running) > 2 { 0 } else { idle + 1 };
            }
        };
        tokio::select! {
            _ = &mut connection => return,
            () = ends => {}
            () = idle => {}
        }
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }
}

/// A request that is being answered; kept with its answer until that is sent.
#[derive(Debug, Clone)]
pub(crate) struct RunningRequest {
    _request: Arc<()>,
}

fn with(peer: Peer) -> impl Fn(Request<Incoming>) -> Request<Body> + Clone {
    move |mut request| {
        request.extensions_mut().insert(peer);
        request.map(Body::new)
    }
}

/// Keeps an answer's connection from being taken for idle until it is sent.
pub(crate) fn keep_running<B>(request: &Request<B>) -> Option<RunningRequest> {
    let is_http2 = request.version() == Version::HTTP_2;
    is_http2.then(|| request.extensions().get::<RunningRequest>().cloned()).flatten()
}

/// How a connection begins.
struct ConnectionStart {
    /// Whom the proxy says it is from.
    client: Option<SocketAddr>,
    is_http2: bool,
}

/// Looks at the first bytes; `None` if they are not what they have to be, or if there are none.
async fn begin(socket: &mut Socket<TcpStream>, asks_proxy: bool) -> Option<ConnectionStart> {
    let client = if asks_proxy { proxy_client(socket).await? } else { None };
    loop {
        let seen = socket.seen();
        let is_http2 = seen.starts_with(PREFACE);
        if is_http2 || !PREFACE.starts_with(seen) {
            return Some(ConnectionStart { client, is_http2 });
        }
        if !socket.look().await.ok()? {
            return None;
        }
    }
}

/// Whom the PROXY header says the connection is from, which has to come first.
async fn proxy_client(socket: &mut Socket<TcpStream>) -> Option<Option<SocketAddr>> {
    loop {
        match proxy_protocol::read(socket.seen()) {
            ProxyHeader::Whole { length, client } => {
                socket.skip(length);
                return Some(client);
            }
            ProxyHeader::Partial if socket.look().await.ok()? => {}
            ProxyHeader::Partial => return None,
            ProxyHeader::Invalid => {
                metrics::counter!("floodgate_proxy_headers_refused_total").increment(1);
                return None;
            }
        }
    }
}

/// Says that there are too many, as far as the client listens.
async fn refuse(mut socket: Socket<TcpStream>) {
    metrics::counter!("floodgate_connections_refused_total").increment(1);
    let _ = socket.write_all(TOO_MANY).await;
    let _ = socket.shutdown().await;
}

#[cfg(test)]
mod tests {
    use super::TOO_MANY;

    #[test]
    fn the_refusal_is_as_long_as_it_says() {
        let text = String::from_utf8_lossy(TOO_MANY);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_default();
        assert!(head.contains(&format!("content-length: {}", body.len())), "{}", body.len());
        assert!(serde_json::from_str::<serde_json::Value>(body).is_ok(), "{body}");
    }
}
