//! The line and those in it: progress that outlives everything, people notified and counted.

use std::time::Duration;

use floodgate_domain::wire::decode_fact;
use floodgate_domain::{Fact, FactRecord};
use floodgate_event_log::{Log, Topic};
use floodgate_testkit::all_records;
use hyper::Method;
use serde_json::{Value, json};

use crate::world::{Papers, World};

fn facts(log: &dyn Log) -> Vec<FactRecord> {
    all_records(log, Topic::Ledger)
        .iter()
        .map(|record| decode_fact(&record.value).unwrap())
        .collect()
}

fn messages(log: &dyn Log, kind: &str) -> Vec<Value> {
    let records = all_records(log, Topic::Notifications);
    let bodies = records.iter().map(|record| serde_json::from_slice::<Value>(&record.value));
    bodies.map(Result::unwrap).filter(|body| body["kind"] == json!(kind)).collect()
}

/// Looks until there is something; half a minute at most.
async fn wait_for<T>(world: &World, look: impl Fn(&dyn Log) -> Option<T>) -> T {
    let mut pulse = tokio::time::interval(Duration::from_millis(50));
    for _ in 0..600 {
        pulse.tick().await;
        if let Some(found) = tokio::task::block_in_place(|| look(&*world.log())) {
            return found;
        }
    }
    panic!("it never came");
}

/// How far the log says that the line was called.
fn called(log: &dyn Log) -> u64 {
    let called = facts(log).into_iter().filter_map(|record| match record.fact {
        Fact::PlacesCalled { below } => Some(below.0),
        _ => None,
    });
    called.max().unwrap_or(0)
}

/// Turns a dial of the line.
async fn pace(world: &World, event: &str, per_minute: u32) {
    let dials = json!({ "pace_per_minute": per_minute });
    let turned = world.set_dials(event, &world.staff(), "", dials).await;
    assert_eq!(turned.status, 200, "{}", turned.body);
    let is_turned = |answer: &floodgate_http_client::Response| {
        answer.body["pace_per_minute"] == json!(per_minute)
    };
    world.until(&format!("{event}/queue"), is_turned).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_line_never_goes_back() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let mut people = Vec::new();
    for _ in 0..20 {
        people.push(world.join(&event).await);
    }
    let everybody = |log: &dyn Log| Some(called(log)).filter(|&called| called >= 20);
    let before = wait_for(&world, everybody).await;
    // Nobody has entered: the line is all that says who was called.
    let folder = world.stop().await;
    let world = World::start_in(folder, &[]).await;
    let queue = world.get(&format!("{event}/queue"), &Papers::default()).await;
    assert!(queue.body["frontier"].as_u64().unwrap() >= before, "{} {before}", queue.body);
    let entered = world.post(&format!("{event}/enter"), &people[19], json!({})).await;
    assert_eq!(entered.status, 200, "{}", entered.body);
    let report = world.audit();
    assert!(report.is_clean(), "{report}");
    assert!(report.invariants.contains_key("line-moves-on"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_hears_once_that_it_is_their_turn() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    pace(&world, &event, 0).await;
    let (asks, silent) = (world.join(&event).await, world.join(&event).await);
    let notify = format!("{event}/queue/notify");
    for _ in 0..3 {
        let asked = world.post(&notify, &asks, json!({})).await;
        assert_eq!((asked.status, asked.text("status")), (200, Some("done")), "{}", asked.body);
    }
    let no_ticket = Papers { ticket: String::new(), ..asks.clone() };
    let others = Papers { ticket: silent.ticket.clone(), ..asks.clone() };
    for (papers, code) in [
        (Papers::default(), "device_required"),
        (no_ticket, "invalid_token"),
        (others, "invalid_token"),
    ] {
        let refused = world.post(&notify, &papers, json!({})).await;
        assert_eq!((refused.status, refused.code().as_str()), (401, code), "{}", refused.body);
    }
    assert_eq!(messages(&*world.log(), "your_turn"), Vec::<Value>::new());

    pace(&world, &event, 60_000).await;
    let first = |log: &dyn Log| messages(log, "your_turn").into_iter().next();
    let message = wait_for(&world, first).await;
    assert_eq!(message["event_id"], json!(event.rsplit('/').next().unwrap()));
    assert!(message["user_id"].as_str().unwrap().starts_with("byr_"), "{message}");
    assert!(message.get("order_id").is_none() && message.get("until").is_none(), "{message}");
    let entered = world.post(&format!("{event}/enter"), &asks, json!({})).await;
    assert_eq!(entered.status, 200, "{}", entered.body);
    let late = world.post(&notify, &asks, json!({})).await;
    assert_eq!((late.status, late.code().as_str()), (409, "place_spent"), "{}", late.body);

    // Another run notifies nobody again; something published later shows that it has gone by.
    let folder = world.stop().await;
    let world = World::start_in(folder, &[]).await;
    let path = format!("{event}/sale/pause");
    let paused = world.post(&path, &world.staff(), json!({})).await;
    assert_eq!(paused.status, 200, "{}", paused.body);
    wait_for(&world, |log| messages(log, "event_paused").into_iter().next()).await;
    assert_eq!(messages(&*world.log(), "your_turn"), [message]);
    assert!(world.audit().is_clean());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_counted_when_they_agree_and_nowhere_named() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let papers = world.shopper(&event).await;
    let path = format!("{event}/me/cohort");
    let put = async |papers: &Papers, body: Value| {
        let key = format!("{:032x}", rand::random::<u128>());
        world.send(Method::PUT, &path, papers, Some(&key), Some(body)).await
    };
    for (body, field) in [
        (json!({}), "consent"),
        (json!({ "consent": false, "age": "25-34" }), "consent"),
        (json!({ "consent": true, "age": "17" }), "age"),
        (json!({ "consent": true, "region": "Zurich" }), "region"),
        (json!({ "consent": true, "name": "x" }), "unknown field"),
    ] {
        let refused = put(&papers, body.clone()).await;
        assert_eq!((refused.status, refused.code().as_str()), (400, "malformed_body"), "{body}");
        let errors = refused.body["errors"].to_string();
        assert!(errors.contains(field), "{body}: {}", refused.body);
    }
    let outside = world.join(&event).await;
    let refused = put(&outside, json!({ "consent": true })).await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "no_pass"), "{}", refused.body);

    let shared = put(&papers, json!({ "consent": true, "age": "25-34", "region": "CH" })).await;
    assert_eq!(shared.status, 200, "{}", shared.body);
    let changed = put(&papers, json!({ "consent": true, "region": "CH" })).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let withdrawn = world.send(Method::DELETE, &path, &papers, Some("once"), None).await;
    assert_eq!(withdrawn.status, 200, "{}", withdrawn.body);

    let names = |log: &dyn Log| -> Vec<&'static str> {
        let facts = facts(log).into_iter().map(|record| record.fact.name());
        facts.filter(|name| name.starts_with("Cohort")).collect()
    };
    let expected = ["CohortJoined", "CohortLeft", "CohortJoined", "CohortLeft"];
    wait_for(&world, |log| (names(log) == expected).then_some(())).await;
    // A pause is published behind all that: so any message about cohorts would be there by now.
    let paused = world.post(&format!("{event}/sale/pause"), &world.staff(), json!({})).await;
    assert_eq!(paused.status, 200, "{}", paused.body);
    wait_for(&world, |log| messages(log, "event_paused").into_iter().next()).await;
    for topic in [Topic::Facts, Topic::Notifications, Topic::Audience] {
        for record in all_records(&*world.log(), topic) {
            let text = String::from_utf8_lossy(&record.value).into_owned();
            assert!(!text.contains("25-34") && !text.contains("cohort"), "{topic:?}: {text}");
        }
    }
    let report = world.audit();
    assert!(report.is_clean(), "{report}");
    assert!(report.invariants["cohorts-add-up"].checked >= 4, "{report}");
    world.stop().await;
}
