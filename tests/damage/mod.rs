//! Damage at rest, as operators meet it: a flipped bit, a log that was emptied, put back from an older
//! copy or taken from another installation, a clock that was wrong. Each is said, and nothing is
//! sold over it. The embedded form only: its files are ours, Kafka's are Kafka's.

mod another_log;
mod clock;
mod everything;
mod files;
mod repair;

use std::time::{Duration, Instant};

use floodgate_http_client::{Call, Http};
use http::Method;
use serde_json::{Value, json};

use self::files::Installation;
use crate::process::Process;

/// What `/readyz` says once `is_it` is so; panics after a while.
async fn readiness(server: &Process, is_it: impl Fn(&Value) -> bool) -> Value {
    let http = Http::new(&server.target()).unwrap();
    let started = Instant::now();
    let mut pulse = tokio::time::interval(Duration::from_millis(20));
    loop {
        pulse.tick().await;
        let answer = http.call(Method::GET, "/readyz", Call::default()).await;
        match answer {
            Ok(answer) if is_it(&answer.body) => return answer.body,
            Ok(answer) => {
                assert!(started.elapsed() < Duration::from_secs(60), "{}", answer.body);
            }
            Err(error) => assert!(started.elapsed() < Duration::from_secs(60), "{error}"),
        }
    }
}

/// Asks again and again until it is so; panics after a while.
async fn eventually(what: &str, mut is_it: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    let mut pulse = tokio::time::interval(Duration::from_millis(50));
    while !is_it().await {
        assert!(started.elapsed() < Duration::from_secs(60), "{what}: not within a minute");
        pulse.tick().await;
    }
}

fn reason(ready: &Value) -> String {
    ready["services"]["supervisor"]["reason"].as_str().unwrap_or_default().to_owned()
}

/// Starts a server, expects it not to be ready for this reason, and ends it.
async fn is_not_ready(installation: &Installation, because: &str) {
    let mut server = installation.serve();
    let ready = readiness(&server, |ready| !reason(ready).is_empty()).await;
    assert_eq!(ready["ready"], false, "{ready}");
    assert!(reason(&ready).contains(because), "{because} is not in {ready}");
    server.signal("-TERM");
    assert!(server.wait(), "it ends calmly all the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_bit_in_a_command_is_found_and_stops_its_partition() {
    let installation = Installation::sold().await;
    let (partition, offset) = installation.flip_a_command();
    let where_it_is = format!("record {offset} of floodgate.commands.v1/{partition} is damaged");
    // The state after it is known: nothing is decided again, so nothing is wrong.
    let mut server = installation.serve();
    server.ready().await;
    server.signal("-TERM");
    assert!(server.wait());
    // Without that state it would have to be guessed.
    installation.remove_snapshots();
    is_not_ready(&installation, &where_it_is).await;

    let (code, lines) = installation.check();
    assert_eq!(code, 1, "{lines:?}");
    let damaged: Vec<_> = lines.iter().filter(|line| line["damaged"] == 1).collect();
    assert_eq!(damaged.len(), 1, "{lines:?}");
    assert_eq!(damaged[0]["topic"], "floodgate.commands.v1");
    assert_eq!(damaged[0]["partition"], partition);
    assert_eq!(damaged[0]["faults"][0]["offset"], offset);
    let end = damaged[0]["end"].as_u64().unwrap();
    assert_eq!(damaged[0]["good"], end - 1, "what lies behind it is read as well");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_was_emptied_or_replaced_is_not_served_beside_its_snapshots() {
    let installation = Installation::sold().await;
    installation.empty_log();
    is_not_ready(&installation, "is not from this log, which has 0 commands").await;
    // The tables are of the old log as well, and take nothing of the new one.
    let server = installation.serve();
    let is_said = |ready: &Value| {
        let reason = &ready["services"]["sink-sqlite"]["reason"];
        reason.as_str().is_some_and(|reason| reason.contains("and it ends at 0"))
    };
    readiness(&server, is_said).await;
    drop(server);

    // An older copy, from before the last sale.
    let installation = Installation::sold().await;
    let copy = installation.log();
    installation.sell_more().await;
    installation.put_back(&copy);
    is_not_ready(&installation, "is not from this log").await;
    // That of another installation, with as many partitions.
    let other = Installation::sold().await;
    installation.put_back(&other.log());
    is_not_ready(&installation, "is not from this log").await;
    // Once people have said which is right, the tables are of the other one still.
    installation.remove_snapshots();
    let server = installation.serve();
    let are_mismatched = |ready: &Value| ready["services"]["sink-sqlite"]["health"] == "mismatched";
    let ready = readiness(&server, are_mismatched).await;
    assert_eq!(ready["ready"], false, "{ready}");
    let reason = ready["services"]["sink-sqlite"]["reason"].as_str().unwrap();
    assert!(reason.contains("floodgate views rebuild"), "{reason}");
    let (code, said) = installation.rebuild_views();
    assert_ne!(code, 0, "a server is using the log: {said:?}");
    drop(server);

    let (code, said) = installation.rebuild_views();
    assert_eq!((code, said.len()), (0, 2), "{said:?}");
    assert_eq!((&said[0]["sink"], &said[1]["sink"]), (&json!("sqlite"), &json!("people")));
    assert_eq!(installation.events_in_tables(), 1, "those of the log, and no others");
    installation.serve().ready().await;
    installation.sell_more().await;
    assert_eq!(installation.events_in_tables(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_untouched_log_is_whole() {
    let installation = Installation::sold().await;
    let (code, lines) = installation.check();
    assert_eq!(code, 0, "{lines:?}");
    let good: u64 = lines.iter().filter_map(|line| line["good"].as_u64()).sum();
    assert!(good > 20, "{lines:?}");
    assert!(lines.iter().all(|line| line["damaged"] == 0), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_ahead_of_the_clock_is_said() {
    let installation = Installation::sold().await;
    // As a clock that was a day ahead for a moment left it.
    installation.move_last_command(24 * 3_600_000);
    let findings = installation.doctor();
    let log = findings.iter().find(|finding| finding["check"] == "log").unwrap();
    assert_eq!(log["ok"], false, "{log}");
    assert!(log["found"].as_str().unwrap().contains("s ahead of this machine's clock"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_vanished_from_the_end_are_missed() {
    let installation = Installation::sold().await;
    let before = installation.log();
    installation.sell_more().await;
    installation.put_back_alone(&before);
    // Nothing else knows of them.
    installation.remove_snapshots();
    std::fs::remove_file(installation.data().join("views.db")).unwrap();
    let server = installation.serve();
    let why = |ready: &Value| {
        let reason = ready["services"]["log"]["reason"].as_str().unwrap_or_default();
        reason.contains("acknowledged are missing") && reason.contains("--accept-loss")
    };
    let ready = readiness(&server, why).await;
    assert_eq!(ready["ready"], false, "{ready}");
    drop(server);
    let (code, said) = installation.check();
    let last = said.last().map(Value::to_string).unwrap_or_default();
    assert!(code == 1 && last.contains("acknowledged are missing"), "{said:?}");
    // Somebody decides that this log is the right one.
    assert_eq!(installation.repair(&["--apply"]).0, 1);
    assert_eq!(installation.repair(&["--apply", "--accept-loss"]).0, 0);
    // Who holds, waits and follows was read of the other one.
    let server = installation.serve();
    let why = |ready: &Value| {
        let reason = &ready["services"]["channels-feed"]["reason"];
        reason.as_str().is_some_and(|reason| reason.contains("floodgate views rebuild"))
    };
    readiness(&server, why).await;
    drop(server);
    assert_eq!(installation.rebuild_views().0, 0);
    installation.serve().ready().await;
}

/// Serves until it is known who holds tickets.
async fn audience_is_folded(installation: &Installation, people: &std::path::Path) {
    let mut server = installation.serve();
    server.ready().await;
    let mut pulse = tokio::time::interval(Duration::from_millis(20));
    let started = Instant::now();
    loop {
        pulse.tick().await;
        let store = rusqlite::Connection::open(people).unwrap();
        let count =
            store.query_row("SELECT COUNT(*) FROM audience", [], |row| row.get::<_, u32>(0));
        // While its tables are being made, it is not there or locked.
        if count.is_ok_and(|count| count > 0) {
            break;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "nobody holds anything");
    }
    server.signal("-TERM");
    assert!(server.wait());
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_that_are_not_what_the_log_leads_to_are_found_and_built_anew() {
    let installation = Installation::sold().await;
    assert_eq!(installation.check_views().0, 0);
    for (change, table) in [
        ("DELETE FROM venues WHERE seat_id = (SELECT min(seat_id) FROM venues)", "venues"),
        ("UPDATE events SET event_name = 'Evenimg'", "events"),
        ("UPDATE reservations SET status = 'held' WHERE status = 'sold'", "reservations"),
    ] {
        installation.tables().execute(change, []).unwrap();
        let (code, said) = installation.check_views();
        assert!(code == 1 && said[0].to_string().contains(table), "{change}: {said:?}");
        let data = installation.data();
        let words = ["audit", "--json", "--data", data.to_str().unwrap()];
        let (code, report) = crate::process::run(&words);
        assert_eq!(code, 1, "{report:?}");
        assert_eq!(report[0]["violations"], 0, "the log itself is right");
        assert!(report[0]["tables"].to_string().contains(table), "{report:?}");
        assert_eq!(installation.rebuild_views().0, 0);
        assert_eq!(installation.check_views().0, 0, "{change}");
    }
    // The store of people follows from the log as well, as far as it says who holds what.
    let people = installation.data().join("people.db");
    for change in ["DELETE FROM audience", "UPDATE audience SET section = section + 1"] {
        audience_is_folded(&installation, &people).await;
        assert_eq!(installation.check_views().0, 0, "before: {change}");
        let store = rusqlite::Connection::open(&people).unwrap();
        assert!(store.execute(change, []).unwrap() > 0);
        drop(store);
        let (code, said) = installation.check_views();
        let last = said.last().unwrap().to_string();
        assert!(code == 1 && last.contains("audience"), "{change}: {said:?}");
        assert_eq!(installation.rebuild_views().0, 0);
    }
}
