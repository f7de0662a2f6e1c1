//! Garbage in the topics: every reader sets it aside once and goes on, and `dlq` brings back what
//! can be.

use std::path::Path;

use floodgate_domain::Fact;
use floodgate_domain::wire::decode_fact;
use floodgate_event_log::{Log, NewRecord, Origin, Record, Topic, partition_of, read_dead_letters};
use serde_json::{Value, json};

use super::tables::wait_for;
use crate::process::run;
use crate::world::World;

/// Two seats bought, behind whatever is in the topics; the order's path.
async fn buy(world: &World, event: &str) -> String {
    let papers = world.shopper(event).await;
    let body = json!({ "best": { "count": 2 } });
    let held = world.post(&format!("{event}/holds"), &papers, body).await;
    let hold_id = held.text("hold_id").unwrap_or_else(|| panic!("{}", held.body)).to_owned();
    let body = json!({ "hold_id": hold_id, "payment_method": "pm_sandbox_approve" });
    let order = world.post(&format!("{event}/orders"), &papers, body).await;
    let path = format!("{event}/orders/{}", order.text("order_id").unwrap());
    world.until_as(&path, &papers, |answer| answer.body["settled"] == json!(true)).await;
    path
}

/// Who has set aside what of a topic, in order.
fn set_aside(log: &dyn Log, topic: Topic, partition: u32) -> Option<Vec<(String, u64)>> {
    let all = read_dead_letters(log, topic, partition, (0, 1_000)).ok()?;
    let origins = all.iter().map(|one| Origin::of(one).unwrap());
    let mut all: Vec<_> = origins.map(|origin| (origin.role, origin.offset)).collect();
    all.sort();
    Some(all)
}

/// Seats sold, as the tables have it.
async fn sold_in_tables(folder: &Path, event_id: &str, count: i64) {
    let ask = "select count(*) from reservations where event_id = ?1 and status = 'sold'";
    wait_for(|| {
        let views = rusqlite::Connection::open(folder.join("views.db")).ok()?;
        let found: i64 = views.query_row(ask, [event_id], |row| row.get(0)).ok()?;
        (found == count).then_some(())
    })
    .await;
}

/// `floodgate dlq …` on a world's folder.
fn dlq(folder: &Path, words: &[&str]) -> (i32, Vec<Value>) {
    let (config, data) = (folder.join("form.toml"), folder.to_str().unwrap());
    let mut all = vec!["dlq"];
    all.extend(words);
    all.extend(["--json", "--config", config.to_str().unwrap(), "--data", data]);
    tokio::task::block_in_place(|| run(&all))
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_is_set_aside_once_by_each_role_and_the_sale_goes_on() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let event_id = event.rsplit('/').next().unwrap().to_owned();
    buy(&world, &event).await;
    let log = world.log();
    let partition = partition_of(event_id.as_bytes(), log.partitions(Topic::Commands));
    let garbage = |text: &'static str| NewRecord::new("garbage", text);
    let facts = vec![garbage("no fact"), NewRecord::tombstone("garbage")];
    let at = log.append(Topic::Ledger, partition, facts).await.unwrap().first;
    let command = vec![garbage("no command")];
    let command = log.append(Topic::Commands, partition, command).await.unwrap().first;
    buy(&world, &event).await;
    sold_in_tables(world.data(), &event_id, 4).await;

    let mut expected = Vec::new();
    for role in ["channels", "payments", "sink-sqlite", "streams"] {
        expected.extend([(role.to_owned(), at), (role.to_owned(), at + 1)]);
    }
    let all_there = || {
        let facts = set_aside(&*log, Topic::DeadFacts, partition)?;
        let commands = set_aside(&*log, Topic::DeadLetters, partition)?;
        (facts.len() >= expected.len() && !commands.is_empty()).then_some((facts, commands))
    };
    let (facts, commands) = wait_for(all_there).await;
    assert_eq!(facts, expected);
    assert_eq!(commands, [("processor".to_owned(), command)]);
    // More of it, as the last thing of all: who starts next must find the last fact behind it.
    log.append(Topic::Ledger, partition, vec![garbage("no fact either")]).await.unwrap();
    drop(log);

    // Everything starts again, meets the garbage again, and has only this to add.
    let world = World::start_in(world.stop().await, &[]).await;
    buy(&world, &event).await;
    sold_in_tables(world.data(), &event_id, 6).await;
    let log = world.log();
    let facts = wait_for(|| {
        set_aside(&*log, Topic::DeadFacts, partition).filter(|all| all.len() >= expected.len() + 4)
    })
    .await;
    let older: Vec<_> = facts.iter().filter(|one| expected.contains(one)).cloned().collect();
    assert_eq!((older, facts.len()), (expected.clone(), expected.len() + 4));
    assert_eq!(set_aside(&*log, Topic::DeadLetters, partition).unwrap(), commands);
    drop(log);
    let folder = world.stop().await;

    let (code, lines) = dlq(folder.path(), &["list"]);
    assert_eq!((code, lines.len()), (0, 13), "{lines:?}");
    let origin = format!("floodgate.ledger.v1/{partition}/{at}");
    let ours = |one: &&Value| one["origin"] == origin && one["role"] == "sink-sqlite";
    let found = lines.iter().find(ours).unwrap_or_else(|| panic!("{lines:?}"));
    let name = found["dead_letter"].as_str().unwrap();
    let (code, shown) = dlq(folder.path(), &["show", name]);
    assert_eq!((code, &shown[0]["content"]), (0, &json!("6e6f2066616374")), "{shown:?}");
    let (code, refused) = dlq(folder.path(), &["replay", name]);
    assert_eq!(code, 64);
    assert!(refused[0]["error"].as_str().unwrap().contains("cannot read it either"), "{refused:?}");
    let (code, refused) = dlq(folder.path(), &["show", "ledger/0/4711"]);
    assert_eq!(code, 64, "{refused:?}");
}

/// The record of the ledger that sold seats of an event.
fn sale(log: &dyn Log, partition: u32) -> Option<Record> {
    let records = floodgate_testkit::records(log, Topic::Ledger, partition);
    records.into_iter().find(|record| {
        decode_fact(&record.value).is_ok_and(|r| matches!(r.fact, Fact::OrderConfirmed { .. }))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sink_is_set_back_to_what_it_can_read_now() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let event_id = event.rsplit('/').next().unwrap().to_owned();
    buy(&world, &event).await;
    sold_in_tables(world.data(), &event_id, 2).await;
    let log = world.log();
    let partition = partition_of(event_id.as_bytes(), log.partitions(Topic::Ledger));
    // Dead letters as an earlier build left them, about a fact that this one can read.
    let record = wait_for(|| sale(&*log, partition)).await;
    let origin = |role: &str| Origin {
        topic: Topic::Ledger,
        partition,
        offset: record.offset,
        role: role.to_owned(),
        reason: "kind 21 is not known to this build".to_owned(),
    };
    let dead_letters =
        ["sink-sqlite", "streams", "sink-postgres"].map(|role| origin(role).dead_letter(&record));
    let first = log.append(Topic::DeadFacts, partition, dead_letters.to_vec()).await.unwrap().first;
    let name = |at: u64| format!("ledger/{partition}/{}", first + at);
    drop(log);

    let (code, refused) = dlq(world.data(), &["replay", &name(0)]);
    assert_eq!(code, 64);
    assert!(refused[0]["error"].as_str().unwrap().contains("is in use"), "{refused:?}");
    let folder = world.stop().await;
    for (at, says) in [(1, "restart it"), (2, "sinks.postgres")] {
        let (code, refused) = dlq(folder.path(), &["replay", &name(at)]);
        assert_eq!(code, 64);
        assert!(refused[0]["error"].as_str().unwrap().contains(says), "{refused:?}");
    }
    // What that build had not written.
    let views = rusqlite::Connection::open(folder.path().join("views.db")).unwrap();
    let sold = "delete from reservations where event_id = ?1 and status = 'sold'";
    assert_eq!(views.execute(sold, [&event_id]).unwrap(), 2);
    drop(views);
    let (code, lines) = dlq(folder.path(), &["replay", &name(0)]);
    assert_eq!((code, &lines[0]["reads_again_from"]), (0, &json!(record.offset)), "{lines:?}");
    let world = World::start_in(folder, &[]).await;
    sold_in_tables(world.data(), &event_id, 2).await;
    world.stop().await;
}
