//! Kafka, Redis and PostgreSQL go away in every way, by seed, with and without buyers: every role comes
//! back by itself soon after, says so, and nothing acknowledged is lost or doubled.
//!
//! The servers are this test's own. `FLOODGATE_TEST_RESTART=1` runs it, `FLOODGATE_ROUNDS` sets how
//! often one goes away (30: every server in every way, with and without buyers), `FLOODGATE_SEED` which
//! and how.

mod proxy;
mod servers;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use floodgate_http_client::{Call, Http};
use floodgate_load::{LoadOptions, LoadProgress, LoadReport, run};
use http::Method;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use self::servers::{Away, Server, Servers};
use crate::form;
use crate::process::{Process, ask, audit, make_keys};
use crate::world::new_event;

/// Rounds of a run by default: about a minute and a half.
const ROUNDS: usize = 3;
/// How soon all roles are back; a machine that runs other tests takes longer, and is given the rest.
const BACK_WITHIN: Duration = Duration::from_secs(10);
const PATIENCE: Duration = Duration::from_secs(60);
/// How long an outage lasts that nobody has noticed.
const UNNOTICED_FOR: Duration = Duration::from_secs(20);

/// One process for each role, two gateways.
struct Installation {
    servers: Servers,
    roles: Vec<(&'static str, Process)>,
    manager: String,
    config: String,
    folder: tempfile::TempDir,
}

impl Installation {
    async fn start() -> Self {
        let servers = Servers::start().await;
        let folder = tempfile::tempdir().unwrap();
        let manager = make_keys(&folder.path().join("data"));
        let mut flags = form::distributed_flags();
        let own = servers.settings();
        flags.retain(|(name, _)| own.iter().all(|(own, _)| own != name));
        flags.extend(own);
        flags.push(("sinks.sqlite".to_owned(), "false".to_owned()));
        let snapshots = folder.path().join("snapshots").to_str().unwrap().to_owned();
        flags.push(("engine.snapshots".to_owned(), snapshots));
        form::apply_topics(&flags).await;
        let config = folder.path().join("form.toml");
        std::fs::write(&config, form::as_toml(&flags)).unwrap();
        let config = config.to_str().unwrap().to_owned();
        let mut all = Installation { servers, roles: Vec::new(), manager, config, folder };
        for (role, id) in [
            ("gateway", "1"),
            ("gateway", "2"),
            ("processor", "1"),
            ("streams", "1"),
            ("sink", "1"),
        ] {
            let settings =
                [("FLOODGATE_CONFIG", &*all.config), ("FLOODGATE_SERVER__GATEWAY_ID", id)];
            let process = Process::start(role, &all.data(), "127.0.0.1:0", &settings);
            all.roles.push((role, process));
        }
        all.until("it never was ready", PATIENCE, |states| states.iter().all(State::is_well)).await;
        all
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn acked(&self) -> PathBuf {
        self.folder.path().join("acked.jsonl")
    }

    fn gateway(&self, number: usize) -> String {
        self.roles[number % 2].1.target()
    }

    /// What each role says of itself.
    async fn states(&self) -> Vec<State> {
        let mut states = Vec::new();
        for (role, process) in &self.roles {
            let http = Http::new(&process.target()).unwrap();
            let body = http.call(Method::GET, "/readyz", Call::default()).await;
            states.push(State { role, body: body.map(|answer| answer.body).unwrap_or_default() });
        }
        states
    }

    /// How long it took until it was so.
    async fn until(
        &self,
        otherwise: &str,
        within: Duration,
        is_it: impl Fn(&[State]) -> bool,
    ) -> Duration {
        let known = self.within(within, is_it).await;
        known.unwrap_or_else(|states| panic!("{otherwise}: {states:?}"))
    }

    async fn within(
        &self,
        within: Duration,
        is_it: impl Fn(&[State]) -> bool,
    ) -> Result<Duration, Vec<State>> {
        let started = Instant::now();
        let mut pulse = tokio::time::interval(Duration::from_millis(50));
        loop {
            pulse.tick().await;
            let states = self.states().await;
            if is_it(&states) {
                return Ok(started.elapsed());
            }
            if started.elapsed() > within {
                return Err(states);
            }
        }
    }

    /// A new event, on sale.
    async fn event(&self) -> String {
        let new = new_event(&json!({ "shoppers_max": 5_000 }));
        let gateway = self.gateway(0);
        let created = ask(&gateway, &self.manager, Method::POST, "/v1/events", new).await;
        let event_id = created["event_id"].as_str().unwrap().to_owned();
        let open = format!("/v1/events/{event_id}/sale/open");
        ask(&gateway, &self.manager, Method::POST, &open, json!({})).await;
        event_id
    }

    fn buyers(&self, at: usize, event_id: &str, buyers: usize) -> LoadOptions {
        LoadOptions {
            rate: Some(20.0),
            acked: Some(self.acked()),
            patience: Duration::from_secs(240),
            first: at * 1_000,
            ..LoadOptions::new(self.gateway(at), event_id, buyers, at as u64)
        }
    }

    /// People buy at each gateway, and the tables say the same as the engine.
    async fn proves_itself(&self, event_id: &str) {
        for at in 0..2 {
            let options = self.buyers(at + 2, event_id, 4);
            let report = run(&options, Arc::new(LoadProgress::default())).await.unwrap();
            assert!(report.sales > 0 && report.errors + report.gave_up == 0, "{report:?}");
        }
        let http = Http::new(&self.gateway(1)).unwrap();
        let path = format!("/v1/events/{event_id}/status?consistency=strong");
        let sql = format!("SELECT held, sold FROM event_status WHERE event_id = '{event_id}'");
        let started = Instant::now();
        let mut pulse = tokio::time::interval(Duration::from_millis(100));
        loop {
            pulse.tick().await;
            let status = http.call(Method::GET, &path, Call::default()).await.unwrap().body;
            let (held, sold) = (&status["held"], &status["sold"]);
            let tables = self.servers.query(&sql);
            if tables == format!("{held}|{sold}") {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "the tables have {tables}, the engine {status}");
        }
    }
}

/// What a role says of itself; nothing where it does not answer.
#[derive(Debug)]
struct State {
    role: &'static str,
    body: Value,
}

impl State {
    /// Ready, and with it everything it is made of.
    fn is_well(&self) -> bool {
        let services = self.body["services"].as_object();
        let all = services.is_some_and(|all| all.values().all(|one| one["health"] == "ready"));
        self.body["ready"] == true && all
    }

    /// Whether it says what is so while a server is away. Without Redis people still buy.
    fn has_noticed(&self, server: Server) -> bool {
        match server {
            Server::Kafka => self.body["ready"] == false,
            Server::Redis => {
                self.role != "gateway" || self.body["services"]["places"]["health"] == "degraded"
            }
            Server::Postgres => self.role != "sink" || self.body["ready"] == false,
        }
    }
}

/// Every server in every way, with and without buyers, in an order that follows from the seed.
fn plan(seed: u64, rounds: usize) -> Vec<(Server, Away, bool)> {
    let mut all: Vec<_> = Server::ALL
        .into_iter()
        .flat_map(|server| Away::ALL.map(|away| (server, away)))
        .flat_map(|(server, away)| [(server, away, false), (server, away, true)])
        .collect();
    all.shuffle(&mut StdRng::seed_from_u64(seed));
    all.into_iter().cycle().take(rounds).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_server_goes_away_and_comes_back() {
    if std::env::var_os("FLOODGATE_TEST_RESTART").is_none() {
        return;
    }
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let seed = number("FLOODGATE_SEED").unwrap_or_else(|| rand::rng().random_range(0..1_000_000));
    let rounds = number("FLOODGATE_ROUNDS").map_or(ROUNDS, |rounds| rounds as usize);
    let _turn = crate::cluster::TURN.lock().await;
    eprintln!("FLOODGATE_SEED={seed} FLOODGATE_ROUNDS={rounds}");
    let mut all = Installation::start().await;
    let mut late = Vec::new();
    for (number, (server, away, has_buyers)) in plan(seed, rounds).into_iter().enumerate() {
        let back = round(&mut all, number, (server, away, has_buyers)).await;
        if back > BACK_WITHIN {
            late.push((number, server, away, has_buyers, back));
        }
    }
    let (clean, report) = audit(&all.data(), &all.acked(), &[("FLOODGATE_CONFIG", &all.config)]);
    assert!(clean, "seed {seed}: {report}");
    eprintln!(
        "{rounds} rounds, {} acknowledged answers checked; not back within {BACK_WITHIN:?}: {late:?}",
        report["acked_checked"]
    );
}

/// How long all roles took until they were back.
async fn round(
    all: &mut Installation,
    number: usize,
    (server, away, has_buyers): (Server, Away, bool),
) -> Duration {
    let context = format!("round {number}, {server:?} {away:?}, buyers: {has_buyers}");
    let event_id = all.event().await;
    let storm = if has_buyers { Some(storm(all, &event_id).await) } else { None };
    all.servers.away(server, away).await;
    let started = Instant::now();
    let noticed = if away == Away::Moved {
        None
    } else {
        let sees = |states: &[State]| states.iter().all(|state| state.has_noticed(server));
        Some(all.within(UNNOTICED_FOR, sees).await.map_err(|_| "not noticed"))
    };
    all.servers.back(server, away).await;
    let (gone, otherwise) = (started.elapsed(), format!("{context}: not back"));
    let back = all.until(&otherwise, PATIENCE, |states| states.iter().all(State::is_well)).await;
    eprintln!("{context}: gone {gone:.1?}, noticed {noticed:.1?}, back after {back:.1?}");
    // A client cannot know of a server that is merely slow: its own answers time out later.
    if away != Away::Frozen {
        assert!(noticed.is_none_or(|noticed| noticed.is_ok()), "{context}: {noticed:?}");
    }
    if let Some(storm) = storm {
        let report = storm.await.unwrap();
        assert!(report.sales > 0, "{context}: {report:?}");
    }
    all.proves_itself(&event_id).await;
    back
}

/// Buyers who come all through the outage; returns once some of them have bought.
async fn storm(all: &Installation, event_id: &str) -> tokio::task::JoinHandle<LoadReport> {
    let progress = Arc::new(LoadProgress::default());
    let (options, theirs) = (all.buyers(1, event_id, 120), Arc::clone(&progress));
    let storm = tokio::spawn(async move { run(&options, theirs).await.unwrap() });
    let started = Instant::now();
    let mut pulse = tokio::time::interval(Duration::from_millis(20));
    while progress.sales.load(Ordering::Relaxed) < 10 {
        pulse.tick().await;
        assert!(started.elapsed() < PATIENCE, "nobody buys");
    }
    storm
}
