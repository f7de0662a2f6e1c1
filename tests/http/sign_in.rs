//! Who is signed in, and what others cannot do in their name.

use http::Method;
use serde_json::{Value, json};

use super::abuse::raw;
use super::roles::filled;
use crate::mailbox::Mailbox;
use crate::world::{Papers, World};

/// A request with a cookie; `lines` are further header lines.
fn request(method: &str, path: &str, cookie: &str, lines: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nidempotency-key: k\r\n\
         content-type: application/json\r\ncontent-length: 2\r\ncookie: {cookie}\r\n{lines}\r\n{{}}"
    )
}

fn code(answer: &str) -> String {
    let body = answer.split("\r\n\r\n").nth(1).unwrap_or_default();
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    body["code"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_of_another_site_changes_anything_in_the_name_of_a_visitor() {
    let flags = [("admission.address_burst", "100000")];
    let world = World::start_in(tempfile::tempdir().unwrap(), &flags).await;
    let document = world.get("/openapi.json", &Papers::default()).await.body;
    let mut calls = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys().filter(|method| *method != "get") {
            let (path, method) = (filled(path), method.to_uppercase());
            let ask = async |cookie: &str, lines: &str| {
                let request = request(&method, &path, cookie, lines);
                code(&raw(&world, &[request.as_bytes()]).await)
            };
            for cookie in ["fg_device=x", "fg_staff=x", "a=b; __Host-fg_passes=x"] {
                for lines in [
                    "sec-fetch-site: cross-site\r\n",
                    "sec-fetch-site: same-site\r\n",
                    "origin: https://evil.example\r\n",
                    "origin: null\r\n",
                ] {
                    let found = ask(cookie, lines).await;
                    assert_eq!(found, "cross_site", "{method} {path}: {cookie} {lines}");
                }
            }
            let own = ask("fg_device=x", "sec-fetch-site: same-origin\r\n").await;
            assert_ne!(own, "cross_site", "{method} {path}");
            calls += 1;
        }
    }
    assert!(calls > 50, "{calls} calls");
    world.stop().await;
}

/// Signs a browser in; its cookie.
async fn session(world: &World, key: &str) -> String {
    let body = json!({ "key": key }).to_string();
    let length = body.len();
    let request = format!(
        "POST /v1/staff/session HTTP/1.1\r\nhost: x\r\nconnection: close\r\nidempotency-key: s\r\n\
         user-agent: Firefox/140.0 Linux\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    );
    let answer = raw(world, &[request.as_bytes()]).await;
    let cookie = answer.split("set-cookie: ").nth(1).unwrap().split(';').next().unwrap();
    cookie.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_of_staff_are_listed_and_end_one_by_one_or_all() {
    let world = World::start().await;
    let key = world.key_of("artist");
    let (first, second) = (session(&world, &key).await, session(&world, &key).await);
    let other = session(&world, &world.operator).await;
    assert_ne!(first, second, "each browser has its own");
    let ask = async |method: &str, path: &str, cookie: &str| {
        raw(&world, &[request(method, path, cookie, "").as_bytes()]).await
    };
    let is_in =
        async |cookie: &str| ask("GET", "/v1/staff/me", cookie).await.starts_with("HTTP/1.1 200");
    let listed = ask("GET", "/v1/staff/sessions", &first).await;
    let body: Value = serde_json::from_str(listed.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    let sessions = body["sessions"].as_array().unwrap();
    let here: Vec<bool> =
        sessions.iter().map(|one| one["is_this_one"].as_bool().unwrap()).collect();
    assert_eq!(here.len(), 2, "nobody else's: {body}");
    assert!(here.contains(&true) && here.contains(&false), "{body}");
    assert_eq!(sessions[0]["label"], "Firefox on Linux");

    let theirs = sessions.iter().find(|one| one["is_this_one"] == json!(false)).unwrap();
    let path = format!("/v1/staff/sessions/{}", theirs["session_id"].as_str().unwrap());
    let as_other = ask("DELETE", &path, &other).await;
    assert!(as_other.starts_with("HTTP/1.1 200"), "{as_other}");
    assert!(is_in(&second).await, "nobody ends what is another's");
    ask("DELETE", &path, &first).await;
    assert!(is_in(&first).await && !is_in(&second).await);
    // A cookie that was kept is no good after signing out.
    ask("DELETE", "/v1/staff/session", &first).await;
    assert!(!is_in(&first).await);
    let (third, fourth) = (session(&world, &key).await, session(&world, &key).await);
    let papers = Papers { bearer: key, ..Papers::default() };
    let all = world.send(Method::DELETE, "/v1/staff/sessions", &papers, None, None).await;
    assert_eq!(all.status, 200, "{}", all.body);
    assert!(!is_in(&third).await && !is_in(&fourth).await && is_in(&other).await);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_finds_orders_by_the_address_a_fan_names() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let fan = world.shopper(&event).await;
    let best = json!({ "best": { "count": 2 } });
    let held = world.post(&format!("{event}/holds"), &fan, best).await;
    assert_eq!(held.status, 201, "{}", held.body);
    let order = format!("{event}/orders/{}", held.text("order_id").unwrap());
    world.until_as(&order, &fan, |answer| answer.status == 200).await;
    let left = json!({ "channel": "email", "address": "Ada.Planted@example.org" });
    assert_eq!(world.post("/v1/me/contacts", &fan, left).await.status, 201);
    let find = "/v1/staff/people/find";
    let manager = world.staff();
    let named = json!({ "address": "ada.planted@example.org" });
    let found = world.post(find, &manager, named.clone()).await;
    assert_eq!(found.status, 200, "{}", found.body);
    let person = &found.body["people"][0];
    assert_eq!(person["is_confirmed"], false, "{person}");
    let order = &person["events"][0]["orders"][0];
    assert_eq!(order["order_id"], held.body["order_id"], "{person}");
    assert_eq!(order["seats"].as_array().map(Vec::len), Some(2));
    let part = json!({ "address": "planted@example.org" });
    assert_eq!(world.post(find, &manager, part).await.body["people"], json!([]), "whole alone");
    let operator = Papers { bearer: world.operator.clone(), ..Papers::default() };
    assert_eq!(world.post(find, &operator, named.clone()).await.code(), "wrong_role");
    let mut answer = world.post(find, &manager, named.clone()).await;
    for _ in 0..130 {
        answer = world.post(find, &manager, named.clone()).await;
        if answer.status != 200 {
            break;
        }
    }
    assert_eq!((answer.status, answer.code().as_str()), (429, "rate_limited"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ways_that_nobody_has_set_up_are_not_offered() {
    let world = World::start().await;
    let ways = world.get("/v1/sign-in/ways", &Papers::default()).await;
    assert_eq!(ways.body, json!({ "staff": null, "fans": null, "passkeys": true }));
    for who in ["staff", "fan"] {
        let body = json!({ "who": who });
        let asked = world.post("/v1/sign-in/provider", &Papers::default(), body).await;
        assert_eq!((asked.status, asked.code().as_str()), (404, "not_found"), "{}", asked.body);
    }
    let answer = json!({ "code": "c", "state": "s" });
    let refused = world.post("/v1/sign-in/provider/return", &Papers::default(), answer).await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "sign_in_refused"));
    world.stop().await;
}

/// Leaves an address and confirms it on the same device: a way to sign in.
async fn with_a_way_in(world: &World, mailbox: &Mailbox, papers: &Papers, to: &str) {
    let left = json!({ "channel": "email", "address": to });
    assert_eq!(world.post("/v1/me/contacts", papers, left).await.status, 201);
    let token = mailbox.until(to, "/confirm#").await.after("/confirm#");
    let confirmed = world.post("/v1/contacts/confirm", papers, json!({ "token": token })).await;
    assert_eq!(confirmed.status, 200, "{}", confirmed.body);
}

/// Signs another device in by a link.
async fn sign_in(world: &World, mailbox: &Mailbox, papers: &Papers, to: &str) {
    let known = json!({ "channel": "email", "address": to });
    assert_eq!(world.post("/v1/sign-in", papers, known).await.status, 200);
    let token = mailbox.until(to, "/sign-in#").await.after("/sign-in#");
    let opened = world.post("/v1/sign-in/open", papers, json!({ "token": token })).await;
    assert_eq!(opened.status, 200, "{}", opened.body);
    let has_two = |answer: &floodgate_http_client::Response| {
        answer.body["devices"].as_array().map(Vec::len) == Some(2)
    };
    world.until_as("/v1/me/devices", papers, has_two).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_has_one_place_and_one_visit_on_all_their_devices() {
    let mailbox = Mailbox::open().await;
    let world = World::start_in(tempfile::tempdir().unwrap(), &mailbox.flags()).await;
    let event = world.event(json!({})).await;
    let other = world.event(json!({})).await;
    let mut first = world.join(&event).await;
    with_a_way_in(&world, &mailbox, &first, "ada@example.org").await;
    // It is somebody's device already, by another event, and has yet to join this one.
    let second = Papers { ticket: String::new(), ..world.join(&other).await };
    sign_in(&world, &mailbox, &second, "ada@example.org").await;
    let place = async |papers: &Papers| {
        let joined = world.rejoin(&event, papers).await;
        assert_eq!(joined.status, 201, "{}", joined.body);
        let device = joined.text("device").unwrap().to_owned();
        assert_eq!(device, papers.device, "nobody is given the device of another");
        let ticket = joined.text("queue_ticket").unwrap().to_owned();
        (joined.body["place"].as_u64(), Papers { ticket, ..papers.clone() })
    };
    // As soon as the gateway knows that they are one person.
    let mut pulse = tokio::time::interval(std::time::Duration::from_millis(100));
    let mine = place(&first).await.0;
    let mut second = second;
    for _ in 0..100 {
        pulse.tick().await;
        let (theirs, papers) = place(&Papers { ticket: String::new(), ..second.clone() }).await;
        second = papers;
        if theirs == mine {
            break;
        }
    }
    assert_eq!(place(&second).await.0, mine, "one place, whichever device asks");
    world.enter(&event, &mut second).await;
    world.enter(&event, &mut first).await;
    let status = world.get(&format!("{event}/status?consistency=strong"), &first).await;
    assert_eq!(status.body["shoppers"], 1, "{}", status.body);
    let best = json!({ "best": { "count": 1 } });
    let held = world.post(&format!("{event}/holds"), &second, best.clone()).await;
    assert_eq!(held.status, 201, "{}", held.body);
    let again = world.post(&format!("{event}/holds"), &first, best).await;
    assert_eq!(again.code(), "too_many_holds", "no gain from two devices: {}", again.body);
    // Whoever is no device of theirs any more has nothing of it.
    let out = world.send(Method::DELETE, "/v1/me/devices", &first, None, None).await;
    assert_eq!(out.status, 200);
    let hold = format!("{event}/holds");
    let best = json!({ "best": { "count": 1 } });
    for _ in 0..100 {
        pulse.tick().await;
        let refused = world.post(&hold, &second, best.clone()).await;
        if refused.code() == "invalid_token" {
            assert_eq!(world.audit().violations, 0);
            world.stop().await;
            return;
        }
    }
    panic!("a device that was signed out acts on");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_may_be_for_people_who_are_signed_in() {
    let mailbox = Mailbox::open().await;
    let world = World::start_in(tempfile::tempdir().unwrap(), &mailbox.flags()).await;
    let open = world.event(json!({})).await;
    let event = world.event(json!({ "sign_in_required": true })).await;
    let fan = world.join(&open).await;
    for papers in [&Papers::default(), &fan] {
        let refused = world.post(&format!("{event}/queue"), papers, json!({})).await;
        assert_eq!((refused.status, refused.code().as_str()), (403, "sign_in_required"));
        let path = format!("{event}/queue/challenge");
        assert_eq!(world.get(&path, papers).await.code(), "sign_in_required");
    }
    with_a_way_in(&world, &mailbox, &fan, "ada@example.org").await;
    let mut fan = Papers { ticket: String::new(), ..fan };
    let joined = world.rejoin(&event, &fan).await;
    assert_eq!(joined.status, 201, "{}", joined.body);
    fan.ticket = joined.text("queue_ticket").unwrap().to_owned();
    world.enter(&event, &mut fan).await;
    // Without a line, whoever holds is asked.
    let free = world.event(json!({ "sign_in_required": true, "pass_required": false })).await;
    let best = json!({ "best": { "count": 1 } });
    let stranger = world.join(&open).await;
    let refused = world.post(&format!("{free}/holds"), &stranger, best.clone()).await;
    assert_eq!(refused.code(), "sign_in_required", "{}", refused.body);
    assert_eq!(world.post(&format!("{free}/holds"), &fan, best).await.status, 201);
    assert_eq!(world.audit().violations, 0);
    world.stop().await;
}
