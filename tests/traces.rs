//! One request followed across two processes by an OpenTelemetry collector that is ours.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use floodgate_http_client::{Call, Http};
use http::Method;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::form;
use crate::process::{Process, ask, make_keys};
use crate::world::new_event;

/// Spans by name, with the role that sent them.
type Spans = Arc<Mutex<Vec<(String, Value)>>>;

/// Takes OTLP documents on a port of its own; its address and what it got.
async fn collector() -> (String, Spans) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let spans = Spans::default();
    let theirs = Arc::clone(&spans);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let spans = Arc::clone(&theirs);
            let take = service_fn(move |request: Request<Incoming>| {
                let spans = Arc::clone(&spans);
                async move {
                    assert_eq!(request.uri().path(), "/v1/traces");
                    let body = request.into_body().collect().await.unwrap().to_bytes();
                    keep(&spans, &serde_json::from_slice(&body).unwrap());
                    Ok::<_, Infallible>(Response::new(Full::new(Bytes::from("{}"))))
                }
            });
            let server = hyper::server::conn::http1::Builder::new();
            tokio::spawn(server.serve_connection(TokioIo::new(stream), take));
        }
    });
    (address, spans)
}

fn keep(spans: &Spans, document: &Value) {
    for resource in document["resourceSpans"].as_array().unwrap() {
        let attributes = resource["resource"]["attributes"].as_array().unwrap();
        let role = attributes.iter().find(|a| a["key"] == "floodgate.role").unwrap();
        let role = role["value"]["stringValue"].as_str().unwrap();
        for span in resource["scopeSpans"][0]["spans"].as_array().unwrap() {
            spans.lock().unwrap().push((role.to_owned(), span.clone()));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_followed_from_http_to_the_engine_and_back() {
    let (collector, spans) = collector().await;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let manager = make_keys(&data);
    let mut flags = form::flags();
    flags.push(("trace.endpoint".to_owned(), collector));
    flags.push(("trace.one_in".to_owned(), "0".to_owned()));
    flags.push(("admission.puzzle_level".to_owned(), "0".to_owned()));
    form::prepare(&flags).await;
    let config = folder.path().join("form.toml");
    std::fs::write(&config, form::as_toml(&flags)).unwrap();
    let settings = [("FLOODGATE_CONFIG", config.to_str().unwrap())];
    let roles: &[&str] =
        if form::is_distributed() { &["gateway", "processor"] } else { &["serve"] };
    let start = |role: &&str| Process::start(role, &data, "127.0.0.1:0", &settings);
    let processes: Vec<Process> = roles.iter().map(start).collect();
    for process in &processes {
        process.ready().await;
    }
    let target = processes[0].target();
    let new = new_event(&json!({ "pass_required": false }));
    let created = ask(&target, &manager, Method::POST, "/v1/events", new).await;
    let path = format!("/v1/events/{}", created["event_id"].as_str().unwrap());
    ask(&target, &manager, Method::POST, &format!("{path}/sale/open"), json!({})).await;
    let http = Http::new(&target).unwrap();
    let call = Call { key: Some("join"), body: Some(json!({})), ..Call::default() };
    let joined = http.call(Method::POST, &format!("{path}/queue"), call).await.unwrap();
    let device = joined.text("device").unwrap().to_owned();

    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let parent = format!("00-{trace}-00f067aa0ba902b7-01");
    let headers = vec![("floodgate-device", &*device), ("traceparent", &*parent)];
    let body = Some(json!({ "best": { "count": 1 } }));
    let call = Call { headers, key: Some("hold"), body, bearer: None };
    let held = http.call(Method::POST, &format!("{path}/holds"), call).await.unwrap();
    assert_eq!(held.status, 201, "{}", held.body);

    let names =
        ["POST /v1/events/{event_id}/holds", "append HoldBest", "await answer", "decide HoldBest"];
    let started = Instant::now();
    let mut pulse = tokio::time::interval(Duration::from_millis(20));
    let ours = loop {
        pulse.tick().await;
        let spans = spans.lock().unwrap().clone();
        let ours: BTreeMap<String, (String, Value)> = spans
            .into_iter()
            .filter(|(_, span)| span["traceId"] == trace)
            .map(|(role, span)| (span["name"].as_str().unwrap().to_owned(), (role, span)))
            .collect();
        if names.iter().all(|name| ours.contains_key(*name)) {
            break ours;
        }
        assert!(started.elapsed() < Duration::from_secs(30), "only {:?}", ours.keys());
    };
    let of = |name: &str| ours[name].1.clone();
    let [request, append, answer, decide] = names.map(of);
    assert_eq!(request["parentSpanId"], "00f067aa0ba902b7", "the caller's span is on top");
    assert_eq!(append["parentSpanId"], request["spanId"]);
    assert_eq!(answer["parentSpanId"], request["spanId"]);
    assert_eq!(decide["parentSpanId"], append["spanId"], "the context went through the log");
    let roles: Vec<&str> = names.iter().map(|name| ours[*name].0.as_str()).collect();
    let processor = if form::is_distributed() { "processor" } else { "serve" };
    assert_eq!(roles[3], processor);
    let at = |span: &Value, end: &str| -> u64 { span[end].as_str().unwrap().parse().unwrap() };
    assert!(at(&request, "startTimeUnixNano") <= at(&append, "startTimeUnixNano"));
    // The answer is sent before the span of the decision ends, so only its start is certain.
    assert!(at(&decide, "startTimeUnixNano") <= at(&request, "endTimeUnixNano"));
    // Requests nobody asked to trace leave no trace.
    assert!(spans.lock().unwrap().iter().all(|(_, span)| span["traceId"] == trace));
}
