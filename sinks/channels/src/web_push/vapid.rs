//! Who we are to a push service (RFC 8292): a token signed with ES256, for one service at a time.

use std::collections::HashMap;
use std::fmt;

use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::json;

use crate::courier::ChannelSetting;
use crate::keys::{base64_url, from_pem, to_pem};

/// A token may be valid for a day at most; half leaves room for clocks that differ.
const VALID_SECONDS: i64 = 12 * 3600;
/// How long one is used again: signing costs more than the rest of a message.
const USED_SECONDS: i64 = 3600;
/// There are a handful of push services; more origins than this are made up.
const ORIGINS_MAX: usize = 64;

/// The key under which browsers subscribed. With another one, every subscription is worth nothing.
pub struct VapidKey {
    pair: EcdsaKeyPair,
    random: SystemRandom,
}

impl fmt::Debug for VapidKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VapidKey").field("public", &self.public()).finish()
    }
}

impl VapidKey {
    /// From PEM with a PKCS #8 key on P-256.
    pub fn from_pem(pem: &str) -> Result<Self, ChannelSetting> {
        let (_, der) = from_pem(pem)?;
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der, &random);
        let pair = pair.map_err(|_| {
            let fix = "`openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`";
            ChannelSetting(format!("the key of web push is none on P-256; write one with {fix}"))
        })?;
        Ok(VapidKey { pair, random })
    }

    /// A new key, as PEM.
    #[must_use]
    pub fn generate() -> String {
        let made =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
        to_pem("PRIVATE KEY", made.expect("the system has random bytes").as_ref())
    }

    /// What pages give to the browser as `applicationServerKey`.
    #[must_use]
    pub fn public(&self) -> String {
        base64_url(self.pair.public_key().as_ref())
    }

    fn token(&self, origin: &str, subject: &str, now: Timestamp) -> String {
        let claims = json!({
            "aud": origin, "exp": now.as_second() + VALID_SECONDS, "sub": subject,
        });
        let head = base64_url(br#"{"typ":"JWT","alg":"ES256"}"#);
        let signed = format!("{head}.{}", base64_url(claims.to_string().as_bytes()));
        let signature = self.pair.sign(&self.random, signed.as_bytes());
        let signature = signature.expect("the system has random bytes");
        format!("{signed}.{}", base64_url(signature.as_ref()))
    }
}

/// Tokens that are still good.
#[derive(Debug, Default)]
pub(super) struct Tokens(HashMap<String, (i64, String)>);

impl Tokens {
    /// The header `Authorization` for a service.
    pub(super) fn header(
        &mut self,
        key: &VapidKey,
        origin: &str,
        subject: &str,
        now: Timestamp,
    ) -> String {
        let second = now.as_second();
        if let Some((made, header)) = self.0.get(origin)
            && (*made..made + USED_SECONDS).contains(&second)
        {
            return header.clone();
        }
        let header = format!("vapid t={},k={}", key.token(origin, subject, now), key.public());
        if self.0.len() >= ORIGINS_MAX {
            self.0.clear();
        }
        self.0.insert(origin.to_owned(), (second, header.clone()));
        header
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_key_can_be_made_and_read_and_a_token_is_used_again_for_an_hour() {
        let key = VapidKey::from_pem(&VapidKey::generate()).unwrap();
        assert_eq!(key.public().len(), 87);
        let mut tokens = Tokens::default();
        let mut at = |second: i64, origin: &str| {
            tokens.header(&key, origin, "mailto:a@b.c", Timestamp::from_second(second).unwrap())
        };
        let first = at(1000, "https://push.example.org");
        assert_eq!(at(1000 + USED_SECONDS - 1, "https://push.example.org"), first);
        assert_ne!(at(1000, "https://other.example.org"), first);
        assert_ne!(at(1000 + USED_SECONDS, "https://push.example.org"), first);
        for number in 0..1000 {
            at(1000, &format!("https://{number}.example.org"));
        }
        assert!(tokens.0.len() <= ORIGINS_MAX);
    }

    #[test]
    fn what_is_no_key_is_refused_with_what_to_do() {
        let error = VapidKey::from_pem(&to_pem("PRIVATE KEY", &[1])).unwrap_err();
        assert!(error.to_string().contains("openssl"));
    }
}
