//! Damage to any file of an installation, by seed: a flipped bit, a file that ends early, one from an
//! older copy or from another installation. Each is said by a key, the audit, the tables' check or
//! readiness, or it is harmless: the same audit, the same answers. Nothing is sold twice.
//!
//! `FLOODGATE_FLIPS` sets how many, `FLOODGATE_SEED` which.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use floodgate_audit::AuditOptions;
use floodgate_event_log::{EmbeddedLog, Log};
use floodgate_http_client::{Call, Http};
use floodgate_server::keys::{KeyFiles, Secrets};
use floodgate_server::{ProcessOptions, Role, Running};
use floodgate_sinks::{check, destinations};
use http::Method;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::Value;
use tokio::net::TcpListener;

use super::files::{Installation, copy_folder, status};
use crate::form;

/// As many as a minute allows.
const FLIPS: usize = 60;

/// An installation as a kill left it, what is so in it, and copies that are not of it.
struct Original {
    data: tempfile::TempDir,
    truth: Vec<(String, Value)>,
    secrets: Secrets,
    /// The same installation, a sale earlier.
    older: tempfile::TempDir,
    /// Another one.
    foreign: tempfile::TempDir,
}

impl Original {
    async fn make() -> Self {
        let installation = Installation::sold().await;
        let older = tempfile::tempdir().unwrap();
        copy_folder(&installation.data(), older.path());
        let (data, truth) = installation.sold_and_killed().await;
        let foreign = tempfile::tempdir().unwrap();
        copy_folder(&Installation::sold().await.data(), foreign.path());
        let secrets = KeyFiles::in_folder(&data.path().join("keys")).read().unwrap();
        Original { data, truth, secrets, older, foreign }
    }
}

/// Every file with something in it, by its path in the folder, with its size.
fn files(folder: &Path) -> Vec<(PathBuf, u64)> {
    fn walk(root: &Path, folder: &Path, found: &mut Vec<(PathBuf, u64)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let (entry, path) =
                entry.map(|entry| (entry.metadata().unwrap(), entry.path())).unwrap();
            if entry.is_dir() {
                walk(root, &path, found);
            } else if entry.len() > 0 {
                found.push((path.strip_prefix(root).unwrap().to_owned(), entry.len()));
            }
        }
    }
    let mut found = Vec::new();
    walk(folder, folder, &mut found);
    found.sort();
    found
}

/// Damages one file of a copy; what was done.
fn damage(copy: &Path, original: &Original, round: usize, random: &mut StdRng) -> String {
    let all = files(copy);
    // Every file is met, and the large ones more often.
    let (name, size) = match round % 2 {
        0 => all.choose(random).unwrap().clone(),
        _ => all.choose_weighted(random, |(_, size)| size.isqrt()).unwrap().clone(),
    };
    let path = copy.join(&name);
    let other = match round % 20 {
        17 => Some(("of another installation", original.foreign.path())),
        18 => Some(("of an older copy", original.older.path())),
        _ => None,
    };
    if let Some((what, folder)) = other {
        if folder.join(&name).exists() {
            std::fs::copy(folder.join(&name), &path).unwrap();
        } else {
            std::fs::remove_file(&path).unwrap();
        }
        return format!("{} {what}", name.display());
    }
    let mut bytes = std::fs::read(&path).unwrap();
    let at = random.random_range(0..size);
    let what = if round % 20 == 19 {
        bytes.truncate(at as usize);
        format!("{}: {at} of {size} bytes", name.display())
    } else {
        let bit = random.random_range(0..8);
        bytes[at as usize] ^= 1 << bit;
        format!("{}: bit {bit} of byte {at}", name.display())
    };
    std::fs::write(&path, bytes).unwrap();
    what
}

/// What is said of a damaged copy, by whoever looks first; `None` where nothing is wrong with it.
/// Panics where something is wrong and nobody says so.
async fn said(copy: &Path, original: &Original, what: &str) -> Option<String> {
    let secrets = match KeyFiles::in_folder(&copy.join("keys")).read() {
        Ok(secrets) => secrets,
        Err(error) => return Some(format!("keys: {error:#}")),
    };
    let known = &original.secrets;
    assert!(secrets.root == known.root && secrets.ticket == known.ticket, "{what}: other keys");
    // Whose key that is hears that it is refused.
    let digests = |secrets: &Secrets| -> Vec<_> {
        secrets.staff.iter().map(|key| (key.id, key.role, key.digest)).collect()
    };
    let refused = digests(&secrets) != digests(known);
    let place = copy.to_owned();
    let found = tokio::task::spawn_blocking(move || looked_at(&place)).await.unwrap();
    let ready = served(copy, secrets, original, what).await;
    found.err().or(ready.err()).or(refused.then(|| "a staff key is refused".to_owned()))
}

/// What those say who look without a server: the log, the audit, the check of the tables.
fn looked_at(copy: &Path) -> Result<(), String> {
    let log = EmbeddedLog::open_read_only(copy).map_err(|error| format!("log: {error}"))?;
    log.health().map_err(|error| format!("log: {error}"))?;
    let log: Arc<dyn Log> = Arc::new(log);
    let options = AuditOptions::default();
    let report = floodgate_audit::audit_with(&*log, options);
    let report = report.map_err(|error| format!("audit: {error:#}"))?;
    if !report.is_clean() {
        return Err(format!("audit: {report}"));
    }
    let settings = floodgate_config::load(None, [], &form::embedded_flags()).unwrap().settings;
    for destination in destinations(&settings.sinks, copy).unwrap() {
        let found = check(&log, &destination).map_err(|error| format!("tables: {error}"))?;
        if let Some(found) = found.filter(|found| !found.is_empty()) {
            return Err(format!("tables: {found:?}"));
        }
    }
    Ok(())
}

/// Serves it: why it is not ready. Where it is, everything must be as it was.
async fn served(
    copy: &Path,
    secrets: Secrets,
    original: &Original,
    what: &str,
) -> Result<(), String> {
    let settings = floodgate_config::load(None, [], &form::embedded_flags()).unwrap().settings;
    let options = ProcessOptions {
        settings: &settings,
        roles: &Role::ALL,
        secrets: Some(secrets),
        data: copy,
        listener: TcpListener::bind("127.0.0.1:0").await.unwrap(),
        metrics: None,
        follows: None,
    };
    let running = Running::start(options).await.map_err(|error| format!("start: {error:#}"))?;
    let target = format!("http://{}", running.address);
    let http = Http::new(&target).unwrap();
    let mut pulse = tokio::time::interval(Duration::from_millis(10));
    let outcome = loop {
        pulse.tick().await;
        let ready = http.call(Method::GET, "/readyz", Call::default()).await.unwrap().body;
        let needed = ready["services"].as_object().unwrap().iter();
        let mut reasons = needed.filter_map(|(name, one)| Some((name, one["reason"].as_str()?)));
        if ready["ready"] == true {
            break Ok(());
        }
        if let Some((name, reason)) = reasons.next() {
            break Err(format!("{name}: {reason}"));
        }
    };
    if outcome.is_ok() {
        for (event_id, truth) in &original.truth {
            assert_eq!(status(&target, event_id).await, *truth, "{what}: {event_id}");
        }
    }
    // What it could not write out it says as well.
    let _ = running.shutdown().await;
    outcome
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_to_any_file_is_said_or_harmless() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let seed = number("FLOODGATE_SEED").unwrap_or_else(|| rand::rng().random_range(0..1_000_000));
    let flips = number("FLOODGATE_FLIPS").map_or(FLIPS, |flips| flips as usize);
    println!("FLOODGATE_SEED={seed} FLOODGATE_FLIPS={flips}");
    let original = Original::make().await;
    let mut random = StdRng::seed_from_u64(seed);
    let (mut detected, mut harmless) = (0, 0);
    for round in 0..flips {
        let copy = tempfile::tempdir().unwrap();
        copy_folder(original.data.path(), copy.path());
        let what = damage(copy.path(), &original, round, &mut random);
        let what = format!("seed {seed}, round {round}: {what}");
        let said = said(copy.path(), &original, &what).await;
        match &said {
            Some(_) => detected += 1,
            None => harmless += 1,
        }
        println!("{what}: {}", said.as_deref().unwrap_or("harmless").lines().next().unwrap_or(""));
    }
    println!("{detected} said, {harmless} harmless");
    assert!(detected > 0 && harmless > 0, "{detected} said, {harmless} harmless");
}
