//! What a browser carries while its person is at a provider: a signed cookie, for some minutes.
//! State, nonce and verifier follow from it and a key of ours, so that a copy of it gives none.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac};
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use floodgate_domain::LogTime;
use floodgate_sign_in::AskedIdentity;

/// How long somebody may take at the provider: a password, a second factor, a look for a phone.
pub(crate) const FLOW_MS: u64 = 10 * 60_000;
const NAME: &str = "fg_flow";
const HEAD_BYTES: usize = 16 + 8 + 2;
const MAC_BYTES: usize = 32;
/// The longest way back: an event's page with some parameters.
pub(crate) const BACK_CHARS_MAX: usize = 200;

/// Whom a sign in is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Staff,
    Fan,
}

/// A sign in that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProviderFlow {
    id: [u8; 16],
    pub(crate) until: LogTime,
    pub(crate) who: Who,
    /// Whether the fan agreed that their verified address is kept.
    pub(crate) keeps_address: bool,
    /// The page to go on with.
    pub(crate) back: String,
}

/// Signs them; cheap to clone.
#[derive(Clone)]
pub(crate) struct FlowKey([u8; 32]);

impl std::fmt::Debug for FlowKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FlowKey")
    }
}

impl ProviderFlow {
    pub(crate) fn begin(who: Who, keeps_address: bool, back: String, now: LogTime) -> Self {
        ProviderFlow { id: rand::random(), until: now.plus(FLOW_MS), who, keeps_address, back }
    }
}

impl FlowKey {
    pub(crate) fn new(root: &[u8; 32]) -> Self {
        FlowKey(mac(root, &[b"floodgate sign in"]))
    }

    /// What the provider is asked with, and answers to.
    pub(crate) fn asked(&self, flow: &ProviderFlow, redirect_uri: String) -> AskedIdentity {
        let of =
            |purpose: &str| URL_SAFE_NO_PAD.encode(mac(&self.0, &[purpose.as_bytes(), &flow.id]));
        AskedIdentity {
            redirect_uri,
            state: of("state"),
            nonce: of("nonce"),
            verifier: of("verifier"),
        }
    }

    pub(crate) fn seal(&self, flow: &ProviderFlow) -> String {
        let who = match flow.who {
            Who::Staff => 1,
            Who::Fan => 2,
        };
        let body = [
            &flow.id[..],
            &flow.until.0.to_be_bytes(),
            &[who, u8::from(flow.keeps_address)],
            flow.back.as_bytes(),
        ]
        .concat();
        URL_SAFE_NO_PAD.encode([mac(&self.0, &[b"flow", &body]).as_slice(), &body].concat())
    }

    fn open(&self, text: &str, now: LogTime) -> Option<ProviderFlow> {
        if text.len() > 2 * (MAC_BYTES + HEAD_BYTES + BACK_CHARS_MAX) {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (sum, body) = bytes.split_first_chunk::<MAC_BYTES>()?;
        if !bool::from(mac(&self.0, &[b"flow", body]).ct_eq(sum)) {
            return None;
        }
        let (id, rest) = body.split_first_chunk::<16>()?;
        let (until, rest) = rest.split_first_chunk::<8>()?;
        let ([who, keeps], back) = rest.split_first_chunk::<2>()?;
        let who = match who {
            1 => Who::Staff,
            2 => Who::Fan,
            _ => return None,
        };
        let until = LogTime(u64::from_be_bytes(*until));
        let back = String::from_utf8(back.to_vec()).ok()?;
        (until > now).then_some(ProviderFlow {
            id: *id,
            until,
            who,
            keeps_address: *keeps == 1,
            back,
        })
    }

    /// The sign in that this browser has under way.
    pub(crate) fn shown(&self, headers: &HeaderMap, now: LogTime) -> Option<ProviderFlow> {
        let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
        lines.flat_map(|line| line.split(';')).find_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            let is_ours = name.strip_prefix("__Host-").unwrap_or(name) == NAME;
            is_ours.then(|| self.open(value, now)).flatten()
        })
    }
}

/// The cookie that keeps it, or ends it where `text` is empty.
pub(crate) fn cookie(text: &str, is_https: bool) -> Option<HeaderValue> {
    let (prefix, secure) = if is_https { ("__Host-", "; Secure") } else { ("", "") };
    let seconds = if text.is_empty() { 0 } else { FLOW_MS / 1_000 };
    let text = format!(
        "{prefix}{NAME}={text}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
    );
    HeaderValue::from_str(&text).ok()
}

/// A page of ours, as an address without host: nobody is sent elsewhere.
pub(crate) fn is_page(back: &str) -> bool {
    let is_plain = back.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    is_plain && back.len() <= BACK_CHARS_MAX && back.starts_with('/') && !back.starts_with("//")
}

pub(super) fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flow_is_read_as_it_began_until_it_is_over() {
        let key = FlowKey::new(&[7; 32]);
        let flow = ProviderFlow::begin(Who::Fan, true, "/events/x?y".to_owned(), LogTime(5));
        let text = key.seal(&flow);
        assert_eq!(key.open(&text, LogTime(6)), Some(flow.clone()));
        assert_eq!(key.open(&text, LogTime(5 + FLOW_MS)), None);
        assert_eq!(FlowKey::new(&[8; 32]).open(&text, LogTime(6)), None);
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8_lossy(&changed).into_owned();
            assert_ne!(key.open(&changed, LogTime(6)), Some(flow.clone()), "{at}");
        }
        let asked = key.asked(&flow, String::new());
        assert_eq!(asked.verifier.len(), 43);
        assert!(asked.state != asked.nonce && asked.nonce != asked.verifier);
        assert!(!text.contains(&asked.verifier));
    }

    #[test]
    fn nobody_is_sent_to_another_site() {
        for good in ["/", "/events/evt_1?x=1", "/me"] {
            assert!(is_page(good), "{good}");
        }
        let long = format!("/{}", "a".repeat(BACK_CHARS_MAX));
        for wrong in ["", "//evil.example", "/\\evil.example", "https://x", "me", "/ü", &long] {
            assert!(!is_page(wrong), "{wrong}");
        }
    }
}
