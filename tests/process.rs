//! The real program as processes of their own: started, asked, killed.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use floodgate_http_client::{Call, Http};
use http::Method;
use serde_json::Value;

const BINARY: &str = env!("CARGO_BIN_EXE_floodgate");
/// How much of what a process complained about is shown when a test fails.
const LAST_WARNINGS: usize = 40;

/// A partition a process took over, as its log line has it.
#[derive(Debug, Clone)]
pub(crate) struct Takeover {
    pub(crate) partition: u64,
    /// What its state came from: nothing, a snapshot, a standby.
    pub(crate) from: String,
    pub(crate) replayed: u64,
    pub(crate) ms: u64,
}

impl std::fmt::Display for Takeover {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Takeover { partition, from, replayed, ms } = self;
        write!(f, "partition {partition} from {from}: {replayed} replayed, {ms} ms")
    }
}

/// A process of ours; killed when dropped.
pub(crate) struct Process {
    child: Child,
    /// What it says, line by line.
    said: Arc<Mutex<Vec<Value>>>,
    /// Where it listens.
    pub(crate) address: String,
    /// Reads what it says until its end.
    reader: Option<JoinHandle<()>>,
}

impl Process {
    /// Starts a role and waits until it says where it listens.
    pub(crate) fn start(role: &str, data: &Path, listen: &str, settings: &[(&str, &str)]) -> Self {
        let mut command = Command::new(BINARY);
        command.args([role, "--listen", listen, "--data"]).arg(data).stderr(Stdio::piped());
        // Nobody pays for a test.
        command.env("FLOODGATE_PAYMENTS__ALLOW_SANDBOX", "true");
        command.envs(settings.iter().map(|(name, value)| (*name, *value)));
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (mut lines_seen, mut said) = (Vec::new(), Vec::new());
        let address = loop {
            let Some(line) = lines.next() else { panic!("{role} ended: {lines_seen:?}") };
            let line = line.unwrap();
            if let Ok(event) = serde_json::from_str::<Value>(&line) {
                let address = event["address"].as_str().map(str::to_owned);
                if event["message"] == "serving" {
                    break address.unwrap();
                }
                said.push(event);
            }
            lines_seen.push(line);
        };
        let said = Arc::new(Mutex::new(said));
        let theirs = Arc::clone(&said);
        // The rest is read as it comes, so that the process never waits for us.
        let reader = std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                theirs.lock().unwrap().extend(serde_json::from_str::<Value>(&line));
            }
        });
        Process { child, said, address, reader: Some(reader) }
    }

    pub(crate) fn target(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Partitions it has taken over and caught up with, in order.
    pub(crate) fn takeovers(&self) -> Vec<Takeover> {
        let said = self.said.lock().unwrap();
        let owned = said.iter().filter(|line| line["message"] == "partition owned, nothing waits");
        let takeover = |line: &Value| Takeover {
            partition: line["partition"].as_u64().unwrap(),
            from: line["from"].as_str().unwrap().to_owned(),
            replayed: line["replayed"].as_u64().unwrap(),
            ms: line["ms"].as_u64().unwrap(),
        };
        owned.map(takeover).collect()
    }

    /// Partitions it owns now.
    pub(crate) fn owned(&self) -> BTreeSet<u64> {
        let mut owned = BTreeSet::new();
        for line in &*self.said.lock().unwrap() {
            match (line["message"].as_str(), line["partition"].as_u64()) {
                (Some("gained"), Some(partition)) => owned.insert(partition),
                (Some("lost"), Some(partition)) => owned.remove(&partition),
                _ => false,
            };
        }
        owned
    }

    /// SIGKILL: nothing is written, nobody is notified.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGSTOP, SIGCONT or SIGTERM to exactly this process.
    pub(crate) fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    /// Waits for the end after a SIGTERM.
    pub(crate) fn wait(&mut self) -> bool {
        self.child.wait().unwrap().success()
    }

    /// Waits for the end after a SIGTERM, which must be a good one: everything it logged until then.
    pub(crate) fn ended(mut self) -> Vec<Value> {
        assert!(self.wait(), "a graceful stop is a success");
        // The thread ends with the pipe, and the pipe with the process.
        self.reader.take().unwrap().join().unwrap();
        std::mem::take(&mut *self.said.lock().unwrap())
    }

    /// Waits until it ends by itself: its exit code, and everything it logged.
    pub(crate) fn gave_up(mut self) -> (i32, Vec<Value>) {
        let code = self.child.wait().unwrap().code().unwrap();
        self.reader.take().unwrap().join().unwrap();
        (code, std::mem::take(&mut *self.said.lock().unwrap()))
    }

    /// Waits until it says that it is ready.
    pub(crate) async fn ready(&self) {
        let http = Http::new(&self.target()).unwrap();
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
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
            let warnings = said.iter().filter(|line| line["level"] != "INFO");
            eprintln!("{}, its last warnings:", self.address);
            let last: Vec<_> = warnings.rev().take(LAST_WARNINGS).collect();
            last.iter().rev().for_each(|line| eprintln!("  {line}"));
        }
    }
}

/// Runs a command to its end: its exit code, and everything it said on standard error.
pub(crate) fn run_aloud(words: &[&str]) -> (i32, String) {
    let output = Command::new(BINARY).args(words).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Runs a command to its end: its exit code, and the JSON lines it printed.
pub(crate) fn run(words: &[&str]) -> (i32, Vec<Value>) {
    let output = Command::new(BINARY).args(words).output().unwrap();
    let output_text = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines = output_text.lines().map(|line| serde_json::from_str(line).unwrap_or(line.into()));
    (output.status.code().unwrap(), lines.collect())
}

/// `floodgate audit`: whether it is clean, and what it says.
pub(crate) fn audit(data: &Path, acked: &Path, settings: &[(&str, &str)]) -> (bool, Value) {
    let output = Command::new(BINARY)
        .args(["audit", "--json", "--data"])
        .arg(data)
        .arg("--acked")
        .arg(acked)
        .envs(settings.iter().map(|(name, value)| (*name, *value)))
        .output()
        .unwrap();
    let output_text = String::from_utf8_lossy(&output.stdout).into_owned();
    (
        output.status.success(),
        serde_json::from_str(&output_text).unwrap_or(Value::String(output_text)),
    )
}

/// A call with a staff key; panics on a problem.
pub(crate) async fn ask(target: &str, key: &str, method: Method, path: &str, body: Value) -> Value {
    let http = Http::new(target).unwrap();
    let request_key = format!("{:032x}", rand::random::<u128>());
    let call =
        Call { key: Some(&request_key), bearer: Some(key), body: Some(body), ..Call::default() };
    let answer = http.until_decided(method, path, call).await.unwrap();
    assert!(answer.is_ok(), "{path}: {}", answer.body);
    answer.body
}

/// Keys in a data folder; the manager's.
pub(crate) fn make_keys(data: &Path) -> String {
    let keys = data.join("keys");
    floodgate_server::keys::KeyFiles::in_folder(&keys).make(&keys).unwrap();
    std::fs::read_to_string(keys.join("manager.key")).unwrap()
}
