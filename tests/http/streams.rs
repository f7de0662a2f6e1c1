//! Snapshots, deltas and streams: what is pushed adds up to what is read.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::json;

use crate::world::World;

type Plain = Client<HttpConnector, Empty<Bytes>>;

async fn get(
    client: &Plain,
    url: &str,
    header: Option<(&str, &str)>,
) -> hyper::Response<hyper::body::Incoming> {
    let mut request = hyper::Request::get(url);
    if let Some((name, value)) = header {
        request = request.header(name, value);
    }
    client.request(request.body(Empty::new()).unwrap()).await.unwrap()
}

/// Reads a stream until `wanted` is in it.
async fn read_until(response: &mut hyper::Response<hyper::body::Incoming>, wanted: &str) -> String {
    let body = response.body_mut();
    let mut text = String::new();
    let reading = async {
        while !text.contains(wanted) {
            let frame = body.frame().await.expect("the stream ended").unwrap();
            text.push_str(&String::from_utf8_lossy(frame.data_ref().unwrap_or(&Bytes::new())));
        }
    };
    tokio::time::timeout(Duration::from_secs(20), reading).await.unwrap_or(());
    assert!(text.contains(wanted), "{wanted} never came: {text}");
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn availability_is_cached_and_followed_and_resumed() {
    let world = World::start().await;
    let event = world.event(json!({ "holds_per_buyer_max": 4 })).await;
    let client: Plain = Client::builder(TokioExecutor::new()).build_http();
    let snapshot = format!("{}{event}/availability", world.base);
    let first = get(&client, &snapshot, None).await;
    assert_eq!(first.status(), 200);
    let tag = first.headers()["etag"].to_str().unwrap().to_owned();
    let same = get(&client, &snapshot, Some(("if-none-match", &tag))).await;
    assert_eq!(same.status(), 304);

    let stream = format!("{}{event}/availability/stream", world.base);
    let mut following = get(&client, &stream, None).await;
    let papers = world.shopper(&event).await;
    let body = json!({ "seats": [5, 6] });
    let held = world.post(&format!("{event}/holds"), &papers, body).await;
    assert_eq!(held.status, 201, "{}", held.body);
    let text = read_until(&mut following, "\nid:").await;
    let id = text.lines().find_map(|line| line.strip_prefix("id:")).unwrap().trim().to_owned();

    let body = json!({ "seats": [9] });
    let held = world.post(&format!("{event}/holds"), &papers, body).await;
    assert_eq!(held.status, 201, "{}", held.body);
    let mut resumed = get(&client, &stream, Some(("last-event-id", &id))).await;
    let text = read_until(&mut resumed, "\nid:").await;
    assert!(!text.contains(&format!("id: {id}\n")), "what was seen is not sent again: {text}");
    let changed = get(&client, &snapshot, Some(("if-none-match", &tag))).await;
    assert_eq!(changed.status(), 200, "the house changed, so did the tag");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_pushed_until_it_rests() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let papers = world.shopper(&event).await;
    let body = json!({ "best": { "count": 1 } });
    let held = world.post(&format!("{event}/holds"), &papers, body).await;
    let client: Plain = Client::builder(TokioExecutor::new()).build_http();
    let order = held.text("order_id").unwrap();
    let url = format!("{}{event}/orders/{order}/stream", world.base);
    let mut stream = get(&client, &url, Some(("floodgate-device", &papers.device))).await;
    assert_eq!(stream.status(), 200);
    // The head comes before anything was looked at: the first news says where the order stands by then.
    read_until(&mut stream, "\"status\":\"held\"").await;
    let buy =
        json!({ "hold_id": held.text("hold_id").unwrap(), "payment_method": "pm_sandbox_approve" });
    world.post(&format!("{event}/orders"), &papers, buy).await;
    read_until(&mut stream, "\"status\":\"confirmed\"").await;
    let foreign = get(&client, &url, None).await;
    assert_eq!(foreign.status(), 401);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn machines_find_what_they_look_for() {
    let world = World::start().await;
    let client: Plain = Client::builder(TokioExecutor::new()).build_http();
    for path in ["/livez", "/readyz", "/openapi.json", "/docs", "/", "/problems/seat_taken"] {
        let answer = get(&client, &format!("{}{path}", world.base), None).await;
        assert_eq!(answer.status(), 200, "{path}");
    }
    let document = get(&client, &format!("{}/openapi.json", world.base), None).await;
    let document = document.into_body().collect().await.unwrap().to_bytes();
    let document: serde_json::Value = serde_json::from_slice(&document).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let event = world.event(json!({})).await;
    let answer = get(&client, &format!("{}{event}", world.base), None).await;
    for name in ["ratelimit", "ratelimit-policy", "x-request-id", "x-content-type-options"] {
        assert!(answer.headers().contains_key(name), "{name} is missing");
    }
    world.stop().await;
}
