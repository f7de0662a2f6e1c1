//! What is measured in turn: an installation, and the bare processes beside it.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use http::Method;
use serde_json::{Value, json};

use super::bare::BareAnswers;
use crate::cpu::Meter;
use crate::installation::{Folder, Installation, Topics};
use crate::process::Process;
use floodgate_http_client::{Call, Http};

/// Processes that only pass on, as long as they are kept.
#[derive(Debug)]
pub(super) struct BareProcesses {
    pub(super) targets: Vec<String>,
    processes: Vec<Process>,
    topics: Option<Topics>,
    folder: Folder,
}

impl BareProcesses {
    /// HTTP alone.
    pub(super) fn http(answers: BareAnswers, meter: &mut Meter) -> Result<Self> {
        let mut made = BareProcesses::none(None, None)?;
        made.start("http", answers, None, meter)?;
        Ok(made)
    }

    /// HTTP and the embedded log, in a folder made within this one.
    pub(super) fn embedded(
        answers: BareAnswers,
        within: Option<&Path>,
        meter: &mut Meter,
    ) -> Result<Self> {
        let mut made = BareProcesses::none(None, within)?;
        made.start("whole", answers, None, meter)?;
        Ok(made)
    }

    /// HTTP and the echo as two processes over the servers that these settings name.
    pub(super) async fn distributed(
        answers: BareAnswers,
        config: Option<&Path>,
        meter: &mut Meter,
    ) -> Result<Self> {
        let mut made = BareProcesses::none(Some(Topics::make(config).await?), None)?;
        made.start("gateway", answers, config, meter)?;
        made.start("echo", answers, config, meter)?;
        made.targets.truncate(1);
        Ok(made)
    }

    fn none(topics: Option<Topics>, within: Option<&Path>) -> Result<Self> {
        let (targets, processes) = (Vec::new(), Vec::new());
        Ok(BareProcesses { targets, processes, topics, folder: Folder::make(within)? })
    }

    fn start(
        &mut self,
        part: &'static str,
        answers: BareAnswers,
        config: Option<&Path>,
        meter: &mut Meter,
    ) -> Result<()> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["bench", "bare", "--part", part, "--data"]).arg(self.folder.path());
        command.arg("--hold-bytes").arg(answers.hold_bytes.to_string());
        command.arg("--device-bytes").arg(answers.device_bytes.to_string());
        command.env_remove("FLOODGATE_CONFIG");
        if let Some(config) = config {
            command.arg("--config").arg(config);
        }
        if let Some(topics) = &self.topics {
            command.env("FLOODGATE_KAFKA__PREFIX", topics.prefix());
        }
        let process = Process::start(part, &mut command)?;
        meter.watch(part, process.id());
        self.targets.push(process.address.clone());
        self.processes.push(process);
        Ok(())
    }

    /// Waits until the first of them, which takes requests, gets answers.
    pub(super) async fn ready(self) -> Result<Self> {
        if let Some(process) = self.processes.first() {
            process.ready().await?;
        }
        Ok(self)
    }

    pub(super) async fn end(mut self) -> Result<()> {
        self.processes.clear();
        match self.topics.take() {
            Some(topics) => topics.remove().await,
            None => Ok(()),
        }
    }
}

/// What an installation answers to the first buyer of an event.
pub(super) async fn answers_of(installation: &Installation) -> Result<BareAnswers> {
    let event_id = installation.event_of(1_000, false).await?;
    let http = Http::new(&installation.targets[0])?;
    let join = format!("/v1/events/{event_id}/queue");
    let call = Call { key: Some("joins"), body: Some(json!({})), ..Call::default() };
    let joined = http.until_decided(Method::POST, &join, call).await?;
    let device = joined.text("device").context("a join without a device")?;
    let hold = format!("/v1/events/{event_id}/holds");
    let headers = vec![("floodgate-device", device)];
    let body: Value = json!({ "best": { "count": 2 } });
    let call = Call { key: Some("holds"), headers, body: Some(body), ..Call::default() };
    // The first one may be asked for before the event is known everywhere.
    http.until_decided(Method::POST, &hold, call.clone()).await?;
    let held = http.exchange(&Method::POST, &hold, &call).await?;
    let hold_bytes = held.head_bytes + held.body.len();
    Ok(BareAnswers { hold_bytes, device_bytes: device.len() })
}
