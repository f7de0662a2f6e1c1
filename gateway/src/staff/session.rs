//! Sessions of staff in a browser: a key is shown once, or a provider vouches for somebody, and a
//! cookie stands for that for a while.
//!
//! The cookie is whose it is, what they may do, when it ends and a MAC under the root key; scripts
//! cannot read it, and browsers send it to this host alone, with requests of its own pages
//! (`SameSite=Strict`). It ends by itself, by signing out, with the key or the provider it was
//! made from, and by what the store says of it (`staff/sessions.rs`).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac};
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use floodgate_domain::{LogTime, StaffId};

use crate::staff::{StaffKeys, StaffRole};

/// A working day.
pub(crate) const SESSION_MS: u64 = 12 * 3_600_000;
const NAME: &str = "fg_staff";
const BODY_BYTES: usize = 3 * 8 + 4 + 1 + 1 + 8;
const MAC_BYTES: usize = 32;
/// What a session has of what it was made from.
const ORIGIN_BYTES: usize = 8;

/// What a session was made from; it ends when that is another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionOrigin {
    /// A key, by the beginning of its digest.
    Key([u8; ORIGIN_BYTES]),
    /// The provider, by a digest of how it is known.
    Provider([u8; ORIGIN_BYTES]),
}

impl SessionOrigin {
    pub(crate) fn of_key(digest: &[u8; 32]) -> Self {
        SessionOrigin::Key(head(digest))
    }
}

pub(crate) fn head(digest: &[u8; 32]) -> [u8; ORIGIN_BYTES] {
    let mut head = [0; ORIGIN_BYTES];
    head.copy_from_slice(&digest[..ORIGIN_BYTES]);
    head
}

/// A session, as a browser has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SessionToken {
    pub(crate) session: u64,
    pub(crate) staff: StaffId,
    pub(crate) role: StaffRole,
    /// How often it was renewed.
    pub(crate) generation: u32,
    pub(crate) until: LogTime,
    pub(crate) origin: SessionOrigin,
}

/// Signs sessions; cheap to clone.
#[derive(Clone)]
pub(crate) struct SessionKey {
    key: [u8; 32],
    /// The provider there is.
    provider: Option<[u8; ORIGIN_BYTES]>,
}

impl std::fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionKey")
    }
}

impl SessionKey {
    /// From the root key of the installation.
    pub(crate) fn new(root: &[u8; 32], provider: Option<[u8; ORIGIN_BYTES]>) -> Self {
        SessionKey { key: mac(root, b"floodgate staff sessions"), provider }
    }

    pub(crate) fn seal(&self, token: &SessionToken) -> String {
        let (kind, origin) = match token.origin {
            SessionOrigin::Key(head) => (1, head),
            SessionOrigin::Provider(head) => (2, head),
        };
        let role = StaffRole::ALL.iter().zip(0..).find(|(role, _)| **role == token.role);
        let role: u8 = role.map_or(u8::MAX, |(_, number)| number);
        let body = [
            &token.session.to_be_bytes()[..],
            &token.staff.0.to_be_bytes(),
            &token.until.0.to_be_bytes(),
            &token.generation.to_be_bytes(),
            &[role, kind],
            // A key that was replaced under the same number ends the sessions of the old one.
            &origin,
        ]
        .concat();
        URL_SAFE_NO_PAD.encode([body.as_slice(), &mac(&self.key, &body)].concat())
    }

    /// Whose session this is, if it has not ended by itself and what it was made from is still so.
    pub(crate) fn open(&self, text: &str, keys: &StaffKeys, now: LogTime) -> Option<SessionToken> {
        let mut bytes = [0; BODY_BYTES + MAC_BYTES];
        if URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()? != bytes.len() {
            return None;
        }
        let (body, sum) = bytes.split_at(BODY_BYTES);
        if !bool::from(mac(&self.key, body).ct_eq(sum)) {
            return None;
        }
        let number = |at: usize| Some(u64::from_be_bytes(body.get(at..at + 8)?.try_into().ok()?));
        let (staff, until) = (StaffId(number(8)?), LogTime(number(16)?));
        if until <= now {
            return None;
        }
        let generation = u32::from_be_bytes(body.get(24..28)?.try_into().ok()?);
        let said = *StaffRole::ALL.get(usize::from(*body.get(28)?))?;
        let origin: [u8; ORIGIN_BYTES] = body.get(30..38)?.try_into().ok()?;
        let (role, origin) = match body.get(29)? {
            1 => (keys.of(staff, &origin)?.1, SessionOrigin::Key(origin)),
            2 if self.provider == Some(origin) => (said, SessionOrigin::Provider(origin)),
            _ => return None,
        };
        Some(SessionToken { session: number(0)?, staff, role, generation, until, origin })
    }
}

fn mac(key: &[u8; 32], text: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text);
    mac.finalize().into_bytes().into()
}

/// The session a browser shows; the first that there is.
pub(crate) fn shown(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name.strip_prefix("__Host-").unwrap_or(name) == NAME).then_some(value)
    })
}

/// The cookie that keeps a session for so long, or ends it where `token` is empty.
pub(crate) fn cookie(token: &str, ms: u64, is_https: bool) -> Option<HeaderValue> {
    let (prefix, secure) = if is_https { ("__Host-", "; Secure") } else { ("", "") };
    let seconds = if token.is_empty() { 0 } else { ms / 1_000 };
    let text = format!(
        "{prefix}{NAME}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
    );
    HeaderValue::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::staff::StaffKey;
    use crate::staff::buyer_keys::BuyerKeys;

    #[test]
    fn a_session_is_its_keys_and_ends_with_it() {
        let (id, role, digest) = (StaffId(3), StaffRole::Artist, [5; 32]);
        let keys = StaffKeys::new(vec![StaffKey { id, role, digest }], BuyerKeys::new(&[1; 32]));
        let signer = SessionKey::new(&[7; 32], None);
        let origin = SessionOrigin::of_key(&digest);
        let session = SessionToken {
            session: 9,
            staff: id,
            role,
            generation: 2,
            until: LogTime(100),
            origin,
        };
        let token = signer.seal(&session);
        assert_eq!(signer.open(&token, &keys, LogTime(99)), Some(session));
        assert_eq!(signer.open(&token, &keys, LogTime(100)), None, "it is over");
        assert_eq!(SessionKey::new(&[8; 32], None).open(&token, &keys, LogTime(99)), None);
        let others =
            StaffKeys::new(vec![StaffKey { id, role, digest: [6; 32] }], BuyerKeys::new(&[1; 32]));
        assert_eq!(signer.open(&token, &others, LogTime(99)), None, "the key was replaced");
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8_lossy(&changed).into_owned();
            assert_eq!(signer.open(&changed, &keys, LogTime(99)), None, "{at}");
        }
        assert_eq!(signer.open("", &keys, LogTime(0)), None);
    }

    #[test]
    fn a_session_by_a_provider_ends_when_that_is_another() {
        let keys = StaffKeys::new(Vec::new(), BuyerKeys::new(&[1; 32]));
        let session = SessionToken {
            session: 9,
            staff: StaffId(u64::MAX),
            role: StaffRole::Operator,
            generation: 0,
            until: LogTime(100),
            origin: SessionOrigin::Provider([4; 8]),
        };
        let token = SessionKey::new(&[7; 32], Some([4; 8])).seal(&session);
        let open = |provider| SessionKey::new(&[7; 32], provider).open(&token, &keys, LogTime(1));
        assert_eq!(open(Some([4; 8])), Some(session));
        assert_eq!((open(Some([5; 8])), open(None)), (None, None));
    }
}
