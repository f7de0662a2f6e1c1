//! Processes of this very program, each at an address it says itself.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use http::Method;
use serde_json::Value;

use floodgate_http_client::{Call, Http};

/// A process that is not ready after this long has gone wrong.
const READY_MAX: Duration = Duration::from_secs(60);

/// A process of ours; ended when dropped.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    /// `http://host:port`.
    pub(super) address: String,
}

impl Drop for Process {
    fn drop(&mut self) {
        // What is only measured has nothing left to keep; SIGKILL cannot hang.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Process {
    /// Starts it and waits until it says where it serves.
    pub(super) fn start(name: &str, command: &mut Command) -> Result<Self> {
        let command = command.stderr(Stdio::piped()).env("FLOODGATE_LOG", "info");
        let mut child = command.spawn().with_context(|| format!("{name} does not start"))?;
        let pipe = child.stderr.take().context("a pipe was asked for")?;
        let mut process = Process { child, address: String::new() };
        let mut lines = BufReader::new(pipe).lines();
        let mut said = Vec::new();
        process.address = loop {
            let Some(line) = lines.next().transpose()? else {
                bail!("{name} ended: {}", said.join("\n"));
            };
            let event: Value = serde_json::from_str(&line).unwrap_or_default();
            if event["message"] == "serving" {
                break format!("http://{}", event["address"].as_str().unwrap_or_default());
            }
            said.push(line);
        };
        // The rest is read away, so that the process never waits for us.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(process)
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it says that it is ready.
    pub(super) async fn ready(&self) -> Result<()> {
        let target = &self.address;
        let http = Http::new(target)?;
        let mut pulse = tokio::time::interval(Duration::from_millis(20));
        let ready = async {
            loop {
                pulse.tick().await;
                let answer = http.call(Method::GET, "/readyz", Call::default()).await;
                if answer.is_ok_and(|answer| answer.status == 200) {
                    return;
                }
            }
        };
        let ready = tokio::time::timeout(READY_MAX, ready);
        ready.await.with_context(|| format!("{target} is not ready"))
    }
}
