//! Notices of a browser: the worker at the root, the key to subscribe under, and a subscription that is
//! left like an address.

use serde_json::{Value, json};

use crate::http::abuse::raw;
use crate::world::{Papers, World};

/// Made for this test, and the half of it that browsers get.
const KEY: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgbN5vOa/nJDl2PoWz
EwFp4JQgwdyI5xDUD96mOk7rGKShRANCAATykRvyUr7Qc3DPW2uoFeGJo/bseh//
q/CqBN4xwUB944U3og7ngPu45DqVadDKrdQ8SfNaIzkyuTXNNBA84ztQ
-----END PRIVATE KEY-----
";
const PUBLIC: &str =
    "BPKRG_JSvtBzcM9ba6gV4Ymj9ux6H_-r8KoE3jHBQH3jhTeiDueA-7jkOpVp0Mqt1DxJ81ojOTK5Nc00EDzjO1A";

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_finds_the_key_and_leaves_its_subscription_like_an_address() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("push.pem");
    std::fs::write(&file, KEY).unwrap();
    let path = file.display().to_string();
    let flags = [
        ("channels.web_push.key_file", path.as_str()),
        ("channels.web_push.contact", "mailto:ops@example.org"),
    ];
    let world = World::start_in(folder, &flags).await;
    let event = world.event(json!({})).await;
    let follow = world.get(&format!("{event}/follow"), &Papers::default()).await;
    assert_eq!(follow.body["push_key"], PUBLIC, "{}", follow.body);

    let worker = b"GET /push.js HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let worker = raw(&world, &[worker]).await.to_lowercase();
    assert!(worker.starts_with("http/1.1 200") && worker.contains("notificationclick"), "{worker}");
    assert!(worker.contains("content-type: text/javascript"), "{worker}");
    assert!(worker.contains("cache-control: no-cache"), "asked about before each use: {worker}");

    let papers = world.join(&event).await;
    let leave = async |address: Value| {
        let body = json!({ "channel": "web_push", "address": address.to_string() });
        world.post("/v1/me/contacts", &papers, body).await
    };
    let keys = json!({ "p256dh": "BAAA", "auth": "AAAA" });
    let left = leave(json!({ "endpoint": "https://push.example.net/1", "keys": keys })).await;
    assert_eq!((left.status, left.text("state")), (201, Some("unconfirmed")), "{}", left.body);
    for wrong in [json!({ "endpoint": "http://push.example.net/1", "keys": keys }), json!("x")] {
        assert_eq!(leave(wrong).await.code(), "malformed_body");
    }
    let shown = world.get("/v1/me/contacts", &papers).await.body["contacts"][0].clone();
    assert_eq!(
        (&shown["channel"], &shown["address"]),
        (&json!("web_push"), &json!("this browser"))
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_nobody_is_offered_notices() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let follow = world.get(&format!("{event}/follow"), &Papers::default()).await;
    assert_eq!(follow.body["push_key"], Value::Null, "{}", follow.body);
    world.stop().await;
}
