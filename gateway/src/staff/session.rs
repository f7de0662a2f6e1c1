//! Sessions of staff in a browser: a key is shown once, and a cookie stands for it for a while.
//!
//! The cookie is whose it is, when it ends and a MAC under the root key; scripts cannot read it,
//! and browsers send it to this host alone, with requests of its own pages (`SameSite=Strict`). So
//! nothing is stored; a session ends by itself, by signing out, or with the key it was made from.

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
const BODY_BYTES: usize = 8 + 8 + 8;
const MAC_BYTES: usize = 32;

/// Signs sessions; cheap to clone.
#[derive(Clone)]
pub(crate) struct SessionKey([u8; 32]);

impl std::fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionKey")
    }
}

impl SessionKey {
    /// From the root key of the installation.
    pub(crate) fn new(root: &[u8; 32]) -> Self {
        SessionKey(mac(root, b"floodgate staff sessions"))
    }

    /// A session of `staff`, whose key is known by `digest`, until `until`.
    pub(crate) fn token(&self, staff: StaffId, digest: &[u8; 32], until: LogTime) -> String {
        let mut body = [0; BODY_BYTES];
        body[..8].copy_from_slice(&staff.0.to_be_bytes());
        body[8..16].copy_from_slice(&until.0.to_be_bytes());
        // A key that was replaced under the same number ends the sessions of the old one.
        body[16..].copy_from_slice(&digest[..8]);
        URL_SAFE_NO_PAD.encode([body.as_slice(), &mac(&self.0, &body)].concat())
    }

    /// Whose session this is, if it has not ended and their key is still one.
    pub(crate) fn read(
        &self,
        token: &str,
        keys: &StaffKeys,
        now: LogTime,
    ) -> Option<(StaffId, StaffRole)> {
        let mut bytes = [0; BODY_BYTES + MAC_BYTES];
        if URL_SAFE_NO_PAD.decode_slice(token, &mut bytes).ok()? != bytes.len() {
            return None;
        }
        let (body, sum) = bytes.split_at(BODY_BYTES);
        if !bool::from(mac(&self.0, body).ct_eq(sum)) {
            return None;
        }
        let number = |at: usize| Some(u64::from_be_bytes(body.get(at..at + 8)?.try_into().ok()?));
        let (staff, until) = (StaffId(number(0)?), LogTime(number(8)?));
        if until <= now {
            return None;
        }
        keys.of(staff, body.get(16..)?)
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

/// The cookie that keeps a session, or ends it where `token` is empty.
pub(crate) fn cookie(token: &str, is_https: bool) -> Option<HeaderValue> {
    let (prefix, secure) = if is_https { ("__Host-", "; Secure") } else { ("", "") };
    let seconds = if token.is_empty() { 0 } else { SESSION_MS / 1_000 };
    let text = format!(
        "{prefix}{NAME}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
    );
    HeaderValue::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::staff::StaffKey;

    #[test]
    fn a_session_is_its_keys_and_ends_with_it() {
        let (id, role, digest) = (StaffId(3), StaffRole::Artist, [5; 32]);
        let keys = StaffKeys::new(vec![StaffKey { id, role, digest }]);
        let signer = SessionKey::new(&[7; 32]);
        let token = signer.token(id, &digest, LogTime(100));
        assert_eq!(signer.read(&token, &keys, LogTime(99)), Some((id, role)));
        assert_eq!(signer.read(&token, &keys, LogTime(100)), None, "it is over");
        assert_eq!(SessionKey::new(&[8; 32]).read(&token, &keys, LogTime(99)), None);
        let others = StaffKeys::new(vec![StaffKey { id, role, digest: [6; 32] }]);
        assert_eq!(signer.read(&token, &others, LogTime(99)), None, "the key was replaced");
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8_lossy(&changed).into_owned();
            assert_eq!(signer.read(&changed, &keys, LogTime(99)), None, "{at}");
        }
        assert_eq!(signer.read("", &keys, LogTime(0)), None);
    }
}
