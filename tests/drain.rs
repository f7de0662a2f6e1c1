//! A gateway that is asked to stop: readiness off, streams sent away, running requests finished.

use std::time::Duration;

use floodgate_http_client::{Call, Http, Response};
use hyper::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::form;
use crate::process::{Process, ask, make_keys};
use crate::world::new_event;

/// Longer than anything here takes; only a broken build waits so long.
const LONG: Duration = Duration::from_secs(60);

/// A connection that shows what comes, byte by byte.
struct Plain {
    stream: TcpStream,
    read: String,
}

impl Plain {
    async fn open(address: &str, sent: &str) -> Self {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(sent.as_bytes()).await.unwrap();
        Plain { stream, read: String::new() }
    }

    /// Whether there was more to read.
    async fn more(&mut self) -> bool {
        let mut buffer = [0; 4096];
        let reading = tokio::time::timeout(LONG, self.stream.read(&mut buffer));
        let count = reading.await.expect("something, or an end").unwrap();
        self.read.push_str(&String::from_utf8_lossy(&buffer[..count]));
        count > 0
    }

    async fn until(&mut self, wanted: &str) {
        while !self.read.contains(wanted) {
            assert!(self.more().await, "it ended without {wanted}: {}", self.read);
        }
    }

    /// Everything until the server closes the connection.
    async fn until_closed(mut self) -> String {
        while self.more().await {}
        self.read
    }
}

fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: x\r\n{headers}\r\n")
}

/// One call, under a key of its own.
async fn call(http: &Http, path: &str, device: &str, body: Value) -> Response {
    let key = format!("{:032x}", rand::random::<u128>());
    let headers = if device.is_empty() { vec![] } else { vec![("floodgate-device", device)] };
    let call = Call { headers, key: Some(&key), bearer: None, body: Some(body) };
    http.until_decided(Method::POST, path, call).await.unwrap()
}

/// A server with an event whose shop needs no pass, and somebody's hold.
async fn server_with_a_hold(folder: &tempfile::TempDir, notice: &str) -> (Process, String, String) {
    let data = folder.path().join("data");
    let manager = make_keys(&data);
    let flags = form::flags();
    form::prepare(&flags).await;
    let config = folder.path().join("form.toml");
    std::fs::write(&config, form::as_toml(&flags)).unwrap();
    let settings = [
        ("FLOODGATE_ADMISSION__PUZZLE_LEVEL", "0"),
        ("FLOODGATE_CONFIG", config.to_str().unwrap()),
        ("FLOODGATE_SERVER__DRAIN_NOTICE", notice),
    ];
    let server = Process::start("serve", &data, "127.0.0.1:0", &settings);
    server.ready().await;
    let target = server.target();
    let new = new_event(&json!({ "pass_required": false }));
    let created = ask(&target, &manager, Method::POST, "/v1/events", new).await;
    let event = format!("/v1/events/{}", created["event_id"].as_str().unwrap());
    ask(&target, &manager, Method::POST, &format!("{event}/sale/open"), json!({})).await;
    let http = Http::new(&target).unwrap();
    let joined = call(&http, &format!("{event}/queue"), "", json!({})).await;
    let device = joined.text("device").unwrap().to_owned();
    let body = json!({ "best": { "count": 2 } });
    let held = call(&http, &format!("{event}/holds"), &device, body).await;
    let order = format!("{event}/orders/{}", held.text("order_id").unwrap());
    (server, order, device)
}

/// The three kinds of stream of an order's event, each once it is under way.
async fn streams(address: &str, order: &str, device: &str) -> Vec<Plain> {
    let event = order.split("/orders/").next().unwrap();
    let mut streams = Vec::new();
    for (path, begins) in [
        (format!("{event}/queue/stream"), "event: queue"),
        (format!("{event}/availability/stream"), "text/event-stream"),
        (format!("{order}/stream"), "event: order"),
    ] {
        let headers = format!("floodgate-device: {device}\r\n");
        let mut stream = Plain::open(address, &get(&path, &headers)).await;
        stream.until(begins).await;
        streams.push(stream);
    }
    streams
}

/// What a stream said last: to come back elsewhere, some time.
fn assert_sent_elsewhere(stream: &str) {
    let last = stream.rsplit("event: reconnect").next().unwrap();
    assert!(stream.contains("event: reconnect"), "{stream}");
    let lines = stream.lines().filter_map(|line| line.strip_prefix("retry: "));
    let retries: Vec<u64> = lines.map(|ms| ms.trim().parse().unwrap()).collect();
    assert_eq!(retries.len(), 1, "{stream}");
    assert!((500..=5000).contains(&retries[0]) && last.contains("retry_ms"), "{stream}");
    assert!(stream.ends_with("0\r\n\r\n"), "the answer is whole: {stream}");
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_are_sent_elsewhere_and_requests_are_finished() {
    let folder = tempfile::tempdir().unwrap();
    let (server, order, device) = server_with_a_hold(&folder, "0s").await;
    let streams = streams(&server.address, &order, &device).await;
    // A request of which half has arrived when the server is asked to stop.
    let event = order.split("/orders/").next().unwrap();
    let head = format!(
        "POST {event}/queue HTTP/1.1\r\nhost: x\r\nidempotency-key: k\r\n\
         content-type: application/json\r\ncontent-length: 2\r\n\r\n{{"
    );
    let mut running = Plain::open(&server.address, &head).await;
    // And one that keeps its connection, and is idle.
    let mut idle = Plain::open(&server.address, &get("/livez", "")).await;
    idle.until("ok\n").await;
    // An answer on a later connection: the half request is in the server's hands by now.
    let http = Http::new(&server.target()).unwrap();
    http.call(Method::GET, "/readyz", Call::default()).await.unwrap();

    server.signal("-TERM");
    for stream in streams {
        assert_sent_elsewhere(&stream.until_closed().await);
    }
    assert!(
        !idle.until_closed().await.contains("connection: close"),
        "an idle connection ends without a header"
    );
    // The streams have ended, so this one is answered in the middle of the end.
    running.stream.write_all(b"}").await.unwrap();
    let answer = running.until_closed().await;
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert!(answer.contains("connection: close") && answer.contains("queue_ticket"), "{answer}");

    let lines = server.ended();
    let drained =
        lines.iter().find(|line| line["message"] == "drained: every connection has ended");
    assert_eq!(drained.expect("nothing had to be cut off")["cut"], json!(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn load_balancers_have_time_to_notice() {
    let folder = tempfile::tempdir().unwrap();
    let (server, order, device) = server_with_a_hold(&folder, "3s").await;
    let streams = streams(&server.address, &order, &device).await;
    let mut kept = Plain::open(&server.address, &get("/livez", "")).await;
    kept.until("ok\n").await;

    server.signal("-TERM");
    let http = Http::new(&server.target()).unwrap();
    let mut pulse = tokio::time::interval(Duration::from_millis(10));
    let noticed = loop {
        pulse.tick().await;
        let ready = http.call(Method::GET, "/readyz", Call::default()).await.unwrap();
        if ready.status == 503 {
            break ready;
        }
    };
    assert_eq!(noticed.body["draining"], json!(true));
    // Readiness is off, and whoever comes is still served, but not for long.
    kept.stream.write_all(get("/livez", "").as_bytes()).await.unwrap();
    let kept = kept.until_closed().await;
    assert_eq!(kept.matches("HTTP/1.1 200").count(), 2, "{kept}");
    assert_eq!(kept.matches("connection: close").count(), 1, "{kept}");
    let event = order.split("/orders/").next().unwrap();
    let joined = call(&http, &format!("{event}/queue"), "", json!({})).await;
    assert_eq!(joined.status, 201, "{}", joined.body);
    for stream in streams {
        assert_sent_elsewhere(&stream.until_closed().await);
    }
    server.ended();
}
