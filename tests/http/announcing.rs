//! Announcements to a tour, and with codes: each person one message, and one code.

use floodgate_http_client::Response;
use http::Method;
use serde_json::{Value, json};

use crate::world::{Papers, World, new_event};

/// An event of an artist, on sale; its path.
async fn event_of(world: &World, artist: &str) -> String {
    let mut event = new_event(&json!({}));
    event["artist"] = json!(artist);
    world.on_sale(event).await
}

fn id(event: &str) -> &str {
    event.rsplit('/').next().unwrap()
}

fn words(more: &Value) -> Value {
    let mut words = json!({
        "who": ["followers"], "channels": ["page"], "subject": "Doors", "text": "An hour earlier.",
    });
    let more = more.as_object().unwrap().clone();
    words.as_object_mut().unwrap().extend(more);
    words
}

fn artist(world: &World) -> Papers {
    Papers { bearer: world.key_of("artist"), ..Papers::default() }
}

async fn announce(world: &World, event: &str, body: Value) -> Response {
    world.post(&format!("{event}/announcements"), &artist(world), body).await
}

/// Follows an event and its inbox from a device; whether the store has it by now.
async fn follow(world: &World, event: &str, fan: &Papers) {
    let body = json!({ "scopes": ["event"], "channel": "page" });
    let path = format!("{event}/follow");
    let key = format!("follow-{}", id(event));
    let done = world.send(Method::PUT, &path, fan, Some(&key), Some(body)).await;
    assert_eq!(done.status, 200, "{}", done.body);
    let has =
        |answer: &Response| answer.body["follows"].as_array().is_some_and(|all| !all.is_empty());
    world.until_as(&path, fan, has).await;
}

async fn until_sent(world: &World, event: &str, announcement: &str) -> Value {
    let path = format!("{event}/announcements/{announcement}");
    let is_sent = |answer: &Response| answer.text("state") == Some("sent");
    world.until_as(&path, &artist(world), is_sent).await.body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tour_is_written_to_at_once_and_each_person_gets_one_message() {
    let world = World::start().await;
    let [berlin, vienna, bern] = [
        event_of(&world, "The Examples").await,
        event_of(&world, "the examples").await,
        event_of(&world, "").await,
    ];
    let (both, one) = (world.join(&berlin).await, world.join(&vienna).await);
    follow(&world, &berlin, &both).await;
    follow(&world, &vienna, &both).await;
    follow(&world, &vienna, &one).await;

    for (also, why) in [
        (json!([id(&bern)]), "another artist"),
        (json!([id(&berlin)]), "once"),
        (json!([id(&vienna), id(&vienna)]), "once"),
        (json!(["evt_0000000000001"]), "no event"),
        (json!(["nonsense"]), ""),
    ] {
        let refused = announce(&world, &berlin, words(&json!({ "also_events": also }))).await;
        assert_eq!(refused.code(), "malformed_body", "{also}: {}", refused.body);
        assert!(refused.body.to_string().contains(why), "{also}: {}", refused.body);
    }
    let nobody = announce(&world, &bern, words(&json!({ "also_events": [id(&berlin)] }))).await;
    assert!(nobody.body.to_string().contains("names no artist"), "{}", nobody.body);

    let tour = words(&json!({ "also_events": [id(&vienna)] }));
    let look = format!("{berlin}/announcements/preview");
    let seen = world.post(&look, &artist(&world), tour.clone()).await;
    assert_eq!(
        (&seen.body["total"], &seen.body["also"][0]["total"]),
        (&json!(1), &json!(2)),
        "{}",
        seen.body
    );
    let made = announce(&world, &berlin, tour).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(made.body["also"][0]["event_id"].as_str(), Some(id(&vienna)), "{}", made.body);
    let name = made.text("announcement_id").unwrap();
    let first = until_sent(&world, &berlin, name).await;
    let second = until_sent(&world, &vienna, name).await;
    assert_eq!(first["also_events"], json!([id(&vienna)]));
    assert_eq!(second["also_events"], json!([id(&berlin)]));
    let sent = |report: &Value| report["counts"]["sent"].as_u64().unwrap();
    assert_eq!(sent(&first) + sent(&second), 2, "two people: {first} {second}");
    for fan in [&both, &one] {
        let inbox = world.get("/v1/me/messages", fan).await;
        assert_eq!(inbox.body["messages"].as_array().map(Vec::len), Some(1), "{}", inbox.body);
    }

    // One that is still ahead is stopped everywhere at once.
    let ahead = std::time::SystemTime::now() + std::time::Duration::from_secs(30 * 86_400);
    let ahead = humantime::format_rfc3339_seconds(ahead).to_string();
    let later = json!({ "also_events": [id(&vienna)], "send_at": ahead });
    let made = announce(&world, &berlin, words(&later)).await;
    assert_eq!(
        (made.text("state"), &made.body["also"][0]["state"]),
        (Some("scheduled"), &json!("scheduled"))
    );
    let name = made.text("announcement_id").unwrap();
    let stop = format!("{berlin}/announcements/{name}/stop");
    assert_eq!(world.post(&stop, &artist(&world), json!({})).await.status, 200);
    let there = format!("{vienna}/announcements/{name}");
    let is_stopped = |answer: &Response| answer.text("state") == Some("stopped");
    world.until_as(&there, &artist(&world), is_stopped).await;
    assert_eq!(world.audit().violations, 0);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_go_to_each_person_once_and_never_run_out_unseen() {
    let world = World::start().await;
    let event = event_of(&world, "The Examples").await;
    let (ada, bob) = (world.join(&event).await, world.join(&event).await);
    follow(&world, &event, &ada).await;
    follow(&world, &event, &bob).await;
    let codes = format!("{event}/codes");
    let mint = async |count: u32| {
        let body = json!({ "batch": 1, "label": "Fan club", "count": count });
        assert_eq!(world.post(&codes, &world.staff(), body).await.status, 200);
    };
    let with_codes = words(&json!({ "codes": 1 }));
    let unknown = announce(&world, &event, with_codes.clone()).await;
    assert_eq!(unknown.code(), "malformed_body", "{}", unknown.body);
    mint(1).await;
    let few = announce(&world, &event, with_codes.clone()).await;
    assert_eq!((few.status, few.code().as_str()), (409, "codes_too_few"), "{}", few.body);
    assert!(few.body.to_string().contains("mint 1 more"), "{}", few.body);
    let tour =
        announce(&world, &event, words(&json!({ "codes": 1, "also_events": [id(&event)] }))).await;
    assert_eq!(tour.code(), "malformed_body");
    mint(1).await;
    let made = announce(&world, &event, with_codes.clone()).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let report = until_sent(&world, &event, made.text("announcement_id").unwrap()).await;
    assert_eq!(report["counts"]["sent"], 2, "{report}");

    // Somebody follows after it: the next with the same codes reaches them alone.
    let eve = world.join(&event).await;
    follow(&world, &event, &eve).await;
    let look = format!("{event}/announcements/preview");
    let seen = world.post(&look, &artist(&world), with_codes.clone()).await;
    let expected = json!({ "batch": 1, "needed": 1, "have_one": 2, "left": 0, "missing": 1 });
    assert_eq!(seen.body["codes"], expected, "{}", seen.body);
    mint(1).await;
    let made = announce(&world, &event, with_codes).await;
    let report = until_sent(&world, &event, made.text("announcement_id").unwrap()).await;
    assert_eq!(
        (&report["counts"]["sent"], &report["counts"]["total"]),
        (&json!(1), &json!(1)),
        "{report}"
    );
    let mut given = Vec::new();
    for fan in [&ada, &bob, &eve] {
        let inbox = world.get("/v1/me/messages", fan).await;
        let messages = inbox.body["messages"].as_array().unwrap().clone();
        assert_eq!(messages.len(), 1, "{}", inbox.body);
        let text = messages[0].to_string();
        let mut code = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        let code = code.find(|part| part.len() == 19 && part.matches('-').count() == 3);
        given.push(code.unwrap_or_else(|| panic!("no code in {text}")).to_owned());
    }
    given.sort();
    given.dedup();
    assert_eq!(given.len(), 3, "{given:?}");
    assert_eq!(world.audit().violations, 0);
    world.stop().await;
}
