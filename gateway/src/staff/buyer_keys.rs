//! Further keys of advertisers: `fga_` and a signed text. A guess costs one hash and never
//! reaches the store; which keys still count is read every five seconds.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use tokio::time::MissedTickBehavior;

use floodgate_domain::StaffId;

use crate::people::PeopleDesk;

const PREFIX: &str = "fga_";
const BODY_BYTES: usize = 2 * 8;
const MAC_BYTES: usize = 32;
/// How soon a key that another gateway made or withdrew is known here.
const COMPARED_EVERY: Duration = Duration::from_secs(5);
/// Keys that are known at once; five thousand buyers have as many.
const KEYS_MAX: u32 = 100_000;

/// Signs keys and knows which count; cheap to clone.
#[derive(Clone)]
pub(crate) struct BuyerKeys(Arc<Inner>);

struct Inner {
    key: [u8; 32],
    // Written every five seconds, and when a key is made or withdrawn; read by requests with one.
    live: RwLock<HashSet<u64>>,
}

impl std::fmt::Debug for BuyerKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BuyerKeys")
    }
}

fn mac(key: &[u8; 32], text: &[u8]) -> [u8; MAC_BYTES] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text);
    mac.finalize().into_bytes().into()
}

impl BuyerKeys {
    /// From the root key of the installation.
    pub(crate) fn new(root: &[u8; 32]) -> Self {
        let key = mac(root, b"floodgate keys of buyers");
        BuyerKeys(Arc::new(Inner { key, live: RwLock::default() }))
    }

    /// The text of a key.
    pub(crate) fn seal(&self, staff: StaffId, key: u64) -> String {
        let body = [staff.0.to_be_bytes(), key.to_be_bytes()].concat();
        let text = URL_SAFE_NO_PAD.encode([body.as_slice(), &mac(&self.0.key, &body)].concat());
        format!("{PREFIX}{text}")
    }

    /// Whose key this is, and which, if it was made here and still counts.
    pub(super) fn find(&self, text: &str) -> Option<(StaffId, u64)> {
        let text = text.strip_prefix(PREFIX)?;
        let mut bytes = [0; BODY_BYTES + MAC_BYTES];
        if URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()? != bytes.len() {
            return None;
        }
        let (body, sum) = bytes.split_at(BODY_BYTES);
        if !bool::from(mac(&self.0.key, body).ct_eq(sum)) {
            return None;
        }
        let number = |at: usize| Some(u64::from_be_bytes(body.get(at..at + 8)?.try_into().ok()?));
        let (staff, key) = (StaffId(number(0)?), number(8)?);
        let live = self.0.live.read().unwrap_or_else(PoisonError::into_inner);
        live.contains(&key).then_some((staff, key))
    }

    /// What is known of a key from now on, here; the store has it already.
    pub(crate) fn note(&self, key: u64, counts: bool) {
        let mut live = self.0.live.write().unwrap_or_else(PoisonError::into_inner);
        if counts {
            live.insert(key);
        } else {
            live.remove(&key);
        }
    }

    /// Reads every five seconds which keys count, for as long as it is polled.
    pub(crate) async fn follow(self, people: PeopleDesk) {
        let mut pulse = tokio::time::interval(COMPARED_EVERY);
        pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while people.is_kept() {
            pulse.tick().await;
            match people.look(|work| work.buyer_keys_of_all(KEYS_MAX)).await {
                Ok(keys) => {
                    let mut live = self.0.live.write().unwrap_or_else(PoisonError::into_inner);
                    *live = keys.into_iter().collect();
                }
                // It was said where it failed, and what is known stays.
                Err(error) => tracing::debug!(code = error.code(), "keys are not known anew"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_counts_while_it_is_known_and_no_other_text_does() {
        let keys = BuyerKeys::new(&[7; 32]);
        let text = keys.seal(StaffId(3), 9);
        assert_eq!(keys.find(&text), None, "signed, and not known");
        keys.note(9, true);
        assert_eq!(keys.find(&text), Some((StaffId(3), 9)));
        let body = text.trim_start_matches(PREFIX);
        assert_eq!(keys.find(body), None);
        let mut bytes = URL_SAFE_NO_PAD.decode(body).expect("as it was written");
        for at in 0..bytes.len() {
            bytes[at] ^= 1;
            let other = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(&bytes));
            assert_eq!(keys.find(&other), None, "byte {at}");
            bytes[at] ^= 1;
        }
        let others = BuyerKeys::new(&[8; 32]);
        others.note(9, true);
        assert_eq!(others.find(&text), None);
        keys.note(9, false);
        assert_eq!(keys.find(&text), None, "withdrawn");
    }
}
