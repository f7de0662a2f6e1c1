//! Addresses that people leave, what they follow, and the messages that reach them.

use std::time::Duration;

use floodgate_domain::Fact;
use floodgate_domain::wire::decode_fact;
use floodgate_event_log::Topic;
use floodgate_http_client::Response;
use http::Method;
use serde_json::{Value, json};

use crate::mailbox::Mailbox;
use crate::world::{Papers, World, new_event};

const ADA: &str = "ada.planted@example.org";

async fn start(mailbox: &Mailbox) -> World {
    World::start_in(tempfile::tempdir().unwrap(), &mailbox.flags()).await
}

/// An event with an artist, on sale.
async fn event_of(world: &World, artist: &str) -> String {
    let mut event = new_event(&json!({}));
    event["artist"] = json!(artist);
    world.on_sale(event).await
}

async fn follow_by_mail(world: &World, mailbox: &Mailbox, event: &str, papers: &Papers, to: &str) {
    let event_id = event.rsplit('/').next().unwrap();
    let body = json!({
        "channel": "email", "address": to, "language": "en", "time_zone": "Europe/Berlin",
        "event_id": event_id, "scopes": ["event"],
    });
    let taken = world.post("/v1/me/contacts", papers, body).await;
    assert_eq!((taken.status, taken.text("state")), (201, Some("unconfirmed")), "{}", taken.body);
    let token = mailbox.until(to, "/confirm#").await.after("/confirm#");
    let confirm = json!({ "token": token });
    let confirmed = world.post("/v1/contacts/confirm", papers, confirm.clone()).await;
    assert_eq!(confirmed.status, 200, "{}", confirmed.body);
    assert_eq!(confirmed.body["events"][0]["scopes"], json!(["event"]));
    let again = world.post("/v1/contacts/confirm", papers, confirm).await;
    assert_eq!((again.status, again.code().as_str()), (410, "link_spent"));
}

async fn until_followed(world: &World, event: &str, papers: &Papers, count: usize) -> Response {
    let has = |answer: &Response| answer.body["follows"].as_array().map(Vec::len) == Some(count);
    world.until_as(&format!("{event}/follow"), papers, has).await
}

fn words(who: &[&str], channels: &[&str]) -> Value {
    json!({
        "who": who, "channels": channels, "subject": "Doors at <six>",
        "text": "We open an hour earlier.\nSee you there!", "link": "https://example.org/doors",
    })
}

async fn announce(world: &World, event: &str, body: Value) -> String {
    let artist = Papers { bearer: world.key_of("artist"), ..Papers::default() };
    let made = world.post(&format!("{event}/announcements"), &artist, body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    format!("{event}/announcements/{}", made.text("announcement_id").unwrap())
}

/// A delivery status notification (RFC 3464) about one of our mails.
fn bounce_of(message_id: &str) -> String {
    format!(
        "From: mailer-daemon@example.net\r\nTo: tickets@example.org\r\nSubject: Undelivered\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n\
         --b\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx.example.net\r\n\r\n\
         Final-Recipient: rfc822; {ADA}\r\nAction: failed\r\nStatus: 5.1.1\r\n\
         Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n\r\n\
         --b\r\nContent-Type: text/rfc822-headers\r\n\r\n\
         Message-ID: <{message_id}@example.org>\r\nSubject: Doors\r\n\r\n--b--\r\n"
    )
}

async fn until_sent(world: &World, announcement: &str) -> Response {
    let artist = Papers { bearer: world.key_of("artist"), ..Papers::default() };
    world.until_as(announcement, &artist, |answer| answer.text("state") == Some("sent")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_announcement_reaches_those_who_agreed_and_a_link_ends_it() {
    let mailbox = Mailbox::open().await;
    let world = start(&mailbox).await;
    let event = event_of(&world, "The Examples").await;
    let (ada, page, none) =
        (world.join(&event).await, world.join(&event).await, world.join(&event).await);
    follow_by_mail(&world, &mailbox, &event, &ada, ADA).await;
    until_followed(&world, &event, &ada, 1).await;
    let on_page = json!({ "scopes": ["event", "artist"], "channel": "page" });
    let key = Some("follow-page");
    let path = format!("{event}/follow");
    let followed = world.send(Method::PUT, &path, &page, key, Some(on_page)).await;
    assert_eq!(followed.status, 200, "{}", followed.body);
    until_followed(&world, &event, &page, 2).await;
    let all = world.get("/v1/me/follows", &page).await;
    assert_eq!(all.body["follows"][0]["artist"], "The Examples", "{}", all.body);
    assert_eq!(all.body["follows"].as_array().map(Vec::len), Some(2));
    let zone = json!({ "time_zone": "Asia/Tokyo" });
    let changed = world.send(Method::PATCH, "/v1/me", &ada, Some("zone"), Some(zone)).await;
    assert_eq!(
        (changed.text("time_zone"), changed.text("language")),
        (Some("Asia/Tokyo"), Some("en"))
    );
    let by_mail = json!({ "scopes": ["event"], "channel": "email" });
    let refused = world.send(Method::PUT, &path, &none, Some("none"), Some(by_mail)).await;
    assert_eq!((refused.status, refused.code().as_str()), (409, "contact_required"));

    // Looked at before it goes out, and tried out on an address of one's own.
    let artist = Papers { bearer: world.key_of("artist"), ..Papers::default() };
    let look = format!("{event}/announcements/preview");
    let seen = world.post(&look, &artist, words(&["followers"], &["email", "page"])).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    let counts = ["total", "reached"].map(|name| seen.body[name].as_u64());
    assert_eq!(counts, [Some(2), Some(2)], "{}", seen.body);
    assert_eq!(seen.body["by_channel"]["email"], 1);
    let html = seen.body["readers"][0]["html"].as_str().unwrap();
    assert!(html.contains("Doors at &lt;six&gt;") && !html.contains("<six>"), "{html}");
    let only_mail = world.post(&look, &artist, words(&["followers"], &["email"])).await;
    assert_eq!(only_mail.body["not_reached"]["no_address"], 1, "{}", only_mail.body);
    let test = json!({
        "announcement": words(&["followers"], &["email"]), "address": "me@example.org",
    });
    let tried = world.post(&format!("{event}/announcements/test"), &artist, test).await;
    assert_eq!(tried.status, 200, "{}", tried.body);
    mailbox.until("me@example.org", "Doors at").await;

    let announcement = announce(&world, &event, words(&["followers"], &["email", "page"])).await;
    let report = until_sent(&world, &announcement).await;
    assert_eq!(report.body["counts"]["sent"], 2, "{}", report.body);
    assert_eq!(report.body["by_channel"], json!({"page": 1, "email": 1, "sms": 0, "web_push": 0}));
    let mail = mailbox.until(ADA, "an hour earlier").await;
    assert!(mail.text.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"), "{mail:?}");
    let inbox = world.get("/v1/me/messages", &page).await;
    assert_eq!(inbox.body["messages"][0]["subject"], "Doors at <six>", "{}", inbox.body);
    assert_eq!(inbox.body["unread"], 1);
    let up_to = json!({ "up_to": inbox.body["messages"][0]["message_id"] });
    assert_eq!(world.post("/v1/me/messages/read", &page, up_to).await.status, 200);
    assert_eq!(world.get("/v1/me/messages", &page).await.body["unread"], 0);
    let people = world.get(&format!("{announcement}/people?verdict=sent"), &artist).await;
    assert_eq!(people.body["people"].as_array().map(Vec::len), Some(2), "{}", people.body);

    // It comes back: nothing is sent there any more, and the report says so.
    let name = mail.after("Message-ID: <");
    let operator = Papers { bearer: world.operator.clone(), ..Papers::default() };
    let returned = json!({ "content": bounce_of(&name) });
    let returns = "/v1/channels/email/returns";
    let refused = world.post(returns, &artist, returned.clone()).await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "wrong_role"));
    let taken = world.post(returns, &operator, returned).await;
    assert_eq!(taken.body, json!({ "returned": 1, "suppressed": 1 }), "{}", taken.body);
    let report = world.get(&announcement, &artist).await;
    assert_eq!(report.body["counts"]["bounced"], 1, "{}", report.body);
    let only_mail = world.post(&look, &artist, words(&["followers"], &["email"])).await;
    assert_eq!(only_mail.body["not_reached"]["suppressed"], 1, "{}", only_mail.body);

    // Without an account, by the link of the mail: reading it ends nothing, a press does.
    let token = mail.after("/v1/unsubscribe/");
    let link = format!("/v1/unsubscribe/{token}");
    let shown = world.get(&link, &Papers::default()).await;
    assert_eq!((shown.text("state"), shown.text("channel")), (Some("active"), Some("email")));
    for _ in 0..2 {
        let ended = world.send(Method::POST, &link, &Papers::default(), None, None).await;
        assert_eq!((ended.status, ended.text("state")), (200, Some("withdrawn")));
    }
    until_followed(&world, &event, &ada, 0).await;
    let second = announce(&world, &event, words(&["followers"], &["email"])).await;
    let report = until_sent(&world, &second).await;
    assert_eq!(report.body["counts"]["sent"], 0, "{}", report.body);
    assert_eq!(world.audit().violations, 0);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn announcements_wait_for_a_manager_and_can_be_held_and_stopped() {
    let mailbox = Mailbox::open().await;
    let world = start(&mailbox).await;
    let event = world.event(json!({ "approve_announcements": true })).await;
    let fan = world.join(&event).await;
    let follow = json!({ "scopes": ["event"], "channel": "page" });
    let path = format!("{event}/follow");
    assert_eq!(world.send(Method::PUT, &path, &fan, Some("f"), Some(follow)).await.status, 200);
    until_followed(&world, &event, &fan, 1).await;
    let (artist, manager) = (world.key_of("artist"), world.key_of("manager"));
    let of = |bearer: &String| Papers { bearer: bearer.clone(), ..Papers::default() };
    let announcement = announce(&world, &event, words(&["followers"], &["page"])).await;
    let state = async |papers: &Papers| {
        let answer = world.get(&announcement, papers).await;
        answer.text("state").unwrap_or_default().to_owned()
    };
    assert_eq!(state(&of(&artist)).await, "awaiting_approval");
    let approve = format!("{announcement}/approve");
    let refused = world.post(&approve, &of(&artist), json!({})).await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "wrong_role"));
    let fan_asks = world.post(&approve, &fan, json!({})).await;
    assert_eq!(fan_asks.status, 401, "{}", fan_asks.body);
    let approved = world.post(&approve, &of(&manager), json!({})).await;
    assert_eq!(approved.status, 200, "{}", approved.body);
    until_sent(&world, &announcement).await;

    let mut body = words(&["followers"], &["page"]);
    body["send_at"] = json!("2125-01-01T00:00:00Z");
    let making = format!("{event}/announcements");
    let refused = world.post(&making, &of(&artist), body.clone()).await;
    assert_eq!((refused.status, &refused.body["errors"][0]["path"]), (400, &json!("send_at")));
    let tomorrow = std::time::SystemTime::now() + Duration::from_secs(86_400);
    body["send_at"] = json!(humantime::format_rfc3339_seconds(tomorrow).to_string());
    let scheduled = announce(&world, &event, body).await;
    let stopped = world.post(&format!("{scheduled}/stop"), &of(&artist), json!({})).await;
    assert_eq!((stopped.status, stopped.text("state")), (200, Some("stopped")));
    let again = world.post(&format!("{scheduled}/resume"), &of(&artist), json!({})).await;
    assert_eq!(again.code(), "announcement_stopped", "{}", again.body);
    let unknown = format!("{event}/announcements/ann_0000000000001/stop");
    let unknown = world.post(&unknown, &of(&artist), json!({})).await;
    assert_eq!((unknown.status, unknown.code().as_str()), (404, "unknown_announcement"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_device_signs_in_by_a_link_and_has_the_same_order() {
    let mailbox = Mailbox::open().await;
    let world = start(&mailbox).await;
    let event = event_of(&world, "The Examples").await;
    let first = world.shopper(&event).await;
    let best = json!({ "best": { "count": 2 } });
    let held = world.post(&format!("{event}/holds"), &first, best).await;
    assert_eq!(held.status, 201, "{}", held.body);
    follow_by_mail(&world, &mailbox, &event, &first, ADA).await;

    let second = world.join(&event).await;
    let order = format!("{event}/orders/{}", held.text("order_id").unwrap());
    assert_eq!(world.get(&order, &second).await.code(), "not_your_hold");
    let unknown = json!({ "channel": "email", "address": "nobody@example.org" });
    let known = json!({ "channel": "email", "address": ADA });
    let answers = [
        world.post("/v1/sign-in", &second, unknown).await,
        world.post("/v1/sign-in", &second, known).await,
    ];
    assert_eq!((answers[0].status, &answers[0].body), (200, &answers[1].body), "nobody can ask");
    let token = mailbox.until(ADA, "/sign-in#").await.after("/sign-in#");
    let open = json!({ "token": token });
    let signed_in = world.post("/v1/sign-in/open", &second, open.clone()).await;
    assert_eq!(signed_in.status, 200, "{}", signed_in.body);
    let stolen = world.post("/v1/sign-in/open", &world.join(&event).await, open).await;
    assert_eq!((stolen.status, stolen.code().as_str()), (410, "link_spent"));
    let seen = world.until_as(&order, &second, |answer| answer.status == 200).await;
    assert_eq!(seen.body["seats"], held.body["seats"]);
    let me = world.get(&format!("{event}/me"), &second).await;
    assert_eq!(me.body["orders"].as_array().map(Vec::len), Some(1), "{}", me.body);

    // It pays for what the other holds, and the other sees it.
    let card = json!({ "card_number": "4000000000000077" });
    let token = world.post("/v1/payments/pages/tokenise", &second, card).await;
    let purchase =
        json!({ "hold_id": held.body["hold_id"], "payment_method": token.body["payment_method"] });
    let bought = world.post(&format!("{event}/orders"), &second, purchase).await;
    assert_eq!(bought.status, 201, "{}", bought.body);
    let is_paid = |answer: &Response| answer.body["settled"] == json!(true);
    world.until_as(&order, &first, is_paid).await;
    let tickets = world.get(&format!("{order}/tickets"), &second).await;
    assert_eq!(tickets.body["tickets"].as_array().map(Vec::len), Some(2), "{}", tickets.body);

    let devices = world.get("/v1/me/devices", &first).await;
    let other = devices.body["devices"].as_array().unwrap().iter();
    let other = other.clone().find(|device| device["is_this_one"] == json!(false)).unwrap();
    let remove = format!("/v1/me/devices/{}", other["device_id"].as_str().unwrap());
    assert_eq!(world.send(Method::DELETE, &remove, &first, None, None).await.status, 200);
    world.until_as(&order, &second, |answer| answer.code() == "not_your_hold").await;
    assert_eq!(world.audit().violations, 0);
    world.stop().await;
}

/// How often somebody joined a cohort of an audience, and left one, by the ledger.
fn cohorts(world: &World) -> (usize, usize) {
    let log = world.log();
    let (mut joined, mut left) = (0, 0);
    for partition in 0..log.partitions(Topic::Ledger) {
        let end = log.end(Topic::Ledger, partition).unwrap();
        let mut reader = log.reader(Topic::Ledger, partition, 0).unwrap();
        let mut records = Vec::new();
        while reader.position() < end {
            reader.poll(1_000, Duration::from_secs(1), &mut records).unwrap();
        }
        for record in &records {
            let fact = decode_fact(&record.value).unwrap().fact;
            joined += usize::from(matches!(fact, Fact::CohortJoined { .. }));
            left += usize::from(matches!(fact, Fact::CohortLeft { .. }));
        }
    }
    (joined, left)
}

/// Facts are written behind the answer: waits until the ledger has them.
async fn until_cohorts(world: &World, wanted: (usize, usize)) {
    let mut pulse = tokio::time::interval(Duration::from_millis(50));
    let mut seen = (0, 0);
    for _ in 0..400 {
        pulse.tick().await;
        seen = tokio::task::block_in_place(|| cohorts(world));
        if seen == wanted {
            return;
        }
    }
    panic!("the ledger has {seen:?} joined and left, not {wanted:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_person_is_counted_in_no_table_any_more() {
    let mailbox = Mailbox::open().await;
    let world = start(&mailbox).await;
    let event = event_of(&world, "The Examples").await;
    let fan = world.shopper(&event).await;
    follow_by_mail(&world, &mailbox, &event, &fan, ADA).await;
    let agrees = json!({ "consent": true, "purpose": "audience", "age": "25-34", "region": "CH" });
    let path = format!("{event}/me/cohort");
    let agreed = world.send(Method::PUT, &path, &fan, Some("agree"), Some(agrees)).await;
    assert_eq!(agreed.status, 200, "{}", agreed.body);
    until_cohorts(&world, (1, 0)).await;
    let forget = json!({ "address": ADA });
    let forgotten = world.post("/v1/staff/forget", &world.staff(), forget).await;
    assert_eq!(forgotten.status, 200, "{}", forgotten.body);
    // What follows from that is in the tests of `streams`.
    until_cohorts(&world, (1, 1)).await;
    assert_eq!(world.audit().violations, 0);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_person_is_in_no_file_and_no_topic() {
    let mailbox = Mailbox::open().await;
    let world = start(&mailbox).await;
    let event = event_of(&world, "The Examples").await;
    let fan = world.join(&event).await;
    follow_by_mail(&world, &mailbox, &event, &fan, ADA).await;
    until_followed(&world, &event, &fan, 1).await;
    let announcement = announce(&world, &event, words(&["followers"], &["email"])).await;
    until_sent(&world, &announcement).await;
    let staff = world.staff();
    let both = json!({ "address": ADA, "user_id": "byr_0000000000001" });
    assert_eq!(world.post("/v1/staff/forget", &staff, both).await.status, 400);
    let forget = json!({ "address": ADA });
    let forgotten = world.post("/v1/staff/forget", &staff, forget.clone()).await;
    assert_eq!(forgotten.status, 200, "{}", forgotten.body);
    assert_eq!((&forgotten.body["persons"], &forgotten.body["contacts"]), (&json!(1), &json!(1)));
    let again = world.post("/v1/staff/forget", &staff, forget).await;
    assert_eq!(again.body["persons"], 0);
    until_followed(&world, &event, &fan, 0).await;
    let contacts = world.get("/v1/me/contacts", &fan).await;
    assert_eq!(contacts.body["contacts"], json!([]), "{}", contacts.body);
    assert_eq!(world.audit().violations, 0);

    // Everything of the installation: log, tables, snapshots, the store of people itself.
    let folder = world.stop().await;
    let mut files = vec![folder.path().to_owned()];
    let mut count = 0;
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let has = bytes.windows(11).any(|part| part == b"ada.planted");
        assert!(!has, "{}", path.display());
        count += 1;
    }
    assert!(count > 5, "{count} files");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_staff_stands_for_a_key_until_it_is_ended() {
    let world = World::start().await;
    let key = world.key_of("artist");
    let wrong = world.post("/v1/staff/session", &Papers::default(), json!({"key": "fgk_x"})).await;
    assert_eq!((wrong.status, wrong.code().as_str()), (401, "key_required"));
    let body = json!({ "key": key }).to_string();
    let length = body.len();
    let request = format!(
        "POST /v1/staff/session HTTP/1.1\r\nhost: x\r\nconnection: close\r\nidempotency-key: s\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    let answer = super::abuse::raw(&world, &[request.as_bytes()]).await;
    let cookie = answer.split("set-cookie: ").nth(1).unwrap().split("\r\n").next().unwrap();
    assert!(cookie.contains("HttpOnly; SameSite=Strict"), "{cookie}");
    let (session, _) = cookie.split_once(';').unwrap();
    let me = |cookie: &str| {
        format!(
            "GET /v1/staff/me HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncookie: {cookie}\r\n\r\n"
        )
    };
    let shown = super::abuse::raw(&world, &[me(session).as_bytes()]).await;
    assert!(shown.contains("\"role\":\"artist\""), "{shown}");
    let last = if session.ends_with('A') { "B" } else { "A" };
    let forged = format!("{}{last}", &session[..session.len() - 1]);
    let refused = super::abuse::raw(&world, &[me(&forged).as_bytes()]).await;
    assert!(refused.starts_with("HTTP/1.1 401"), "{refused}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_refused_is_sent_again_by_hand() {
    let mailbox = Mailbox::open().await;
    let world = start(&mailbox).await;
    let event = event_of(&world, "").await;
    let ada = world.join(&event).await;
    follow_by_mail(&world, &mailbox, &event, &ada, ADA).await;
    until_followed(&world, &event, &ada, 1).await;
    mailbox.refuse(Some("552 5.3.4 too large\r\n"));
    let announcement = announce(&world, &event, words(&["followers"], &["email"])).await;
    let report = until_sent(&world, &announcement).await;
    assert_eq!(report.body["counts"]["failed"], 1, "{}", report.body);

    let operator = Papers { bearer: world.operator.clone(), ..Papers::default() };
    let artist = Papers { bearer: world.key_of("artist"), ..Papers::default() };
    let failures = "/v1/channels/failures";
    assert_eq!(world.get(failures, &artist).await.code(), "wrong_role");
    let event_id = event.rsplit('/').next().unwrap();
    let listed = world.get(&format!("{failures}?event_id={event_id}"), &operator).await;
    let one = &listed.body["messages"][0];
    assert_eq!(
        (one["occasion"].as_str(), one["can_be_resent"].as_bool()),
        (Some("announcement"), Some(true))
    );
    assert!(one["reason"].as_str().unwrap().contains("552"), "{}", listed.body);
    assert!(!listed.body.to_string().contains(ADA), "{}", listed.body);
    for (query, code) in [("event_id=nothing", "invalid_id"), ("cursor=1", "invalid_query")] {
        let refused = world.get(&format!("{failures}?{query}"), &operator).await;
        assert_eq!((refused.status, refused.code().as_str()), (400, code), "{query}");
    }

    mailbox.refuse(None);
    let resend = format!("{failures}/resend");
    let this = json!({ "event_id": event_id });
    let nothing = world.post(&resend, &operator, json!({})).await;
    assert_eq!((nothing.status, nothing.code().as_str()), (400, "malformed_body"));
    assert_eq!(world.post(&resend, &artist, this.clone()).await.code(), "wrong_role");
    let again = world.post(&resend, &operator, this.clone()).await;
    assert_eq!((again.status, again.body), (200, json!({ "resent": 1 })));
    mailbox.until(ADA, "an hour earlier").await;
    let report = until_sent(&world, &announcement).await;
    assert_eq!(
        (&report.body["counts"]["sent"], &report.body["counts"]["failed"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(world.post(&resend, &operator, this).await.body, json!({ "resent": 0 }));
    world.stop().await;
}
