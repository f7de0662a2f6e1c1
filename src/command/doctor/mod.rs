//! `floodgate doctor`: what is wrong, and how to fix it.

mod clock;
mod here;
mod kafka;
mod network;
mod people;
mod stores;

use std::path::{Path, PathBuf};

use anyhow::Context;
use floodgate_config::{Backend, Settings, Store};
use serde::Serialize;

use super::block_on;
use super::exit::Failure;
use super::settings::Place;
use super::staff::Caller;

/// Checks configuration, keys, folders, limits, servers, topics and clocks, and says how to fix
/// each fault.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  floodgate doctor
  floodgate doctor --data data --config my.toml --json
  floodgate doctor --ready http://127.0.0.1:8080      for health checks
  floodgate doctor --through http://tickets.example --key-file keys/operator.key")]
pub(super) struct Doctor {
    #[command(flatten)]
    place: Place,
    /// Only ask a running role whether it is ready; exit with 69 if it is not.
    #[arg(long, value_name = "URL")]
    ready: Option<String>,
    /// Only ask a running gateway, through the proxies in front of it, whose address counts.
    #[arg(long, value_name = "URL", requires = "key_file", conflicts_with = "ready")]
    through: Option<String>,
    /// File with a staff key, for --through.
    #[arg(long, env = "FLOODGATE_KEY_FILE", value_name = "FILE")]
    key_file: Option<PathBuf>,
}

/// One thing looked at.
#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    ok: bool,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

impl Finding {
    fn good(check: &'static str, found: impl Into<String>) -> Self {
        Finding { check, ok: true, found: found.into(), fix: None }
    }

    fn bad(check: &'static str, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Finding { check, ok: false, found: found.into(), fix: Some(fix.into()) }
    }
}

impl Doctor {
    pub(super) fn run(self, json: bool) -> Result<(), Failure> {
        if let Some(url) = &self.ready {
            let caller = Caller::new(url, None)?;
            let answer = block_on(async { caller.get("/readyz").await });
            return answer
                .map(|_| ())
                .map_err(|_| Failure::unavailable(anyhow::anyhow!("{url} is not ready")));
        }
        if let (Some(url), Some(file)) = (&self.through, &self.key_file) {
            let key = std::fs::read_to_string(file)
                .with_context(|| format!("cannot read the staff key {}", file.display()))?;
            let asked = async { Ok(network::through(url, key.trim()).await) };
            return say(&block_on(asked)?, json);
        }
        let mut findings = Vec::new();
        match self.place.load(&[]) {
            Ok(loaded) => {
                findings.push(Finding::good("configuration", "every setting is within its limits"));
                look(&loaded.settings, &self.place.data, &mut findings);
            }
            Err(failure) => findings.push(Finding::bad(
                "configuration",
                format!("it cannot be used: {failure}"),
                "correct the key that is named; a running gateway keeps its old settings",
            )),
        }
        say(&findings, json)
    }
}

fn say(findings: &[Finding], json: bool) -> Result<(), Failure> {
    for finding in findings {
        if json {
            println!("{}", serde_json::to_string(finding).map_err(Failure::io)?);
        } else {
            let verdict = if finding.ok { "ok" } else { "FAULT" };
            println!("{verdict:<6} {:<14} {}", finding.check, finding.found);
            if let Some(fix) = &finding.fix {
                println!("{:<21} fix: {fix}", "");
            }
        }
    }
    if findings.iter().all(|finding| finding.ok) { Ok(()) } else { Err(Failure::findings()) }
}

fn look(settings: &Settings, data: &Path, findings: &mut Vec<Finding>) {
    findings.push(here::open_files(settings));
    findings.push(here::clock());
    findings.push(here::listen(settings));
    findings.push(network::proxies(settings));
    findings.push(here::keys(settings, data));
    findings.push(here::folder(here::DATA, data));
    findings.push(here::payments(settings));
    match settings.log.backend {
        Backend::Embedded => findings.push(here::log(data)),
        Backend::Kafka => {
            findings.push(here::snapshots(settings, data));
            findings.extend(kafka::look(settings));
        }
    }
    if settings.admission.store == Store::Redis {
        findings.extend(stores::redis(settings));
    }
    findings.extend(stores::sinks(settings, data));
    findings.push(people::store(settings, data));
    findings.extend(people::mail(settings));
}
