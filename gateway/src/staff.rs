//! Staff keys: `fgk_<role>_<staff id>_<secret>`; the server knows only their digests.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use floodgate_domain::StaffId;

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StaffRole {
    /// Creates events, prices them, opens, closes and cancels their sale.
    Manager,
    /// Turns the dials of a sale and watches it.
    Operator,
    /// Writes to those who come and those who wait.
    Artist,
    /// Buys aggregated audience data.
    Advertiser,
}

impl StaffRole {
    pub const ALL: [StaffRole; 4] =
        [StaffRole::Manager, StaffRole::Operator, StaffRole::Artist, StaffRole::Advertiser];

    /// As written in keys and key files.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            StaffRole::Manager => "manager",
            StaffRole::Operator => "operator",
            StaffRole::Artist => "artist",
            StaffRole::Advertiser => "advertiser",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        StaffRole::ALL.into_iter().find(|role| role.code() == text)
    }
}

/// A key as the server keeps it.
#[derive(Debug, Clone)]
pub struct StaffKey {
    pub id: StaffId,
    pub role: StaffRole,
    /// SHA-256 of the whole key text.
    pub digest: [u8; 32],
}

/// All keys of this installation; as many as its file has lines.
#[derive(Debug, Clone)]
pub(crate) struct StaffKeys(Arc<[StaffKey]>);

impl StaffKeys {
    pub(crate) fn new(keys: Vec<StaffKey>) -> Self {
        StaffKeys(keys.into())
    }

    /// Whose key this is. Every key is compared, each in constant time.
    pub(crate) fn find(&self, text: &str) -> Option<(StaffId, StaffRole)> {
        let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
        let found = self.0.iter().fold(None, |found, key| {
            if bool::from(key.digest.ct_eq(&digest)) { Some(key) } else { found }
        });
        found.map(|key| (key.id, key.role))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_read_as_they_are_written() {
        for role in StaffRole::ALL {
            assert_eq!(StaffRole::parse(role.code()), Some(role));
        }
        assert_eq!(StaffRole::parse("fan"), None);
    }
}
