//! An installation that has sold something and stopped, and what can happen to its files.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use floodgate_event_log::{EmbeddedLog, Log, Topic};
use floodgate_http_client::{Call, Http};
use floodgate_load::{LoadOptions, LoadProgress, run};
use http::Method;
use rand::RngExt;
use serde_json::{Value, json};

use super::eventually;
use crate::form;
use crate::process::{self, Process, ask, make_keys};
use crate::world::new_event;

/// A data folder and its settings.
pub(super) struct Installation {
    folder: tempfile::TempDir,
    manager: String,
}

impl Installation {
    /// One event, a few dozen buyers, a calm stop with snapshots.
    pub(super) async fn sold() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let manager = make_keys(&folder.path().join("data"));
        std::fs::write(folder.path().join("form.toml"), form::as_toml(&form::embedded_flags()))
            .unwrap();
        let installation = Installation { folder, manager };
        installation.sell_more().await;
        installation
    }

    /// Another event, sold in the same way.
    pub(super) async fn sell_more(&self) {
        let mut server = self.serve();
        server.ready().await;
        let target = server.target();
        let new = new_event(&json!({ "shoppers_max": 5_000 }));
        let created = ask(&target, &self.manager, Method::POST, "/v1/events", new).await;
        let event_id = created["event_id"].as_str().unwrap().to_owned();
        let open = format!("/v1/events/{event_id}/sale/open");
        ask(&target, &self.manager, Method::POST, &open, json!({})).await;
        let options = LoadOptions::new(&target, &event_id, 25, 11);
        let report = run(&options, Arc::new(LoadProgress::default())).await.unwrap();
        assert!(report.sales > 0, "{report:?}");
        server.signal("-TERM");
        assert!(server.wait());
    }

    /// One more event, sold without a calm stop: a copy of the data folder as a kill leaves it, and
    /// what is so then, by event.
    pub(super) async fn sold_and_killed(&self) -> (tempfile::TempDir, Vec<(String, Value)>) {
        let mut server = self.serve();
        server.ready().await;
        let target = server.target();
        let new = new_event(&json!({ "shoppers_max": 5_000, "hold": "5s" }));
        let created = ask(&target, &self.manager, Method::POST, "/v1/events", new).await;
        let event_id = created["event_id"].as_str().unwrap().to_owned();
        let open = format!("/v1/events/{event_id}/sale/open");
        ask(&target, &self.manager, Method::POST, &open, json!({})).await;
        let options = LoadOptions::new(&target, &event_id, 25, 13);
        let report = run(&options, Arc::new(LoadProgress::default())).await.unwrap();
        assert!(report.sales > 0, "{report:?}");
        let mut truth = Vec::new();
        for event_id in self.event_ids() {
            eventually("nothing is held any more", async || {
                status(&target, &event_id).await["held"] == 0
            })
            .await;
            truth.push((event_id.clone(), status(&target, &event_id).await));
        }
        assert!(truth.len() > 1, "{truth:?}");
        let copy = tempfile::tempdir().unwrap();
        copy_folder(&self.data(), copy.path());
        server.kill();
        (copy, truth)
    }

    fn event_ids(&self) -> Vec<String> {
        let file = rusqlite::Connection::open(self.data().join("views.db")).unwrap();
        let mut ask = file.prepare("SELECT event_id FROM events").unwrap();
        let rows = ask.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }

    pub(super) fn serve(&self) -> Process {
        let config = self.folder.path().join("form.toml");
        let settings = [("FLOODGATE_CONFIG", config.to_str().unwrap())];
        Process::start("serve", &self.data(), "127.0.0.1:0", &settings)
    }

    pub(super) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn path(&self) -> PathBuf {
        self.data().join("log.db")
    }

    /// The log as it is.
    pub(super) fn log(&self) -> Vec<u8> {
        std::fs::read(self.path()).unwrap()
    }

    /// Another log in its place, by somebody who means it.
    pub(super) fn put_back(&self, log: &[u8]) {
        self.put_back_alone(log);
        let _ = std::fs::remove_file(self.data().join("log.end"));
    }

    /// Another log in its place, with what says how much the one before had.
    pub(super) fn put_back_alone(&self, log: &[u8]) {
        for beside in ["log.db-wal", "log.db-shm"] {
            let _ = std::fs::remove_file(self.data().join(beside));
        }
        std::fs::write(self.path(), log).unwrap();
    }

    pub(super) fn empty_log(&self) {
        self.put_back(&[]);
    }

    pub(super) fn remove_snapshots(&self) {
        std::fs::remove_dir_all(self.data().join("snapshots")).unwrap();
    }

    /// Flips a bit in the middle of a command of the event that was sold; where.
    pub(super) fn flip_a_command(&self) -> (u32, u64) {
        let (partition, records) = busiest(&self.data());
        let mut random = rand::rng();
        let (offset, value) = &records[random.random_range(1..records.len())];
        let mut value = value.clone();
        let at = value.len() / 2;
        value[at] ^= 1 << random.random_range(0..8);
        // By SQLite, because bytes of the file that look like it can be left over from a page split.
        let file = rusqlite::Connection::open(self.path()).unwrap();
        let table = format!("\"{}/{partition}\"", Topic::Commands.name());
        let change = format!("UPDATE {table} SET value = ?1 WHERE \"offset\" = ?2");
        assert_eq!(file.execute(&change, (value, i64::try_from(*offset).unwrap())).unwrap(), 1);
        (partition, *offset)
    }

    /// The last command got its time from another clock, by a build before checksums.
    pub(super) fn move_last_command(&self, by_ms: i64) {
        let (partition, _) = busiest(&self.data());
        let file = rusqlite::Connection::open(self.path()).unwrap();
        for topic in Topic::ALL.into_iter().filter(|topic| *topic != Topic::Replies) {
            for partition in 0..4 {
                let table = format!("\"{}/{partition}\"", topic.name());
                file.execute_batch(&format!("ALTER TABLE {table} DROP COLUMN checksum")).unwrap();
            }
        }
        let table = format!("\"{}/{partition}\"", Topic::Commands.name());
        file.execute_batch(&format!(
            "DROP TABLE ends; DELETE FROM about WHERE name = 'checksum';
             UPDATE about SET value = '2' WHERE name = 'format';
             UPDATE {table} SET at = at + {by_ms}
             WHERE \"offset\" = (SELECT max(\"offset\") FROM {table})"
        ))
        .unwrap();
    }

    /// `floodgate log check`: its exit code, and a line for every partition.
    pub(super) fn check(&self) -> (i32, Vec<Value>) {
        process::run(&["log", "check", "--json", "--data", self.data().to_str().unwrap()])
    }

    /// `floodgate log repair` with more words: its exit code, and what it says.
    pub(super) fn repair(&self, more: &[&str]) -> (i32, Vec<Value>) {
        let data = self.data();
        let words = ["log", "repair", "--json", "--data", data.to_str().unwrap()];
        process::run(&[&words[..], more].concat())
    }

    /// What `floodgate audit` finds.
    pub(super) fn audit(&self) -> Vec<Value> {
        let data = self.data();
        let (code, report) = process::run(&["audit", "--json", "--data", data.to_str().unwrap()]);
        let findings = report[0]["findings"].as_array().cloned().unwrap_or_default();
        assert_eq!(code == 0, findings.is_empty(), "{report:?}");
        findings
    }

    /// The log's file, to be damaged.
    pub(super) fn file(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path()).unwrap()
    }

    /// Every record of a topic: partition, offset, time, and what it says.
    pub(super) fn records(&self, topic: Topic) -> Vec<(u32, u64, u64, Vec<u8>)> {
        let log = EmbeddedLog::open_read_only(&self.data()).unwrap();
        let partitions = 0..log.partitions(topic);
        let all = partitions.flat_map(|partition| {
            let records = floodgate_testkit::records(&log, topic, partition);
            records
                .into_iter()
                .map(move |one| (partition, one.offset, one.at.0, one.value.to_vec()))
        });
        all.collect()
    }

    /// `floodgate views rebuild`: its exit code, and a line for every sink.
    pub(super) fn rebuild_views(&self) -> (i32, Vec<Value>) {
        let data = self.data();
        process::run(&["views", "rebuild", "--json", "--data", data.to_str().unwrap()])
    }

    /// `floodgate views check`: its exit code, and a line for every sink.
    pub(super) fn check_views(&self) -> (i32, Vec<Value>) {
        let data = self.data();
        process::run(&["views", "check", "--json", "--data", data.to_str().unwrap()])
    }

    pub(super) fn tables(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.data().join("views.db")).unwrap()
    }

    pub(super) fn events_in_tables(&self) -> u32 {
        let file = rusqlite::Connection::open(self.data().join("views.db")).unwrap();
        file.query_row("SELECT count(*) FROM events", [], |row| row.get(0)).unwrap()
    }

    pub(super) fn doctor(&self) -> Vec<Value> {
        let config = self.folder.path().join("form.toml");
        let (config, data) = (config.to_str().unwrap().to_owned(), self.data());
        let words = ["doctor", "--json", "--config", &config, "--data", data.to_str().unwrap()];
        process::run(&words).1
    }
}

/// What the engine says of an event, without when it said so.
pub(super) async fn status(target: &str, event_id: &str) -> Value {
    let path = format!("/v1/events/{event_id}/status?consistency=strong");
    let http = Http::new(target).unwrap();
    // Strong answers are limited by address, and the engine may be taking over just now.
    let mut pulse = tokio::time::interval(Duration::from_millis(20));
    let said = loop {
        pulse.tick().await;
        let [a, b, c] = rand::random::<[u8; 3]>();
        let address = format!("10.{a}.{b}.{c}");
        let headers = vec![("x-forwarded-for", address.as_str())];
        let call = Call { headers, ..Call::default() };
        let said = http.call(Method::GET, &path, call).await.unwrap();
        if said.status != 429 && said.status != 503 && said.status != 202 {
            break said.body;
        }
    };
    json!({ "free": said["free"], "held": said["held"], "sold": said["sold"] })
}

/// All files of a folder, with those of its folders.
pub(super) fn copy_folder(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir_all(&to).unwrap();
            copy_folder(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// The partition with most commands, and its commands.
fn busiest(data: &Path) -> (u32, Vec<(u64, Vec<u8>)>) {
    let log = EmbeddedLog::open_read_only(data).unwrap();
    let partitions = log.partitions(Topic::Commands);
    let all = (0..partitions).map(|partition| {
        let records = floodgate_testkit::records(&log, Topic::Commands, partition);
        let values = records.into_iter().map(|record| (record.offset, record.value.to_vec()));
        (partition, values.collect::<Vec<_>>())
    });
    all.max_by_key(|(_, records)| records.len()).unwrap()
}
