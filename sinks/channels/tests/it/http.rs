//! What answers over HTTP lead to: a provider of text messages, a push service, a receiver of
//! webhooks.

use std::net::TcpListener;
use std::time::Duration;

use floodgate_channels::{
    AddressGuard, Courier, Delivery, Outgoing, SmsCourier, SmsOptions, VapidKey, WebPushCourier,
    WebPushOptions, WebhookCourier, WebhookEndpoint, WebhookOptions, WebhookSecret,
};

use crate::http_server::{HttpServer, answer};
use crate::words::{outgoing, verdict};

/// A point on the curve, and 16 bytes.
const KEYS: &str = r#""keys":{"p256dh":"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4","auth":"BTBZMqHH6r4Tts7J_aSIgg"}"#;

/// This machine, which no guard lets through by itself.
fn here() -> AddressGuard {
    AddressGuard::new(vec!["127.0.0.1".parse().unwrap()])
}

/// The status is in the path, as in `/429`.
fn by_path(path: &str) -> String {
    let status = path.trim_start_matches('/').parse().unwrap_or(200);
    let headers = match status {
        429 => "Retry-After: 120\r\n",
        300..=399 => "Location: /200\r\n",
        201 => "Location: https://push.example.org/m/4XyZ\r\n",
        _ => "",
    };
    answer(status, headers, "")
}

fn after(delivery: &Delivery) -> Option<Duration> {
    let Delivery::Later { after, .. } = delivery else { return None };
    *after
}

fn web_push(guard: AddressGuard) -> WebPushCourier {
    let folder = tempfile::tempdir().unwrap();
    let key_file = folder.path().join("vapid.pem");
    std::fs::write(&key_file, VapidKey::generate()).unwrap();
    let contact = "mailto:ops@example.org".into();
    WebPushCourier::new(WebPushOptions { key_file, contact, guard }).unwrap()
}

fn webhook(url: &str, guard: AddressGuard) -> WebhookCourier {
    let secret = WebhookSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let endpoints = vec![WebhookEndpoint { url: url.into(), secrets: vec![secret] }];
    WebhookCourier::new(WebhookOptions { endpoints, guard }).unwrap()
}

#[test]
fn a_push_service_says_when_a_subscription_is_over() {
    let server = HttpServer::start(by_path);
    let mut courier = web_push(here());
    for (status, expected) in [
        (200, "sent"),
        (201, "sent"),
        (202, "sent"),
        (204, "sent"),
        (404, "suppressed"),
        (410, "suppressed"),
        (413, "never"),
        (301, "later"),
        (307, "later"),
        (400, "later"),
        (401, "later"),
        (403, "later"),
        (429, "later"),
        (500, "later"),
        (502, "later"),
        (503, "later"),
    ] {
        let address = format!(r#"{{"endpoint":"{}",{KEYS}}}"#, server.url(&format!("/{status}")));
        let delivery = courier.deliver(&outgoing("msg_1", &address));
        assert_eq!(verdict(&delivery), expected, "{status}: {delivery:?}");
        let expected = (status == 429).then(|| Duration::from_secs(120));
        assert_eq!(after(&delivery), expected, "{status}");
        if status == 201 {
            assert_eq!(delivery, Delivery::Sent { reference: "4XyZ".into() });
        }
    }
    let requests = server.requests.lock().unwrap();
    assert_eq!(requests.len(), 16, "no redirect was followed");
    let headers = &requests[0].headers;
    for (name, value) in [("ttl", "3600"), ("urgency", "normal"), ("content-encoding", "aes128gcm")]
    {
        assert_eq!(headers[name], value);
    }
    assert!(headers["authorization"].starts_with("vapid t=") && headers["topic"].len() == 32);
    assert!(!String::from_utf8_lossy(&requests[0].body).contains("Doors"));
}

#[test]
fn a_webhook_is_taken_by_2yz_and_ended_by_410() {
    let server = HttpServer::start(by_path);
    for (status, expected) in [
        (200, "sent"),
        (204, "sent"),
        (410, "suppressed"),
        (301, "later"),
        (308, "later"),
        (400, "later"),
        (401, "later"),
        (404, "later"),
        (418, "later"),
        (429, "later"),
        (500, "later"),
    ] {
        let url = server.url(&format!("/{status}"));
        let mut body = outgoing("msg_1", &url);
        body.text = r#"{"type":"order.confirmed"}"#.into();
        let delivery = webhook(&url, here()).deliver(&body);
        assert_eq!(verdict(&delivery), expected, "{status}: {delivery:?}");
    }
    let requests = server.requests.lock().unwrap();
    assert_eq!(requests.len(), 11, "no redirect was followed");
    assert!(requests.iter().all(|request| request.headers["webhook-id"] == "msg_1"));
    assert!(requests[0].headers["webhook-signature"].starts_with("v1,"));
    assert_eq!(requests[0].body, br#"{"type":"order.confirmed"}"#);
    let other = webhook(&server.url("/200"), here()).deliver(&outgoing("m", "https://x.org/"));
    assert_eq!(verdict(&other), "never");
}

/// Whatever a URL calls a host inside, nothing connects to it.
#[test]
fn nobody_reaches_into_our_network_by_a_url() {
    let server = HttpServer::start(by_path);
    let port = server.address.port();
    for host in ["127.0.0.1", "localhost", "[::1]"] {
        let url = format!("http://{host}:{port}/200");
        let guard = AddressGuard::default();
        let delivery = webhook(&url, guard.clone()).deliver(&outgoing("msg_1", &url));
        assert_eq!(verdict(&delivery), "never", "{host}: {delivery:?}");
        let address = format!(r#"{{"endpoint":"{url}",{KEYS}}}"#);
        let delivery = web_push(guard).deliver(&outgoing("msg_1", &address));
        assert_eq!(verdict(&delivery), "never", "{host}: {delivery:?}");
    }
    for host in
        ["2130706433", "0x7f.1", "0177.0.0.1", "127.1", "[::ffff:127.0.0.1]", "0", "10.0.0.1"]
    {
        let url = format!("https://{host}:{port}/200");
        let delivery = webhook(&url, AddressGuard::default()).deliver(&outgoing("msg_1", &url));
        assert_eq!(verdict(&delivery), "never", "{host}: {delivery:?}");
    }
    assert!(server.requests.lock().unwrap().is_empty());
}

#[test]
fn a_provider_of_text_messages_is_understood() {
    let server = HttpServer::start(|path| {
        let account = path.split('/').nth(3).unwrap_or_default();
        let (status, code) = account.split_at(3);
        let body = match status {
            "201" => r#"{"sid":"SM1","status":"queued"}"#.to_owned(),
            _ => format!(r#"{{"code":{},"message":"to +491701234567"}}"#, &code[1..]),
        };
        answer(status.parse().unwrap(), "", if code == "xnonsense" { "<html>" } else { &body })
    });
    let number = "+491701234567";
    for (account, expected) in [
        ("201x0", "sent"),
        ("400x21211", "suppressed"),
        ("400x21610", "suppressed"),
        ("400x21614", "suppressed"),
        ("400x21408", "never"),
        ("400x21606", "later"),
        ("400xnonsense", "later"),
        ("401x20003", "later"),
        ("429x20429", "later"),
        ("500x0", "later"),
        ("503x0", "later"),
        ("302x0", "later"),
        ("200x0", "later"),
    ] {
        let mut courier = SmsCourier::new(SmsOptions {
            base: server.url(""),
            account: account.into(),
            token: "secret".into(),
            from: "+4930123456".into(),
            status_url: "https://tickets.example.org/v1/channels/sms".into(),
        })
        .unwrap();
        let delivery = courier.deliver(&outgoing("msg_1", number));
        assert_eq!(verdict(&delivery), expected, "{account}: {delivery:?}");
        assert!(!format!("{delivery:?}").contains("4917"), "{delivery:?}");
        let nobody = courier.deliver(&Outgoing { address: "1".into(), ..outgoing("msg_1", "") });
        assert_eq!(verdict(&nobody), "suppressed");
    }
    let requests = server.requests.lock().unwrap();
    assert_eq!(requests.len(), 13);
    let body = String::from_utf8_lossy(&requests[0].body).into_owned();
    assert!(body.contains("To=%2B491701234567") && body.contains("StatusCallback="), "{body}");
    assert!(requests[0].headers["authorization"].starts_with("Basic "));
}

#[test]
fn a_host_that_is_away_costs_nobody_their_message() {
    let silent = HttpServer::start(|_| String::new());
    let url = silent.url("/200");
    assert_eq!(verdict(&webhook(&url, here()).deliver(&outgoing("msg_1", &url))), "later");
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}/200");
    assert_eq!(verdict(&webhook(&url, here()).deliver(&outgoing("msg_1", &url))), "later");
}
