//! What a shared cache may keep: of every call, whatever it answers.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::client::{Line, STRANGER, ask, get, header, json as json_of, status};
use super::servers::{has, nginx};
use crate::world::{Papers, World};

/// Somebody with a confirmed order.
async fn buyer(world: &World, event: &str) -> (Papers, String) {
    let papers = world.shopper(event).await;
    let holds = format!("{event}/holds");
    let held = world.post(&holds, &papers, json!({ "best": { "count": 2 } })).await;
    assert_eq!(held.status, 201, "{}", held.body);
    let body = json!({ "hold_id": held.text("hold_id"), "payment_method": "pm_sandbox_approve" });
    let bought = world.post(&format!("{event}/orders"), &papers, body).await;
    assert_eq!(bought.status, 201, "{}", bought.body);
    let order = format!("{event}/orders/{}", bought.text("order_id").unwrap());
    world.until_as(&order, &papers, |answer| answer.body["status"] == "confirmed").await;
    (papers, order)
}

fn lines(papers: &Papers) -> String {
    let Papers { device, ticket, pass, bearer } = papers;
    let all = [
        ("floodgate-device: ", device),
        ("floodgate-queue-ticket: ", ticket),
        ("floodgate-pass: ", pass),
        ("authorization: Bearer ", bearer),
    ];
    let all = all.into_iter().filter(|(_, value)| !value.is_empty());
    all.map(|(name, value)| format!("{name}{}\r\n", value.trim())).collect()
}

/// One call as somebody; of streams only the head.
async fn call(world: &World, method: &str, path: &str, papers: &Papers) -> String {
    let more = format!("idempotency-key: {:x}\r\n{}", rand::random::<u64>(), lines(papers));
    let request = get(path, &more).replacen("GET", &method.to_uppercase(), 1);
    if !path.ends_with("/stream") {
        return ask(STRANGER, &world.base, &request).await;
    }
    let mut line = Line::open(STRANGER, &world.base).await;
    line.send(request).await.unwrap();
    line.until("\r\n\r\n").await;
    line.read.split("\r\n\r\n").next().unwrap().to_owned() + "\r\n\r\n"
}

/// Every call of the document, its variable parts filled in.
fn calls(document: &Value, filled: &BTreeMap<&str, String>) -> Vec<(String, String, bool)> {
    let mut calls = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let mut address = path.clone();
        for (name, value) in filled {
            address = address.replace(&format!("{{{name}}}"), value);
        }
        assert!(!address.contains('{'), "{path} has a part this test does not know");
        for (method, call) in methods.as_object().unwrap() {
            calls.push((method.clone(), address.clone(), call["security"].is_array()));
        }
    }
    calls
}

#[tokio::test(flavor = "multi_thread")]
async fn no_call_leaves_what_is_somebodys_to_others() {
    // Everything at once, from one address.
    let flags = [("admission.address_burst", "100000"), ("admission.device_burst", "100000")];
    let world = World::start_in(tempfile::tempdir().unwrap(), &flags).await;
    let event = world.event(json!({})).await;
    let (papers, order) = buyer(&world, &event).await;
    let everything = Papers { bearer: world.manager.clone(), ..papers.clone() };
    let tickets = world.get(&format!("{order}/tickets"), &papers).await;
    let seat = tickets.body["tickets"][0]["seat"]["seat_id"].to_string();
    let document = json_of(&call(&world, "get", "/openapi.json", &Papers::default()).await);
    let last = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    let filled = BTreeMap::from([
        ("event_id", last(&event)),
        ("order_id", last(&order)),
        ("hold_id", last(&order).replace("ord_", "hld_")),
        ("seat_id", seat),
        ("command_id", "cmd_00000000000000000000000001".to_owned()),
        ("code", "seat_taken".to_owned()),
        ("page", "form".to_owned()),
        ("provider", "sandbox".to_owned()),
        ("announcement_id", "ann_0000000000001".to_owned()),
        ("step", "pause".to_owned()),
        ("file", "orders.csv".to_owned()),
        ("share_id", "0000000000000001".to_owned()),
        ("contact_id", "con_0000000000001".to_owned()),
        ("webhook_id", "whk_0000000000001".to_owned()),
        ("delivery_id", "whk_0000000000001-0-1-0".to_owned()),
        ("device_id", "byr_0000000000001".to_owned()),
        ("token", "AAAA".to_owned()),
        ("session_id", "0000000000000001".to_owned()),
        ("passkey_id", "0000000000000001".to_owned()),
        ("product_order", "1".to_owned()),
        ("buyer_key", "0000000000000001".to_owned()),
    ]);
    let (mut public, mut private) = (0, 0);
    // Reading first: what follows changes things.
    let mut calls = calls(&document, &filled);
    calls.sort_by_key(|(method, ..)| method != "get");
    for (method, path, is_secured) in calls {
        for papers in [&Papers::default(), &papers, &everything] {
            let answer = call(&world, &method, &path, papers).await;
            let word = header(&answer, "cache-control").unwrap_or_default();
            let what = format!("{method} {path}: {word}: {answer}");
            let is_private = word.starts_with("private, no-store");
            let is_good = status(&answer) < 300;
            assert!(is_private || (method == "get" && is_good), "{what}");
            assert!(is_private || !is_secured, "it needs a credential: {what}");
            if is_private {
                private += 1;
                continue;
            }
            public += 1;
            assert!(header(&answer, "set-cookie").is_none(), "{what}");
            if path.ends_with("/stream") {
                assert_eq!(word, "no-cache, no-transform", "{what}");
                assert_eq!(header(&answer, "x-accel-buffering").unwrap(), "no", "{what}");
            }
        }
    }
    assert!(public > 20 && private > 100, "{public} public, {private} private");
    world.stop().await;
}

/// What is public is the same, whoever asks.
#[tokio::test(flavor = "multi_thread")]
async fn what_may_be_kept_is_the_same_for_everybody() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let (papers, _) = buyer(&world, &event).await;
    let manager = world.staff();
    let paths = ["", "/plan", "/availability", "/queue"].map(|rest| format!("{event}{rest}"));
    let others = ["/", "/openapi.json", "/problems", "/assets/js/event.js", "/docs"];
    for path in paths.into_iter().chain(others.map(str::to_owned)) {
        let body = async |papers: &Papers| {
            let answer = call(&world, "get", &path, papers).await;
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            let is_public = !header(head, "cache-control").unwrap().contains("no-store");
            is_public.then(|| body.to_owned())
        };
        // Counts of the queue move all the time.
        if let Some(first) = body(&Papers::default()).await.filter(|_| !path.ends_with("/queue")) {
            assert_eq!(body(&papers).await.as_ref(), Some(&first), "{path}");
            assert_eq!(body(&manager).await.as_ref(), Some(&first), "{path}");
        }
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_a_page_are_kept_for_good_and_pages_are_not() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let page = event.replace("/v1", "");
    let html = call(&world, "get", &page, &Papers::default()).await;
    assert_eq!(header(&html, "cache-control").unwrap(), "no-cache");
    let tag = header(&html, "etag").unwrap();
    let named: Vec<&str> = html.split("=\"/assets/").skip(1).collect();
    assert!(named.len() >= 2, "{html}");
    for file in named {
        let file = format!("/assets/{}", file.split('"').next().unwrap());
        let answer = call(&world, "get", &file, &Papers::default()).await;
        let word = header(&answer, "cache-control").unwrap();
        assert_eq!((status(&answer), word.as_str()), (200, "public, max-age=31536000, immutable"));
    }
    let known = get(&page, &format!("if-none-match: {tag}\r\n"));
    assert_eq!(status(&ask(STRANGER, &world.base, &known).await), 304);
    world.stop().await;
}

/// A real cache that keeps whatever it may, in front of two people.
#[tokio::test(flavor = "multi_thread")]
async fn a_real_cache_gives_nobody_anothers_tickets() {
    if !has("nginx") {
        return;
    }
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let (papers, order) = buyer(&world, &event).await;
    let gateway = world.base.trim_start_matches("http://");
    let cache = nginx(&format!(
        "events {{ }}\nhttp {{\n  proxy_cache_path cache keys_zone=all:1m;\n  server {{\n    \
         listen 127.0.0.1:PORT;\n    location / {{\n      proxy_pass http://{gateway};\n      \
         proxy_cache all;\n      add_header x-cache $upstream_cache_status always;\n    }}\n  }}\n}}\n"
    ))
    .await;
    let (mut theirs, mut kept) = (0, 0);
    for path in ["", "/tickets", "/stream"].map(|rest| format!("{order}{rest}")).into_iter().take(2)
    {
        let own = ask(STRANGER, &cache.address, &get(&path, &lines(&papers))).await;
        assert_eq!(status(&own), 200, "{own}");
        let other = ask(STRANGER, &cache.address, &get(&path, "")).await;
        assert_eq!(status(&other), 401, "{path}: {other}");
        theirs += 1;
    }
    for path in [format!("{event}/plan"), "/problems".to_owned()] {
        for _ in 0..2 {
            let answer = ask(STRANGER, &cache.address, &get(&path, &lines(&papers))).await;
            kept += u32::from(header(&answer, "x-cache").as_deref() == Some("HIT"));
        }
    }
    assert_eq!((theirs, kept), (2, 2), "and it is a cache");
    world.stop().await;
}
