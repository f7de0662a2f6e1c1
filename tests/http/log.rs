//! What operators see of the log: how far readers are behind, and what could not be read.

use floodgate_event_log::{NewRecord, Topic};
use serde_json::json;

use crate::world::{Papers, World};

#[tokio::test(flavor = "multi_thread")]
async fn operators_see_who_reads_how_far_and_what_was_set_aside() {
    let world = World::start().await;
    world.event(json!({})).await;
    let operator = Papers { bearer: world.operator.clone(), ..Papers::default() };
    let reader = |body: &serde_json::Value, name: &str| {
        let all = body["readers"].as_array().unwrap();
        all.iter().find(|one| one["reader"] == name).cloned()
    };
    // All of them come to the end.
    let read = world
        .until_as("/v1/log", &operator, |answer| {
            let all = answer.body["readers"].as_array();
            all.is_some_and(|all| all.len() > 3 && all.iter().all(|one| one["behind"] == 0))
        })
        .await;
    let processor = reader(&read.body, "processor").unwrap();
    assert_eq!(processor["topic"], "floodgate.commands.v1");
    assert_eq!(processor["partitions"], world.log().partitions(Topic::Commands));
    assert!(reader(&read.body, "views").is_some(), "{}", read.body);
    let aside = |body: &serde_json::Value| body["dead_letters"][0]["records"].clone();
    assert_eq!(aside(&read.body), 0);

    // Nobody can read this: the processor sets it aside, and the page says so.
    let log = world.log();
    let nonsense = NewRecord::new("evt", b"no command".to_vec());
    tokio::task::spawn_blocking(move || log.append(Topic::Commands, 0, vec![nonsense]).wait())
        .await
        .unwrap()
        .unwrap();
    world.until_as("/v1/log", &operator, |answer| aside(&answer.body) == 1).await;
    world.stop().await;
}
