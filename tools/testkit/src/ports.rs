//! Addresses on loopback that do not change hands while a test uses them.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// An address that refuses every connection. A port that was free a moment ago would not do: the
/// system may give it to the next test that asks for one.
pub const NOBODY: &str = "127.0.0.1:1";

/// Ports below those that systems choose from for listeners and connections without a port of
/// their own (32768 up on Linux, 49152 up elsewhere), and above those that services are known by.
const FIRST: u16 = 20_000;
const COUNT: u16 = 10_000;

/// A port for a server that cannot choose one itself. Nobody is given it twice by one process, and
/// no connection that waits for the server to listen can be given it and so connect to itself.
///
/// # Panics
/// When none of ten thousand ports is free.
#[must_use]
pub fn port_for_a_server() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Processes that run at once begin at different ports.
    let start = std::process::id().wrapping_mul(101) as u16;
    for _ in 0..COUNT {
        let step = start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = FIRST + step % COUNT;
        if TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).is_ok() {
            return port;
        }
    }
    panic!("no port from {FIRST} to {} is free", FIRST + COUNT - 1);
}
