//! The real process, killed in mid-sale again and again: nothing acknowledged is missing.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use floodgate::client::{Call, Http};
use floodgate::stampede::{Options, Progress, run};
use hyper::Method;
use serde_json::{Value, json};

use crate::world::new_event;

const BINARY: &str = env!("CARGO_BIN_EXE_floodgate");

/// A server process; killed when dropped.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a server and reads its address from its log.
fn serve(data: &Path, listen: &str) -> (Server, String) {
    let mut child = Command::new(BINARY)
        .args(["serve", "--listen", listen, "--data"])
        .arg(data)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let address = loop {
        let line = lines.next().expect("the server ended").unwrap();
        let Ok(line) = serde_json::from_str::<Value>(&line) else { continue };
        if line["message"] == "serving" {
            break line["address"].as_str().unwrap().to_owned();
        }
    };
    // The rest is read away, so that the server never waits for us.
    std::thread::spawn(move || lines.for_each(drop));
    (Server(child), address)
}

fn audit(data: &Path, acked: &Path) -> (bool, Value) {
    let output = Command::new(BINARY)
        .args(["audit", "--json", "--data"])
        .arg(data)
        .arg("--acked")
        .arg(acked)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.success(), serde_json::from_str(&told).unwrap_or(Value::String(told)))
}

async fn ready(http: &Http) {
    let started = Instant::now();
    let mut pulse = tokio::time::interval(Duration::from_millis(20));
    loop {
        pulse.tick().await;
        let answer = http.call(Method::GET, "/readyz", Call::default()).await;
        if answer.is_ok_and(|answer| answer.status == 200) {
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "never ready");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let keys = data.join("keys");
    floodgate::keys::KeyFiles::in_folder(&keys).make(&keys).unwrap();
    let manager = std::fs::read_to_string(keys.join("manager.key")).unwrap();
    let (mut server, address) = serve(&data, "127.0.0.1:0");
    let target = format!("http://{address}");
    let http = Http::new(&target).unwrap();
    ready(&http).await;
    let ask = |method, path: String, body| {
        let (http, manager, key) = (http.clone(), manager.clone(), path.clone());
        async move {
            let call = Call {
                key: Some(&key),
                bearer: Some(&manager),
                body: Some(body),
                ..Call::default()
            };
            let answer = http.call(method, &path, call).await.unwrap();
            assert!(answer.is_ok(), "{path}: {}", answer.body);
            answer.body
        }
    };
    let policy = json!({ "shoppers_max": 5_000 });
    let created = ask(Method::POST, "/v1/events".into(), new_event(&policy)).await;
    let event_id = created["event_id"].as_str().unwrap().to_owned();
    ask(Method::POST, format!("/v1/events/{event_id}/sale/open"), json!({})).await;
    drop(http);

    let acked = folder.path().join("acked.jsonl");
    let progress = Arc::new(Progress::default());
    let stampede = Options {
        rate: Some(150.0),
        acked: Some(acked.clone()),
        patience: Duration::from_secs(60),
        ..Options::new(&target, &event_id, 900, 11)
    };
    let (stampede, theirs) = (stampede, Arc::clone(&progress));
    let buyers = tokio::spawn(async move { run(&stampede, theirs).await });
    // Each kill comes when so many more have bought, not at a time: the sale is always under way.
    for kill in 1..=4 {
        let started = Instant::now();
        while progress.sales.load(Ordering::Relaxed) < kill * 25 && !buyers.is_finished() {
            tokio::task::yield_now().await;
            assert!(
                started.elapsed() < Duration::from_secs(120),
                "the sale stands still at kill {kill}"
            );
        }
        server.0.kill().unwrap();
        server.0.wait().unwrap();
        let (clean, report) = audit(&data, &acked);
        assert!(clean, "after kill {kill}: {report}");
        (server, _) = serve(&data, &address);
    }
    let report = buyers.await.unwrap().unwrap();
    assert!(report.sales > 100, "{report:?}");
    drop(server);
    let (clean, report) = audit(&data, &acked);
    assert!(clean, "{report}");
    assert_eq!(report["acked_missing"], json!(0));
    assert!(report["acked_checked"].as_u64().unwrap() > 200, "{report}");
}
