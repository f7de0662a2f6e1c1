//! What Stripe sends by itself: checked before it is read.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use super::secrets::Secret;
use crate::web::{Webhook, WebhookError};

/// How old a signature may be, and how far ahead: as Stripe's own libraries have it.
const TOLERANCE_SECONDS: u64 = 300;
/// Signatures of one header: one a secret, and those of schemes to come.
const SIGNATURES_MAX: usize = 8;

/// Events after which an intent stands otherwise than before.
const EVENTS: [&str; 5] = [
    "payment_intent.amount_capturable_updated",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.requires_action",
    "payment_intent.canceled",
];

/// Events after which a dispute stands otherwise than before; each is about the dispute.
const DISPUTES: [&str; 4] = [
    "charge.dispute.created",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
];

/// What an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum About {
    /// An intent stands otherwise than before.
    Intent(String),
    /// A dispute, which names the intent whose money it is about.
    Dispute(String),
}

/// What an event is about, once it is known to be Stripe's and of now; `None` where it is about
/// something else.
pub(super) fn about(
    webhook: &Webhook<'_>,
    secrets: &[Secret],
) -> Result<Option<About>, WebhookError> {
    let header = webhook.header("stripe-signature").ok_or(WebhookError::Unsigned)?;
    let (time, signatures) = parse(header).ok_or(WebhookError::Unsigned)?;
    let is_signed = |secret: &Secret| {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes())
            .expect("HMAC takes keys of any length");
        mac.update(time.as_bytes());
        mac.update(b".");
        mac.update(webhook.body);
        // In constant time, each of them.
        signatures.iter().any(|signature| mac.clone().verify_slice(signature).is_ok())
    };
    if !secrets.iter().any(is_signed) {
        return Err(WebhookError::Unsigned);
    }
    let seconds: u64 = time.parse().map_err(|_| WebhookError::Stale)?;
    if webhook.now.abs_diff(seconds) > TOLERANCE_SECONDS {
        return Err(WebhookError::Stale);
    }
    let event: Value = serde_json::from_slice(webhook.body)
        .map_err(|_| WebhookError::Malformed("an event in JSON"))?;
    let kind = event["type"].as_str().ok_or(WebhookError::Malformed("a type"))?;
    let object = &event["data"]["object"];
    let about: fn(String) -> About = match kind {
        _ if EVENTS.contains(&kind) => About::Intent,
        // A charge that was made without an intent is none of ours.
        _ if DISPUTES.contains(&kind) && object["payment_intent"].is_string() => About::Dispute,
        _ => return Ok(None),
    };
    let id = object["id"].as_str().ok_or(WebhookError::Malformed("data.object.id"))?;
    Ok(Some(about(id.to_owned())))
}

/// `t=…,v1=…,v1=…`: the time as it was signed, and the signatures of the scheme we know.
fn parse(header: &str) -> Option<(&str, Vec<Vec<u8>>)> {
    let pairs = || header.split(',').filter_map(|pair| pair.trim().split_once('='));
    let (_, time) = pairs().find(|(name, _)| *name == "t")?;
    let ours = pairs().filter(|(name, _)| *name == "v1").take(SIGNATURES_MAX);
    Some((time, ours.filter_map(|(_, hex)| bytes(hex)).collect()))
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let pairs = hex.as_bytes().chunks_exact(2);
    if hex.len() != 64 || !pairs.remainder().is_empty() {
        return None;
    }
    pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const BODY: &str = r#"{"type":"payment_intent.succeeded","data":{"object":{"id":"pi_1"}}}"#;

    fn signed(secret: &str, time: &str, body: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("{time}.{body}").as_bytes());
        let digest = mac.finalize().into_bytes();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn ask(header: &str, body: &str, now: u64) -> Result<Option<About>, WebhookError> {
        let secrets = [Secret::new("whsec_old"), Secret::new("whsec_new")];
        let headers = [("stripe-signature", header)];
        about(&Webhook { headers: &headers, body: body.as_bytes(), now }, &secrets)
    }

    #[test]
    fn either_secret_signs_and_nothing_else_does() {
        for secret in ["whsec_old", "whsec_new"] {
            let header = format!("t=1000,v1={}", signed(secret, "1000", BODY));
            assert_eq!(ask(&header, BODY, 1000).unwrap(), Some(About::Intent("pi_1".to_owned())));
        }
        // A signature that is not ours may stand beside one that is.
        let good = signed("whsec_new", "1000", BODY);
        let header = format!("t=1000,v0=ab,v1={},v1={good}", "0".repeat(64));
        assert_eq!(ask(&header, BODY, 1000).unwrap(), Some(About::Intent("pi_1".to_owned())));
        for header in [
            String::new(),
            format!("v1={good}"),
            "t=1000".to_owned(),
            format!("t=1001,v1={good}"),
            format!("t=1000,v1={}", &good[..62]),
            format!("t=1000,v1={}", signed("whsec_other", "1000", BODY)),
        ] {
            assert!(matches!(ask(&header, BODY, 1000), Err(WebhookError::Unsigned)), "{header}");
        }
        let header = format!("t=1000,v1={good}");
        let other = BODY.replace("pi_1", "pi_2");
        assert!(matches!(ask(&header, &other, 1000), Err(WebhookError::Unsigned)));
    }

    #[test]
    fn a_signature_is_good_for_five_minutes() {
        let header = format!("t=1000,v1={}", signed("whsec_new", "1000", BODY));
        for (now, is_good) in [(1300, true), (700, true), (1301, false), (699, false)] {
            let asked = ask(&header, BODY, now);
            assert_eq!(matches!(asked, Err(WebhookError::Stale)), !is_good, "{now}: {asked:?}");
        }
    }

    #[test]
    fn a_dispute_is_looked_at_where_it_is_about_an_intent() {
        let body = r#"{"type":"charge.dispute.created","data":{"object":{"id":"du_1","payment_intent":"pi_1"}}}"#;
        let asked = |body: &str| {
            ask(&format!("t=1000,v1={}", signed("whsec_new", "1000", body)), body, 1000).unwrap()
        };
        for kind in DISPUTES {
            let body = body.replace(DISPUTES[0], kind);
            assert_eq!(asked(&body), Some(About::Dispute("du_1".to_owned())), "{kind}");
        }
        assert_eq!(asked(&body.replace(r#","payment_intent":"pi_1""#, "")), None);
        assert_eq!(asked(&body.replace(DISPUTES[0], "charge.dispute.updated")), None);
    }

    #[test]
    fn what_is_about_something_else_is_taken_and_left_alone() {
        let body = r#"{"type":"customer.created","data":{"object":{"id":"cus_1"}}}"#;
        let header = format!("t=1000,v1={}", signed("whsec_new", "1000", body));
        assert_eq!(ask(&header, body, 1000).unwrap(), None);
        let header = format!("t=1000,v1={}", signed("whsec_new", "1000", "{"));
        assert!(matches!(ask(&header, "{", 1000), Err(WebhookError::Malformed(_))));
    }
}
