//! Three gateways and three processors on one broker and one Redis, and what befalls them in a
//! sale: a processor killed, one put to sleep that wakes as a ghost, a Redis that forgets all.

mod gateways;

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use floodgate_http_client::{Call, Http};
use floodgate_load::{LoadOptions, LoadProgress, LoadReport, run};
use floodgate_runner::{BucketOptions, BucketStore, Credentials, SnapshotStore};
use http::Method;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::form;
use crate::process::{Process, Takeover, ask, audit, make_keys};
use crate::world::new_event;

/// How long a buyer or a test waits for what must come: a broker that restarts on a machine full of
/// other tests takes a minute of it.
const LONGEST: Duration = Duration::from_secs(240);

/// Whether the real servers are left out on purpose.
fn is_quick() -> bool {
    std::env::var_os("FLOODGATE_TEST_QUICK").is_some()
}

/// One cluster at a time: six processes and a broker are what two cores can carry, and what a test sees of
/// a takeover is to be the takeover's.
pub(crate) static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// A whole installation of processes.
struct Cluster {
    gateways: Vec<Process>,
    processors: Vec<Process>,
    manager: String,
    config: String,
    folder: tempfile::TempDir,
    /// Given up after the processes have ended.
    _turn: tokio::sync::MutexGuard<'static, ()>,
}

impl Cluster {
    async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts with settings that differ from those of every test.
    async fn start_with(more: &[(&str, &str)]) -> Self {
        let turn = TURN.lock().await;
        let folder = tempfile::tempdir().unwrap();
        let manager = make_keys(&folder.path().join("data"));
        let mut flags = form::distributed_flags();
        let snapshots = folder.path().join("snapshots").to_str().unwrap().to_owned();
        flags.push(("engine.snapshots".to_owned(), snapshots));
        flags.retain(|(name, _)| !more.iter().any(|(other, _)| name == other));
        flags.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        form::apply_topics(&flags).await;
        let config = folder.path().join("form.toml");
        std::fs::write(&config, form::as_toml(&flags)).unwrap();
        let mut cluster = Cluster {
            gateways: Vec::new(),
            processors: Vec::new(),
            manager,
            config: config.to_str().unwrap().to_owned(),
            folder,
            _turn: turn,
        };
        for number in 1..=3 {
            let id = number.to_string();
            let gateway = cluster.role("gateway", &[("FLOODGATE_SERVER__GATEWAY_ID", &id)]);
            cluster.gateways.push(gateway);
            let processor = cluster.role("processor", &[]);
            cluster.processors.push(processor);
        }
        for process in cluster.gateways.iter().chain(&cluster.processors) {
            process.ready().await;
        }
        cluster
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn role(&self, role: &str, more: &[(&str, &str)]) -> Process {
        let mut settings = vec![
            ("FLOODGATE_CONFIG", &*self.config),
            // Where snapshots are in a bucket: keys that any test server takes.
            ("FLOODGATE_S3__PATH_STYLE", "true"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
        ];
        settings.extend(more);
        Process::start(role, &self.data(), "127.0.0.1:0", &settings)
    }

    /// An event in each of several partitions, created at one gateway and opened at the next.
    async fn events(&self, count: usize) -> Vec<String> {
        let mut events = Vec::new();
        for number in 0..count {
            let at = |number: usize| self.gateways[number % 3].target();
            let new = new_event(&json!({ "shoppers_max": 5_000 }));
            let created = ask(&at(number), &self.manager, Method::POST, "/v1/events", new).await;
            let event_id = created["event_id"].as_str().unwrap().to_owned();
            let open = format!("/v1/events/{event_id}/sale/open");
            ask(&at(number), &self.manager, Method::POST, &open, json!({})).await;
            events.push(event_id);
        }
        events
    }

    fn takeover_counts(&self) -> Vec<usize> {
        self.processors.iter().map(|processor| processor.takeovers().len()).collect()
    }

    /// What was taken over since then, once there are so many.
    async fn takeovers_since(&self, known: &[usize], count: usize) -> Vec<Takeover> {
        let started = Instant::now();
        let mut pulse = tokio::time::interval(Duration::from_millis(20));
        loop {
            pulse.tick().await;
            let all = self.processors.iter().zip(known);
            let fresh: Vec<_> =
                all.flat_map(|(one, &known)| one.takeovers().split_off(known)).collect();
            if fresh.len() >= count {
                return fresh;
            }
            assert!(started.elapsed() < Duration::from_secs(60), "only {fresh:?} of {count}");
        }
    }

    fn acked(&self) -> PathBuf {
        self.folder.path().join("acked.jsonl")
    }

    /// Buyers for every event, through another gateway each.
    fn storm(
        &self,
        events: &[String],
        buyers: usize,
        seed: u64,
    ) -> (Arc<LoadProgress>, Vec<Storm>) {
        let progress = Arc::new(LoadProgress::default());
        let storms = events.iter().enumerate().map(|(number, event_id)| {
            let target = self.gateways[(number + 1) % 3].target();
            let options = LoadOptions {
                rate: Some(60.0),
                acked: Some(self.acked()),
                patience: LONGEST,
                ..LoadOptions::new(target, event_id, buyers, seed + number as u64)
            };
            let theirs = Arc::clone(&progress);
            tokio::spawn(async move { run(&options, theirs).await.unwrap() })
        });
        let storms = storms.collect();
        (progress, storms)
    }

    /// The audit, once every storm is over and the log at rest.
    async fn clean(&self, storms: Vec<Storm>) -> (Value, Vec<LoadReport>) {
        let mut reports = Vec::new();
        for storm in storms {
            reports.push(storm.await.unwrap());
        }
        let (clean, report) =
            audit(&self.data(), &self.acked(), &[("FLOODGATE_CONFIG", &self.config)]);
        assert!(clean, "{report}\n{reports:?}");
        assert!(report["acked_checked"].as_u64().unwrap() > 100, "{report}");
        (report, reports)
    }
}

type Storm = JoinHandle<LoadReport>;

/// Asks for the strong status of every event all the time, as somebody who notices every pause.
struct Probe {
    waits: Arc<Mutex<Vec<(Instant, Duration)>>>,
    asking: Vec<JoinHandle<()>>,
}

impl Probe {
    fn begin(cluster: &Cluster, events: &[String]) -> Self {
        let waits = Arc::new(Mutex::new(Vec::new()));
        let ask = |(number, event_id): (usize, &String)| {
            let http = Http::new(&cluster.gateways[number % 3].target()).unwrap();
            let path = format!("/v1/events/{event_id}/status?consistency=strong");
            let theirs = Arc::clone(&waits);
            tokio::spawn(async move {
                let mut pulse = tokio::time::interval(Duration::from_millis(20));
                for request in 0_usize.. {
                    pulse.tick().await;
                    // Many people in many places, or the limits would be what is measured.
                    let address = format!("10.{number}.{}.{}", request / 250 % 250, request % 250);
                    let asked = Instant::now();
                    loop {
                        let headers = vec![("x-forwarded-for", address.as_str())];
                        let call = Call { headers, ..Call::default() };
                        // An answer too late for one request is asked for by the next.
                        if http.call(Method::GET, &path, call).await.unwrap().status == 200 {
                            break;
                        }
                    }
                    theirs.lock().unwrap().push((asked, asked.elapsed()));
                }
            })
        };
        let asking = events.iter().enumerate().map(ask).collect();
        Probe { waits, asking }
    }

    /// Says how long answers took before `then`, when all was quiet, and since.
    fn report(self, what: &str, then: Instant, takeovers: &[Takeover]) {
        self.asking.iter().for_each(JoinHandle::abort);
        let waits = self.waits.lock().unwrap();
        let (before, since): (Vec<_>, Vec<_>) = waits.iter().partition(|(asked, _)| *asked < then);
        for (when, waits) in [("before", before), ("since", since)] {
            let mut waits: Vec<Duration> = waits.into_iter().map(|(_, wait)| wait).collect();
            waits.sort_unstable();
            let Some(last) = waits.len().checked_sub(1) else { continue };
            let at = |share: usize| waits[last * share / 100];
            let (p50, p99, longest) = (at(50), at(99), at(100));
            let count = waits.len();
            eprintln!(
                "{when} a processor {what}, {count} answers: p50 {p50:.0?}, p99 {p99:.0?}, longest {longest:.0?}"
            );
        }
        takeovers.iter().for_each(|takeover| eprintln!("  {takeover}"));
    }
}

/// Waits until so many have bought.
async fn sold(progress: &LoadProgress, count: u64) -> Duration {
    let started = Instant::now();
    let mut pulse = tokio::time::interval(Duration::from_millis(5));
    while progress.sales.load(Ordering::Relaxed) < count {
        pulse.tick().await;
        let sales = progress.sales.load(Ordering::Relaxed);
        assert!(started.elapsed() < LONGEST, "only {sales} of {count} sales");
    }
    started.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_processor_dies_and_the_others_take_over() {
    if is_quick() {
        return;
    }
    let mut cluster = Cluster::start().await;
    let events = cluster.events(5).await;
    let probe = Probe::begin(&cluster, &events);
    let (progress, storms) = cluster.storm(&events, 120, 21);
    sold(&progress, 60).await;
    let known = cluster.takeover_counts();
    let owned = cluster.processors[0].owned();
    let killed = Instant::now();
    cluster.processors[0].kill();
    let before = progress.sales.load(Ordering::Relaxed);
    // Two thirds of the events go on at once; thirty more sales each prove that all of them do.
    let pause = sold(&progress, before + 150).await;
    eprintln!("150 sales after the kill took {pause:?}");
    let takeovers = cluster.takeovers_since(&known, owned.len()).await;
    probe.report("was killed", killed, &takeovers);
    assert!(takeovers.iter().all(|one| one.from == "standby"), "a cold one: {takeovers:?}");
    let (report, reports) = cluster.clean(storms).await;
    let sales: Vec<_> = reports.iter().map(|report| report.sales).collect();
    assert!(sales.iter().all(|&sales| sales > 60), "an event stood still: {sales:?} {report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_processor_leaves_calmly_and_nobody_waits() {
    if is_quick() {
        return;
    }
    // Nobody may be missed for five minutes, so only a goodbye lets the others take over in time.
    let bucket = bucket();
    let place = format!("s3://{}/{}", bucket.bucket, bucket.prefix);
    let mut cluster = Cluster::start_with(&[
        ("kafka.session_timeout", "300s"),
        ("engine.snapshots", &place),
        ("s3.endpoint", &bucket.endpoint),
    ])
    .await;
    let events = cluster.events(5).await;
    let probe = Probe::begin(&cluster, &events);
    let (progress, storms) = cluster.storm(&events, 120, 121);
    sold(&progress, 60).await;
    let calm = cluster.processors.remove(0);
    let (known, owned) = (cluster.takeover_counts(), calm.owned());
    let asked = Instant::now();
    calm.signal("-TERM");
    let before = progress.sales.load(Ordering::Relaxed);
    let said = tokio::task::spawn_blocking(|| calm.ended()).await.unwrap();
    assert!(said.iter().all(|line| line["level"] != "ERROR"), "{said:?}");
    sold(&progress, before + 150).await;
    let takeovers = cluster.takeovers_since(&known, owned.len()).await;
    probe.report("left", asked, &takeovers);
    assert!(takeovers.iter().all(|one| one.from == "standby"), "a cold one: {takeovers:?}");
    let stored = move || {
        let store = BucketStore::new(&bucket).unwrap();
        owned.into_iter().filter(|&owned| store.list(owned as u32).unwrap().is_empty()).collect()
    };
    let missing: Vec<u64> = tokio::task::spawn_blocking(stored).await.unwrap();
    assert!(missing.is_empty(), "no snapshots of {missing:?}");
    let (report, reports) = cluster.clean(storms).await;
    let sales: Vec<_> = reports.iter().map(|report| report.sales).collect();
    assert!(sales.iter().all(|&sales| sales > 60), "an event stood still: {sales:?} {report}");
}

/// A place of its own in the bucket of the test server.
fn bucket() -> BucketOptions {
    let (key_id, secret) = ("test".to_owned(), "test".to_owned());
    BucketOptions {
        endpoint: form::server("FLOODGATE_TEST_S3"),
        region: "us-east-1".to_owned(),
        bucket: "floodgate".to_owned(),
        prefix: format!("t{:08x}", rand::random::<u32>()),
        path_style: true,
        ca_file: None,
        credentials: Credentials::Given { key_id, secret, token: None },
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sleeper_wakes_after_its_takeover_and_harms_nobody() {
    if is_quick() {
        return;
    }
    let cluster = Cluster::start().await;
    let events = cluster.events(5).await;
    let (progress, storms) = cluster.storm(&events, 120, 41);
    sold(&progress, 60).await;
    cluster.processors[1].signal("-STOP");
    let before = progress.sales.load(Ordering::Relaxed);
    sold(&progress, before + 150).await;
    cluster.processors[1].signal("-CONT");
    let (report, reports) = cluster.clean(storms).await;
    let sales: Vec<_> = reports.iter().map(|report| report.sales).collect();
    assert!(sales.iter().all(|&sales| sales > 60), "an event stood still: {sales:?} {report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_forgets_everything_loses_nobody() {
    if is_quick() {
        return;
    }
    let cluster = Cluster::start().await;
    let events = cluster.events(3).await;
    let (progress, storms) = cluster.storm(&events, 120, 61);
    sold(&progress, 40).await;
    let url = form::server("FLOODGATE_TEST_REDIS");
    let flushed = std::process::Command::new("redis-cli").args(["-u", &url, "flushall"]).output();
    assert!(flushed.unwrap().status.success());
    let (report, reports) = cluster.clean(storms).await;
    let errors: u64 = reports.iter().map(|report| report.errors + report.gave_up).sum();
    assert_eq!(errors, 0, "somebody noticed: {reports:?}");
    assert_eq!(report["invariants"]["place-enters-once"]["violations"], json!(0));
}

/// Runs `scripts/servers` with these words.
fn servers(words: &[&str]) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/servers");
    let status = std::process::Command::new(script).args(words).status().unwrap();
    assert!(status.success(), "scripts/servers {words:?}");
}

/// Alone, because every other test would lose its broker too: FLOODGATE_TEST_RESTART=1 runs it.
#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_restarts_loses_nothing_acknowledged() {
    if is_quick() || std::env::var_os("FLOODGATE_TEST_RESTART").is_none() {
        return;
    }
    let cluster = Cluster::start().await;
    let events = cluster.events(3).await;
    let (progress, storms) = cluster.storm(&events, 150, 101);
    sold(&progress, 60).await;
    let before = progress.sales.load(Ordering::Relaxed);
    tokio::task::spawn_blocking(|| {
        servers(&["down", "kafka"]);
        servers(&["up", "kafka"]);
    })
    .await
    .unwrap();
    let pause = sold(&progress, before + 100).await;
    eprintln!("100 sales after the broker was back took {pause:?}");
    cluster.clean(storms).await;
}
