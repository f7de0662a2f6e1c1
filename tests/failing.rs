//! Processes that cannot go on: what they say of it, and how they end.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use floodgate_http_client::{Call, Http, Response};
use http::Method;
use serde_json::json;

use crate::process::{Process, run_aloud};
use crate::world::{Papers, World};

/// A PostgreSQL that nobody has started.
fn nowhere() -> String {
    let (host, port) = floodgate_testkit::ports::NOBODY.split_once(':').unwrap();
    format!("host={host} port={port} user=floodgate connect_timeout=1")
}

/// Asks until the answer is as wanted.
async fn until(http: &Http, path: &str, is_so: impl Fn(&Response) -> bool) -> Response {
    let started = Instant::now();
    let mut pulse = tokio::time::interval(Duration::from_millis(10));
    loop {
        pulse.tick().await;
        let answer = http.call(Method::GET, path, Call::default()).await;
        match answer {
            Ok(answer) if is_so(&answer) => return answer,
            answer => assert!(started.elapsed() < Duration::from_secs(60), "{path}: {answer:?}"),
        }
    }
}

/// Everything a process counts.
fn metrics_of(address: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: it\r\nconnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_whose_store_stays_away_says_why_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    let postgres = nowhere();
    let settings = [
        ("FLOODGATE_SINKS__SQLITE", "false"),
        ("FLOODGATE_SINKS__POSTGRES", postgres.as_str()),
        ("FLOODGATE_SERVER__GIVE_UP_AFTER", "20s"),
    ];
    let sink = Process::start("sink", folder.path(), "127.0.0.1:0", &settings);
    let http = Http::new(&sink.target()).unwrap();
    let degraded =
        |answer: &Response| answer.body["services"]["sink-postgres"]["health"] == json!("degraded");
    let answer = until(&http, "/readyz", degraded).await;
    assert_eq!((answer.status, &answer.body["ready"]), (503, &json!(false)));
    let service = &answer.body["services"]["sink-postgres"];
    assert_eq!(service["needed"], json!(true));
    let reason = service["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("connect"), "{reason}");
    assert_eq!(answer.body["services"]["log"]["health"], json!("ready"));
    // Looked at five times a second.
    let level = |service: &str, level: u8| {
        format!("floodgate_service_health{{service=\"{service}\"}} {level}\n")
    };
    let (sick, well) = (level("sink-postgres", 2), level("log", 0));
    let started = Instant::now();
    loop {
        let metrics = metrics_of(&sink.address);
        if metrics.contains(&sick) && metrics.contains(&well) {
            break;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "{metrics}");
    }

    let (code, said) = tokio::task::spawn_blocking(move || sink.gave_up()).await.unwrap();
    assert_eq!(code, 69);
    let end = said.iter().find(|line| line["message"] == "the process cannot go on").unwrap();
    assert_eq!(end["service"], "sink-postgres");
    assert!(end["reason"].as_str().unwrap().contains("did not pass within 20s"), "{end}");
}

#[test]
fn a_setting_that_can_never_be_right_ends_the_start_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("wrong.toml");
    std::fs::write(&config, "sinks.postgres = \"host=here port=banana\"\n").unwrap();
    let (config, data) = (config.to_str().unwrap(), folder.path().to_str().unwrap());
    let words = ["sink", "--config", config, "--data", data, "--listen", "127.0.0.1:0"];
    let (code, said) = run_aloud(&words);
    assert_eq!(code, 64, "{said}");
    assert!(said.contains("sinks.postgres"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_does_not_close_the_shop() {
    let (folder, postgres) = (tempfile::tempdir().unwrap(), nowhere());
    let flags = [("sinks.postgres", postgres.as_str()), ("server.give_up_after", "1s")];
    // Ready, or this would not return.
    let world = World::start_in(folder, &flags).await;
    let waited_long = |answer: &Response| {
        answer.body["services"]["sink-postgres"]["for_seconds"].as_u64().is_some_and(|s| s >= 2)
    };
    let ready = world.until("/readyz", waited_long).await;
    assert_eq!((ready.status, &ready.body["ready"]), (200, &json!(true)));
    assert_eq!(ready.body["services"]["sink-postgres"]["needed"], json!(false));
    assert!(world.failure().is_none(), "it goes on for its buyers");
    let event = world.event(json!({})).await;
    assert_eq!(world.get(&event, &Papers::default()).await.status, 200);
    world.stop().await;
}
