//! What people plan an event by: set, changed, shown, and a sale that opens at its time.

use std::sync::atomic::{AtomicU32, Ordering};

use floodgate_http_client::Response;
use http::Method;
use serde_json::{Value, json};

use crate::http::abuse::raw;
use crate::world::{Papers, World, new_event};

async fn change(world: &World, event: &str, papers: &Papers, body: Value) -> Response {
    static CHANGES: AtomicU32 = AtomicU32::new(0);
    let key = format!("change-{}", CHANGES.fetch_add(1, Ordering::Relaxed));
    world.send(Method::PATCH, event, papers, Some(&key), Some(body)).await
}

/// The field that an answer names, and its fix.
fn fault(answer: &Response) -> (u16, String, String) {
    let text = |name: &str| answer.body["errors"][0][name].as_str().unwrap_or_default().to_owned();
    (answer.status, text("path"), text("message"))
}

fn all() -> Value {
    json!({
        "name": "An evening", "description": "First line\nsecond line", "artist": "The Examples",
        "venue_name": "Town Hall", "venue_address": "1 Market Square\n12345 Town",
        "time_zone": "Europe/Berlin", "doors_at": "2037-06-01T19:00:00+02:00",
        "starts_at": "2037-06-01T20:00:00+02:00", "ends_at": "2037-06-01T22:30:00+02:00",
        "opens_at": "2037-03-01T10:00:00+01:00", "closes_at": "2037-06-01T19:30:00+02:00",
        "age_min": 6,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_says_what_people_plan_by_wherever_it_is_read() {
    let world = World::start().await;
    let mut body = new_event(&json!({}));
    body.as_object_mut().unwrap().extend(all().as_object().unwrap().clone());
    let created = world.post("/v1/events", &world.staff(), body).await;
    assert_eq!(created.status, 201, "{}", created.body);
    let event = format!("/v1/events/{}", created.text("event_id").unwrap());

    let shown = world.get(&event, &Papers::default()).await.body;
    let utc = [
        ("doors_at", "2037-06-01T17:00:00.000Z"),
        ("starts_at", "2037-06-01T18:00:00.000Z"),
        ("ends_at", "2037-06-01T20:30:00.000Z"),
        ("opens_at", "2037-03-01T09:00:00.000Z"),
        ("closes_at", "2037-06-01T17:30:00.000Z"),
    ];
    for (field, instant) in utc {
        assert_eq!(shown[field], instant, "{field}");
    }
    for field in ["name", "description", "artist", "venue_name", "venue_address", "time_zone"] {
        assert_eq!(shown[field], all()[field], "{field}");
    }
    assert_eq!((&shown["age_min"], &shown["revision"]), (&json!(6), &json!(0)));
    let request =
        format!("GET {event}/calendar.ics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    let answer = raw(&world, &[request.as_bytes()]).await;
    assert!(answer.to_lowercase().contains("content-type: text/calendar"), "{answer}");
    let calendar = answer.replace("\r\n ", "");
    for line in [
        "SUMMARY:The Examples: An evening",
        "DTSTART:20370601T180000Z",
        "DTEND:20370601T203000Z",
        "LOCATION:Town Hall\\n1 Market Square\\n12345 Town",
        "SEQUENCE:0",
        "DESCRIPTION:Doors: 2037-06-01 19:00 CEST\\nOn sale: 2037-03-01 10:00 CET\\n\
         From the age of 6.\\nFirst line\\nsecond line",
    ] {
        assert!(calendar.lines().any(|one| one == line), "no {line} in {calendar}");
    }

    // One field is changed, one taken away; the others stay.
    let moved = json!({ "starts_at": "2037-06-01T20:30:00+02:00", "age_min": null });
    let done = change(&world, &event, &world.staff(), moved).await;
    assert_eq!(done.status, 200, "{}", done.body);
    let shown = world.get(&event, &Papers::default()).await.body;
    assert_eq!(shown["starts_at"], "2037-06-01T18:30:00.000Z");
    assert_eq!((&shown["age_min"], &shown["revision"]), (&Value::Null, &json!(1)));
    assert_eq!(shown["artist"], "The Examples");
    let changes = world.get(&format!("{event}/changes"), &world.staff()).await.body;
    assert_eq!(changes["changes"][0]["change"], "details_set", "{changes}");
    assert!(changes["changes"][0]["by"].is_string(), "{changes}");
    assert!(world.audit().is_clean());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused_with_its_field() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let staff = world.staff();
    world.until(&event, |answer| answer.text("phase") == Some("open")).await;
    let rows = [
        (json!({ "name": " " }), "name", "empty"),
        (json!({ "time_zone": "Mars/Olympus" }), "time_zone", "Europe/Berlin"),
        (json!({ "starts_at": "2037-06-01T20:00:00" }), "starts_at", "zone"),
        (
            json!({ "starts_at": "2037-06-01T20:00:00Z", "doors_at": "2037-06-01T20:00:00Z" }),
            "doors_at",
            "before starts_at",
        ),
        (json!({ "closes_at": "2001-01-01T00:00:00Z" }), "closes_at", "must lie ahead"),
        (json!({ "opens_at": "2037-01-01T00:00:00Z" }), "opens_at", "has been opened"),
        (json!({ "age_min": 120 }), "age_min", "at most 99"),
        (json!({ "stars_at": "2037-06-01T20:00:00Z" }), "line 1", "stars_at"),
    ];
    for (body, field, fix) in rows {
        let (status, path, message) = fault(&change(&world, &event, &staff, body.clone()).await);
        assert_eq!(status, 400, "{body}");
        assert!(path.starts_with(field) && message.contains(fix), "{body}: {path} {message}");
    }
    let fan = change(&world, &event, &Papers::default(), json!({ "name": "Mine" })).await;
    assert_eq!(fan.status, 401, "{}", fan.body);
    let operator = change(&world, &event, &world.operator(), json!({ "name": "Mine" })).await;
    assert_eq!(operator.status, 403, "{}", operator.body);

    // Of two people who have read the same, the second reads again.
    for (name, status) in [("First", 200), ("Second", 409)] {
        let answer = change(&world, &event, &staff, json!({ "name": name, "revision": 0 })).await;
        assert_eq!(answer.status, status, "{name}: {}", answer.body);
    }
    assert_eq!(world.get(&event, &Papers::default()).await.body["name"], "First");
    let calendar = world.get(&format!("{event}/calendar.ics"), &Papers::default()).await;
    assert_eq!(calendar.status, 404, "nobody has said when it starts: {}", calendar.body);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_opens_by_itself_at_its_time() {
    let world = World::start().await;
    let now = std::time::SystemTime::now();
    let opens_at = now + std::time::Duration::from_secs(4);
    let mut body = new_event(&json!({}));
    body["opens_at"] = json!(humantime::format_rfc3339_millis(opens_at).to_string());
    let created = world.post("/v1/events", &world.staff(), body).await;
    assert_eq!(created.status, 201, "{}", created.body);
    let event = format!("/v1/events/{}", created.text("event_id").unwrap());
    assert_eq!(world.get(&event, &Papers::default()).await.body["phase"], "announced");
    world.until(&event, |answer| answer.text("phase") == Some("open")).await;
    // Nobody asked for it, and the log says when it was.
    let changes = world.get(&format!("{event}/changes"), &world.staff()).await.body;
    let opened = &changes["changes"][0];
    assert_eq!(opened["change"], "sale_opened", "{changes}");
    let at = humantime::parse_rfc3339(opened["at"].as_str().unwrap()).unwrap();
    assert!(at >= opens_at, "before its time");
    assert!(world.audit().is_clean());
    world.stop().await;
}

/// Prices are read in the form in which they are set, with the steps that buyers do not see.
#[tokio::test(flavor = "multi_thread")]
async fn prices_are_read_as_they_are_set() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let path = format!("{event}/prices");
    let mut prices = world.get(&path, &world.staff()).await.body;
    let all = prices["prices"].as_object_mut().unwrap();
    let name = all.keys().next().unwrap().clone();
    all[&name] = json!([
        { "amount": 3900, "fee": 300, "until_taken": 10, "until": "2037-01-01T00:00:00.000Z" },
        { "amount": 4900, "fee": 0 },
    ]);
    let staff = world.staff();
    let set = world.send(Method::PUT, &path, &staff, Some("set"), Some(prices.clone())).await;
    assert_eq!(set.status, 200, "{}", set.body);
    world.until_as(&path, &staff, |read| read.body == prices).await;
    let again = world.send(Method::PUT, &path, &staff, Some("again"), Some(prices)).await;
    assert_eq!(again.status, 200, "{}", again.body);
    assert_eq!(world.get(&path, &Papers::default()).await.status, 401);
    world.stop().await;
}
