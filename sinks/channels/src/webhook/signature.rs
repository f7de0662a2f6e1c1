//! Signatures as in Standard Webhooks 1.0.0: over `ID.TIMESTAMP.BODY`, one per secret, side by
//! side, so that a receiver which knows the old secret or the new one takes both.

use std::fmt;

use ring::hmac;
use ring::signature::{Ed25519KeyPair, KeyPair};

use crate::courier::ChannelSetting;
use crate::keys::{base64, from_base64};

/// While secrets are exchanged there are two of each kind.
pub(super) const SECRETS_MAX: usize = 8;

/// One secret of one receiver.
pub struct WebhookSecret(Kind);

enum Kind {
    /// `v1`, HMAC-SHA256.
    Shared(hmac::Key),
    /// `v1a`, Ed25519: receivers need to keep nothing secret.
    Signing(Box<Ed25519KeyPair>),
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::Shared(_) => "WebhookSecret(v1)",
            Kind::Signing(_) => "WebhookSecret(v1a)",
        })
    }
}

impl WebhookSecret {
    /// `whsec_` and Base64 of 24 to 64 bytes, or `whsk_` and Base64 of an Ed25519 seed (with or
    /// without the public key behind it).
    pub fn parse(text: &str) -> Result<Self, ChannelSetting> {
        let wrong = || {
            let fix =
                "`whsec_` and 24 to 64 bytes in Base64, or `whsk_` and an Ed25519 key of 32 or 64";
            ChannelSetting(format!("a secret of a webhook is {fix}"))
        };
        if let Some(secret) = text.strip_prefix("whsec_") {
            let bytes = from_base64(secret).filter(|bytes| (24..=64).contains(&bytes.len()));
            let key = hmac::Key::new(hmac::HMAC_SHA256, &bytes.ok_or_else(wrong)?);
            return Ok(WebhookSecret(Kind::Shared(key)));
        }
        let bytes = text.strip_prefix("whsk_").and_then(from_base64).ok_or_else(wrong)?;
        let pair = match bytes.len() {
            32 => Ed25519KeyPair::from_seed_unchecked(&bytes),
            64 => Ed25519KeyPair::from_seed_and_public_key(&bytes[..32], &bytes[32..]),
            _ => return Err(wrong()),
        };
        Ok(WebhookSecret(Kind::Signing(Box::new(pair.map_err(|_| wrong())?))))
    }

    /// What a receiver checks `v1a` with: `whpk_` and Base64. A shared secret has none.
    #[must_use]
    pub fn public(&self) -> Option<String> {
        match &self.0 {
            Kind::Shared(_) => None,
            Kind::Signing(pair) => Some(format!("whpk_{}", base64(pair.public_key().as_ref()))),
        }
    }

    fn sign(&self, signed: &[u8]) -> String {
        match &self.0 {
            Kind::Shared(key) => format!("v1,{}", base64(hmac::sign(key, signed).as_ref())),
            Kind::Signing(pair) => format!("v1a,{}", base64(pair.sign(signed).as_ref())),
        }
    }
}

/// The header `webhook-signature`; `at` in seconds.
pub(super) fn signatures(secrets: &[WebhookSecret], id: &str, at: i64, body: &[u8]) -> String {
    let signed = [format!("{id}.{at}.").as_bytes(), body].concat();
    let each: Vec<String> = secrets.iter().map(|secret| secret.sign(&signed)).collect();
    each.join(" ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// The example of the specification.
    #[test]
    fn a_shared_secret_signs_as_the_specification_shows() {
        let secret = WebhookSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = signatures(
            std::slice::from_ref(&secret),
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(secret.public(), None);
    }

    #[test]
    fn several_secrets_sign_side_by_side_and_none_is_shown() {
        let texts = [
            format!("whsec_{}", base64(&[1; 32])),
            format!("whsec_{}", base64(&[2; 24])),
            format!("whsk_{}", base64(&[3; 32])),
        ];
        let secrets: Vec<_> =
            texts.iter().map(|text| WebhookSecret::parse(text).unwrap()).collect();
        let signature = signatures(&secrets, "msg_1", 1, b"{}");
        let kinds: Vec<&str> =
            signature.split(' ').filter_map(|each| Some(each.split_once(',')?.0)).collect();
        assert_eq!(kinds, ["v1", "v1", "v1a"]);
        assert!(!format!("{secrets:?}").contains("AQEB"));
        for wrong in [
            String::new(),
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into(),
            format!("whsec_{}", base64(&[1; 23])),
            format!("whsec_{}", base64(&[1; 65])),
            format!("whsk_{}", base64(&[1; 31])),
            format!("whsk_{}", base64(&[1; 64])),
        ] {
            assert!(WebhookSecret::parse(&wrong).is_err(), "{wrong}");
        }
    }
}
