//! Web push (RFC 8030): a message to one browser, through the service that its maker runs.
//!
//! An address is the subscription as the browser gives it, `{"endpoint", "keys": {"p256dh",
//! "auth"}}`. The endpoint is somebody else's URL, so that the address guard stands before every
//! request.

mod encrypt;
mod vapid;

pub use vapid::VapidKey;

use std::fmt;
use std::path::PathBuf;

use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use serde::Deserialize;
use serde_json::json;
use ureq::Agent;

use self::encrypt::{BrowserKeys, TEXT_BYTES_MAX, encrypt};
use self::vapid::Tokens;
use crate::courier::{ChannelSetting, Courier, Delivery, Outgoing, Urgency, plain_reference};
use crate::guard::AddressGuard;
use crate::http::{agent_for_anybody, common_answer, is_safe, unanswered};
use crate::keys::{base64_url, from_base64_url};

/// Four weeks: what the longest-keeping services take.
const TTL_SECONDS_MAX: u64 = 28 * 24 * 3600;

/// What the channel needs to know.
#[derive(Debug, Clone)]
pub struct WebPushOptions {
    /// PEM, PKCS #8, P-256.
    pub key_file: PathBuf,
    /// Whom a push service may write to about us: `mailto:` or `https:`.
    pub contact: String,
    pub guard: AddressGuard,
}

/// Sends to browsers.
pub struct WebPushCourier {
    agent: Agent,
    key: VapidKey,
    contact: String,
    tokens: Tokens,
    random: SystemRandom,
}

impl fmt::Debug for WebPushCourier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebPushCourier").field("key", &self.key).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Subscription {
    endpoint: String,
    keys: SubscriptionKeys,
}

#[derive(Deserialize)]
struct SubscriptionKeys {
    p256dh: String,
    auth: String,
}

impl WebPushCourier {
    /// Reads the key.
    pub fn new(options: WebPushOptions) -> Result<Self, ChannelSetting> {
        let path = options.key_file.display();
        let pem = std::fs::read_to_string(&options.key_file)
            .map_err(|error| ChannelSetting(format!("the key of web push {path}: {error}")))?;
        if !options.contact.starts_with("mailto:") && !options.contact.starts_with("https:") {
            let reason =
                "the contact for web push is `mailto:name@example.org` or an https address";
            return Err(ChannelSetting(reason.into()));
        }
        Ok(WebPushCourier {
            agent: agent_for_anybody(options.guard),
            key: VapidKey::from_pem(&pem)?,
            contact: options.contact,
            tokens: Tokens::default(),
            random: SystemRandom::new(),
        })
    }
}

impl Courier for WebPushCourier {
    fn channel(&self) -> &'static str {
        "web_push"
    }

    fn deliver(&mut self, outgoing: &Outgoing) -> Delivery {
        let Some((endpoint, keys)) = subscription(&outgoing.address) else {
            return Delivery::suppressed("no subscription of a browser");
        };
        let Some(body) = encrypt(&payload(outgoing), &keys, &self.random) else {
            return Delivery::suppressed("the keys of the subscription are none");
        };
        let Some(origin) = origin(&endpoint) else {
            return Delivery::suppressed("no address of a push service");
        };
        let now = Timestamp::now();
        let authorization = self.tokens.header(&self.key, origin, &self.contact, now);
        let ttl = outgoing.useful_for.as_secs().min(TTL_SECONDS_MAX);
        let request = self
            .agent
            .post(&endpoint)
            .header("Authorization", authorization)
            .header("Content-Encoding", "aes128gcm")
            .header("Content-Type", "application/octet-stream")
            .header("TTL", ttl.to_string())
            .header("Urgency", urgency(outgoing.urgency))
            .header("Topic", topic(&outgoing.message_id));
        let response = match request.send(&body) {
            Ok(response) => response,
            Err(error) => return unanswered(&error),
        };
        let status = response.status().as_u16();
        if let Some(delivery) = common_answer(status, response.headers(), now) {
            return delivery;
        }
        let reference = response.headers().get("location").and_then(|value| value.to_str().ok());
        // The last part: the whole would say which service somebody uses.
        let reference = reference.and_then(|url| url.rsplit('/').next()).unwrap_or_default();
        match status {
            200..=299 => Delivery::Sent { reference: plain_reference(reference) },
            404 | 410 => Delivery::suppressed(format!("answer {status}: the subscription is over")),
            413 => Delivery::never("answer 413: too long"),
            // Our key or our request: nothing that the person could be blamed for.
            _ => Delivery::later(format!("answer {status}")),
        }
    }
}

fn subscription(address: &str) -> Option<(String, BrowserKeys)> {
    let subscription: Subscription = serde_json::from_str(address).ok()?;
    let public = from_base64_url(&subscription.keys.p256dh)?;
    let secret = from_base64_url(&subscription.keys.auth)?;
    is_safe(&subscription.endpoint)
        .then_some((subscription.endpoint, BrowserKeys { public, secret }))
}

/// Scheme and authority.
fn origin(endpoint: &str) -> Option<&str> {
    let start = endpoint.find("://")? + 3;
    let length = endpoint[start..].find(['/', '?', '#']).unwrap_or(endpoint.len() - start);
    endpoint.get(..start + length)
}

fn urgency(urgency: Urgency) -> &'static str {
    match urgency {
        Urgency::Low => "low",
        Urgency::Normal => "normal",
        Urgency::High => "high",
    }
}

/// At most 32 characters of the URL alphabet (RFC 8030, section 5.4): of two copies of one message,
/// a device that was away gets one.
fn topic(message_id: &str) -> String {
    let digest = digest(&SHA256, message_id.as_bytes());
    base64_url(&digest.as_ref()[..24])
}

/// What the page's worker shows. The text gives way, the link does not.
fn payload(outgoing: &Outgoing) -> Vec<u8> {
    let mut text = outgoing.text.clone();
    loop {
        let payload = json!({
            "id": outgoing.message_id, "occasion": outgoing.occasion, "language": outgoing.language.code(),
            "title": outgoing.subject, "body": text, "link": outgoing.link,
        });
        let bytes = payload.to_string().into_bytes();
        if bytes.len() <= TEXT_BYTES_MAX || text.is_empty() {
            return bytes;
        }
        // Each turn takes off at least what is over, or half: a character may be six bytes in JSON.
        let over = (bytes.len() - TEXT_BYTES_MAX).max(text.len() / 2).min(text.len());
        let mut end = text.len() - over;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::test_words::outgoing;

    #[test]
    fn texts_fit_into_one_record_whatever_they_say() {
        for text in ["ä".repeat(5000), "\u{1}".repeat(5000), "x".repeat(3000), String::new()] {
            let bytes = payload(&Outgoing { text, ..outgoing() });
            assert!(bytes.len() <= TEXT_BYTES_MAX);
            let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
            assert_eq!(value["link"], outgoing().link);
        }
    }

    #[test]
    fn topics_and_origins_are_what_services_take() {
        let topic = topic("msg_1");
        assert_eq!((topic.len(), topic == super::topic("msg_2")), (32, false));
        assert_eq!(origin("https://push.example.org/x?y"), Some("https://push.example.org"));
        assert_eq!(origin("https://push.example.org:8443"), Some("https://push.example.org:8443"));
        assert_eq!(origin("nothing"), None);
    }

    #[test]
    fn what_is_no_subscription_is_none() {
        let keys = r#""keys":{"p256dh":"BA","auth":"BA"}"#;
        assert!(
            subscription(&format!(r#"{{"endpoint":"https://p.example.org/1",{keys}}}"#)).is_some()
        );
        for wrong in [
            String::new(),
            "{}".into(),
            format!(r#"{{"endpoint":"http://p.example.org/1",{keys}}}"#),
            format!(r#"{{"endpoint":"https://a:b@p.example.org/1",{keys}}}"#),
            r#"{"endpoint":"https://p.example.org/1","keys":{"p256dh":"!","auth":"BA"}}"#.into(),
        ] {
            assert!(subscription(&wrong).is_none(), "{wrong}");
        }
    }
}
