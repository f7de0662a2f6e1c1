//! Nonsense, impatience and the wrong keys: each gets a problem that names the fix.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::world::{Papers, World, new_event};

/// Sends bytes as they are and returns everything that comes back.
pub(super) async fn raw(world: &World, pieces: &[&[u8]]) -> String {
    let address = world.base.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.unwrap();
    for piece in pieces {
        // The server may have hung up already; what it said is still to be read.
        if stream.write_all(piece).await.is_err() {
            break;
        }
    }
    let mut answer = Vec::new();
    let reading = stream.read_to_end(&mut answer);
    let _ = tokio::time::timeout(Duration::from_secs(20), reading).await.expect("an end");
    String::from_utf8_lossy(&answer).into_owned()
}

fn post(path: &str, headers: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nidempotency-key: k\r\n\
         content-type: application/json\r\n{headers}\r\n{body}"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_gets_a_problem_that_names_the_fix() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let papers = world.shopper(&event).await;
    let staff = world.staff();
    let operator = Papers { bearer: world.operator.clone(), ..Papers::default() };
    let holds = format!("{event}/holds");
    let table: Vec<(&Papers, String, Value, u16, &str)> = vec![
        (&papers, holds.clone(), json!({ "best": { "count": 0 } }), 422, "no_seats_named"),
        (&papers, holds.clone(), json!({ "best": { "count": 7 } }), 422, "hold_too_large"),
        (&papers, holds.clone(), json!({ "seats": [4_000_000] }), 404, "unknown_seat"),
        (&papers, holds.clone(), json!({ "seats": [1, 1] }), 422, "seats_repeated"),
        (&papers, holds.clone(), json!({ "chairs": 1 }), 400, "malformed_body"),
        (&papers, holds.clone(), json!([1, 2]), 400, "malformed_body"),
        (&papers, "/v1/events/evt_0000000000000/holds".into(), json!({}), 404, "unknown_event"),
        (&papers, "/v1/events/evening/holds".into(), json!({}), 400, "invalid_id"),
        (&papers, "/v1/nothing".into(), json!({}), 404, "not_found"),
        (&papers, "/v1/events".into(), new_event(&json!({})), 401, "key_required"),
        (&operator, "/v1/events".into(), new_event(&json!({})), 403, "wrong_role"),
        (&staff, "/v1/events".into(), json!({ "name": "x" }), 400, "malformed_body"),
        (&staff, "/v1/events".into(), new_event(&json!({ "hold": "soon" })), 400, "malformed_body"),
        (&staff, "/v1/events".into(), new_event(&json!({ "hold": "0s" })), 422, "invalid_policy"),
    ];
    for (papers, path, body, status, code) in table {
        let answer = world.post(&path, papers, body.clone()).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (status, code),
            "{path} {body}: {}",
            answer.body
        );
        let detail = answer.text("detail").unwrap_or_default();
        assert!(detail.len() > 10 && answer.text("retry").is_some(), "{}", answer.body);
    }
    let stranger = Papers { bearer: "fgk_manager_1_00".into(), ..Papers::default() };
    let refused = world.post("/v1/events", &stranger, new_event(&json!({}))).await;
    assert_eq!(refused.status, 401, "{}", refused.body);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_plan_says_which_line() {
    let world = World::start().await;
    let mut body = new_event(&json!({}));
    body["plan"] = json!({ "format": "csv", "content": "section,row,seat,category\nA,1,1,Stalls\nA,1,1,Stalls\n" });
    body["prices"] = json!({ "Stalls": 100 });
    let refused = world.post("/v1/events", &world.staff(), body.clone()).await;
    assert_eq!((refused.status, refused.code().as_str()), (422, "invalid_plan"));
    assert!(refused.body["errors"].to_string().contains("line 3"), "{}", refused.body);
    body["plan"] = json!({ "format": "pretix", "content": "{\"zones\": [" });
    let refused = world.post("/v1/events", &world.staff(), body).await;
    assert_eq!(refused.code(), "invalid_plan");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_bodies_are_distinguished() {
    let flags = [("server.body_deadline", "1s"), ("server.header_deadline", "1s")];
    let world = World::start_in(tempfile::tempdir().unwrap(), &flags).await;
    let event = world.event(json!({})).await;
    let queue = format!("{event}/queue");
    let malformed =
        raw(&world, &[post(&queue, "content-length: 9\r\n", "{\"a\": nop").as_bytes()]).await;
    assert!(
        malformed.starts_with("HTTP/1.1 400") && malformed.contains("malformed_body"),
        "{malformed}"
    );

    let huge = "x".repeat(70_000);
    let length = format!("content-length: {}\r\n", huge.len());
    let huge = raw(&world, &[post(&queue, &length, &huge).as_bytes()]).await;
    assert!(huge.contains("body_too_large"), "{huge}");

    let slow = raw(&world, &[post(&queue, "content-length: 10\r\n", "{").as_bytes()]).await;
    assert!(slow.starts_with("HTTP/1.1 408") && slow.contains("body_too_slow"), "{slow}");

    let silent = raw(&world, &[b"GET /livez HTTP/1.1\r\n"]).await;
    assert!(silent.is_empty() || silent.starts_with("HTTP/1.1 408"), "{silent}");
    let noise = raw(&world, &[b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n"]).await;
    assert!(noise.is_empty() || noise.starts_with("HTTP/1.1 400"), "{noise}");
    let ready = world.get("/readyz", &Papers::default()).await;
    assert_eq!(
        (ready.status, &ready.body["services"]["supervisor"]["health"]),
        (200, &json!("ready"))
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_enters_out_of_turn_or_with_foreign_papers() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let operator = Papers { bearer: world.operator.clone(), ..Papers::default() };
    let dials = json!({ "pace_per_minute": 0, "message": "A moment, please." });
    let set = world.set_dials(&event, &operator, "", dials).await;
    assert_eq!(set.status, 200, "{}", set.body);
    let mut papers = world.join(&event).await;
    let early = world.post(&format!("{event}/enter"), &papers, json!({})).await;
    assert_eq!((early.status, early.code().as_str()), (409, "not_your_turn"));
    assert!(early.body["ahead"].is_u64() && early.retry_after.is_some(), "{}", early.body);
    let passless = world.post(&format!("{event}/holds"), &papers, json!({ "seats": [1] })).await;
    assert_eq!(passless.code(), "pass_required");
    let other = world.join(&event).await;
    papers.ticket = other.ticket;
    let foreign = world.post(&format!("{event}/enter"), &papers, json!({})).await;
    assert_eq!(foreign.code(), "invalid_token", "{}", foreign.body);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_requests_are_slowed_and_get_a_retry_after() {
    let flags = [("admission.device_per_second", "1"), ("admission.device_burst", "3")];
    let world = World::start_in(tempfile::tempdir().unwrap(), &flags).await;
    let event = world.event(json!({})).await;
    let papers = world.join(&event).await;
    let mut last = None;
    for _ in 0..5 {
        last = Some(world.get(&format!("{event}/me"), &papers).await);
    }
    let last = last.unwrap();
    assert_eq!((last.status, last.code().as_str()), (429, "rate_limited"));
    assert!(last.retry_after.is_some());
    let other = world.join(&event).await;
    assert_eq!(world.get(&format!("{event}/me"), &other).await.status, 200);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_out_of_bounds_are_named_and_what_buyers_may_have_is_a_managers() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let path = format!("{event}/policy");
    let (operator, manager) = (world.operator(), world.staff());
    let rows = [
        (&manager, json!({ "hold": "40d" }), 422, "hold", "between 1ms and 30days"),
        (&manager, json!({ "seats_per_hold_max": 17 }), 422, "seats_per_hold_max", "1 and 16"),
        (&manager, json!({ "holds_per_buyer_max": 0 }), 422, "holds_per_buyer_max", "1 and 4"),
        (&manager, json!({ "cooldown": "soon" }), 400, "cooldown", "5m or 90s"),
        (&manager, json!({ "shoppers_max": 7 }), 400, "shoppers_max", "is a dial"),
        (&operator, json!({ "pass_required": false }), 403, "pass_required", "manager"),
        (
            &operator,
            json!({ "seats_per_buyer_max": 60_000 }),
            403,
            "seats_per_buyer_max",
            "manager",
        ),
        (&operator, json!({ "buyers_max": 1 }), 403, "buyers_max", "manager"),
        (
            &operator,
            json!({ "approve_announcements": true }),
            403,
            "approve_announcements",
            "manager",
        ),
        (&manager, json!({ "approve_announcements": true }), 200, "", ""),
        (&operator, json!({ "hold": "6m", "pass_required": true }), 200, "", ""),
        (&manager, json!({ "pass_required": false }), 200, "", ""),
    ];
    for (at, (papers, body, status, field, words)) in rows.into_iter().enumerate() {
        let key = format!("rule {at}").replace(' ', "-");
        let answer = world.send(Method::PUT, &path, papers, Some(&key), Some(body.clone())).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.body);
        let error = &answer.body["errors"][0];
        assert_eq!(error["path"].as_str().unwrap_or_default(), field, "{}", answer.body);
        let message = error["message"].as_str().unwrap_or_default();
        assert!(message.contains(words), "{body}: {message}");
    }
    let created = world.post("/v1/events", &manager, new_event(&json!({ "retry": "0s" }))).await;
    assert_eq!(created.body["errors"][0]["path"], "policy.retry", "{}", created.body);
    world.stop().await;
}
