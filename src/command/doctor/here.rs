//! What this machine has: files, folders, keys, a port, a clock.

use std::path::Path;
use std::time::{Duration, SystemTime};

use floodgate_config::{Settings, StoreLocation};
use floodgate_domain::LogTime;
use floodgate_event_log::{EmbeddedLog, Log as _, Topic};
use floodgate_gateway::StaffRole;

use super::super::settings::{key_folder, secret_files, secrets};
use super::Finding;
use floodgate_server::keys::KeyFiles;
use floodgate_server::{is_open_to_others, open_provider, open_snapshots};

/// The folder that only its owner should enter; snapshots may be shared.
pub(super) const DATA: &str = "data folder";

pub(super) fn open_files(settings: &Settings) -> Finding {
    let needed = settings.server.connections_max as u64 + 100;
    let hard = rlimit::Resource::NOFILE.get_hard().unwrap_or(0);
    let found = format!("{hard} files may be open, {needed} are needed");
    if hard >= needed {
        return Finding::good("open files", found);
    }
    Finding::bad("open files", found, "raise `ulimit -Hn`, or lower server.connections_max")
}

/// Clocks that are this close to each other are no fault.
const AHEAD_SECONDS: u64 = 2;
/// 2024-01-01: a clock before it would give holds that are over already.
const SANE_SECONDS: u64 = 1_704_067_200;

pub(super) fn clock() -> Finding {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    if now > Duration::from_secs(SANE_SECONDS) {
        return Finding::good(
            "clock",
            humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        );
    }
    Finding::bad("clock", "it is years behind", "set the time, preferably by NTP")
}

pub(super) fn listen(settings: &Settings) -> Finding {
    let address = settings.server.listen;
    match std::net::TcpListener::bind(address) {
        Ok(_) => Finding::good("listen", format!("{address} is free")),
        Err(error) => Finding::bad(
            "listen",
            format!("{address}: {error}"),
            "fine if it is your own running server; otherwise choose another server.listen",
        ),
    }
}

/// The files a gateway reads its secrets from, and those the staff's keys were handed out in.
pub(super) fn keys(settings: &Settings, data: &Path) -> Finding {
    let folder = key_folder(data);
    let make = format!("floodgate keys new --out {}", folder.display());
    if let Err(failure) = secrets(settings, data) {
        return Finding::bad("keys", format!("they cannot be read: {failure}"), make);
    }
    let KeyFiles { root, ticket, staff } = secret_files(settings, data);
    let handed_out = StaffRole::ALL.map(|role| folder.join(format!("{}.key", role.code())));
    let all = [root, ticket, staff].into_iter().chain(handed_out);
    let open: Vec<_> = all.filter(|path| is_open_to_others(path)).collect();
    if open.is_empty() {
        return Finding::good("keys", "all there, readable only by their owner");
    }
    let names: Vec<_> = open.iter().map(|path| path.display().to_string()).collect();
    let names = names.join(" ");
    Finding::bad("keys", format!("others can read {names}"), format!("chmod 600 {names}"))
}

/// The payment provider, and whether anything would start with it.
pub(super) fn payments(settings: &Settings) -> Finding {
    match open_provider(settings) {
        Ok(Some(provider)) if provider.moves_money() => {
            Finding::good("payments", format!("{} takes the money", provider.name()))
        }
        Ok(Some(provider)) => {
            let name = provider.name();
            Finding::good("payments", format!("{name} moves no money; allowed, so this is a trial"))
        }
        Ok(None) => Finding::good("payments", "no provider: every payment stays open"),
        Err(error) => Finding::bad(
            "payments",
            format!("nothing that takes payments will start: {error}"),
            "name a provider in [payments], or allow the sandbox for a trial",
        ),
    }
}

/// A folder this process must write to.
pub(super) fn folder(check: &'static str, folder: &Path) -> Finding {
    let probe = folder.join(format!(".doctor-{}", std::process::id()));
    match std::fs::write(&probe, b"").and_then(|()| std::fs::remove_file(&probe)) {
        Ok(()) if check == DATA && is_open_to_others(folder) => Finding::bad(
            check,
            format!("others on this machine can enter {}", folder.display()),
            format!("chmod 700 {}", folder.display()),
        ),
        Ok(()) => Finding::good(check, format!("{} can be written", folder.display())),
        Err(error) => Finding::bad(
            check,
            format!("{}: {error}", folder.display()),
            "create the folder, or give this user write access to it",
        ),
    }
}

/// Where processors find each other's snapshots.
pub(super) fn snapshots(settings: &Settings, data: &Path) -> Finding {
    match &settings.engine.snapshots {
        StoreLocation::Folder(named) if !named.as_os_str().is_empty() => {
            return folder("snapshots", named);
        }
        StoreLocation::Folder(_) => {}
        StoreLocation::Bucket { bucket, .. } => return bucket_answers(settings, data, bucket),
    }
    let own = data.join("snapshots");
    let advice = "processors with folders of their own replay the whole log when they take over; \
        engine.snapshots names one for all";
    Finding::good("snapshots", format!("in {}; {advice}", own.display()))
}

fn bucket_answers(settings: &Settings, data: &Path, bucket: &str) -> Finding {
    let listed = open_snapshots(settings, data)
        .map_err(|error| format!("{error:#}"))
        .and_then(|store| store.list(0).map_err(|error| error.to_string()));
    match listed {
        Ok(_) => Finding::good("snapshots", format!("the bucket {bucket} answers")),
        Err(error) => Finding::bad(
            "snapshots",
            format!("{bucket}: {error}"),
            "see [s3]: endpoint, region and keys; the bucket must exist",
        ),
    }
}

/// The embedded log.
pub(super) fn log(data: &Path) -> Finding {
    if !data.join("log.db").exists() {
        return Finding::good("log", "there is none yet; the first start creates it");
    }
    match read_log(data) {
        Ok((commands, last)) => {
            // Not longer ago than it takes to look.
            let ahead = last.0.saturating_sub(wall_clock().0) / 1_000;
            let found = format!("{commands} commands, the last of each partition is readable");
            if ahead < AHEAD_SECONDS {
                return Finding::good("log", found);
            }
            Finding::bad(
                "log",
                format!("{found}; it is {ahead} s ahead of this machine's clock"),
                "set the clock by NTP; the log goes by elapsed time, and slower until they agree",
            )
        }
        Err(error) => Finding::bad(
            "log",
            error,
            "see what is damaged with `floodgate log check`, and put back a copy of the folder",
        ),
    }
}

/// Commands in the log, and the time of its last record.
fn read_log(data: &Path) -> Result<(u64, LogTime), String> {
    let log = EmbeddedLog::open_read_only(data).map_err(|error| error.to_string())?;
    let (mut commands, mut last) = (0, LogTime(0));
    for topic in [Topic::Commands, Topic::Ledger] {
        for partition in 0..log.partitions(topic) {
            let record = log.last(topic, partition).map_err(|error| error.to_string())?;
            let end = record.as_ref().map_or(0, |record| record.offset + 1);
            commands += if topic == Topic::Commands { end } else { 0 };
            last = record.map_or(last, |record| last.max(record.at));
        }
    }
    Ok((commands, last))
}

fn wall_clock() -> LogTime {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    LogTime(u64::try_from(now.as_millis()).unwrap_or(u64::MAX))
}
