//! What is promised to programs of others, seen on a whole sale.

use std::collections::BTreeMap;

use floodgate_event_log::Topic;
use http::Method;
use serde_json::json;

use crate::http::money::buy;
use crate::world::{Papers, World, new_event};

const PUBLIC: [Topic; 3] = [Topic::Facts, Topic::Counts, Topic::Notifications];

/// Each record of the public topics: the value by source and id.
fn records(world: &World) -> BTreeMap<(String, String), String> {
    let log = world.log();
    let mut found = BTreeMap::new();
    for topic in PUBLIC {
        for partition in 0..log.partitions(topic) {
            for record in floodgate_testkit::records(&*log, topic, partition) {
                let header = |wanted: &str| {
                    let header = record.headers.iter().find(|(name, _)| name == wanted);
                    String::from_utf8(header.unwrap().1.to_vec()).unwrap()
                };
                let name = (header("ce_source"), header("ce_id"));
                let value = format!("{:?}", record.value);
                let before = found.insert(name.clone(), value.clone());
                assert!(before.is_none_or(|before| before == value), "{name:?} names two records");
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn no_two_records_have_one_name_here_or_elsewhere() {
    let mut names: Vec<Vec<(String, String)>> = Vec::new();
    for _ in 0..2 {
        let world = World::start().await;
        let event = world.event(json!({})).await;
        let (papers, order) = buy(&world, &event, "4000000000000077").await;
        let confirmed =
            |answer: &floodgate_http_client::Response| answer.text("status") == Some("confirmed");
        world.until_as(&order, &papers, confirmed).await;
        let staff = world.staff();
        world.post(&format!("{event}/cancel"), &staff, json!({ "reason": "rain" })).await;
        let mut pulse = tokio::time::interval(std::time::Duration::from_millis(50));
        let seen = loop {
            pulse.tick().await;
            let seen = records(&world);
            let is_there = |what: &str| seen.keys().any(|(source, _)| source.contains(what));
            if is_there("/facts/") && is_there("/live/") && is_there("/notifications/") {
                break seen;
            }
        };
        names.push(seen.into_keys().collect());
        world.stop().await;
    }
    let (first, second) = (&names[0], &names[1]);
    assert!(!first.iter().any(|name| second.contains(name)), "{first:?}\n{second:?}");
}

/// All facts of the ledger as other teams would read them, by partition.
fn ledger(world: &World) -> Vec<Vec<serde_json::Value>> {
    let log = world.log();
    let event = floodgate_streams::cloudevents::event;
    let partitions = 0..log.partitions(Topic::Ledger);
    let facts = partitions.map(|partition| {
        let records = floodgate_testkit::records(&*log, Topic::Ledger, partition);
        records.iter().map(|record| event(Topic::Ledger, partition, record)).collect()
    });
    facts.collect()
}

/// What history says and what the topics say: the same kinds, the same people.
#[tokio::test(flavor = "multi_thread")]
async fn history_and_topics_say_the_same_of_a_change() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let staff = world.staff();
    let put = async |what: &str, papers: &Papers, body: serde_json::Value| {
        let path = format!("{event}/{what}");
        let key = format!("{what}-once");
        let answer = world.send(Method::PUT, &path, papers, Some(&key), Some(body)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body["as_of"]["offset"].as_u64().unwrap()
    };
    let prices = json!({ "currency": "EUR", "prices": new_event(&json!({}))["prices"] });
    put("prices", &staff, prices).await;
    let offset = put("policy", &world.operator(), json!({ "hold": "4m" })).await;
    let path = format!("{event}/changes?at_least={offset}");
    let history = world.get(&path, &staff).await;
    let changes = history.body["changes"].as_array().unwrap();
    let kinds: Vec<_> = changes.iter().map(|change| change["change"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["policy_set", "prices_set", "dials_set"]);
    assert_ne!(changes[0]["by"], changes[1]["by"], "an operator, then a manager");

    let facts = ledger(&world).concat();
    for change in changes {
        let is_same = |fact: &&serde_json::Value| {
            fact["data"]["position"]["offset"] == change["offset"]
                && fact["data"]["fact"] == change["change"]
        };
        let fact = facts.iter().find(is_same).unwrap_or_else(|| panic!("no fact for {change}"));
        assert_eq!(fact["data"]["staff_id"], change["by"], "{fact}");
        assert!(change["by"].is_string(), "{change}");
    }
    assert!(world.audit().is_clean());
    world.stop().await;
}
