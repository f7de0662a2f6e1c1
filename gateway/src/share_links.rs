//! Links that let somebody without a key read the numbers of one event, and nothing else.
//!
//! The text in a link is the event, the link's number, when it ends and a MAC under a key of its
//! own, so that a guess costs one hash and never reaches the store. Whether a link was withdrawn
//! is known by the store, and kept here for a few seconds.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use floodgate_domain::{EventId, LogTime};

use crate::people::PeopleDesk;
use crate::problem::ApiError;

/// How soon a link that was withdrawn elsewhere is known here.
const KNOWN_FOR: Duration = Duration::from_secs(5);
/// Links that are known here at once: as many as some hundred events are shared by.
const KNOWN_MAX: usize = 4_096;
const BODY_BYTES: usize = 3 * 8;
const MAC_BYTES: usize = 32;

/// What a link says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ShareToken {
    pub(crate) event_id: EventId,
    pub(crate) link: u64,
    pub(crate) until: LogTime,
}

/// Signs links and admits their readers; cheap to clone.
#[derive(Clone)]
pub(crate) struct ShareLinks(Arc<Inner>);

struct Inner {
    key: [u8; 32],
    // Held for one map operation; never across an await.
    known: Mutex<HashMap<u64, (Instant, bool)>>,
}

impl std::fmt::Debug for ShareLinks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ShareLinks")
    }
}

fn mac(key: &[u8; 32], text: &[u8]) -> [u8; MAC_BYTES] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text);
    mac.finalize().into_bytes().into()
}

impl ShareLinks {
    /// From the root key of the installation.
    pub(crate) fn new(root: &[u8; 32]) -> Self {
        let key = mac(root, b"floodgate share links");
        ShareLinks(Arc::new(Inner { key, known: Mutex::default() }))
    }

    pub(crate) fn seal(&self, token: &ShareToken) -> String {
        let ShareToken { event_id, link, until } = *token;
        let body = [event_id.0.to_be_bytes(), link.to_be_bytes(), until.0.to_be_bytes()].concat();
        URL_SAFE_NO_PAD.encode([body.as_slice(), &mac(&self.0.key, &body)].concat())
    }

    /// What a text says, if it was signed here and has not ended by itself.
    fn open(&self, text: &str, now: LogTime) -> Option<ShareToken> {
        let mut bytes = [0; BODY_BYTES + MAC_BYTES];
        if URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()? != bytes.len() {
            return None;
        }
        let (body, sum) = bytes.split_at(BODY_BYTES);
        if !bool::from(mac(&self.0.key, body).ct_eq(sum)) {
            return None;
        }
        let number = |at: usize| Some(u64::from_be_bytes(body.get(at..at + 8)?.try_into().ok()?));
        let (event_id, link) = (EventId(number(0)?), number(8)?);
        let until = LogTime(number(16)?);
        (until > now).then_some(ShareToken { event_id, link, until })
    }

    /// Whether a text lets its reader see the numbers of an event now.
    pub(crate) async fn admits(
        &self,
        people: &PeopleDesk,
        text: &str,
        event_id: EventId,
        now: LogTime,
    ) -> Result<bool, ApiError> {
        let Some(token) = self.open(text, now).filter(|token| token.event_id == event_id) else {
            return Ok(false);
        };
        if let Some(known) = self.known(token.link) {
            return Ok(known);
        }
        let links = people.look(move |work| work.share_links(event_id, now)).await?;
        let is_there = links.iter().any(|one| one.link == token.link);
        self.note(token.link, is_there);
        Ok(is_there)
    }

    fn known(&self, link: u64) -> Option<bool> {
        let known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, is_there) = known.get(&link)?;
        (at.elapsed() < KNOWN_FOR).then_some(*is_there)
    }

    /// What is known of a link from now on, here.
    pub(crate) fn note(&self, link: u64, is_there: bool) {
        let mut known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KNOWN_MAX {
            known.clear();
        }
        known.insert(link, (Instant::now(), is_there));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_link_says_what_was_signed_until_it_ends() {
        let links = ShareLinks::new(&[7; 32]);
        let token = ShareToken { event_id: EventId(3), link: 9, until: LogTime(1_000) };
        let text = links.seal(&token);
        assert_eq!(links.open(&text, LogTime(999)), Some(token));
        assert_eq!(links.open(&text, LogTime(1_000)), None);
        assert_eq!(ShareLinks::new(&[8; 32]).open(&text, LogTime(1)), None);
        let mut bytes = URL_SAFE_NO_PAD.decode(&text).unwrap();
        for at in 0..bytes.len() {
            bytes[at] ^= 1;
            assert_eq!(links.open(&URL_SAFE_NO_PAD.encode(&bytes), LogTime(1)), None, "byte {at}");
            bytes[at] ^= 1;
        }
    }
}
