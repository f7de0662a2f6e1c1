//! Whose quota a request counts against, over HTTP.

use serde_json::json;

use super::client::{STRANGER, ask, get, header, status};
use crate::world::World;

/// Requests with this header until somebody is limited; how many passed.
async fn passed(world: &World, headers: impl Fn(u32) -> String) -> u32 {
    for number in 0..40 {
        let from = "127.0.0.1".parse().unwrap();
        let answer = ask(from, &world.base, &get("/v1/events", &headers(number))).await;
        if status(&answer) == 429 {
            assert!(header(&answer, "retry-after").is_some(), "{answer}");
            return number;
        }
        assert_eq!(status(&answer), 200, "{answer}");
    }
    40
}

/// A list costs two; ten may come at once, and none follow.
const NARROW: [(&str, &str); 2] =
    [("admission.address_per_second", "1"), ("admission.address_burst", "20")];

#[tokio::test(flavor = "multi_thread")]
async fn nobody_chooses_the_quota_they_count_against() {
    let world = World::start_in(tempfile::tempdir().unwrap(), &NARROW).await;
    // Each row is one client in many disguises; the last trusted hop is 127.0.0.1.
    let rows: [fn(u32) -> String; 4] = [
        |number| format!("x-forwarded-for: 9.9.{number}.1, 203.0.113.1\r\n"),
        |number| format!("x-forwarded-for: 9.9.{number}.1\r\nx-forwarded-for: 203.0.113.2\r\n"),
        |number| {
            format!("x-forwarded-for: 9.9.{number}.1, 203.0.113.3:{}, ::1\r\n", 4_000 + number)
        },
        |number| format!("x-forwarded-for: 9.9.{number}.1, [2001:db8::{number:x}]:443\r\n"),
    ];
    for (at, headers) in rows.into_iter().enumerate() {
        let passed = passed(&world, headers).await;
        assert!((9..=14).contains(&passed), "row {at}: {passed}");
    }
    let others = passed(&world, |number| format!("x-forwarded-for: 10.{number}.0.1\r\n")).await;
    assert_eq!(others, 40, "different clients have quotas of their own");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_trust_the_header_is_air() {
    let flags = [NARROW[0], NARROW[1], ("server.trusted_proxies", "")];
    let world = World::start_in(tempfile::tempdir().unwrap(), &flags).await;
    let passed = passed(&world, |number| format!("x-forwarded-for: 10.{number}.0.1\r\n")).await;
    // The test's own questions whether it is ready count as well.
    assert!(passed <= 14, "{passed}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_drawn_from_a_provider_share_its_quota() {
    let flags = [("admission.provider_per_second", "1"), ("admission.provider_burst", "20")];
    let world = World::start_in(tempfile::tempdir().unwrap(), &flags).await;
    let drawn = |number| format!("x-forwarded-for: 2001:db8:{number:x}:{number:x}::1\r\n");
    let passed = passed(&world, drawn).await;
    assert!((9..=14).contains(&passed), "{passed}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_is_limited() {
    let flags = [
        ("admission.address_per_second", "1"),
        ("admission.address_burst", "20"),
        ("server.trusted_proxies", "127.0.0.1"),
    ];
    let world = World::start_in(tempfile::tempdir().unwrap(), &flags).await;
    let event = world.event(json!({})).await;
    let paths = [
        "/openapi.json".to_owned(),
        "/metrics".to_owned(),
        "/assets/js/event.js".to_owned(),
        "/".to_owned(),
        "/docs".to_owned(),
        "/livez".to_owned(),
        "/problems".to_owned(),
        "/.well-known/floodgate-ticket-key.json".to_owned(),
        "/v1/payments/form".to_owned(),
        "/v1/payments/pages/sandbox".to_owned(),
        "/nothing/here".to_owned(),
        event.clone(),
        format!("{event}/plan"),
        format!("{event}/queue"),
        format!("{event}/status?consistency=strong"),
        format!("{event}/availability"),
        format!("{event}/me"),
    ];
    for (at, path) in paths.iter().enumerate() {
        // A stranger of its own for each, so that they do not share a quota.
        let address = format!("x-forwarded-for: 198.51.{at}.1\r\n");
        let mut limited = None;
        for number in 0..400 {
            let from = "127.0.0.1".parse().unwrap();
            let answer = ask(from, &world.base, &get(path, &address)).await;
            if status(&answer) == 429 {
                limited = Some(number);
                break;
            }
        }
        assert!(limited.is_some(), "{path} has no limit");
    }
    let wrong = |number| {
        format!("authorization: Bearer fgk_{number}\r\n{}", "x-forwarded-for: 192.0.2.1\r\n")
    };
    let mut guesses = 0;
    for number in 0..20 {
        let request = get("/v1/staff/me", &wrong(number));
        let answer = ask("127.0.0.1".parse().unwrap(), &world.base, &request).await;
        guesses += u32::from(status(&answer) == 401);
    }
    assert!(guesses <= 2, "{guesses} keys could be guessed at once");
    let answer = ask(STRANGER, &world.base, &get("/livez", "")).await;
    assert_eq!(status(&answer), 200, "others are not");
    world.stop().await;
}
