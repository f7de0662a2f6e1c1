//! `floodgate doctor`: what is wrong here, and the fix.

use std::path::Path;
use std::time::{Duration, SystemTime};

use floodgate_config::{Backend, Settings, Store};
use floodgate_log::{EmbeddedLog, Log as _, Topic};
use serde::Serialize;

use super::exit::Failure;
use super::settings::{Place, key_folder};
use super::staff::Caller;
use super::{block_on, servers};
use crate::keys::{KeyFiles, is_open_to_others};

/// Looks at configuration, keys, data folder, limits and clock, and says the fix for each fault.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  floodgate doctor
  floodgate doctor --data data --config my.toml --json
  floodgate doctor --ready http://127.0.0.1:8080      for health checks")]
pub(super) struct Doctor {
    #[command(flatten)]
    place: Place,
    /// Only ask a running role whether it is ready; ends with 69 when it is not.
    #[arg(long, value_name = "URL")]
    ready: Option<String>,
}

/// One thing looked at.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    check: &'static str,
    ok: bool,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

impl Finding {
    pub(super) fn good(check: &'static str, found: impl Into<String>) -> Self {
        Finding { check, ok: true, found: found.into(), fix: None }
    }

    pub(super) fn bad(
        check: &'static str,
        found: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
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
        let mut findings = Vec::new();
        match self.place.load(&[]) {
            Ok(loaded) => {
                findings.push(Finding::good("configuration", "every setting is within its bounds"));
                look(&loaded.settings, &self.place.data, &mut findings);
            }
            Err(failure) => findings.push(Finding::bad(
                "configuration",
                format!("it cannot be used: {failure}"),
                "mend the key that is named; a running gateway goes on with what it had",
            )),
        }
        for finding in &findings {
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
}

fn look(settings: &Settings, data: &Path, findings: &mut Vec<Finding>) {
    findings.push(open_files(settings));
    findings.push(clock());
    findings.push(listen(settings));
    findings.push(keys(settings, data));
    findings.push(folder(data));
    match settings.log.backend {
        Backend::Embedded => findings.push(log(data)),
        Backend::Kafka => findings.extend(servers::kafka(settings)),
    }
    if settings.admission.store == Store::Redis {
        findings.push(servers::redis(settings));
    }
}

fn open_files(settings: &Settings) -> Finding {
    let needed = settings.server.connections_max as u64 + 100;
    let hard = rlimit::Resource::NOFILE.get_hard().unwrap_or(0);
    let found = format!("{hard} files may be open, {needed} are needed");
    if hard >= needed {
        return Finding::good("open files", found);
    }
    Finding::bad("open files", found, "raise `ulimit -Hn`, or lower server.connections_max")
}

/// 2024-01-01: a clock before it would give holds that are over already.
const SANE_SECONDS: u64 = 1_704_067_200;

fn clock() -> Finding {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    if now > Duration::from_secs(SANE_SECONDS) {
        return Finding::good(
            "clock",
            humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        );
    }
    Finding::bad("clock", "it is years behind", "set the time, best by NTP")
}

fn listen(settings: &Settings) -> Finding {
    let address = settings.server.listen;
    match std::net::TcpListener::bind(address) {
        Ok(_) => Finding::good("listen", format!("{address} is free")),
        Err(error) => Finding::bad(
            "listen",
            format!("{address}: {error}"),
            "fine if a server of yours is running; else choose another server.listen",
        ),
    }
}

fn keys(settings: &Settings, data: &Path) -> Finding {
    let make = format!("floodgate keys new --out {}", key_folder(data).display());
    if let Err(failure) = super::settings::secrets(settings, data) {
        return Finding::bad("keys", format!("they cannot be read: {failure:?}"), make);
    }
    let own = KeyFiles::in_folder(&key_folder(data));
    let open = [&own.root, &own.ticket].into_iter().find(|path| is_open_to_others(path));
    match open {
        None => Finding::good("keys", "all there, readable by their owner alone"),
        Some(path) => {
            let found = format!("{} can be read by others", path.display());
            Finding::bad("keys", found, format!("chmod 600 {}", path.display()))
        }
    }
}

fn folder(data: &Path) -> Finding {
    let probe = data.join(".doctor");
    match std::fs::write(&probe, b"").and_then(|()| std::fs::remove_file(&probe)) {
        Ok(()) => Finding::good("data folder", format!("{} can be written", data.display())),
        Err(error) => Finding::bad(
            "data folder",
            format!("{}: {error}", data.display()),
            "make the folder, or give its owner's rights to this user",
        ),
    }
}

/// The embedded log.
fn log(data: &Path) -> Finding {
    if !data.join("log.db").exists() {
        return Finding::good("log", "there is none yet; the first start makes it");
    }
    let counted =
        EmbeddedLog::open_read_only(data).map_err(|error| error.to_string()).and_then(|log| {
            let ends = (0..log.partitions(Topic::Commands)).map(|p| log.end(Topic::Commands, p));
            ends.sum::<Result<u64, _>>().map_err(|error| error.to_string())
        });
    match counted {
        Ok(commands) => Finding::good("log", format!("{commands} commands, all readable")),
        Err(error) => Finding::bad(
            "log",
            error,
            "restore the folder from its last copy; nothing here repairs a log",
        ),
    }
}
