//! Whose turn it is: those who are there, and no network before all others.

use hyper::Method;
use serde_json::json;

use floodgate_http_client::{Call, Response};

use crate::world::{Papers, World};

fn papers(joined: &Response) -> Papers {
    Papers {
        device: joined.text("device").unwrap().to_owned(),
        ticket: joined.text("queue_ticket").unwrap().to_owned(),
        ..Papers::default()
    }
}

/// Somebody is called, does not come, and others wait: they rejoin behind those who are there.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_called_and_does_not_come_joins_again() {
    let flags = [
        ("admission.grace", "1s"),
        ("admission.puzzle_level", "0"),
        ("admission.pace_per_minute", "60"),
    ];
    let world = World::start_in(tempfile::tempdir().unwrap(), &flags).await;
    let event = world.event(json!({})).await;
    let queue = format!("{event}/queue");
    let mut line = Vec::new();
    for _ in 0..40 {
        let joined = world.post(&queue, &Papers::default(), json!({})).await;
        assert_eq!(joined.status, 201, "{}", joined.body);
        line.push(joined);
    }
    let first = line[0].body["place"].as_u64().unwrap();
    // One place a second is called: that of the first, longer ago than the grace.
    world.until(&queue, |answer| answer.body["frontier"].as_u64() >= Some(first + 4)).await;
    let late = world.post(&format!("{event}/enter"), &papers(&line[0]), json!({})).await;
    assert_eq!((late.status, late.code().as_str()), (409, "turn_lapsed"), "{}", late.body);

    let again = world.post(&queue, &papers(&line[0]), json!({})).await;
    assert_eq!(again.status, 201, "{}", again.body);
    let place = again.body["place"].as_u64().unwrap();
    assert!(place > line[39].body["place"].as_u64().unwrap(), "{place} is not behind the others");
    let same = world.post(&queue, &papers(&line[0]), json!({})).await;
    assert_eq!(same.body["place"].as_u64(), Some(place), "an old ticket is not many places");
    let early = world.post(&format!("{event}/enter"), &papers(&again), json!({})).await;
    assert_eq!(early.code(), "not_your_turn", "{}", early.body);
    world.stop().await;
}

/// Devices behind one address do not take the shop while others wait.
#[tokio::test(flavor = "multi_thread")]
async fn one_network_does_not_take_the_shop() {
    let flags = [
        ("admission.puzzle_level", "0"),
        ("admission.pace_per_minute", "600"),
        ("admission.entries_per_network", "10"),
    ];
    let world = World::start_in(tempfile::tempdir().unwrap(), &flags).await;
    let event = world.event(json!({ "shoppers_max": 50 })).await;
    let queue = format!("{event}/queue");
    let mut line = Vec::new();
    for _ in 0..120 {
        line.push(world.post(&queue, &Papers::default(), json!({})).await);
    }
    let enter = async |papers: &Papers, address: &str| {
        let key = format!("{:032x}", rand::random::<u128>());
        let headers = vec![
            ("x-forwarded-for", address),
            ("floodgate-device", &*papers.device),
            ("floodgate-queue-ticket", &*papers.ticket),
        ];
        let call = Call { headers, key: Some(&key), body: Some(json!({})), ..Call::default() };
        world.http.call(Method::POST, &format!("{event}/enter"), call).await.unwrap()
    };
    world.until(&queue, |answer| answer.body["frontier"].as_u64() >= Some(20)).await;
    let mut entered = 0;
    let mut refused = None;
    for joined in &line[..20] {
        let answer = enter(&papers(joined), "203.0.113.7").await;
        match answer.status {
            200 => entered += 1,
            _ => refused = refused.or(Some((answer, joined))),
        }
    }
    // A minute that ends in between begins the count again.
    assert!((10..20).contains(&entered), "{entered} of one network");
    let (answer, joined) = refused.unwrap();
    assert_eq!((answer.status, answer.code().as_str()), (429, "rate_limited"), "{}", answer.body);
    assert!(answer.retry_after.is_some());
    let elsewhere = enter(&papers(joined), "198.51.100.7").await;
    assert_eq!(elsewhere.status, 200, "{}", elsewhere.body);
    world.stop().await;
}

/// Those who are in the shop and do nothing make room for those who wait, and read why.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_nothing_in_the_shop_makes_room() {
    let flags = [("admission.puzzle_level", "0"), ("admission.pace_per_minute", "6000")];
    let world = World::start_in(tempfile::tempdir().unwrap(), &flags).await;
    let event = world.event(json!({ "shoppers_max": 2, "idle": "2s" })).await;
    let queue = format!("{event}/queue");
    let (me, holds) = (format!("{event}/me"), format!("{event}/holds"));
    let mut visitors = Vec::new();
    for _ in 0..3 {
        let joined = world.post(&queue, &Papers::default(), json!({})).await;
        visitors.push(papers(&joined));
    }
    world.until(&queue, |answer| answer.body["frontier"].as_u64() >= Some(2)).await;
    for visitor in &visitors[..2] {
        let entered = world.post(&format!("{event}/enter"), visitor, json!({})).await;
        assert_eq!(entered.status, 200, "{}", entered.body);
    }
    let [idle, _, honest] = &visitors[..] else { panic!("three") };
    let pass = world.post(&format!("{event}/enter"), idle, json!({})).await;
    let idle = Papers { pass: pass.text("pass").unwrap().to_owned(), ..idle.clone() };
    world
        .until(&queue, |answer| {
            answer.body["shoppers"] == 0 && answer.body["frontier"].as_u64() >= Some(3)
        })
        .await;

    let entered = world.post(&format!("{event}/enter"), honest, json!({})).await;
    assert_eq!(entered.status, 200, "{}", entered.body);
    let honest = Papers { pass: entered.text("pass").unwrap().to_owned(), ..honest.clone() };
    let path = format!("{me}?at_least={}", entered.body["as_of"]["offset"]);
    let seen = world.get(&path, &honest).await;
    let first = seen.text("idle_at").unwrap().to_owned();
    let stayed = world.post(&format!("{event}/stay"), &honest, json!({})).await;
    assert_eq!(stayed.status, 200, "{}", stayed.body);
    let path = format!("{me}?at_least={}", stayed.body["as_of"]["offset"]);
    let seen = world.get(&path, &honest).await;
    assert!(seen.text("idle_at").unwrap() > &*first, "{}", seen.body);
    // With seats nobody is idle.
    let held = world.post(&holds, &honest, json!({ "best": { "count": 1 } })).await;
    assert_eq!(held.status, 201, "{}", held.body);
    let path = format!("{me}?at_least={}", held.body["as_of"]["offset"]);
    let seen = world.get(&path, &honest).await;
    assert!(seen.body["idle_at"].is_null(), "{}", seen.body);

    let seen = world.get(&me, &idle).await;
    let of_visit = (&seen.body["went_idle_after_ms"], &seen.body["place"]);
    assert_eq!(of_visit, (&json!(2_000), &json!(null)), "{}", seen.body);
    assert_eq!(seen.body["visit_ended"], "idle");
    for (call, body) in [("holds", json!({ "best": { "count": 1 } })), ("stay", json!({}))] {
        let refused = world.post(&format!("{event}/{call}"), &idle, body).await;
        assert_eq!((refused.status, refused.code().as_str()), (409, "went_idle"));
        let words = refused.text("detail").unwrap();
        assert!(words.contains("nothing happened for 2s") && words.contains("Join"), "{words}");
    }
    let again = world.post(&queue, &idle, json!({})).await;
    assert_eq!(again.status, 201, "{}", again.body);
    let seen = world.get(&me, &papers(&again)).await;
    assert!(seen.body["went_idle_after_ms"].is_null() && seen.body["place"].is_u64());
    assert!(seen.body["visit_ended"].is_null(), "{}", seen.body);
    assert!(world.audit().is_clean());
    world.stop().await;
}
