//! Webhooks of facts, from the log to a receiver: each fact once into the store, at least once out
//! of it, and nobody waits for somebody else's receiver.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};

use floodgate_channels::{AddressGuard, ChannelsOptions, spawn};
use floodgate_domain::{EventId, LogTime, WebhookId};
use floodgate_event_log::{Log, NewRecord, Topic};
use floodgate_people::{
    DeliveryQuery, NewWebhook, People, PeopleLocation, WebhookChange, WebhookDelivery,
    WebhookSubscription,
};
use floodgate_testkit::{MemoryLog, cut};
use floodgate_transport::Service;

use crate::http_server::{HttpServer, answer};
use crate::service::options;

/// Webhooks are numbered by whoever adds them.
fn next_id() -> WebhookId {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    WebhookId(NEXT.fetch_add(1, Ordering::Relaxed))
}

struct Setup {
    log: MemoryLog,
    people: People,
    services: Vec<Arc<dyn Service>>,
    _folder: tempfile::TempDir,
}

impl Setup {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let people = People::new(PeopleLocation::File(folder.path().join("people.db")), &[9; 32]);
        let mut setup =
            Setup { log: MemoryLog::new(2), people, services: Vec::new(), _folder: folder };
        setup.start();
        setup
    }

    fn start(&mut self) {
        let webhook_guard = AddressGuard::new(vec!["127.0.0.0/8".parse().unwrap()]);
        let options = ChannelsOptions { webhook_guard, ..options() };
        self.services = spawn(Arc::new(self.log.clone()), self.people.clone(), &options).unwrap();
    }

    fn stop(&mut self) {
        for service in self.services.drain(..) {
            service.stop();
            service.join().unwrap();
        }
    }

    fn add(&self, url: String, kinds: &[&str]) -> WebhookId {
        let kinds = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        let (event_id, description, start_at) = (None, String::new(), LogTime(0));
        let new = NewWebhook { id: next_id(), url, kinds, event_id, description, start_at };
        self.people.with(|work| work.add_webhook(&new, LogTime(1))).unwrap().unwrap().0
    }

    /// A fact as `streams` publishes it.
    fn publish(&self, kind: &str, event: u64, offset: u64) {
        let event_id = EventId(event);
        let headers = [
            ("ce_type", format!("floodgate.fact.{kind}.v1")),
            ("ce_id", format!("0-{offset}-0-{event_id}")),
            ("ce_time", "2026-11-28T03:00:00.000Z".to_owned()),
        ];
        let mut record = NewRecord::new("key", format!(r#"{{"fact":"{kind}","n":{offset}}}"#));
        record.headers = headers.map(|(name, value)| (name.to_owned(), value.into())).into();
        self.log.append(Topic::Facts, 0, vec![record]).wait().unwrap();
    }

    fn deliveries(&self, id: WebhookId) -> Vec<WebhookDelivery> {
        let query = DeliveryQuery { count: 100, ..DeliveryQuery::default() };
        self.people.look(|work| work.deliveries(id, &query)).unwrap()
    }

    fn subscription(&self, id: WebhookId) -> WebhookSubscription {
        self.people.look(|work| work.webhook(id)).unwrap().unwrap()
    }

    /// Waits until every call of a webhook was tried once.
    fn tried(&self, id: WebhookId, count: usize) -> Vec<WebhookDelivery> {
        let mut seen = Vec::new();
        cut::until("every call is tried", || {
            seen = self.deliveries(id);
            seen.len() == count && seen.iter().all(|one| !one.tries.is_empty())
        });
        seen
    }
}

impl Drop for Setup {
    fn drop(&mut self) {
        self.stop();
    }
}

#[test]
fn what_receivers_answer_and_what_it_leads_to() {
    let rows: [(&str, String, &str, Option<u16>, bool); 8] = [
        ("/ok", answer(204, "", ""), "sent", Some(204), true),
        ("/busy", answer(503, "Retry-After: 77\r\n", "later"), "waiting", Some(503), true),
        ("/slow", answer(429, "Retry-After: 1\r\n", ""), "waiting", Some(429), true),
        ("/moved", answer(302, "Location: /ok\r\n", ""), "waiting", Some(302), true),
        ("/gone", answer(410, "", "bye"), "waiting", Some(410), false),
        ("/nonsense", "what?\r\n\r\n".to_owned(), "waiting", None, true),
        ("/silent", String::new(), "waiting", None, true),
        ("/refused", answer(400, "", "no \u{7} such\nfield"), "waiting", Some(400), true),
    ];
    let answers: Vec<(String, String)> =
        rows.iter().map(|row| (row.0.to_owned(), row.1.clone())).collect();
    let server = HttpServer::start(move |path| {
        answers.iter().find(|(known, _)| known == path).map_or(String::new(), |row| row.1.clone())
    });
    let setup = Setup::new();
    let ids: Vec<WebhookId> = rows.iter().map(|row| setup.add(server.url(row.0), &[])).collect();
    setup.publish("seats_held", 7, 1);
    for (row, id) in rows.iter().zip(ids) {
        let seen = setup.tried(id, 1).remove(0);
        assert_eq!((seen.state.code(), seen.tries[0].status), (row.2, row.3), "{}", row.0);
        let webhook = setup.subscription(id);
        assert_eq!(webhook.is_enabled, row.4, "{}: {}", row.0, webhook.reason);
        match row.0 {
            "/refused" => assert_eq!(seen.tries[0].answer, "no   such field"),
            "/busy" => assert!(seen.due_at.0 >= seen.tries[0].at.0 + 77_000),
            "/moved" => assert!(seen.tries[0].reason.contains("redirected")),
            _ => {}
        }
    }
    let requests = server.requests.lock().unwrap();
    let ok = requests.iter().filter(|request| request.path == "/ok");
    let ok: Vec<_> = ok.collect();
    // Nobody followed the redirect.
    assert_eq!(ok.len(), 1);
    let body: serde_json::Value = serde_json::from_slice(&ok[0].body).unwrap();
    assert_eq!(body["type"], "seats_held");
    assert_eq!(body["data"], serde_json::json!({ "fact": "seats_held", "n": 1 }));
    assert!(ok[0].headers["webhook-id"].ends_with("-0-1-0"));
    assert!(ok[0].headers["webhook-signature"].starts_with("v1,"));
}

#[test]
fn one_that_answers_nothing_keeps_nobody_waiting_and_loses_nothing() {
    let status = Arc::new(AtomicU16::new(500));
    let theirs = Arc::clone(&status);
    let server = HttpServer::start(move |path| match path {
        "/dead" => answer(theirs.load(Ordering::SeqCst), "", ""),
        _ => answer(200, "", ""),
    });
    let mut setup = Setup::new();
    let (dead, well) = (setup.add(server.url("/dead"), &[]), setup.add(server.url("/well"), &[]));
    for offset in 0..20 {
        setup.publish("seats_held", 7, offset);
    }
    let is_sent = |one: &WebhookDelivery| one.state.code() == "sent";
    cut::until("the other has all", || {
        let seen = setup.deliveries(well);
        seen.len() == 20 && seen.iter().all(is_sent)
    });
    cut::until("all wait", || setup.deliveries(dead).len() == 20);
    cut::until("one was tried", || setup.subscription(dead).failures > 0);
    // It rests, longer each time: of twenty calls few are made, not twenty.
    let tries: usize = setup.deliveries(dead).iter().map(|one| one.tries.len()).sum();
    assert!((1..=9).contains(&tries), "{tries}");
    // A restart in the middle: everything goes on, nothing is queued twice.
    setup.stop();
    setup.publish("seats_held", 7, 20);
    status.store(200, Ordering::SeqCst);
    let change = WebhookChange { is_enabled: Some(true), ..WebhookChange::default() };
    setup.people.with(|work| work.change_webhook(dead, &change, LogTime(2))).unwrap();
    setup.start();
    for id in [dead, well] {
        cut::until("it has all", || {
            let seen = setup.deliveries(id);
            seen.len() == 21 && seen.iter().all(is_sent)
        });
    }
    let requests = server.requests.lock().unwrap();
    let well: Vec<_> = requests.iter().filter(|request| request.path == "/well").collect();
    assert_eq!(well.len(), 21);
    // In the order of the facts, and every try of one under one name.
    let numbers: Vec<u64> = well
        .iter()
        .map(|request| {
            let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
            body["data"]["n"].as_u64().unwrap()
        })
        .collect();
    assert_eq!(numbers, (0..21).collect::<Vec<_>>());
}

#[test]
fn only_what_was_asked_for_is_sent_and_from_then_on() {
    let server = HttpServer::start(|_| answer(200, "", ""));
    let setup = Setup::new();
    setup.publish("order_confirmed", 7, 1);
    let only = setup.add(server.url("/"), &["order_confirmed"]);
    setup.publish("seats_held", 7, 2);
    setup.publish("order_confirmed", 8, 3);
    // The log's times are later than that: from far in the future there is nothing yet.
    let (kinds, event_id, description) = (Vec::new(), None, String::new());
    let start_at = LogTime(u64::MAX >> 2);
    let new = NewWebhook {
        id: next_id(),
        url: server.url("/later"),
        kinds,
        event_id,
        description,
        start_at,
    };
    let later = setup.people.with(|work| work.add_webhook(&new, LogTime(1))).unwrap().unwrap().0;
    let seen = setup.tried(only, 2);
    assert!(seen.iter().all(|one| one.kind == "order_confirmed"));
    cut::until("it has begun", || {
        setup.people.look(|work| work.webhook_position(later, 0)).unwrap().is_some()
    });
    assert!(setup.deliveries(later).is_empty());
    setup.publish("seats_held", 7, 4);
    setup.tried(later, 1);
}

#[test]
fn a_log_that_is_cut_off_is_what_the_rule_says() {
    let mut setup = Setup::new();
    let server = HttpServer::start(|_| answer(200, "", ""));
    let id = setup.add(server.url("/"), &[]);
    let webhooks = setup.services.pop().unwrap();
    setup.stop();
    cut::comes_back(&setup.log, &*webhooks, || setup.publish("seats_held", 7, 1));
    setup.tried(id, 1);
    cut::gives_up(&setup.log, webhooks);
}
