//! Processors as separate processes, whose log lines are read.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// Longer than any start or takeover takes; only a broken one waits so long.
const WITHIN: Duration = Duration::from_secs(120);

/// A processor; killed when dropped.
#[derive(Debug)]
pub(super) struct Processor {
    child: Child,
    lines: Receiver<Value>,
}

impl Processor {
    /// Starts one with settings of its own on top of the file's.
    pub(super) fn start(config: &Path, data: &Path, settings: &[(&str, &str)]) -> Result<Self> {
        let program = std::env::current_exe().context("this program's own path")?;
        let mut command = Command::new(program);
        // Nobody pays for what is measured.
        command
            .args(["processor", "--allow-sandbox", "--listen", "127.0.0.1:0", "--config"])
            .arg(config);
        command.arg("--data").arg(data).stderr(Stdio::piped());
        command.envs(settings.iter().copied()).env("FLOODGATE_LOG", "info");
        let mut child = command.spawn().context("a processor could not be started")?;
        let (sender, lines) = channel();
        if let Some(stderr) = child.stderr.take() {
            std::thread::spawn(move || {
                for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                    let Ok(line) = serde_json::from_str(&line) else { continue };
                    // Read on even when nobody listens, so that the process never waits.
                    let _ = sender.send(line);
                }
            });
        }
        Ok(Processor { child, lines })
    }

    /// Waits for a line with this message.
    pub(super) fn says(&self, message: &str) -> Result<Value> {
        let until = Instant::now() + WITHIN;
        loop {
            match self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) if line["message"] == message => return Ok(line),
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => bail!("a processor never said `{message}`"),
                Err(RecvTimeoutError::Disconnected) => {
                    bail!("a processor ended before it said `{message}`")
                }
            }
        }
    }

    /// SIGKILL; gone when this returns.
    pub(super) fn kill(mut self) -> Result<Instant> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(Instant::now())
    }

    /// SIGTERM; returns when it was sent, and when it had ended.
    pub(super) fn end(mut self) -> Result<(Instant, Instant)> {
        let sent = Instant::now();
        let id = self.child.id().to_string();
        if !Command::new("kill").args(["-TERM", &id]).status()?.success() {
            bail!("`kill -TERM {id}` failed");
        }
        self.child.wait()?;
        Ok((sent, Instant::now()))
    }
}

impl Drop for Processor {
    fn drop(&mut self) {
        // It may have ended already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
