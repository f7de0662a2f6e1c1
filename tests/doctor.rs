//! `floodgate doctor` against real servers, and against servers that are wrong on purpose.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use floodgate_event_log::Topic;
use floodgate_event_log::kafka::{TopicPlan, apply};
use floodgate_server::kafka_options;
use floodgate_testkit::ports::{NOBODY, port_for_a_server};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::form;
use crate::process::{make_keys, run};

/// An installation whose settings a test changes as it likes.
struct Patient {
    folder: tempfile::TempDir,
    settings: BTreeMap<String, String>,
}

/// What was found: each check's verdicts, what was seen, and the fixes.
struct Findings(Vec<Value>);

impl Findings {
    fn faults(&self) -> Vec<&str> {
        let bad = self.0.iter().filter(|finding| finding["ok"] == false);
        bad.map(|finding| finding["check"].as_str().unwrap()).collect()
    }

    /// Everything said about faults of one check.
    fn said(&self, check: &str) -> String {
        let theirs = self.0.iter().filter(|one| one["check"] == check && one["ok"] == false);
        theirs.map(Value::to_string).collect::<Vec<_>>().join("\n")
    }
}

impl Patient {
    /// Everything as it should be, in one process with no servers.
    fn embedded() -> Self {
        let folder = tempfile::tempdir().unwrap();
        make_keys(&folder.path().join("data"));
        let mut patient = Patient { folder, settings: BTreeMap::new() };
        patient.set("server.listen", "127.0.0.1:0");
        // Fewer than any machine allows to be open.
        patient.set("server.connections_max", "64");
        patient.set("payments.allow_sandbox", "true");
        patient
    }

    /// Everything as it should be, on the real servers, with topics of its own still to be made.
    fn distributed() -> Self {
        let mut patient = Patient::embedded();
        patient.settings.extend(form::distributed_flags());
        patient.set("sinks.postgres", form::server("FLOODGATE_TEST_POSTGRES"));
        patient.set("people.postgres", form::server("FLOODGATE_TEST_POSTGRES"));
        let snapshots = patient.folder.path().join("snapshots");
        std::fs::create_dir(&snapshots).unwrap();
        patient.set("engine.snapshots", snapshots.to_str().unwrap());
        patient
    }

    /// In one process that needs nothing but a Redis.
    fn with_redis(address: SocketAddr) -> Self {
        let mut patient = Patient::embedded();
        patient.set("admission.store", "redis");
        patient.set("redis.url", format!("redis://{address}"));
        patient
    }

    fn set(&mut self, key: &str, value: impl Into<String>) {
        self.settings.insert(key.to_owned(), value.into());
    }

    fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    async fn make(&self, plans: &[TopicPlan]) {
        let flags: form::Flags = self.settings.clone().into_iter().collect();
        let settings = floodgate_config::load(None, [], &flags).unwrap().settings;
        apply(&kafka_options(&settings), plans).await.unwrap();
    }

    async fn command(&self, words: &[&str]) -> (i32, Vec<Value>) {
        let flags: form::Flags = self.settings.clone().into_iter().collect();
        let config = self.folder.path().join("patient.toml");
        std::fs::write(&config, form::as_toml(&flags)).unwrap();
        let config = config.to_str().unwrap().to_owned();
        let data = self.data().to_str().unwrap().to_owned();
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        // A process is waited for on a thread, so that servers of the test go on meanwhile.
        let output = tokio::task::spawn_blocking(move || {
            let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
            words.extend(["--json", "--config", &config, "--data", &data]);
            run(&words)
        });
        output.await.unwrap()
    }

    async fn examine(&self) -> Findings {
        let (code, lines) = self.command(&["doctor"]).await;
        let findings = Findings(lines);
        let expected = i32::from(!findings.faults().is_empty());
        assert_eq!(code, expected, "{:?}", findings.0);
        for finding in &findings.0 {
            let has_fix = finding["fix"].as_str().is_some_and(|fix| fix.len() > 5);
            assert_eq!(finding["ok"] == false, has_fix, "a fault names its fix: {finding}");
        }
        findings
    }
}

fn is_quick() -> bool {
    std::env::var_os("FLOODGATE_TEST_QUICK").is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_installation_has_no_faults() {
    if is_quick() {
        return;
    }
    let patient = Patient::distributed();
    patient.make(&TopicPlan::all(6, 8, 1)).await;
    let findings = patient.examine().await;
    assert!(findings.faults().is_empty(), "{:?}", findings.0);
    let checks = [
        "configuration",
        "open files",
        "clock",
        "listen",
        "keys",
        "data folder",
        "snapshots",
        "kafka",
        "session",
        "topic",
        "message size",
        "kafka clock",
        "redis",
        "redis memory",
        "redis clock",
        "sqlite",
        "postgres",
        "postgres clock",
    ];
    for check in checks {
        assert!(findings.0.iter().any(|one| one["check"] == check), "{check}: {:?}", findings.0);
    }
    let topics = findings.0.iter().filter(|one| one["check"] == "topic").count();
    assert_eq!(topics, Topic::ALL.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_that_nobody_allowed_sells_nothing() {
    let mut patient = Patient::embedded();
    assert_eq!(patient.examine().await.faults(), [""; 0]);
    patient.set("payments.allow_sandbox", "false");
    let findings = patient.examine().await;
    assert_eq!(findings.faults(), ["payments"]);
    for role in ["serve", "gateway", "processor"] {
        let (code, lines) = patient.command(&[role]).await;
        assert_eq!(code, 64, "{role}: {lines:?}");
        let why = lines.iter().map(Value::to_string).collect::<String>();
        assert!(why.contains("--allow-sandbox"), "{role} names the fix: {why}");
    }
    // A real provider without its keys does not start either, and says what is missing.
    patient.set("payments.provider", "stripe");
    let said = patient.examine().await.said("payments");
    assert!(said.contains("STRIPE_SECRET_KEY"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_servers_are_reported_one_by_one() {
    if is_quick() {
        return;
    }
    let mut patient = Patient::distributed();
    patient.set("kafka.brokers", NOBODY);
    patient.set("redis.url", format!("redis://someone:secret@{NOBODY}"));
    let (host, port) = NOBODY.split_once(':').unwrap();
    patient.set("sinks.postgres", format!("host={host} port={port} user=floodgate"));
    patient.set("people.postgres", format!("host={host} port={port} user=floodgate"));
    patient.set("engine.snapshots", "/nowhere/at/all");
    let key = patient.data().join("keys/ticket.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    std::fs::set_permissions(patient.data(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let findings = patient.examine().await;
    assert_eq!(
        findings.faults(),
        ["keys", "data folder", "snapshots", "kafka", "redis", "postgres", "people"]
    );
    assert!(findings.said("data folder").contains("chmod 700"), "{}", findings.said("data folder"));
    assert!(findings.said("keys").contains("chmod 600"), "{}", findings.said("keys"));
    assert!(findings.said("kafka").contains(NOBODY), "{}", findings.said("kafka"));
    assert!(!findings.said("redis").contains("secret"), "a password was printed");
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_that_are_missing_or_set_otherwise_are_mended_by_the_fix() {
    if is_quick() {
        return;
    }
    let mut patient = Patient::distributed();
    let mut plans = TopicPlan::all(6, 8, 1);
    // All but the facts, and some of them not as planned.
    plans.retain(|plan| plan.topic != Topic::Facts);
    for plan in &mut plans {
        let wrong = match plan.topic {
            Topic::Commands => {
                [("retention.ms", "3600000"), ("message.timestamp.type", "CreateTime")]
            }
            Topic::Counts => [("cleanup.policy", "delete"), ("max.message.bytes", "1000000")],
            _ => continue,
        };
        for (key, value) in wrong {
            plan.config.iter_mut().find(|(name, _)| *name == key).unwrap().1 = value.to_owned();
        }
    }
    patient.make(&plans).await;
    patient.set("kafka.session_timeout", "2h");
    patient.set("kafka.replication", "3");
    patient.set("kafka.properties", r#"["message.max.bytes=1000000"]"#);
    let findings = patient.examine().await;
    assert!(findings.said("kafka").contains("3 replicas"), "{}", findings.said("kafka"));
    assert!(findings.said("session").contains("7200000 ms"), "{}", findings.said("session"));
    assert!(findings.said("message size").contains("1000000"), "{:?}", findings.0);

    patient.set("kafka.session_timeout", "10s");
    patient.set("kafka.replication", "1");
    patient.set("kafka.properties", "[]");
    let said = patient.examine().await.said("topic");
    for part in ["retention.ms is 3600000", "CreateTime", "is delete", "is 1000000", "is missing"] {
        assert!(said.contains(part) && said.contains("floodgate topics apply"), "{part}: {said}");
    }
    let (code, _) = patient.command(&["topics", "apply"]).await;
    assert_eq!(code, 0);
    let findings = patient.examine().await;
    assert!(findings.faults().is_empty(), "{:?}", findings.0);
}

/// A Redis of this test alone; ended with it.
struct OwnRedis(Child, SocketAddr);

impl OwnRedis {
    async fn start(folder: &Path, more: &[&str]) -> Self {
        let port = port_for_a_server();
        let child = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--dir"])
            .arg(folder)
            .args(more)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let redis = OwnRedis(child, SocketAddr::from(([127, 0, 0, 1], port)));
        let (started, mut pulse) =
            (Instant::now(), tokio::time::interval(Duration::from_millis(20)));
        while TcpStream::connect(redis.1).await.is_err() {
            pulse.tick().await;
            assert!(started.elapsed() < Duration::from_secs(30), "it never listened");
        }
        redis
    }
}

impl Drop for OwnRedis {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_forgets_or_only_follows_is_a_fault() {
    if is_quick() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let forgetful = OwnRedis::start(folder.path(), &["--maxmemory-policy", "allkeys-lru"]).await;
    let findings = Patient::with_redis(forgetful.1).examine().await;
    assert_eq!(findings.faults(), ["redis memory"]);
    assert!(findings.said("redis memory").contains("allkeys-lru"), "{:?}", findings.0);

    let leader = forgetful.1.port().to_string();
    let more = ["--maxmemory-policy", "noeviction", "--replicaof", "127.0.0.1", &leader];
    let follower = OwnRedis::start(folder.path(), &more).await;
    let findings = Patient::with_redis(follower.1).examine().await;
    assert_eq!(findings.faults(), ["redis"], "{:?}", findings.0);
}

/// Answers as a Redis would whose clock is off.
async fn wrong_clock(listener: TcpListener, off_ms: i64) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { return };
        tokio::spawn(async move {
            let mut stream = BufReader::new(stream);
            while let Some(words) = words(&mut stream).await {
                let about =
                    "redis_version:7.0.15\r\nmaxmemory_policy:noeviction\r\nrole:master\r\n";
                let answer = match words[0].to_uppercase().as_str() {
                    "PING" => "+PONG\r\n".to_owned(),
                    "INFO" => format!("${}\r\n{about}\r\n", about.len()),
                    "TIME" => {
                        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
                        let ms = (now.as_millis() as u64).saturating_add_signed(off_ms);
                        let (seconds, micros) = (ms / 1000, ms % 1000 * 1000);
                        let bulk = |n: u64| format!("${}\r\n{n}\r\n", n.to_string().len());
                        format!("*2\r\n{}{}", bulk(seconds), bulk(micros))
                    }
                    _ => "+OK\r\n".to_owned(),
                };
                if stream.get_mut().write_all(answer.as_bytes()).await.is_err() {
                    return;
                }
            }
        });
    }
}

/// One command: an array of texts with their lengths.
async fn words(stream: &mut BufReader<TcpStream>) -> Option<Vec<String>> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    let count: usize = line.trim().strip_prefix('*')?.parse().ok()?;
    let mut words = Vec::new();
    for _ in 0..count {
        line.clear();
        stream.read_line(&mut line).await.ok()?;
        let size: usize = line.trim().strip_prefix('$')?.parse().ok()?;
        let mut bytes = vec![0; size + 2];
        stream.read_exact(&mut bytes).await.ok()?;
        words.push(String::from_utf8_lossy(&bytes[..size]).into_owned());
    }
    Some(words)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_off_is_a_fault() {
    for (off_ms, is_fault) in [(0, false), (-200, false), (3_000, true), (-60_000, true)] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let answering = tokio::spawn(wrong_clock(listener, off_ms));
        let findings = Patient::with_redis(address).examine().await;
        let faults: &[&str] = if is_fault { &["redis clock"] } else { &[] };
        assert_eq!(findings.faults(), faults, "{off_ms} ms: {:?}", findings.0);
        answering.abort();
    }
}
