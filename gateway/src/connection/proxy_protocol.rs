//! The PROXY protocol, versions 1 and 2: the line, or the block of bytes, in which a proxy says
//! whom a connection is from, before anything else is said (HAProxy's specification of it, 2020).
//!
//! Pure: bytes in, what they say out. Only a trusted peer is asked for it, and then it must come.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// How a version 2 header begins.
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// The longest version 1 line, its end included.
const LINE_MAX: usize = 107;
/// The longest version 2 header that is read: addresses, and a few kilobytes of what proxies add.
const BLOCK_MAX: usize = 4 * 1024;

/// What the beginning of a connection says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProxyHeader {
    /// Not all of it is there yet.
    Partial,
    /// It is no header, or one that cannot be read.
    Invalid,
    /// A header of so many bytes, and the client; none if the proxy speaks for itself, as its
    /// health checks do.
    Whole { length: usize, client: Option<SocketAddr> },
}

/// Reads the beginning of a connection.
pub(super) fn read(bytes: &[u8]) -> ProxyHeader {
    let is_begun = |text: &[u8]| bytes.len() < text.len() && text.starts_with(bytes);
    if bytes.starts_with(&SIGNATURE) {
        block(bytes)
    } else if bytes.starts_with(b"PROXY ") {
        line(bytes)
    } else if is_begun(&SIGNATURE) || is_begun(b"PROXY ") {
        ProxyHeader::Partial
    } else {
        ProxyHeader::Invalid
    }
}

fn line(bytes: &[u8]) -> ProxyHeader {
    let head = &bytes[..bytes.len().min(LINE_MAX)];
    let Some(end) = head.windows(2).position(|two| two == b"\r\n") else {
        let is_full = bytes.len() >= LINE_MAX;
        return if is_full { ProxyHeader::Invalid } else { ProxyHeader::Partial };
    };
    let length = end + 2;
    let Ok(text) = std::str::from_utf8(&bytes[..end]) else { return ProxyHeader::Invalid };
    let words: Vec<&str> = text.split(' ').collect();
    let client = match words[..] {
        ["PROXY", "UNKNOWN", ..] => return ProxyHeader::Whole { length, client: None },
        ["PROXY", family @ ("TCP4" | "TCP6"), source, _, port, _] => source
            .parse::<IpAddr>()
            .ok()
            .filter(|address| address.is_ipv4() == (family == "TCP4"))
            .zip(port.parse().ok()),
        _ => None,
    };
    client.map_or(ProxyHeader::Invalid, |(address, port)| ProxyHeader::Whole {
        length,
        client: Some(SocketAddr::new(address, port)),
    })
}

fn block(bytes: &[u8]) -> ProxyHeader {
    let Some(&[version_command, family, high, low]) = bytes.get(12..16) else {
        return ProxyHeader::Partial;
    };
    let length = 16 + usize::from(u16::from_be_bytes([high, low]));
    if length > BLOCK_MAX {
        return ProxyHeader::Invalid;
    }
    let Some(rest) = bytes.get(16..length) else { return ProxyHeader::Partial };
    let client = match (version_command, family >> 4) {
        // The proxy's own, or a family that has no internet address.
        (0x20, _) | (0x21, 0 | 3) => return ProxyHeader::Whole { length, client: None },
        (0x21, 1) => v4(rest),
        (0x21, 2) => v6(rest),
        _ => None,
    };
    match client {
        Some(client) => ProxyHeader::Whole { length, client: Some(client) },
        None => ProxyHeader::Invalid,
    }
}

/// Source, destination, their ports; what follows are additions nobody here needs.
fn v4(rest: &[u8]) -> Option<SocketAddr> {
    let source: [u8; 4] = rest.get(..4)?.try_into().ok()?;
    let port: [u8; 2] = rest.get(8..10)?.try_into().ok()?;
    rest.get(..12)?;
    let address = IpAddr::V4(Ipv4Addr::from(source));
    Some(SocketAddr::new(address, u16::from_be_bytes(port)))
}

fn v6(rest: &[u8]) -> Option<SocketAddr> {
    let source: [u8; 16] = rest.get(..16)?.try_into().ok()?;
    let port: [u8; 2] = rest.get(32..34)?.try_into().ok()?;
    rest.get(..36)?;
    let address = IpAddr::V6(Ipv6Addr::from(source));
    Some(SocketAddr::new(address, u16::from_be_bytes(port)))
}

#[cfg(test)]
#[path = "proxy_protocol_tests.rs"]
mod tests;
