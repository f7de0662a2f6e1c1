//! Who is at the other end: the address that counts, and the device it shows.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::request::Parts;

use floodgate_admission::{Device, Keys};
use floodgate_domain::BuyerId;

use super::cookie::Papers;
use crate::caching::Credential;
use crate::problem::ApiError;
use crate::trust::Trust;

/// The socket's other end, or who it speaks for by the PROXY protocol; set by the server for every
/// connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// What a request shows of its sender; noted once, before anything else is done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visitor {
    /// The address that counts.
    pub(crate) address: IpAddr,
    /// The other end of the connection, and how many trusted hops follow each other from there.
    pub(crate) peer: IpAddr,
    pub(crate) hops: usize,
    /// A credential: only `Fan` hands it out, and notes that it was looked at.
    pub(super) device: Option<Device>,
    /// Whether the visitor speaks https with us, so that cookies are to stay there.
    pub(crate) is_https: bool,
}

impl Visitor {
    /// Looks at a request. A foreign or stale device is as good as none: the visitor gets a new
    /// one on joining. With `is_https` the public address of the installation is known to be.
    pub(crate) fn of(
        peer: Option<Peer>,
        headers: &HeaderMap,
        trust: &Trust,
        keys: &Keys,
        is_https: bool,
    ) -> Self {
        let unknown = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let peer = peer.map_or(unknown, |peer| peer.0.ip().to_canonical());
        let origin = trust.origin(peer, headers);
        let is_https = is_https || origin.is_https;
        let device = Papers::lent(headers, is_https).device(keys);
        Visitor { address: origin.address, peer, hops: origin.hops, device, is_https }
    }

    /// The buyer whose quota this request counts against.
    pub(crate) fn counts_against(&self) -> Option<BuyerId> {
        self.device.map(|device| device.buyer)
    }

    fn from_parts(parts: &Parts) -> Result<Self, ApiError> {
        let visitor = parts.extensions.get::<Visitor>().copied();
        visitor.ok_or_else(|| ApiError::internal(&"a request that nobody looked at"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Visitor::from_parts(parts)
    }
}

/// The client's address: the peer's, or what a trusted proxy says it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClientAddress(pub(crate) IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Visitor::from_parts(parts).map(|visitor| ClientAddress(visitor.address))
    }
}

impl<'a> Papers<&'a HeaderMap> {
    /// The tokens where they are, of a request whose credential was looked at already.
    pub(super) fn of_shopper(parts: &'a Parts) -> Result<Self, ApiError> {
        let visitor = Visitor::from_parts(parts)?;
        Ok(Papers::lent(&parts.headers, visitor.is_https))
    }
}

/// To take the tokens is to look at the request's credential.
impl<S: Send + Sync> FromRequestParts<S> for Papers {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Credential::used(parts);
        let visitor = Visitor::from_parts(parts)?;
        Ok(Papers::new(&parts.headers, visitor.is_https))
    }
}
