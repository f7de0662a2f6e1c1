//! One address that takes whatever it gets: connections, streams, and everybody's patience.

use std::net::Ipv4Addr;

use floodgate_testkit::ports::port_for_a_server;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::json;
use tokio::net::TcpSocket;

use super::client::{Line, STRANGER, ask, get, header, json as json_of, status};
use crate::world::World;

const ANOTHER: Ipv4Addr = Ipv4Addr::new(127, 200, 0, 9);

async fn world(flags: &[(&str, &str)]) -> World {
    World::start_in(tempfile::tempdir().unwrap(), flags).await
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_connections_of_one_address_leave_room_for_others() {
    let world = world(&[("server.connections_max", "64")]).await;
    let mut lines = Vec::new();
    for _ in 0..100 {
        lines.push(Line::open(STRANGER, &world.base).await);
    }
    let live = get("/livez", "");
    assert_eq!(status(&ask(ANOTHER, &world.base, &live).await), 200);
    // The first sixteen are waited for; the others hear why they are not.
    let last = lines.pop().unwrap().rest().await;
    assert_eq!(status(&last), 429, "{last}");
    assert_eq!(json_of(&last)["code"], "rate_limited");
    drop(lines);
    until(async || status(&ask(STRANGER, &world.base, &live).await) == 200).await;
    world.stop().await;
}

/// Asks again until it is so.
async fn until(is_so: impl AsyncFn() -> bool) {
    let mut pulse = tokio::time::interval(std::time::Duration::from_millis(50));
    for _ in 0..600 {
        pulse.tick().await;
        if is_so().await {
            return;
        }
    }
    panic!("it never became so");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_streams_of_one_address_leave_room_for_its_own_requests() {
    let world = world(&[("server.connections_max", "200")]).await;
    let event = world.event(json!({})).await;
    let stream = get(&format!("{event}/queue/stream"), "");
    let (mut flowing, mut refused) = (Vec::new(), 0);
    for _ in 0..90 {
        let mut line = Line::open(STRANGER, &world.base).await;
        line.send(&stream).await.unwrap();
        line.until("\r\n\r\n").await;
        if status(&line.read) == 200 {
            flowing.push(line);
            continue;
        }
        let answer = line.rest().await;
        assert_eq!((status(&answer), &json_of(&answer)["code"]), (429, &json!("too_many_streams")));
        assert_eq!(header(&answer, "connection").as_deref(), Some("close"), "{answer}");
        refused += 1;
    }
    assert_eq!((flowing.len(), refused), (25, 65), "an eighth of all");
    assert_eq!(status(&ask(STRANGER, &world.base, &get("/livez", "")).await), 200);
    let mut other = Line::open(ANOTHER, &world.base).await;
    other.send(&stream).await.unwrap();
    other.until("event: queue").await;
    // Who leaves makes room.
    drop(flowing);
    until(async || {
        let mut line = Line::open(STRANGER, &world.base).await;
        line.send(&stream).await.is_ok() && {
            line.until("\r\n\r\n").await;
            status(&line.read) == 200
        }
    })
    .await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_never_reads_is_left() {
    let flags = [
        ("server.connections_max", "16"),
        ("server.write_deadline", "1s"),
        ("admission.address_burst", "100000"),
    ];
    let world = world(&flags).await;
    let mut deaf = Vec::new();
    for _ in 0..4 {
        let mut line = Line::open(STRANGER, &world.base).await;
        // Megabytes of answers, more than any buffer between here and there.
        let many = get("/openapi.json", "").replace("connection: close\r\n", "").repeat(300);
        line.send(many).await.unwrap();
        deaf.push(line);
    }
    // They are all this address may have, until they are left.
    until(async || status(&ask(STRANGER, &world.base, &get("/livez", "")).await) == 200).await;
    drop(deaf);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_streams_share_one_connection_of_http_2_and_are_counted() {
    let world = world(&[("server.connections_max", "200")]).await;
    let event = world.event(json!({})).await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((STRANGER, 0).into()).unwrap();
    let address = world.base.trim_start_matches("http://").parse().unwrap();
    let io = TokioIo::new(socket.connect(address).await.unwrap());
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
    let connection = tokio::spawn(connection);
    let ask = async |path: &str| {
        let request = hyper::Request::get(format!("{}{path}", world.base));
        let request = request.body(Empty::<bytes::Bytes>::new()).unwrap();
        sender.clone().send_request(request).await.unwrap()
    };
    let mut flowing = Vec::new();
    for number in 0..60 {
        let mut answer = ask(&format!("{event}/queue/stream")).await;
        if answer.status() == 200 {
            let first = answer.body_mut().frame().await.unwrap().unwrap().into_data().unwrap();
            assert!(first.starts_with(b"event: "), "{number}: {first:?}");
            flowing.push(answer);
        } else {
            assert_eq!(answer.status(), 429, "{number}");
        }
    }
    assert_eq!(flowing.len(), 25);
    let live = ask("/livez").await;
    assert_eq!((live.status().as_u16(), live.version()), (200, hyper::Version::HTTP_2));
    connection.abort();
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn health_and_metrics_have_a_place_no_crowd_can_fill() {
    let status_listen = format!("127.0.0.1:{}", port_for_a_server());
    let flags =
        [("server.status_listen", status_listen.as_str()), ("server.connections_max", "16")];
    let world = world(&flags).await;
    assert_eq!(status(&ask(STRANGER, &world.base, &get("/metrics", "")).await), 404);
    let mut lines = Vec::new();
    for last in 1..=5 {
        for _ in 0..4 {
            lines.push(Line::open(Ipv4Addr::new(127, last, 0, 1), &world.base).await);
        }
    }
    for path in ["/livez", "/readyz"] {
        let answer = ask(STRANGER, &status_listen, &get(path, "")).await;
        assert_eq!(status(&answer), 200, "{path}: {answer}");
    }
    drop(lines);
    world.stop().await;
}
