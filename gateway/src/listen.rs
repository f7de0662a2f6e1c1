//! The listening socket: how many connections may wait at it.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

/// Connections that may wait to be accepted. The usual 128 is gone in ten milliseconds of an
/// on-sale, and whoever is dropped there tries again after a second (RFC 6298, section 2). The
/// kernel takes `net.core.somaxconn` if that is less; 4,096 is Linux's default of it.
const BACKLOG: u32 = 4_096;

/// Listens on `address`.
///
/// # Errors
///
/// What the system says: the address is taken, is not of this machine, or needs more rights.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A server that comes back takes its address at once, whatever its last connections do.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::net::TcpStream;
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn hundreds_may_wait_before_anybody_is_accepted() {
        let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        // Nobody accepts; connections beyond the limit would get no answer.
        let connect = |_| TcpStream::connect_timeout(&address, Duration::from_secs(10)).unwrap();
        let waiting: Vec<TcpStream> = (0..600).map(connect).collect();
        assert_eq!(waiting.len(), 600);
    }
}
