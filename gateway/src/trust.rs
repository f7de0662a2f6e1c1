//! Whose word about an address counts, and what it says.
//!
//! A request comes over hops: the peer of the socket, before it perhaps another proxy, and so on to
//! the client. Each proxy adds the address it was called from at the end of a header. Only what a
//! trusted hop added is believed, so the header is read from the right, for as long as the hop that
//! wrote an entry is trusted; the first address that is not is the client's, whatever else the
//! header says (RFC 7239, section 8.1). An entry that cannot be read ends it too: the client counts
//! as the hop that wrote it, since nobody may choose an address.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderName, header};

use floodgate_domain::Network;

/// The header in which the trusted proxies write. Exactly one is read: a proxy that writes one of
/// them passes on what the client wrote into the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`, and `X-Forwarded-Proto` for the scheme.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

impl ForwardedHeader {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ForwardedHeader::XForwardedFor => "x-forwarded-for",
            ForwardedHeader::Forwarded => "forwarded",
        }
    }
}

/// The proxies whose word counts, and where they write it.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    pub networks: Vec<Network>,
    pub header: ForwardedHeader,
}

/// What is known of one hop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Hop {
    address: Option<IpAddr>,
    is_https: Option<bool>,
}

/// Where a request came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClientOrigin {
    pub(crate) address: IpAddr,
    /// Whether the client spoke https, as far as a trusted hop says.
    pub(crate) is_https: bool,
    /// Trusted hops it came over.
    pub(crate) hops: usize,
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

impl Trust {
    /// Whether this hop's word counts.
    #[must_use]
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(address))
    }

    /// Follows the hops back, from the socket's other end.
    pub(crate) fn origin(&self, peer: IpAddr, headers: &HeaderMap) -> ClientOrigin {
        let mut origin = ClientOrigin { address: peer.to_canonical(), is_https: false, hops: 0 };
        if !self.trusts(origin.address) {
            return origin;
        }
        origin.hops = 1;
        let hops = match self.header {
            ForwardedHeader::XForwardedFor => {
                // One word for the whole way, as the proxies nearest to us pass it on.
                origin.is_https = last(headers, &X_FORWARDED_PROTO)
                    .is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"));
                x_forwarded_for(headers)
            }
            ForwardedHeader::Forwarded => forwarded(headers),
        };
        for hop in hops.into_iter().rev() {
            origin.is_https = hop.is_https.unwrap_or(origin.is_https);
            let Some(address) = hop.address else { break };
            origin.address = address;
            if !self.trusts(address) {
                break;
            }
            origin.hops += 1;
        }
        origin
    }

    /// Whether a peer that is not trusted names a client, as a proxy does that was forgotten in the
    /// settings: all its visitors share one quota.
    pub(crate) fn ignores(&self, peer: IpAddr, headers: &HeaderMap) -> bool {
        let name = HeaderName::from_static(self.header.name());
        headers.contains_key(name) && !self.trusts(peer)
    }

    /// What the header says, as it came; for people who look at their proxies.
    pub(crate) fn written(&self, headers: &HeaderMap) -> String {
        joined(headers, &HeaderName::from_static(self.header.name()))
    }
}

/// All lines of a header as one list (RFC 9110, section 5.3).
fn joined(headers: &HeaderMap, name: &HeaderName) -> String {
    let lines = headers.get_all(name).iter();
    // What is no text makes one entry unreadable, not the line.
    let lines = lines.map(|line| String::from_utf8_lossy(line.as_bytes()));
    lines.collect::<Vec<_>>().join(",")
}

fn last(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let all = joined(headers, name);
    Some(all.rsplit(',').next()?.trim().to_owned())
}

fn x_forwarded_for(headers: &HeaderMap) -> Vec<Hop> {
    let list = joined(headers, &X_FORWARDED_FOR);
    let entries = list.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    entries.map(|entry| Hop { address: address_of(entry), is_https: None }).collect()
}

/// The elements of `Forwarded`: `for=192.0.2.1;proto=https, for="[2001:db8::1]:4711"`.
fn forwarded(headers: &HeaderMap) -> Vec<Hop> {
    let list = joined(headers, &header::FORWARDED);
    let elements = split_outside_quotes(&list, ',').into_iter();
    let elements = elements.filter(|element| !element.trim().is_empty());
    let hops = elements.map(|element| {
        let pairs = split_outside_quotes(element, ';');
        let value = |wanted: &str| {
            let pairs = pairs.iter().filter_map(|pair| pair.split_once('='));
            let mut named = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case(wanted));
            named.next().map(|(_, value)| unquoted(value.trim()))
        };
        let is_https = value("proto").map(|scheme| scheme.eq_ignore_ascii_case("https"));
        Hop { address: value("for").and_then(|node| address_of(&node)), is_https }
    });
    hops.collect()
}

/// Splits where the mark is not within a quoted string.
fn split_outside_quotes(text: &str, mark: char) -> Vec<&str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let parts = text.split(|c: char| {
        let splits = c == mark && !is_quoted;
        match c {
            '"' if !is_escaped => is_quoted = !is_quoted,
            _ => {}
        }
        is_escaped = c == '\\' && is_quoted && !is_escaped;
        splits
    });
    parts.collect()
}

fn unquoted(value: &str) -> String {
    let inner = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.map_or_else(|| value.to_owned(), |inner| inner.replace('\\', ""))
}

/// The address of an entry: `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]`,
/// `[2001:db8::1]:4711`, quoted or not; none for `unknown`, `_hidden` and whatever is no address.
fn address_of(entry: &str) -> Option<IpAddr> {
    let entry = unquoted(entry);
    if let Ok(address) = entry.parse::<IpAddr>() {
        return Some(address.to_canonical());
    }
    if let Ok(socket) = entry.parse::<SocketAddr>() {
        return Some(socket.ip().to_canonical());
    }
    let inner = entry.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'))?;
    inner.parse::<std::net::Ipv6Addr>().ok().map(|v6| IpAddr::V6(v6).to_canonical())
}

#[cfg(test)]
#[path = "trust_tests.rs"]
mod tests;
