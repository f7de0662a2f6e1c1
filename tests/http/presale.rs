//! A presale from its codes to the sale that opens to all by itself.

use std::time::{Duration, SystemTime};

use floodgate_http_client::{Call, Response};
use http::Method;
use serde_json::{Value, json};

use crate::world::{Papers, World, new_event};

/// An event that is announced, under the newest rules; its path.
async fn announced(world: &World) -> String {
    let mut body = new_event(&json!({}));
    body["announced_at"] = json!("2026-01-01T00:00:00Z");
    let created = world.post("/v1/events", &world.staff(), body).await;
    assert_eq!(created.status, 201, "{}", created.body);
    format!("/v1/events/{}", created.text("event_id").unwrap())
}

/// Lets something of the sale come by itself in a moment.
async fn soon(world: &World, event: &str, field: &str) {
    let at = SystemTime::now() + Duration::from_secs(2);
    let body = json!({ field: humantime::format_rfc3339_millis(at).to_string() });
    let done = world.send(Method::PATCH, event, &world.staff(), Some(field), Some(body)).await;
    assert_eq!(done.status, 200, "{}", done.body);
}

/// `count` codes of a batch, taken out under `key`.
async fn export(world: &World, event: &str, key: &str, count: u32) -> (u16, Vec<String>) {
    let staff = world.staff();
    let body = Some(json!({ "batch": 1, "count": count }));
    let call = Call { key: Some(key), bearer: Some(&staff.bearer), body, ..Call::default() };
    let path = format!("{event}/codes/export");
    let answer = world.http.exchange(&Method::POST, &path, &call).await.unwrap();
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    (answer.status, text.lines().skip(1).map(str::to_owned).collect())
}

async fn claim(world: &World, event: &str, papers: &Papers, code: &str) -> Response {
    world.post(&format!("{event}/me/code"), papers, json!({ "code": code })).await
}

/// Somebody whose device is known, and who waits nowhere: they were in the queue of another event.
async fn somebody(world: &World, elsewhere: &str) -> Papers {
    Papers { device: world.join(elsewhere).await.device, ..Papers::default() }
}

async fn batch(world: &World, event: &str) -> Value {
    let list = world.get(&format!("{event}/codes"), &world.staff()).await;
    assert_eq!(list.status, 200, "{}", list.body);
    list.body["batches"][0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_a_code_buys_first_and_the_others_when_the_sale_opens() {
    let world = World::start().await;
    let event = announced(&world).await;
    let elsewhere = world.event(json!({})).await;
    let staff = world.staff();
    let codes = format!("{event}/codes");
    let too_many = world.post(&codes, &staff, json!({ "batch": 1, "count": 2_000_000 })).await;
    assert_eq!((too_many.status, too_many.code().as_str()), (400, "malformed_body"));
    let body = json!({ "batch": 1, "label": "Fan club", "count": 3 });
    assert_eq!(world.post(&codes, &staff, body).await.status, 200);

    // Every number once: a repeated export gets what it got, another one the rest, and no more.
    let (status, first) = export(&world, &event, "one", 2).await;
    assert_eq!((status, first.len()), (200, 2), "{first:?}");
    assert_eq!(export(&world, &event, "one", 2).await.1, first);
    assert_eq!(export(&world, &event, "two", 2).await.0, 422, "one is left");
    let (_, last) = export(&world, &event, "three", 1).await;
    assert!(!first.contains(&last[0]), "{last:?} was given twice");

    let (ada, bob) = (somebody(&world, &elsewhere).await, somebody(&world, &elsewhere).await);
    for (guess, status, code) in
        [("0400-0000-0000-0000", 404, "code_unknown"), ("", 404, "code_unknown")]
    {
        let answer = claim(&world, &event, &ada, guess).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{guess}");
    }
    let typed = first[0].to_lowercase().replace('-', " ");
    assert_eq!(claim(&world, &event, &ada, &typed).await.status, 200);
    assert_eq!(claim(&world, &event, &ada, &first[0]).await.status, 200, "a repeat is done");
    let again = claim(&world, &event, &ada, &first[1]).await;
    assert_eq!((again.status, again.code().as_str()), (409, "code_claimed_already"));
    let used = claim(&world, &event, &bob, &first[0]).await;
    assert_eq!((used.status, used.code().as_str()), (409, "code_used"));
    let of_other = claim(&world, &elsewhere, &bob, &first[1]).await;
    assert_eq!(of_other.code(), "code_unknown", "a code is good for its own event");
    let me = world.get(&format!("{event}/me"), &ada).await.body;
    assert_eq!(me["has_code"], true, "{me}");
    let found = batch(&world, &event).await;
    let counts = json!({ "batch": 1, "label": "Fan club", "minted": 3, "given": 3, "claimed": 1, "left": 0 });
    assert_eq!(found, counts);

    soon(&world, &event, "presale_at").await;
    world.until(&event, |answer| answer.text("phase") == Some("presale")).await;
    let refused = world.rejoin(&event, &bob).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (403, "presale_only"),
        "{}",
        refused.body
    );
    let joined = world.rejoin(&event, &ada).await;
    assert_eq!(joined.status, 201, "{}", joined.body);
    let mut ada = Papers { ticket: joined.text("queue_ticket").unwrap().to_owned(), ..ada };
    world.enter(&event, &mut ada).await;
    let held = world.post(&format!("{event}/holds"), &ada, json!({ "best": { "count": 2 } })).await;
    assert_eq!(held.status, 201, "{}", held.body);

    // Paused and gone on with by hand, it is a presale still.
    for (step, phase) in [("pause", "paused"), ("presale", "presale")] {
        let turned = world.post(&format!("{event}/sale/{step}"), &staff, json!({})).await;
        assert_eq!(turned.status, 200, "{}", turned.body);
        world.until(&event, |answer| answer.text("phase") == Some(phase)).await;
    }

    // The general sale opens by itself, and nobody is asked for a code any more.
    soon(&world, &event, "opens_at").await;
    world.until(&event, |answer| answer.text("phase") == Some("open")).await;
    assert_eq!(world.rejoin(&event, &bob).await.status, 201);
    assert!(world.audit().is_clean());
    world.stop().await;
}
