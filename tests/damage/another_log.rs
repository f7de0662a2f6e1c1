//! A log that was made anew, or replaced, beside what was made of the one before: tables, snapshots and
//! the store of places. Each is said while the process runs and after a restart, with the command that
//! puts it right; nothing is sold over it.

use std::path::PathBuf;
use std::process::Command;

use floodgate_event_log::kafka::remove;
use floodgate_http_client::{Call, Http};
use floodgate_server::kafka_options;
use http::Method;
use serde_json::{Value, json};

use super::{eventually, readiness};
use crate::form::{self, Flags};
use crate::process::{self, Process, ask, make_keys};
use crate::world::new_event;

/// An installation with places in Redis.
struct Shared {
    folder: tempfile::TempDir,
    flags: Flags,
    manager: String,
    redis: String,
}

impl Shared {
    fn new(mut flags: Flags, more: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let manager = make_keys(&folder.path().join("data"));
        flags.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        std::fs::write(folder.path().join("form.toml"), form::as_toml(&flags)).unwrap();
        Shared { folder, flags, manager, redis: form::server("FLOODGATE_TEST_REDIS") }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn serve(&self) -> Process {
        let config = self.folder.path().join("form.toml");
        let settings = [("FLOODGATE_CONFIG", config.to_str().unwrap())];
        Process::start("serve", &self.data(), "127.0.0.1:0", &settings)
    }

    async fn event(&self, server: &Process) -> String {
        let new = new_event(&json!({}));
        let created = ask(&server.target(), &self.manager, Method::POST, "/v1/events", new).await;
        created["event_id"].as_str().unwrap().to_owned()
    }

    /// A command that puts something right: what it says.
    fn command(&self, words: &[&str]) -> Value {
        let (config, data) = (self.folder.path().join("form.toml"), self.data());
        let place = ["--json", "--config", config.to_str().unwrap(), "--data"];
        let (code, said) = process::run(&[words, &place, &[data.to_str().unwrap()]].concat());
        assert_eq!(code, 0, "{words:?}: {said:?}");
        said[0].clone()
    }

    fn redis(&self, words: &[&str]) {
        let run = Command::new("redis-cli").args(["-u", &self.redis]).args(words).output().unwrap();
        assert!(run.status.success(), "{words:?}: {run:?}");
    }

    fn marks(&self) -> String {
        let prefix = self.flags.iter().find(|(name, _)| name == "kafka.prefix").unwrap();
        format!("fg:log:{}", prefix.1)
    }

    async fn topics_anew(&self) {
        let settings = floodgate_config::load(None, [], &self.flags).unwrap().settings;
        remove(&kafka_options(&settings)).await.unwrap();
        form::apply_topics(&self.flags).await;
    }
}

fn is_quick() -> bool {
    std::env::var_os("FLOODGATE_TEST_QUICK").is_some()
}

fn why(ready: &Value, service: &str) -> String {
    ready["services"][service]["reason"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_of_places_of_another_log_is_noticed() {
    if is_quick() {
        return;
    }
    let prefix = format!("t{:08x}.", rand::random::<u32>());
    let redis = form::server("FLOODGATE_TEST_REDIS");
    let places = [("kafka.prefix", &*prefix), ("admission.store", "redis"), ("redis.url", &redis)];
    let shared = Shared::new(form::embedded_flags(), &places);
    // It is what another log left: nine commands, of which this one has none.
    shared.redis(&["HSET", &shared.marks(), "0", "9 1767225600000-0a1b2c3d"]);
    let server = shared.serve();
    let said = |ready: &Value| why(ready, "places").contains("`floodgate places rebuild`");
    let ready = readiness(&server, said).await;
    assert_eq!(ready["ready"], false, "{ready}");
    assert_eq!(ready["services"]["places"]["health"], "mismatched", "{ready}");
    shared.command(&["places", "rebuild"]);
    // Nothing has to be started again.
    readiness(&server, |ready| ready["ready"] == true).await;
    let event_id = shared.event(&server).await;
    let http = Http::new(&server.target()).unwrap();
    let path = format!("/v1/events/{event_id}/status");
    let on_sale = async || {
        let status = http.call(Method::GET, &path, Call::default()).await.unwrap().body;
        status["event_id"] == event_id.as_str()
    };
    eventually("the event is there", on_sale).await;
    // The store then says which log it is of, and a restart agrees.
    drop(server);
    shared.serve().ready().await;
    shared.redis(&["DEL", &shared.marks()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_made_anew_are_said_and_put_right_by_commands() {
    if is_quick() {
        return;
    }
    let shared = Shared::new(form::distributed_flags(), &[]);
    form::apply_topics(&shared.flags).await;
    let mut server = shared.serve();
    server.ready().await;
    for _ in 0..8 {
        shared.event(&server).await;
    }
    let tables = shared.data().join("views.db");
    let events = || {
        let file = rusqlite::Connection::open(&tables).unwrap();
        file.query_row("SELECT count(*) FROM events", [], |row| row.get::<_, u32>(0)).unwrap()
    };
    eventually("the tables have them", async || events() == 8).await;
    // A calm stop leaves snapshots, so that they are beside the new log as well.
    server.signal("-TERM");
    assert!(server.wait());

    let mut server = shared.serve();
    server.ready().await;
    shared.topics_anew().await;
    let ready = readiness(&server, |ready| ready["ready"] == false).await;
    let reasons = ready["services"].as_object().unwrap().values();
    let reasons: Vec<_> = reasons.filter_map(|service| service["reason"].as_str()).collect();
    assert!(!reasons.is_empty(), "{ready}");
    server.kill();

    // A new process as well: nothing is carried or sold over it, and each part says what to do.
    let mut server = shared.serve();
    let all = |ready: &Value| {
        why(ready, "supervisor").contains("move the snapshots away")
            && why(ready, "sink-sqlite").contains("`floodgate views rebuild`")
            && why(ready, "places").contains("`floodgate places rebuild`")
    };
    let ready = readiness(&server, all).await;
    assert_eq!(ready["ready"], false, "{ready}");
    server.kill();
    std::fs::remove_dir_all(shared.data().join("snapshots")).unwrap();
    shared.command(&["views", "rebuild"]);
    shared.command(&["places", "rebuild"]);
    let server = shared.serve();
    server.ready().await;
    shared.event(&server).await;
    eventually("the tables have the one of the new log", async || events() == 1).await;
}
