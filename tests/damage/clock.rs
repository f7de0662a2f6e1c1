//! A machine whose clock jumps, on the real process: holds end within their length, and it is said.
//!
//! The clock is faked for that one process by libfaketime, which Debian has; elapsed time is not
//! faked. Without it this test fails, unless FLOODGATE_TEST_QUICK says that it is left out on
//! purpose.

use std::path::Path;
use std::sync::Arc;

use floodgate_http_client::{Call, Http};
use floodgate_load::{LoadOptions, LoadProgress, Visit, run};
use http::Method;
use serde_json::{Value, json};

use super::{eventually, readiness};
use crate::form;
use crate::process::{Process, ask, make_keys};
use crate::world::new_event;

const LIBRARY: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

/// A server whose clock is what a file says: `+0`, `+1d`, `-3600`.
struct Jumping {
    folder: tempfile::TempDir,
    server: Process,
    manager: String,
}

impl Jumping {
    async fn start() -> Option<Self> {
        if !Path::new(LIBRARY).exists() {
            let quick = std::env::var_os("FLOODGATE_TEST_QUICK").is_some();
            assert!(quick, "there is no {LIBRARY}; `apt-get install libfaketime`");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let (data, config) = (folder.path().join("data"), folder.path().join("form.toml"));
        let manager = make_keys(&data);
        std::fs::write(&config, form::as_toml(&form::embedded_flags())).unwrap();
        let clock = folder.path().join("clock");
        std::fs::write(&clock, "+0").unwrap();
        let settings = [
            ("FLOODGATE_CONFIG", config.to_str().unwrap()),
            ("LD_PRELOAD", LIBRARY),
            ("FAKETIME_TIMESTAMP_FILE", clock.to_str().unwrap()),
            ("FLOODGATE_ADMISSION__PUZZLE_LEVEL", "0"),
            ("FAKETIME_NO_CACHE", "1"),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ];
        let server = Process::start("serve", &data, "127.0.0.1:0", &settings);
        server.ready().await;
        Some(Jumping { folder, server, manager })
    }

    fn set(&self, clock: &str) {
        // At once, so that nobody reads half of it.
        let (new, file) = (self.folder.path().join("new"), self.folder.path().join("clock"));
        std::fs::write(&new, clock).unwrap();
        std::fs::rename(&new, &file).unwrap();
    }

    async fn get(&self, path: &str) -> Value {
        let http = Http::new(&self.server.target()).unwrap();
        http.call(Method::GET, path, Call::default()).await.unwrap().body
    }

    /// Seats of an event that are held after so many buyers took one each.
    async fn hold(&self, buyers: usize, seed: u64) -> String {
        let target = self.server.target();
        let policy = json!({ "pass_required": false, "hold": "8s", "shoppers_max": 5_000 });
        let created =
            ask(&target, &self.manager, Method::POST, "/v1/events", new_event(&policy)).await;
        let event = created["event_id"].as_str().unwrap().to_owned();
        let open = format!("/v1/events/{event}/sale/open");
        ask(&target, &self.manager, Method::POST, &open, json!({})).await;
        let options =
            LoadOptions { visit: Visit::Holds, ..LoadOptions::new(&target, &event, buyers, seed) };
        let report = run(&options, Arc::new(LoadProgress::default())).await.unwrap();
        assert!(report.holds > 0, "{report:?}");
        event
    }

    async fn held(&self, event: &str) -> u64 {
        let status = self.get(&format!("/v1/events/{event}/status")).await;
        status["held"].as_u64().unwrap_or_else(|| panic!("{status}"))
    }
}

fn notice(ready: &Value) -> String {
    ready["services"]["log"]["notice"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn holds_end_whatever_the_clock_of_the_machine_does() {
    let Some(jumping) = Jumping::start().await else { return };
    for (seed, clock, word) in
        [(1, "+1d", "ahead of"), (2, "-1d", "behind"), (3, "+1h", "ahead of")]
    {
        let event = jumping.hold(20, seed).await;
        let before = jumping.held(&event).await;
        assert!(before > 0, "{clock}");
        jumping.set(clock);
        let ready = readiness(&jumping.server, |ready| !notice(ready).is_empty()).await;
        assert!(notice(&ready).contains(word), "{clock}: {ready}");
        assert_eq!(ready["ready"], true, "{ready}");
        // The wall clock's day is nothing to the log.
        assert!(jumping.held(&event).await >= before, "{clock}: they ended with the jump");
        jumping.set("+0");
        eventually("the holds end", async || jumping.held(&event).await == 0).await;
        readiness(&jumping.server, |ready| notice(ready).is_empty()).await;
    }
}
