//! The SQL tables and the live counts agree with the engine.

use floodgate_event_log::Topic;
use floodgate_testkit::{all_records, records};
use serde_json::{Value, json};

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn tables_and_counts_say_what_the_engine_says() {
    let world = World::start().await;
    let event = world.event(json!({ "holds_per_buyer_max": 4 })).await;
    let event_id = event.rsplit('/').next().unwrap().to_owned();
    let papers = world.shopper(&event).await;
    let mut as_of = 0;
    for _ in 0..2 {
        let body = json!({ "best": { "count": 3 } });
        let held = world.post(&format!("{event}/holds"), &papers, body).await;
        assert_eq!(held.status, 201, "{}", held.body);
        as_of = held.body["as_of"]["offset"].as_u64().unwrap();
    }
    let status = world.get(&format!("{event}/status?at_least={as_of}"), &papers).await;
    assert_eq!(status.body["held"], json!(6), "{}", status.body);
    let free = status.body["free"].as_i64().unwrap();

    let views = world.data().join("views.db");
    let ask = "select count(*) from free_seats where event_id = ?1";
    let counted = wait_for(|| {
        let views = rusqlite::Connection::open(&views).ok()?;
        let count: i64 = views.query_row(ask, [&event_id], |row| row.get(0)).ok()?;
        (count == free).then_some(count)
    })
    .await;
    assert_eq!(counted, free);
    let version: i64 = rusqlite::Connection::open(&views)
        .unwrap()
        .query_row(
            "select count(*) from reservations where event_id = ?1 and lock_expiry is not null
             and reservation_version > 0 and user_id is not null and session_id is not null",
            [&event_id],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(version, 6, "six seats are locked by somebody, until some time");

    let log = world.log();
    let counts = wait_for(|| {
        let mut last = None;
        for partition in 0..log.partitions(Topic::Counts) {
            let records = records(&*log, Topic::Counts, partition);
            for record in records.iter().filter(|record| record.key == event_id.as_bytes()) {
                last = serde_json::from_slice::<Value>(&record.value).ok();
            }
        }
        last.filter(|counts| counts["held"] == json!(6))
    })
    .await;
    assert_eq!(counts["free"].as_i64(), Some(free));
    // Others may have had something to say since, such as the line that moves on.
    assert!(counts["as_of"]["offset"].as_u64() >= Some(as_of), "{counts}");
    world.stop().await;
}

/// Every record of the counts: key, and whether it says that the key is to be forgotten.
fn counts(log: &dyn floodgate_event_log::Log) -> Vec<(String, bool)> {
    let entry = |record: &floodgate_event_log::Record| {
        (String::from_utf8_lossy(&record.key).into_owned(), record.value.is_absent())
    };
    all_records(log, Topic::Counts).iter().map(entry).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_of_an_event_that_is_over_are_forgotten() {
    let flags = [("streams.forget_after", "1ms")];
    let world = World::start_in(tempfile::tempdir().unwrap(), &flags).await;
    let event = world.event(json!({})).await;
    let event_id = event.rsplit('/').next().unwrap().to_owned();
    let log = world.log();
    let own = |(key, _): &(String, bool)| key.starts_with(&event_id);
    wait_for(|| Some(counts(&*log)).filter(|all| all.iter().any(own))).await;
    let closed = world.post(&format!("{event}/sale/close"), &world.staff(), json!({})).await;
    assert_eq!(closed.status, 200, "{}", closed.body);
    // The log's time goes on with what happens to others of its partition.
    let partition_of =
        |id: &str| floodgate_event_log::partition_of(id.as_bytes(), log.partitions(Topic::Counts));
    while partition_of(world.event(json!({})).await.rsplit('/').next().unwrap())
        != partition_of(&event_id)
    {}
    let published =
        wait_for(|| Some(counts(&*log)).filter(|all| all.iter().any(|one| own(one) && one.1)))
            .await;
    let published: Vec<_> = published.into_iter().filter(own).collect();
    let (gone, kept): (Vec<_>, Vec<_>) =
        published.iter().partition(|(_, is_tombstone)| *is_tombstone);
    for (key, _) in &kept {
        assert!(gone.iter().any(|(other, _)| other == key), "{key} stays: {gone:?}");
    }
    assert!(kept.len() > 3 && published.last().unwrap().1, "{published:?}");
    drop(log);

    // A restart publishes nothing again.
    let world = World::start_in(world.stop().await, &flags).await;
    let after = world.event(json!({})).await;
    let after = after.rsplit('/').next().unwrap().to_owned();
    let log = world.log();
    let all =
        wait_for(|| Some(counts(&*log)).filter(|all| all.iter().any(|one| one.0 == after))).await;
    assert_eq!(all.iter().filter(|one| own(one) && one.1).count(), gone.len());
    drop(log);
    world.stop().await;
}

/// Looks until there is something; half a minute at most.
pub(super) async fn wait_for<T>(look: impl Fn() -> Option<T>) -> T {
    let mut pulse = tokio::time::interval(std::time::Duration::from_millis(20));
    for _ in 0..1_500 {
        pulse.tick().await;
        if let Some(found) = look() {
            return found;
        }
    }
    panic!("it never came");
}

/// The topics that other teams' tools take without code have the rows of the SQL tables.
#[tokio::test(flavor = "multi_thread")]
async fn tables_as_topics_have_the_rows_of_the_sql_tables() {
    let flags = [("streams.tables", "true")];
    let world = World::start_in(tempfile::tempdir().unwrap(), &flags).await;
    let event = world.event(json!({ "holds_per_buyer_max": 4 })).await;
    let event_id = event.rsplit('/').next().unwrap().to_owned();
    let papers = world.shopper(&event).await;
    let hold = json!({ "best": { "count": 3 } });
    let held = world.post(&format!("{event}/holds"), &papers, hold).await;
    assert_eq!(held.status, 201, "{}", held.body);
    // Both are held before one is bought: whoever has bought is in the shop no more.
    let hold = json!({ "best": { "count": 2 } });
    let other = world.post(&format!("{event}/holds"), &papers, hold).await;
    assert_eq!(other.status, 201, "{}", other.body);
    let order = json!({ "hold_id": held.body["hold_id"], "payment_method": "pm_sandbox_approve" });
    let bought = world.post(&format!("{event}/orders"), &papers, order).await;
    assert!(bought.status < 300, "{}", bought.body);

    let log = world.log();
    let rows = |topic: Topic| {
        let records = all_records(&*log, topic).into_iter();
        let rows = records.map(|record| {
            let key = String::from_utf8(record.key.to_vec()).unwrap();
            (key, serde_json::from_slice::<Value>(&record.value).unwrap())
        });
        rows.collect::<std::collections::BTreeMap<_, _>>()
    };
    let of_sql = || {
        let views = rusqlite::Connection::open(world.data().join("views.db")).ok()?;
        let ask = "select seat_id, status, user_id, lock_expiry, session_id, reservation_version
                   from reservations where event_id = ?1";
        let mut ask = views.prepare(ask).ok()?;
        let rows = ask.query_map([&event_id], |row| {
            let key = format!("{event_id}/{}", row.get::<_, i64>(0)?);
            let user: Option<String> = row.get(2)?;
            let until: Option<i64> = row.get(3)?;
            let (status, session): (String, String) = (row.get(1)?, row.get(4)?);
            let version: i64 = row.get(5)?;
            Ok((key, json!([status, user, until, session, version])))
        });
        rows.ok()?.collect::<Result<std::collections::BTreeMap<_, _>, _>>().ok()
    };
    let same = wait_for(|| {
        let sql = of_sql()?;
        let names = ["status", "user_id", "lock_expiry", "session_id", "reservation_version"];
        let topic = rows(Topic::Reservations).into_iter().map(|(key, row)| {
            (key, Value::Array(names.iter().map(|name| row[name].clone()).collect()))
        });
        let topic: std::collections::BTreeMap<_, _> = topic.collect();
        let sold = sql.values().filter(|row| row[0] == "sold").count();
        (topic == sql && sold == 3 && sql.len() == 5).then_some(topic)
    })
    .await;
    assert_eq!(same.len(), 5);
    let orders = rows(Topic::Orders);
    let mut statuses: Vec<_> = orders.values().map(|row| row["status"].clone()).collect();
    statuses.sort_by_key(ToString::to_string);
    assert_eq!(statuses, [json!("confirmed"), json!("held")]);
    let events = rows(Topic::Events);
    assert_eq!(events[&event_id]["phase"], "open", "{events:?}");
    world.stop().await;
}
