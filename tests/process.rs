//! The real program as processes of their own: started, asked, killed.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use floodgate::client::{Call, Http};
use hyper::Method;
use serde_json::Value;

const BINARY: &str = env!("CARGO_BIN_EXE_floodgate");

/// A process of ours; killed when dropped.
pub(crate) struct Process {
    child: Child,
    /// Where it listens.
    pub(crate) address: String,
    /// What it has logged since it listens.
    told: JoinHandle<Vec<String>>,
}

impl Process {
    /// Starts a role and waits until it says where it listens.
    pub(crate) fn start(role: &str, data: &Path, listen: &str, settings: &[(&str, &str)]) -> Self {
        let mut command = Command::new(BINARY);
        command.args([role, "--listen", listen, "--data"]).arg(data).stderr(Stdio::piped());
        command.envs(settings.iter().map(|(name, value)| (*name, *value)));
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut told = Vec::new();
        let address = loop {
            let Some(line) = lines.next() else { panic!("{role} ended: {told:?}") };
            let line = line.unwrap();
            if let Ok(event) = serde_json::from_str::<Value>(&line)
                && event["message"] == "serving"
            {
                break event["address"].as_str().unwrap().to_owned();
            }
            told.push(line);
        };
        // The rest is read at once, so that the process never waits for us.
        let told = std::thread::spawn(move || lines.map_while(Result::ok).collect());
        Process { child, address, told }
    }

    pub(crate) fn target(&self) -> String {
        format!("http://{}", self.address)
    }

    /// SIGKILL: nothing is written, nobody is told.
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
        assert!(self.wait(), "a calm end is a success");
        // The thread ends with the pipe, and the pipe with the process.
        let told = std::mem::replace(&mut self.told, std::thread::spawn(Vec::new));
        let told = told.join().unwrap();
        told.iter().filter_map(|line| serde_json::from_str(line).ok()).collect()
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
    }
}

/// Runs a command to its end: its exit code, and the JSON lines it printed.
pub(crate) fn run(words: &[&str]) -> (i32, Vec<Value>) {
    let output = Command::new(BINARY).args(words).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines = told.lines().map(|line| serde_json::from_str(line).unwrap_or(line.into()));
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
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.success(), serde_json::from_str(&told).unwrap_or(Value::String(told)))
}

/// A call with a staff key; panics on a problem.
pub(crate) async fn ask(target: &str, key: &str, method: Method, path: &str, body: Value) -> Value {
    let http = Http::new(target).unwrap();
    let wish = format!("{:032x}", rand::random::<u128>());
    let call = Call { key: Some(&wish), bearer: Some(key), body: Some(body), ..Call::default() };
    let answer = http.until_decided(method, path, call).await.unwrap();
    assert!(answer.is_ok(), "{path}: {}", answer.body);
    answer.body
}

/// Keys in a data folder; the manager's.
pub(crate) fn make_keys(data: &Path) -> String {
    let keys = data.join("keys");
    floodgate::keys::KeyFiles::in_folder(&keys).make(&keys).unwrap();
    std::fs::read_to_string(keys.join("manager.key")).unwrap()
}
