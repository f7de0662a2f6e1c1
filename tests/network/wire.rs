//! What stands in a request's first lines, and before them.

use serde_json::json;

use super::client::{Line, STRANGER, ask, get, header, json as json_of, status};
use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_request_says_which_host_it_means() {
    let world = World::start().await;
    let rows = [
        ("GET /livez HTTP/1.1\r\nconnection: close\r\n\r\n", 400),
        ("GET /livez HTTP/1.1\r\nhost: a\r\nhost: b\r\nconnection: close\r\n\r\n", 400),
        ("GET /livez HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", 200),
        ("GET /livez HTTP/1.0\r\n\r\n", 200),
    ];
    for (request, expected) in rows {
        let answer = ask(STRANGER, &world.base, request).await;
        assert_eq!(status(&answer), expected, "{request}: {answer}");
        if expected == 400 {
            assert_eq!(json_of(&answer)["code"], "host_required");
        }
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_with_an_address_is_a_problem() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let key = format!("authorization: Bearer {}\r\n", world.manager.trim());
    let paths = [
        "/v1/events?limit=abc".to_owned(),
        "/v1/events?limit=-1".to_owned(),
        "/v1/events?after=x".to_owned(),
        format!("{event}/changes?limit=abc"),
        format!("{event}/queue/challenge?wait=1"),
        format!("{event}/status?consistency=both"),
        format!("{event}/dials?at_least=x"),
        "/problems/%ff".to_owned(),
        "/assets/%ff".to_owned(),
        "/v1/payments/pages/%ff".to_owned(),
        format!("{event}/orders/%ff/tickets/x/qr.svg"),
        format!("{event}/commands/%ff"),
        "/v1/events/%ff".to_owned(),
    ];
    for path in paths {
        let answer = ask(STRANGER, &world.base, &get(&path, &key)).await;
        let kind = header(&answer, "content-type").unwrap_or_default();
        assert!((400..500).contains(&status(&answer)), "{path}: {answer}");
        assert_eq!(kind, "application/problem+json", "{path}: {answer}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn json_is_json_in_any_case() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let send = async |kind: &str| {
        let body = "{\"reason\":\"rain\"}";
        let request = format!(
            "POST {event}/sale/pause HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
             idempotency-key: k\r\nauthorization: bearer {}\r\ncontent-type: {kind}\r\n\
             content-length: {}\r\n\r\n{body}",
            world.manager.trim(),
            body.len()
        );
        status(&ask(STRANGER, &world.base, &request).await)
    };
    assert_eq!(send("Application/JSON").await, 200);
    assert_eq!(send("APPLICATION/json ; charset=utf-8").await, 200);
    assert_eq!(send("application/jsonp").await, 400);
    world.stop().await;
}

/// A connection that has to begin with a PROXY header, and does not, is closed without a word.
#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_proxy_that_speaks_the_protocol_must_speak_it() {
    let flags = [("server.trusted_proxies", "127.8.0.5"), ("server.proxy_protocol", "true")];
    let world = World::start_in(tempfile::tempdir().unwrap(), &flags).await;
    let proxy = "127.8.0.5".parse().unwrap();
    let live = get("/livez", "");
    assert_eq!(ask(proxy, &world.base, &live).await, "");
    let header = format!("PROXY TCP4 203.0.113.7 192.0.2.1 4711 80\r\n{live}");
    assert_eq!(status(&ask(proxy, &world.base, &header).await), 200);
    // To a stranger the header is nonsense, not an address.
    assert_eq!(status(&ask(STRANGER, &world.base, &header).await), 400);
    assert_eq!(status(&ask(STRANGER, &world.base, &live).await), 200);
    // Byte by byte it is the same header.
    let mut slow = Line::open(proxy, &world.base).await;
    for byte in header.as_bytes() {
        slow.send([*byte]).await.unwrap();
    }
    assert_eq!(status(&slow.rest().await), 200);
    world.stop().await;
}

/// Late outcomes themselves are in the gateway's own tests; nobody can be late here at will.
#[tokio::test(flavor = "multi_thread")]
async fn what_became_of_a_command_is_for_those_who_say_who_they_are() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let papers = world.join(&event).await;
    let path = format!("{event}/commands/cmd_00000000000000000000000001");
    let asked = async |headers: &str| {
        let answer = ask(STRANGER, &world.base, &get(&path, headers)).await;
        (status(&answer), header(&answer, "cache-control").unwrap())
    };
    let private = || "private, no-store".to_owned();
    assert_eq!(asked("").await, (401, private()));
    let device = format!("floodgate-device: {}\r\n", papers.device);
    assert_eq!(asked(&device).await, (202, private()), "not known here");
    assert_eq!(asked("authorization: Bearer nonsense\r\n").await, (401, private()));
    world.stop().await;
}
