//! Who is at the other end, as far as an address says.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;

use crate::admission::Admission;
use crate::problem::ApiError;

/// The socket's other end; set by the server for every connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// The client's address: the peer's, or what a trusted proxy says it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClientAddress(pub(crate) IpAddr);

impl<S> FromRequestParts<S> for ClientAddress
where
    S: Send + Sync,
    Admission: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let peer = parts.extensions.get::<Peer>().map(|peer| peer.0.ip().to_canonical());
        let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        if !Admission::from_ref(state).is_trusted(peer) {
            return Ok(ClientAddress(peer));
        }
        // The last entry is the one the trusted proxy added itself.
        let forwarded = parts.headers.get("x-forwarded-for").and_then(|value| value.to_str().ok());
        let last = forwarded.and_then(|list| list.rsplit(',').next()?.trim().parse().ok());
        Ok(ClientAddress(last.unwrap_or(peer)))
    }
}
