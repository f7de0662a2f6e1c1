//! The questions that passkeys answer: made here, signed, good for some minutes. That one is good
//! only once is in the store.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

use floodgate_domain::{BuyerId, LogTime};

use super::flow::mac;

/// How long a question works: a phone has to be found.
const CHALLENGE_MS: u64 = 5 * 60_000;
const BODY_BYTES: usize = 16 + 8;
const MAC_BYTES: usize = 16;

/// What a question is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChallengeFor {
    /// A new passkey of this device's person.
    New(BuyerId),
    SignIn,
}

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PasskeyChallenge {
    pub(crate) bytes: Vec<u8>,
    pub(crate) until: LogTime,
}

impl PasskeyChallenge {
    pub(crate) fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(&self.bytes)
    }
}

/// Signs them.
pub(crate) struct ChallengeKey([u8; 32]);

impl std::fmt::Debug for ChallengeKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ChallengeKey")
    }
}

impl ChallengeKey {
    pub(crate) fn new(root: &[u8; 32]) -> Self {
        ChallengeKey(mac(root, &[b"floodgate passkey challenges"]))
    }

    fn sum(&self, purpose: ChallengeFor, body: &[u8]) -> [u8; 32] {
        let (kind, buyer) = match purpose {
            ChallengeFor::New(buyer) => (b"new".as_slice(), buyer.0),
            ChallengeFor::SignIn => (b"sign in".as_slice(), 0),
        };
        mac(&self.0, &[kind, &buyer.to_be_bytes(), body])
    }

    pub(crate) fn ask(&self, purpose: ChallengeFor, now: LogTime) -> PasskeyChallenge {
        let (random, until): ([u8; 16], _) = (rand::random(), now.plus(CHALLENGE_MS));
        let body = [random.as_slice(), &until.0.to_be_bytes()].concat();
        let sum = self.sum(purpose, &body);
        PasskeyChallenge { bytes: [&body[..], &sum[..MAC_BYTES]].concat(), until }
    }

    /// A question of ours for this purpose that is not too old.
    pub(crate) fn read(
        &self,
        purpose: ChallengeFor,
        text: &str,
        now: LogTime,
    ) -> Option<PasskeyChallenge> {
        let mut bytes = [0; BODY_BYTES + MAC_BYTES];
        if URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()? != bytes.len() {
            return None;
        }
        let (body, sum) = bytes.split_at(BODY_BYTES);
        if !bool::from(self.sum(purpose, body)[..MAC_BYTES].ct_eq(sum)) {
            return None;
        }
        let until = LogTime(u64::from_be_bytes(body.get(16..)?.try_into().ok()?));
        (until > now).then(|| PasskeyChallenge { bytes: bytes.to_vec(), until })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_works_for_its_purpose_and_time() {
        let key = ChallengeKey::new(&[7; 32]);
        let mine = ChallengeFor::New(BuyerId(1));
        let asked = key.ask(mine, LogTime(5));
        assert_eq!(key.read(mine, &asked.text(), LogTime(6)), Some(asked.clone()));
        for (purpose, at) in [
            (ChallengeFor::SignIn, 6),
            (ChallengeFor::New(BuyerId(2)), 6),
            (mine, 5 + CHALLENGE_MS),
        ] {
            assert_eq!(key.read(purpose, &asked.text(), LogTime(at)), None, "{purpose:?} {at}");
        }
        assert_ne!(key.ask(mine, LogTime(5)), asked);
        assert_eq!(key.read(mine, "", LogTime(6)), None);
    }
}
