//! Staff, as identified by their key.

use serde::Serialize;
use utoipa::ToSchema;

/// Whose key this is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StaffMe {
    /// How changes refer to the user of this key.
    #[schema(example = "stf_0000000000001")]
    pub(crate) staff_id: String,
    /// manager, operator, artist or advertiser.
    #[schema(example = "manager")]
    pub(crate) role: &'static str,
}

/// How the request came here: over which hops, and whose address counts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConnectionAnswer {
    /// The other end of the socket, or whom it speaks for by the PROXY protocol.
    #[schema(example = "10.0.0.7")]
    pub(crate) peer: String,
    /// Whether the peer is one of `server.trusted_proxies`.
    pub(crate) is_trusted: bool,
    /// Trusted hops in a row, the peer included.
    pub(crate) trusted_hops: usize,
    /// The header that is read from trusted hops: x-forwarded-for or forwarded.
    #[schema(example = "x-forwarded-for")]
    pub(crate) header: &'static str,
    /// What it said, all lines joined.
    pub(crate) written: String,
    /// The client's address, as limits count it.
    #[schema(example = "203.0.113.9")]
    pub(crate) address: String,
    /// Whether the client is known to use https, so that cookies are `Secure`.
    pub(crate) is_https: bool,
    /// HTTP/1.0, HTTP/1.1 or HTTP/2.0, as the last hop speaks it.
    #[schema(example = "HTTP/1.1")]
    pub(crate) protocol: String,
}
