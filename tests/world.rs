//! A running Floodgate of its own for each test, and a client that says what it got.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use floodgate_admission::puzzle;
use floodgate_http_client::{Call, Http, Response};
use floodgate_seating::{demo_prices, generate, to_base64};
use floodgate_server::keys::KeyFiles;
use floodgate_server::{ProcessOptions, Role, Running};
use http::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{declared, form};

/// A server on a free port, its data in a folder that goes with it.
pub(crate) struct World {
    pub(crate) http: Http,
    pub(crate) base: String,
    pub(crate) manager: String,
    pub(crate) operator: String,
    running: Running,
    folder: tempfile::TempDir,
    still_runs: StillRuns,
}

/// One that is dropped without a stop goes on beside the tests after it, with hundreds of threads where
/// there is a broker.
struct StillRuns(bool);

impl Drop for StillRuns {
    fn drop(&mut self) {
        assert!(
            !self.0 || std::thread::panicking(),
            "a world is over without `world.stop().await`"
        );
    }
}

/// A visitor's papers, sent as headers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Papers {
    pub(crate) device: String,
    pub(crate) ticket: String,
    pub(crate) pass: String,
    pub(crate) bearer: String,
}

/// The theatre on sale, everybody called at once; `policy` on top.
pub(crate) fn new_event(policy: &Value) -> Value {
    let plan = generate::theatre();
    let prices = plan.categories.iter().zip(demo_prices(&plan));
    let prices: BTreeMap<_, _> = prices.map(|(category, price)| (&category.name, price)).collect();
    json!({
        "name": "Evening",
        "plan": { "format": "native", "content": to_base64(&plan) },
        "currency": "EUR",
        "prices": prices,
        "policy": policy,
    })
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), &[]).await
    }

    /// Starts with settings that differ from the defaults, as `section.key` and text.
    pub(crate) async fn start_in(folder: tempfile::TempDir, flags: &[(&str, &str)]) -> Self {
        let file = folder.path().join("form.toml");
        // A second start in the same folder goes on with the topics of the first.
        if !file.exists() {
            let form = form::flags();
            form::prepare(&form).await;
            std::fs::write(&file, form::as_toml(&form)).unwrap();
        }
        let flags: Vec<_> = flags.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let settings = floodgate_config::load(Some(&file), [], &flags).unwrap().settings;
        let keys = folder.path().join("keys");
        let files = KeyFiles::in_folder(&keys);
        files.make(&keys).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let secrets = files.read().unwrap();
        let options = ProcessOptions {
            settings: &settings,
            roles: &Role::ALL,
            secrets: Some(secrets),
            data: folder.path(),
            listener,
            metrics: None,
            follows: Some((file, flags)),
        };
        let running = Running::start(options).await.unwrap();
        let base = format!("http://{}", running.address);
        let read = |role: &str| std::fs::read_to_string(keys.join(format!("{role}.key"))).unwrap();
        let world = World {
            http: Http::new(&base).unwrap(),
            base,
            manager: read("manager"),
            operator: read("operator"),
            running,
            folder,
            still_runs: StillRuns(true),
        };
        world.until("/readyz", |answer| answer.status == 200).await;
        world
    }

    /// The staff key of a role, as it was handed out.
    pub(crate) fn key_of(&self, role: &str) -> String {
        std::fs::read_to_string(self.data().join(format!("keys/{role}.key"))).unwrap()
    }

    pub(crate) fn data(&self) -> &Path {
        self.folder.path()
    }

    /// Ends calmly and hands the data folder back.
    pub(crate) async fn stop(mut self) -> tempfile::TempDir {
        self.still_runs.0 = false;
        self.running.shutdown().await.unwrap();
        self.folder
    }

    /// Why its process would end now, if it would.
    pub(crate) fn failure(&self) -> Option<String> {
        self.running.failure().map(|failure| failure.to_string())
    }

    pub(crate) fn log(&self) -> std::sync::Arc<dyn floodgate_event_log::Log> {
        self.running.log()
    }

    /// The audit of the log as it is now.
    pub(crate) fn audit(&self) -> floodgate_audit::AuditReport {
        floodgate_audit::audit(&*self.running.log(), None).unwrap()
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        papers: &Papers,
        key: Option<&str>,
        body: Option<Value>,
    ) -> Response {
        let mut headers = Vec::new();
        for (name, value) in [
            ("floodgate-device", &papers.device),
            ("floodgate-queue-ticket", &papers.ticket),
            ("floodgate-pass", &papers.pass),
        ] {
            if !value.is_empty() {
                headers.push((name, value.as_str()));
            }
        }
        let bearer = Some(papers.bearer.as_str()).filter(|bearer| !bearer.is_empty());
        let call = Call { headers, key, bearer, body };
        let answer = self.http.until_decided(method.clone(), path, call).await.unwrap();
        declared::check(&method, path, &answer);
        answer
    }

    pub(crate) async fn get(&self, path: &str, papers: &Papers) -> Response {
        self.send(Method::GET, path, papers, None, None).await
    }

    /// A request under a key that nobody has used before.
    pub(crate) async fn post(&self, path: &str, papers: &Papers, body: Value) -> Response {
        let key = format!("{:032x}", rand::random::<u128>());
        self.send(Method::POST, path, papers, Some(&key), Some(body)).await
    }

    /// The same as staff.
    pub(crate) fn staff(&self) -> Papers {
        Papers { bearer: self.manager.clone(), ..Papers::default() }
    }

    /// An event on sale; its path.
    pub(crate) async fn event(&self, policy: Value) -> String {
        self.on_sale(new_event(&policy)).await
    }

    /// What is described, on sale; its path.
    pub(crate) async fn on_sale(&self, event: Value) -> String {
        let staff = self.staff();
        let created = self.post("/v1/events", &staff, event).await;
        assert_eq!(created.status, 201, "{}", created.body);
        let path = format!("/v1/events/{}", created.text("event_id").unwrap());
        let opened = self.post(&format!("{path}/sale/open"), &staff, json!({})).await;
        assert_eq!(opened.status, 200, "{}", opened.body);
        path
    }

    /// Somebody in the queue.
    pub(crate) async fn join(&self, event: &str) -> Papers {
        let joined = self.rejoin(event, &Papers::default()).await;
        assert_eq!(joined.status, 201, "{}", joined.body);
        let text = |name| joined.text(name).unwrap().to_owned();
        Papers { device: text("device"), ticket: text("queue_ticket"), ..Papers::default() }
    }

    /// Joins with what the door asks for.
    pub(crate) async fn rejoin(&self, event: &str, papers: &Papers) -> Response {
        let body = self.solved(event, papers).await;
        self.post(&format!("{event}/queue"), papers, body).await
    }

    /// What opens the door of an event: a solved challenge, if it asks for one.
    pub(crate) async fn solved(&self, event: &str, papers: &Papers) -> Value {
        let asked = self.get(&format!("{event}/queue/challenge"), papers).await;
        assert_eq!(asked.status, 200, "{}", asked.body);
        solution(&asked)
    }

    /// The same, asked for from an address that the proxy reports to the server.
    pub(crate) async fn solved_from(&self, event: &str, address: &str) -> Value {
        let headers = vec![("x-forwarded-for", address)];
        let path = format!("{event}/queue/challenge");
        let call = Call { headers, ..Call::default() };
        solution(&self.http.call(Method::GET, &path, call).await.unwrap())
    }

    /// Somebody in the shop.
    pub(crate) async fn shopper(&self, event: &str) -> Papers {
        let mut papers = self.join(event).await;
        self.enter(event, &mut papers).await;
        papers
    }

    /// Enters as soon as it is the turn of these papers.
    pub(crate) async fn enter(&self, event: &str, papers: &mut Papers) {
        let path = format!("{event}/enter");
        let mut pulse = tokio::time::interval(Duration::from_millis(80));
        for _ in 0..400 {
            pulse.tick().await;
            let answer = self.post(&path, papers, json!({})).await;
            if answer.status == 200 {
                papers.pass = answer.text("pass").unwrap().to_owned();
                return;
            }
            assert_eq!(answer.code(), "not_your_turn", "{}", answer.body);
        }
        panic!("nobody called in half a minute");
    }

    /// Asks until the answer is as wanted; half a minute at most.
    pub(crate) async fn until(&self, path: &str, wanted: impl Fn(&Response) -> bool) -> Response {
        self.until_as(path, &Papers::default(), wanted).await
    }

    pub(crate) async fn until_as(
        &self,
        path: &str,
        papers: &Papers,
        wanted: impl Fn(&Response) -> bool,
    ) -> Response {
        // Slower than a device's rate limit.
        let mut pulse = tokio::time::interval(Duration::from_millis(80));
        let mut last = None;
        for _ in 0..400 {
            pulse.tick().await;
            let answer = self.get(path, papers).await;
            if wanted(&answer) {
                return answer;
            }
            last = Some(answer);
        }
        panic!("{path} never became what was waited for: {last:?}");
    }
}

/// Solves what a door asks for.
pub(crate) fn solution(asked: &Response) -> Value {
    let asks = &asked.body["asks"];
    let Some(challenge) = asks["challenge"].as_str() else { return json!({}) };
    let number = |name: &str| u8::try_from(asks[name].as_u64().unwrap()).unwrap();
    let solution = puzzle::solve(challenge, number("bits"), number("parts")).unwrap();
    json!({ "challenge": challenge, "solution": solution })
}
