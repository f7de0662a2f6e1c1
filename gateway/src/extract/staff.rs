//! Staff keys: `fgk_<role>_<staff id>_<secret>`; the server knows only their digests.

use axum::extract::FromRequestParts;
use http::header::AUTHORIZATION;
use http::request::Parts;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use floodgate_domain::{Actor, StaffId};

use crate::problem::{ApiError, Code};
use crate::state::GatewayState;

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Manager,
    Operator,
    Artist,
    Advertiser,
}

impl Role {
    /// As written in keys and key files.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "manager" => Some(Role::Manager),
            "operator" => Some(Role::Operator),
            "artist" => Some(Role::Artist),
            "advertiser" => Some(Role::Advertiser),
            _ => None,
        }
    }
}

/// A key as the server keeps it.
#[derive(Debug, Clone)]
pub struct StaffKey {
    pub id: StaffId,
    pub role: Role,
    /// SHA-256 of the whole key text.
    pub digest: [u8; 32],
}

/// Somebody with a valid key of any role.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StaffMember {
    pub(crate) id: StaffId,
    pub(crate) role: Role,
}

/// A manager.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manager(pub(crate) StaffMember);

/// An operator or a manager.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operator(pub(crate) StaffMember);

impl StaffMember {
    pub(crate) fn actor(self) -> Actor {
        Actor::Staff(self.id)
    }
}

impl FromRequestParts<GatewayState> for StaffMember {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &GatewayState) -> Result<Self, ApiError> {
        let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let text = header.and_then(|value| value.strip_prefix("Bearer "));
        let text = text.ok_or_else(|| ApiError::new(Code::KeyRequired))?;
        let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
        // Every key is compared, each in constant time.
        let found = state.staff_keys.iter().fold(None, |found, key| {
            if bool::from(key.digest.ct_eq(&digest)) { Some(key) } else { found }
        });
        found
            .map(|key| StaffMember { id: key.id, role: key.role })
            .ok_or_else(|| ApiError::new(Code::KeyRequired).field("authorization", "unknown key"))
    }
}

impl FromRequestParts<GatewayState> for Manager {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &GatewayState) -> Result<Self, ApiError> {
        let member = StaffMember::from_request_parts(parts, state).await?;
        match member.role {
            Role::Manager => Ok(Manager(member)),
            _ => Err(ApiError::new(Code::WrongRole)),
        }
    }
}

impl FromRequestParts<GatewayState> for Operator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &GatewayState) -> Result<Self, ApiError> {
        let member = StaffMember::from_request_parts(parts, state).await?;
        match member.role {
            Role::Manager | Role::Operator => Ok(Operator(member)),
            Role::Artist | Role::Advertiser => Err(ApiError::new(Code::WrongRole)),
        }
    }
}
