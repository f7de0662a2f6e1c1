//! The door of the waiting room: work, or a wait, and no second place for the same of it.

use std::sync::Arc;

use hyper::Method;
use serde_json::{Value, json};

use floodgate_http_client::{Call, Response};
use floodgate_load::{LoadOptions, LoadProgress, Visit, run};

use crate::form;
use crate::world::{Papers, World};

fn code(answer: &Response) -> (u16, String) {
    (answer.status, answer.code())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_door_opens_to_work_once() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let queue = format!("{event}/queue");
    let nobody = Papers::default();
    let view = world.get(&queue, &nobody).await;
    assert_eq!(view.body["puzzle_level"], json!(1), "{}", view.body);

    let refused = world.post(&queue, &nobody, json!({})).await;
    assert_eq!(code(&refused), (428, "puzzle_required".to_owned()), "{}", refused.body);
    assert_eq!(refused.text("retry"), Some("new_key"));
    assert!(refused.text("detail").unwrap().contains("queue/challenge"), "{}", refused.body);

    let opener = world.solved(&event, &nobody).await;
    let other_event = world.event(json!({})).await;
    let mut changed = opener.clone();
    changed["solution"] = json!(opener["solution"].as_str().unwrap().replace('A', "B"));
    let stranger = world.join(&event).await;
    let table: Vec<(&Papers, &str, Value)> = vec![
        (&nobody, &event, json!({ "challenge": "x", "solution": "y" })),
        (&nobody, &event, json!({ "challenge": opener["challenge"] })),
        (&nobody, &event, changed),
        (&nobody, &other_event, opener.clone()),
    ];
    for (papers, event, body) in table {
        let answer = world.post(&format!("{event}/queue"), papers, body.clone()).await;
        assert_eq!(code(&answer), (422, "puzzle_wrong".to_owned()), "{body}: {}", answer.body);
        assert!(!answer.body["errors"].as_array().unwrap().is_empty());
    }
    // Somebody else's device: their ticket is good already, so without it.
    let robber = Papers { ticket: String::new(), ..stranger.clone() };
    let robbed = world.post(&queue, &robber, opener.clone()).await;
    assert_eq!(robbed.code(), "puzzle_wrong", "{}", robbed.body);

    // The answer that was lost on the way: the same again gives the same place, under any key.
    let joined = world.post(&queue, &nobody, opener.clone()).await;
    assert_eq!(joined.status, 201, "{}", joined.body);
    let again = world.post(&queue, &nobody, opener.clone()).await;
    assert_eq!(again.body["place"], joined.body["place"], "{}", again.body);

    let nothing_asked = world.get(&format!("{event}/queue/challenge"), &stranger).await;
    assert_eq!(nothing_asked.body["required"], json!(false), "they have a place");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_place_takes_new_work() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let queue = format!("{event}/queue");
    let opener = world.solved(&event, &Papers::default()).await;
    let joined = world.post(&queue, &Papers::default(), opener.clone()).await;
    let mut papers = Papers::default();
    let take = |papers: &mut Papers, answer: &Response| {
        papers.device = answer.text("device").unwrap().to_owned();
        papers.ticket = answer.text("queue_ticket").unwrap().to_owned();
    };
    take(&mut papers, &joined);
    world.enter(&event, &mut papers).await;
    let left = world.post(&format!("{event}/leave"), &papers, json!({})).await;
    let offset = left.body["as_of"]["offset"].as_u64().unwrap();
    world.get(&format!("{event}/me?at_least={offset}"), &papers).await;

    let spent = world.post(&queue, &papers, opener.clone()).await;
    assert_eq!(code(&spent), (422, "puzzle_spent".to_owned()), "{}", spent.body);
    let next = world.rejoin(&event, &papers).await;
    assert_eq!(next.status, 201, "{}", next.body);
    assert!(next.body["place"].as_u64() > joined.body["place"].as_u64());
    take(&mut papers, &next);
    world.enter(&event, &mut papers).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_compute_waits() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let queue = format!("{event}/queue");
    let asked = world.get(&format!("{queue}/challenge?wait=true"), &Papers::default()).await;
    let asks = &asked.body["asks"];
    assert_eq!((&asks["kind"], &asks["wait_ms"]), (&json!("wait"), &json!(5_000)));
    let papers =
        Papers { device: asks["device"].as_str().unwrap().to_owned(), ..Papers::default() };
    let body = json!({ "challenge": asks["challenge"] });
    let early = world.post(&queue, &papers, body.clone()).await;
    assert_eq!(code(&early), (409, "puzzle_not_ready".to_owned()), "{}", early.body);
    assert!(early.retry_after.is_some_and(|wait| wait.as_millis() <= 5_000));
    // Asking again and again neither helps nor harms.
    let mut pulse = tokio::time::interval(std::time::Duration::from_millis(200));
    let joined = loop {
        pulse.tick().await;
        let answer = world.post(&queue, &papers, body.clone()).await;
        if answer.code() != "puzzle_not_ready" {
            break answer;
        }
    };
    assert_eq!(joined.status, 201, "{}", joined.body);
    let odd = world.get(&format!("{queue}/challenge?wait=perhaps"), &papers).await;
    assert_eq!(code(&odd), (400, "invalid_query".to_owned()));
    world.stop().await;
}

/// Places for no work cost a network its time, one after the other.
#[tokio::test(flavor = "multi_thread")]
async fn a_network_waits_one_after_the_other() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let wait = async |address: &str| {
        let headers = vec![("x-forwarded-for", address)];
        let path = format!("{event}/queue/challenge?wait=true");
        let answer = world.http.call(Method::GET, &path, Call { headers, ..Call::default() }).await;
        answer.unwrap()
    };
    let wait_ms = |answer: &Response| answer.body["asks"]["wait_ms"].as_u64().unwrap();
    let started = std::time::Instant::now();
    let mut waits = Vec::new();
    for number in 1..=40 {
        waits.push(wait_ms(&wait(&format!("203.0.113.{number}")).await));
    }
    let took = u64::try_from(started.elapsed().as_millis()).unwrap();
    assert_eq!(waits[0], 5_000);
    assert!(waits[39] + took >= 39 * 5_000, "{waits:?}");
    assert_eq!(wait_ms(&wait("198.51.100.1").await), 5_000, "somebody else's is as before");
    let mut last = wait("203.0.113.1").await;
    for number in 0..200 {
        if last.status != 200 {
            break;
        }
        last = wait(&format!("203.0.113.{number}")).await;
    }
    assert_eq!(code(&last), (429, "rate_limited".to_owned()), "{}", last.body);
    assert!(last.retry_after.is_some());
    world.stop().await;
}

/// What a proxy that is trusted says about the network counts.
#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_stays_in_its_network() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let opener = world.solved_from(&event, "203.0.113.7").await;
    let join = async |address: &str| {
        let key = format!("{:032x}", rand::random::<u128>());
        let call = Call {
            headers: vec![("x-forwarded-for", address)],
            key: Some(&key),
            body: Some(opener.clone()),
            ..Call::default()
        };
        world.http.call(Method::POST, &format!("{event}/queue"), call).await.unwrap()
    };
    assert_eq!(join("198.51.100.7").await.code(), "puzzle_wrong");
    assert_eq!(join("203.0.113.99").await.status, 201, "a neighbour's address is the same network");
    world.stop().await;
}

/// A farm of devices behind one network: its puzzles get harder, those of others do not.
#[tokio::test(flavor = "multi_thread")]
async fn a_crowded_neighbourhood_works_more() {
    let flags = [("admission.puzzle_neighbours", "2")];
    let world = World::start_in(tempfile::tempdir().unwrap(), &flags).await;
    let event = world.event(json!({})).await;
    let level = async |address: &str| {
        let headers = vec![("x-forwarded-for", address)];
        let path = format!("{event}/queue/challenge");
        let answer = world.http.call(Method::GET, &path, Call { headers, ..Call::default() }).await;
        answer.unwrap().body["level"].as_u64().unwrap()
    };
    let mut levels = Vec::new();
    for number in 1..=9 {
        levels.push(level(&format!("203.0.113.{number}")).await);
    }
    // A minute that ends in between begins the count again; they never get easier otherwise.
    assert!(levels.contains(&2), "{levels:?}");
    assert_eq!(level("198.51.100.1").await, 1, "somebody else's is as before");
    let opener = world.solved_from(&event, "203.0.113.9").await;
    assert!(opener["solution"].is_string(), "and they can be solved");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_door_asks_for_nothing() {
    let flags = [("admission.puzzle_level", "0")];
    let world = World::start_in(tempfile::tempdir().unwrap(), &flags).await;
    let event = world.event(json!({})).await;
    let asked = world.get(&format!("{event}/queue/challenge"), &Papers::default()).await;
    assert_eq!(asked.body, json!({ "required": false, "level": 0 }));
    let joined = world.post(&format!("{event}/queue"), &Papers::default(), json!({})).await;
    assert_eq!(joined.status, 201, "{}", joined.body);
    world.stop().await;
}

/// Redis loses everything between two showings of the same proof: one place.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_store_gives_nobody_a_second_place() {
    if !form::is_distributed() {
        return;
    }
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let queue = format!("{event}/queue");
    let opener = world.solved(&event, &Papers::default()).await;
    let joined = world.post(&queue, &Papers::default(), opener.clone()).await;
    let url = form::server("FLOODGATE_TEST_REDIS");
    let flushed = std::process::Command::new("redis-cli").args(["-u", &url, "flushall"]).output();
    assert!(flushed.unwrap().status.success());
    let again = world.post(&queue, &Papers::default(), opener).await;
    assert_eq!(again.body["place"], joined.body["place"], "{}", again.body);
    let papers = Papers {
        device: joined.text("device").unwrap().to_owned(),
        ticket: joined.text("queue_ticket").unwrap().to_owned(),
        ..Papers::default()
    };
    let kept = world.post(&queue, &papers, json!({})).await;
    assert_eq!(kept.body["place"], joined.body["place"], "the ticket is the place");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_of_holds_comes_in_through_a_closed_door() {
    let world = World::start().await;
    let event = world.event(json!({ "pass_required": false })).await;
    let view = world.get(&format!("{event}/queue"), &Papers::default()).await;
    assert_eq!(view.body["puzzle_level"], json!(1), "{}", view.body);
    let event_id = event.rsplit('/').next().unwrap();
    let options =
        LoadOptions { visit: Visit::Holds, ..LoadOptions::new(&world.base, event_id, 12, 1) };
    let report = run(&options, Arc::new(LoadProgress::default())).await.unwrap();
    assert_eq!((report.holds, report.gave_up), (12, 0), "{report}");
    let held: u64 = report.timeline.iter().map(|second| second.holds).sum();
    assert_eq!(held, 12, "{:?}", report.timeline);
    world.stop().await;
}
