//! Real proxies in front, as they are by default and as docs/network.md says.

use floodgate_testkit::ports::port_for_a_server;
use serde_json::{Value, json};

use super::client::{Line, STRANGER, ask, get, header, json, status};
use super::servers::{Proxy, documented, haproxy, has, nginx};
use crate::process::run;
use crate::world::World;

/// An address that strangers pretend to have.
const PRETENDED: &str = "x-forwarded-for: 203.0.113.7\r\n\
    forwarded: for=203.0.113.7\r\nx-forwarded-proto: gopher\r\n";

async fn world(flags: &[(&str, &str)]) -> World {
    World::start_in(tempfile::tempdir().unwrap(), flags).await
}

/// How a stranger's request through this proxy looks to the gateway.
async fn connection(world: &World, proxy: &Proxy, headers: &str) -> Value {
    let headers = format!("authorization: Bearer {}\r\n{headers}", world.manager.trim());
    let answer = ask(STRANGER, &proxy.address, &get("/v1/staff/connection", &headers)).await;
    assert_eq!(status(&answer), 200, "{answer}");
    json(&answer)
}

/// Both kinds of stream begin at once, and a change comes through while they are open.
async fn streams_flow(world: &World, proxy: &Proxy) {
    let event = world.event(json!({})).await;
    let mut queue = Line::open(STRANGER, &proxy.address).await;
    queue.send(get(&format!("{event}/queue/stream"), "")).await.unwrap();
    queue.until("event: queue").await;
    let mut seats = Line::open(STRANGER, &proxy.address).await;
    seats.send(get(&format!("{event}/availability/stream"), "")).await.unwrap();
    seats.until("event: alive").await;
    let papers = world.shopper(&event).await;
    let held = world.post(&format!("{event}/holds"), &papers, json!({ "seats": [5] })).await;
    assert_eq!(held.status, 201, "{}", held.body);
    seats.until("event: delta").await;
    let operator = world.staff();
    let paused = world.post(&format!("{event}/sale/pause"), &operator, json!({})).await;
    assert_eq!(paused.status, 200, "{}", paused.body);
    queue.until("\"phase\":\"paused\"").await;
}

fn plain_nginx(world: &World) -> String {
    let gateway = world.base.trim_start_matches("http://");
    format!(
        "events {{ }}\nhttp {{\n  server {{\n    listen 127.0.0.1:PORT;\n    \
         location / {{ proxy_pass http://{gateway}; }}\n  }}\n}}\n"
    )
}

fn documented_nginx(world: &World) -> String {
    let gateway = world.base.trim_start_matches("http://");
    let replaced = [
        ("listen 443 ssl http2;", "listen 127.0.0.1:PORT;"),
        ("ssl_certificate /etc", "# /etc"),
        ("ssl_certificate_key", "#"),
        ("server 10.0.0.12:8080;", ""),
        ("10.0.0.11:8080", gateway),
        // Nobody makes certificates here; with them this is what nginx says.
        ("$scheme", "https"),
    ];
    documented("nginx.conf", &replaced)
}

const HAPROXY: &str = "defaults\n  mode http\n  timeout connect 5s\n  timeout client 60s\n  \
    timeout server 60s\nfrontend all\n  bind 127.0.0.1:PORT\n  default_backend gateways\n\
    backend gateways\n";

#[tokio::test(flavor = "multi_thread")]
async fn nginx_as_it_is_by_default() {
    if !has("nginx") {
        return;
    }
    // As a gateway is by default, too: nobody is trusted.
    let world = world(&[("server.trusted_proxies", "")]).await;
    let proxy = nginx(&plain_nginx(&world)).await;
    streams_flow(&world, &proxy).await;
    let seen = connection(&world, &proxy, PRETENDED).await;
    assert_eq!((&seen["address"], &seen["is_trusted"]), (&json!("127.0.0.1"), &json!(false)));
    assert_eq!((&seen["is_https"], &seen["trusted_hops"]), (&json!(false), &json!(0)));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nginx_as_documented() {
    if !has("nginx") {
        return;
    }
    let world = world(&[]).await;
    let proxy = nginx(&documented_nginx(&world)).await;
    streams_flow(&world, &proxy).await;
    let seen = connection(&world, &proxy, PRETENDED).await;
    assert_eq!(seen["address"], STRANGER.to_string(), "{seen}");
    assert_eq!(seen["written"], format!("203.0.113.7, {STRANGER}"), "the client's word is there");
    assert_eq!((&seen["is_https"], &seen["protocol"]), (&json!(true), &json!("HTTP/1.1")));
    let gateway = world.base.trim_start_matches("http://");
    let replaced = [
        ("listen 8080;", "listen 127.0.0.1:PORT;"),
        ("server gateway-2:8080;", ""),
        ("gateway:8080", gateway),
    ];
    let plain = nginx(&documented("nginx-plain.conf", &replaced)).await;
    let seen = connection(&world, &plain, PRETENDED).await;
    assert_eq!(
        (&seen["address"], &seen["is_https"]),
        (&json!(STRANGER.to_string()), &json!(false))
    );
    let event = world.event(json!({})).await;
    let door = ask(STRANGER, &proxy.address, &get(&format!("{event}/queue/challenge"), "")).await;
    let cookie = header(&door, "set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-fg_device=") && cookie.ends_with("; Secure"), "{cookie}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn haproxy_as_it_is_by_default() {
    if !has("haproxy") {
        return;
    }
    let world = world(&[("server.trusted_proxies", "")]).await;
    let gateway = world.base.trim_start_matches("http://");
    let proxy = haproxy(&format!("{HAPROXY}  server g1 {gateway}\n")).await;
    streams_flow(&world, &proxy).await;
    let seen = connection(&world, &proxy, PRETENDED).await;
    assert_eq!((&seen["address"], &seen["is_trusted"]), (&json!("127.0.0.1"), &json!(false)));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn haproxy_as_documented_with_the_proxy_protocol() {
    if !has("haproxy") {
        return;
    }
    let status_listen = format!("127.0.0.1:{}", port_for_a_server());
    // The test's own calls come from the same machine without a header, so they are strangers' here:
    // only the proxy's address is trusted.
    let flags = [
        ("server.trusted_proxies", "127.8.0.5"),
        ("server.proxy_protocol", "true"),
        ("server.status_listen", status_listen.as_str()),
    ];
    let world = world(&flags).await;
    let gateway = world.base.trim_start_matches("http://");
    let source = format!("default-server source 127.8.0.5 check addr {status_listen}");
    let (_, port) = status_listen.split_once(':').unwrap();
    let replaced = [
        ("bind :443 ssl crt /etc/ssl/tickets.example.pem alpn h2,http/1.1", "bind 127.0.0.1:PORT"),
        ("  server g2 10.0.0.12:8080 send-proxy-v2\n", ""),
        ("10.0.0.11:8080", gateway),
        ("default-server check", &source.replace(&format!(":{port}"), "")),
        ("port 9090", &format!("port {port}")),
        // In the comment at the top.
        ("10.0.0.11:9090", "it"),
    ];
    let proxy = haproxy(&documented("haproxy.cfg", &replaced)).await;
    streams_flow(&world, &proxy).await;
    let seen = connection(&world, &proxy, PRETENDED).await;
    assert_eq!(seen["address"], STRANGER.to_string(), "{seen}");
    assert_eq!(seen["peer"], STRANGER.to_string(), "{seen}");
    assert_eq!(seen["is_https"], false, "a client's own word is none");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn haproxy_with_version_1_and_over_http_2() {
    if !has("haproxy") {
        return;
    }
    let flags = [("server.trusted_proxies", "127.8.0.5"), ("server.proxy_protocol", "true")];
    let world = world(&flags).await;
    let gateway = world.base.trim_start_matches("http://");
    for how in ["send-proxy", "send-proxy-v2 proto h2"] {
        let server = format!("  server g1 {gateway} source 127.8.0.5 {how}\n");
        let proxy = haproxy(&format!("{HAPROXY}{server}")).await;
        streams_flow(&world, &proxy).await;
        let seen = connection(&world, &proxy, PRETENDED).await;
        assert_eq!(seen["address"], STRANGER.to_string(), "{how}: {seen}");
        let protocol = if how.ends_with("h2") { "HTTP/2.0" } else { "HTTP/1.1" };
        assert_eq!(seen["protocol"], protocol);
    }
    world.stop().await;
}

/// What `floodgate doctor --through` says of a proxy: whether it is well, and everything said.
async fn doctor(world: &World, proxy: &Proxy) -> (i32, String) {
    let key = world.data().join("keys/operator.key");
    let (url, key) = (format!("http://{}", proxy.address), key.to_str().unwrap().to_owned());
    let asked = tokio::task::spawn_blocking(move || {
        run(&["doctor", "--through", &url, "--key-file", &key, "--json"])
    });
    let (code, lines) = asked.await.unwrap();
    (code, lines.iter().map(Value::to_string).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_says_what_a_gateway_sees() {
    if !has("nginx") {
        return;
    }
    let trusting = world(&[]).await;
    // From this machine, so the client is trusted as well: the header it sends itself counts, which
    // is what doctor finds.
    let proxy = nginx(&documented_nginx(&trusting)).await;
    let (code, said) = doctor(&trusting, &proxy).await;
    assert!(code == 1 && said.contains("any address we write"), "{said}");
    trusting.stop().await;

    let forgetful = world(&[("server.trusted_proxies", "")]).await;
    let proxy = nginx(&documented_nginx(&forgetful)).await;
    let (code, said) = doctor(&forgetful, &proxy).await;
    assert!(code == 1 && said.contains("add it to server.trusted_proxies"), "{said}");
    forgetful.stop().await;

    let well = world(&[("server.trusted_proxies", "127.8.0.5")]).await;
    let bound = "proxy_bind 127.8.0.5;\n      proxy_pass";
    let proxy = nginx(&documented_nginx(&well).replace("proxy_pass", bound)).await;
    let (code, said) = doctor(&well, &proxy).await;
    assert!(code == 0 && said.contains("over 1 trusted hops, from 127.8.0.5"), "{said}");
    well.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_proxies_in_a_row() {
    if !has("nginx") || !has("haproxy") {
        return;
    }
    let world = world(&[]).await;
    let inner = nginx(&documented_nginx(&world)).await;
    let outer = format!("{HAPROXY}  option forwardfor\n  server g1 {}\n", inner.address);
    let outer = haproxy(&outer).await;
    streams_flow(&world, &outer).await;
    let seen = connection(&world, &outer, PRETENDED).await;
    assert_eq!(
        (&seen["address"], &seen["trusted_hops"]),
        (&json!(STRANGER.to_string()), &json!(2))
    );
    world.stop().await;
}
