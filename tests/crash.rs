//! The real process, killed in mid-sale again and again: nothing acknowledged is missing.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use floodgate_load::{LoadOptions, LoadProgress, run};
use http::Method;
use serde_json::json;

use crate::form;
use crate::process::{Process, ask, audit, make_keys};
use crate::world::new_event;

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let manager = make_keys(&data);
    let flags = form::flags();
    form::prepare(&flags).await;
    let config = folder.path().join("form.toml");
    std::fs::write(&config, form::as_toml(&flags)).unwrap();
    let settings = [("FLOODGATE_CONFIG", config.to_str().unwrap())];
    let mut server = Process::start("serve", &data, "127.0.0.1:0", &settings);
    let (target, address) = (server.target(), server.address.clone());
    server.ready().await;
    let new = new_event(&json!({ "shoppers_max": 5_000 }));
    let created = ask(&target, &manager, Method::POST, "/v1/events", new).await;
    let event_id = created["event_id"].as_str().unwrap().to_owned();
    let open = format!("/v1/events/{event_id}/sale/open");
    ask(&target, &manager, Method::POST, &open, json!({})).await;

    let acked = folder.path().join("acked.jsonl");
    let progress = Arc::new(LoadProgress::default());
    let stampede = LoadOptions {
        rate: Some(150.0),
        acked: Some(acked.clone()),
        patience: Duration::from_secs(60),
        ..LoadOptions::new(&target, &event_id, 900, 11)
    };
    let theirs = Arc::clone(&progress);
    let buyers = tokio::spawn(async move { run(&stampede, theirs).await });
    // Each kill comes when so many more have bought, not at a time: the sale is always under way.
    for kill in 1..=4 {
        let started = Instant::now();
        while progress.sales.load(Ordering::Relaxed) < kill * 25 && !buyers.is_finished() {
            tokio::task::yield_now().await;
            assert!(started.elapsed() < Duration::from_secs(120), "the sale stands at kill {kill}");
        }
        server.kill();
        let (clean, report) = audit(&data, &acked, &settings);
        assert!(clean, "after kill {kill}: {report}");
        server = Process::start("serve", &data, &address, &settings);
    }
    let report = buyers.await.unwrap().unwrap();
    assert!(report.sales > 100, "{report:?}");
    server.signal("-TERM");
    assert!(server.wait(), "a graceful stop is a success");
    let (clean, report) = audit(&data, &acked, &settings);
    assert!(clean, "{report}");
    assert_eq!(report["acked_missing"], json!(0));
    assert!(report["acked_checked"].as_u64().unwrap() > 200, "{report}");
    if !form::is_distributed() {
        assert_eq!(report["facts_repeated"], json!(0), "the embedded log publishes once");
    }
}
