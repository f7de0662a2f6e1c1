//! Webhooks: from a purchase to the program of somebody else.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::world::{Papers, World};

/// A call as it arrived: its head, and its body.
pub(super) type Call = (String, Value);

/// A receiver of a test's own; answers with what it is set to.
pub(super) struct Receiver {
    pub(super) url: String,
    pub(super) calls: Arc<Mutex<Vec<Call>>>,
    status: Arc<Mutex<u16>>,
}

impl Receiver {
    pub(super) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let (calls, status) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(204)));
        let (into, answers) = (Arc::clone(&calls), Arc::clone(&status));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut bytes = Vec::new();
                let (head, body) = loop {
                    let mut part = [0; 4096];
                    let count = stream.read(&mut part).await.unwrap_or(0);
                    bytes.extend_from_slice(&part[..count]);
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                    if let Ok(body) = serde_json::from_str::<Value>(body) {
                        break (head.to_lowercase(), body);
                    }
                };
                into.lock().unwrap().push((head, body));
                let status = *answers.lock().unwrap();
                let answer = format!(
                    "HTTP/1.1 {status} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                );
                // A sender that is gone has its answer in its own log.
                drop(stream.write_all(answer.as_bytes()).await);
            }
        });
        Receiver { url, calls, status }
    }

    async fn until(&self, what: &str) -> Call {
        for _ in 0..1_200 {
            let calls = self.calls.lock().unwrap().clone();
            if let Some(found) = calls.into_iter().find(|(_, body)| body["type"] == what) {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no {what} within a minute: {:?}", self.calls.lock().unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_arrives_signed_and_a_refused_call_is_made_again() {
    let receiver = Receiver::open().await;
    let flags = [("channels.webhooks.private_addresses", "127.0.0.0/8")];
    let world = World::start_in(tempfile::tempdir().unwrap(), &flags).await;
    let manager = Papers { bearer: world.manager.clone(), ..Papers::default() };
    let wrong = json!({ "url": "http://example.org/" });
    let refused = world.post("/v1/webhooks", &manager, wrong).await;
    assert_eq!((refused.status, refused.code().as_str()), (400, "malformed_body"));
    let draft = json!({ "url": receiver.url, "kinds": ["seats_held", "order_confirmed"] });
    let key = Some("add-webhook");
    let path = "/v1/webhooks";
    let made = world.send(Method::POST, path, &manager, key, Some(draft.clone())).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert!(made.text("secret").unwrap().starts_with("whsec_"));
    // Asked for again under the same key, it is the same one.
    let again = world.send(Method::POST, path, &manager, key, Some(draft)).await;
    assert_eq!(again.body, made.body);
    let path = format!("/v1/webhooks/{}", made.text("webhook_id").unwrap());
    let seen = world.get(&path, &manager).await;
    assert!(seen.body["secret"].is_null() && seen.body["enabled"] == true, "{}", seen.body);

    let tried = world.post(&format!("{path}/test"), &manager, json!({})).await;
    assert_eq!(tried.status, 200, "{}", tried.body);
    receiver.until("webhook_test").await;

    let event = world.event(json!({})).await;
    let papers = world.shopper(&event).await;
    let best = json!({ "best": { "count": 2 } });
    let held = world.post(&format!("{event}/holds"), &papers, best).await;
    assert_eq!(held.status, 201, "{}", held.body);
    let (head, body) = receiver.until("seats_held").await;
    assert_eq!(body["data"]["hold_id"].as_str(), held.text("hold_id"));
    for header in ["webhook-id: whk_", "webhook-timestamp: ", "webhook-signature: v1,"] {
        assert!(head.contains(header), "{head}");
    }

    // The receiver is gone: the webhook is disabled, and says why; enabled again, nothing is lost.
    *receiver.status.lock().unwrap() = 410;
    let hold_id = held.text("hold_id").unwrap();
    let buy = json!({ "hold_id": hold_id, "payment_method": "pm_sandbox_approve" });
    world.post(&format!("{event}/orders"), &papers, buy).await;
    let gone = world.until_as(&path, &manager, |one| one.body["enabled"] == false).await;
    assert!(gone.text("reason").unwrap().contains("410"), "{}", gone.body);
    *receiver.status.lock().unwrap() = 204;
    receiver.calls.lock().unwrap().clear();
    let enable = Some(json!({ "enabled": true, "rotate_secret": true }));
    let changed = world.send(Method::PATCH, &path, &manager, Some("enable"), enable).await;
    assert_ne!(changed.text("secret"), made.text("secret"));
    let (head, _) = receiver.until("order_confirmed").await;
    // Both secrets sign for a day.
    assert_eq!(head.matches("v1,").count(), 2, "{head}");
    let all = format!("{path}/deliveries?state=sent");
    let has_all = |one: &floodgate_http_client::Response| {
        one.body["deliveries"].as_array().is_some_and(|all| all.len() == 3)
    };
    let calls = world.until_as(&all, &manager, has_all).await;
    let newest = &calls.body["deliveries"][0];
    assert_eq!(newest["tries"][1]["status"], 410, "{newest}");
    receiver.calls.lock().unwrap().clear();
    let name = newest["delivery_id"].as_str().unwrap();
    let one = format!("{path}/deliveries/{name}/resend");
    let resent = world.post(&one, &manager, json!({})).await;
    assert_eq!(resent.body["resent"], 1, "{}", resent.body);
    receiver.until("order_confirmed").await;
    let removed = world.send(Method::DELETE, &path, &manager, Some("remove"), None).await;
    assert_eq!((removed.status, removed.text("state")), (200, Some("removed")));
    assert_eq!(world.get(&path, &manager).await.status, 404);
    world.stop().await;
}
