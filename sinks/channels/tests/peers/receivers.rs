//! Web push and webhooks, before the libraries that receivers use.

use floodgate_channels::{
    AddressGuard, Courier, Delivery, Outgoing, VapidKey, WebPushCourier, WebPushOptions,
    WebhookCourier, WebhookEndpoint, WebhookOptions, WebhookSecret,
};
use serde_json::json;

use crate::words::{outgoing, verdict};
use crate::{Peer, here, home};

fn guard() -> AddressGuard {
    AddressGuard::new(vec!["127.0.0.1".parse().unwrap()])
}

#[test]
fn a_browser_reads_what_was_pushed_and_its_service_knows_who_pushed_it() {
    let Some(home) = home() else { return };
    let (mut peer, first) = Peer::python(&home, "push_receiver.py", &[]);
    let folder = tempfile::tempdir().unwrap();
    let key_file = folder.path().join("vapid.pem");
    std::fs::write(&key_file, VapidKey::generate()).unwrap();
    let public = VapidKey::from_pem(&std::fs::read_to_string(&key_file).unwrap()).unwrap().public();
    let contact = "mailto:ops@example.org".into();
    let options = WebPushOptions { key_file, contact, guard: guard() };
    let mut courier = WebPushCourier::new(options).unwrap();
    let address = first["subscription"].as_str().unwrap();
    for text in ["Doors open at seven.".to_owned(), "ü".repeat(9000), String::new()] {
        let delivery = courier.deliver(&Outgoing { text, ..outgoing("msg_1", address) });
        assert_eq!(delivery, Delivery::Sent { reference: "4XyZ".into() });
        let seen = peer.next();
        assert_eq!(seen["read"]["title"], "Doors open at seven");
        assert_eq!(seen["read"]["link"], "https://tickets.example.org/events/evt_1");
        assert_eq!((&seen["vapid"], &seen["key"]), (&json!(true), &json!(public)));
        assert_eq!(
            (&seen["aud"], &seen["sub"]),
            (&first["origin"], &json!("mailto:ops@example.org"))
        );
        let valid_for = seen["valid_for"].as_i64().unwrap();
        assert!((3600..=24 * 3600).contains(&valid_for), "{valid_for}");
        assert_eq!(
            (&seen["headers"]["TTL"], &seen["headers"]["Urgency"]),
            (&json!("3600"), &json!("normal"))
        );
        assert_eq!(seen["headers"]["Topic"].as_str().unwrap().len(), 32);
        assert!(seen["bytes"].as_u64().unwrap() <= 4096);
    }
}

#[test]
fn receivers_of_webhooks_take_the_old_secret_the_new_one_and_the_public_key() {
    let Some(home) = home() else { return };
    let old = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let new = "whsec_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    let foreign = "whsec_AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";
    let signing = "whsk_AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=";
    let parse = |text: &str| WebhookSecret::parse(text).unwrap();
    let public = parse(signing).public().unwrap();
    let arguments = [&here("webhook.mjs"), old, new, foreign, &public].map(str::to_owned);
    let (mut peer, first) = Peer::python(&home, "webhook_receiver.py", &arguments);
    let url = first["url"].as_str().unwrap().to_owned();
    let secrets = [old, new, signing].map(parse).into();
    let endpoints = vec![WebhookEndpoint { url: url.clone(), secrets }];
    let mut courier = WebhookCourier::new(WebhookOptions { endpoints, guard: guard() }).unwrap();
    for _ in 0..2 {
        let text = r#"{"type":"order.confirmed","data":{"tickets":1,"name":"Ünï"}}"#.into();
        let delivery = courier.deliver(&Outgoing { text, ..outgoing("msg_1", &url) });
        assert_eq!(verdict(&delivery), "sent", "{delivery:?}");
        let seen = peer.next();
        let expected = json!({
            "id": "msg_1",
            "python": [true, true, false],
            "tampered": false,
            "public": true,
            "javascript": { "v1": [true, true, false], "v1a": true },
        });
        assert_eq!(seen, expected);
    }
}
