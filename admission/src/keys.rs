//! Signing keys: one root secret, one derived key for each purpose and event.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use floodgate_domain::EventId;

/// Bytes of a message authentication code in a token: 128 bits of HMAC-SHA256.
pub const MAC_BYTES: usize = 16;

/// What a token is for; a token of one purpose never passes for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Purpose {
    Device = 1,
    QueueTicket = 2,
    Pass = 3,
    Challenge = 4,
    /// A code of a presale.
    Code = 5,
}

/// A root secret under its number.
#[derive(Clone)]
struct Root {
    id: u8,
    secret: [u8; 32],
}

/// The current root secret and the one before, so that a rotation throws nobody out of line.
#[derive(Clone)]
pub struct Keys {
    current: Root,
    previous: Option<Root>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keys {{ current: {} }}", self.current.id)
    }
}

impl Keys {
    /// Keys from a root secret of 32 random bytes. There is no default.
    #[must_use]
    pub fn new(id: u8, secret: [u8; 32]) -> Self {
        Keys { current: Root { id, secret }, previous: None }
    }

    /// The same keys, also accepting what the key before signed.
    #[must_use]
    pub fn with_previous(mut self, id: u8, secret: [u8; 32]) -> Self {
        self.previous = Some(Root { id, secret });
        self
    }

    /// The number of the key that signs now.
    #[must_use]
    pub fn current_id(&self) -> u8 {
        self.current.id
    }

    /// Signs a body for a purpose and event with the current key.
    #[must_use]
    pub fn sign(&self, purpose: Purpose, event_id: EventId, body: &[u8]) -> [u8; MAC_BYTES] {
        mac(&self.current, purpose, event_id, body)
    }

    /// What each key that still counts signs of this body, the current one first.
    pub(crate) fn tags(
        &self,
        purpose: Purpose,
        event_id: EventId,
        body: &[u8],
    ) -> impl Iterator<Item = [u8; MAC_BYTES]> {
        let roots = [Some(&self.current), self.previous.as_ref()];
        roots.into_iter().flatten().map(move |root| mac(root, purpose, event_id, body))
    }

    /// Whether `key_id` signed this body; in constant time.
    #[must_use]
    pub fn verify(
        &self,
        key_id: u8,
        purpose: Purpose,
        event_id: EventId,
        body: &[u8],
        tag: &[u8; MAC_BYTES],
    ) -> bool {
        let roots = [Some(&self.current), self.previous.as_ref()];
        let root = roots.into_iter().flatten().find(|root| root.id == key_id);
        root.is_some_and(|root| mac(root, purpose, event_id, body).ct_eq(tag).into())
    }
}

/// HMAC-SHA256 under a key derived for purpose and event, as HKDF's expand step does
/// (RFC 5869, one block): the root never signs anything itself.
fn mac(root: &Root, purpose: Purpose, event_id: EventId, body: &[u8]) -> [u8; MAC_BYTES] {
    let derived =
        hmac(&root.secret, &[b"floodgate", &[purpose as u8], &event_id.0.to_be_bytes(), &[1]]);
    let full = hmac(&derived, &[body]);
    let mut short = [0; MAC_BYTES];
    short.copy_from_slice(&full[..MAC_BYTES]);
    short
}

fn hmac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut hmac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        hmac.update(part);
    }
    hmac.finalize().into_bytes().into()
}
