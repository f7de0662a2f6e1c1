//! Tickets after they were sold: handed on from device to device, shown at the gate, given back.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::abuse::raw;
use crate::world::{Papers, World};

/// A buyer with two tickets, and the address of their order.
async fn bought(world: &World, event: &str) -> (Papers, String) {
    let papers = world.shopper(event).await;
    let card = json!({ "card_number": "4000000000000077" });
    let token = world.post("/v1/payments/pages/tokenise", &papers, card).await;
    let best = json!({ "best": { "count": 2 } });
    let held = world.post(&format!("{event}/holds"), &papers, best).await;
    let (hold_id, method) = (held.text("hold_id"), token.text("payment_method"));
    let purchase = json!({ "hold_id": hold_id, "payment_method": method });
    let order = world.post(&format!("{event}/orders"), &papers, purchase).await;
    let order = format!("{event}/orders/{}", order.text("order_id").unwrap());
    world.until_as(&order, &papers, |answer| answer.body["settled"] == json!(true)).await;
    (papers, order)
}

async fn tickets(world: &World, order: &str, papers: &Papers) -> Vec<Value> {
    let answer = world.get(&format!("{order}/tickets"), papers).await;
    answer.body["tickets"].as_array().cloned().unwrap_or_default()
}

/// Waits until somebody has so many tickets of an order.
async fn until_they_have(world: &World, order: &str, papers: &Papers, count: usize) -> Vec<Value> {
    let has = |answer: &floodgate_http_client::Response| {
        answer.body["tickets"].as_array().is_some_and(|tickets| tickets.len() == count)
    };
    let answer = world.until_as(&format!("{order}/tickets"), papers, has).await;
    answer.body["tickets"].as_array().cloned().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_offered_taken_and_good_once() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let (giver, order) = bought(&world, &event).await;
    let before = tickets(&world, &order, &giver).await;
    let (given, seat) = (before[0]["token"].clone(), before[0]["seat_id"].clone());
    let offer = format!("{order}/tickets/{seat}/offer");
    let stranger = world.join(&event).await;
    let refused = world.post(&offer, &stranger, json!({})).await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "not_your_hold"));
    let offered = world.post(&offer, &giver, json!({})).await;
    assert_eq!(offered.status, 200, "{}", offered.body);

    // Whoever takes it needs nothing but the offer; a device comes with it.
    let take = format!("{event}/tickets/take");
    let body = json!({ "offer": offered.body["offer"] });
    let taken = world.post(&take, &Papers::default(), body.clone()).await;
    assert_eq!((taken.status, &taken.body["seat_id"]), (200, &seat), "{}", taken.body);
    let device = taken.text("device").unwrap().to_owned();
    let taker = Papers { device, ..Papers::default() };
    let late = world.post(&take, &stranger, body).await;
    assert_eq!((late.status, late.code().as_str()), (409, "ticket_superseded"));
    let forged = world.post(&take, &stranger, json!({ "offer": "FGO1.AAAA" })).await;
    assert_eq!((forged.status, forged.code().as_str()), (401, "invalid_token"));

    let theirs = until_they_have(&world, &order, &taker, 1).await;
    assert_eq!(until_they_have(&world, &order, &giver, 1).await.len(), 1);
    let me = world.get(&format!("{event}/me"), &taker).await;
    assert_eq!(me.body["received"].as_array().map(Vec::len), Some(1), "{}", me.body);

    // At the gate: the giver's code is stale, the taker's is good, once.
    let redeem = format!("{event}/tickets/redeem");
    let gate = world.staff();
    let show = |token: &Value| json!({ "token": token });
    let stale = world.post(&redeem, &gate, show(&given)).await;
    assert_eq!((stale.status, stale.code().as_str()), (409, "ticket_superseded"));
    let fan = world.post(&redeem, &taker, show(&theirs[0]["token"])).await;
    assert_eq!((fan.status, fan.code().as_str()), (401, "key_required"));
    let good = world.post(&redeem, &gate, show(&theirs[0]["token"])).await;
    assert_eq!((good.status, good.text("status")), (200, Some("redeemed")), "{}", good.body);
    let again = world.post(&redeem, &gate, show(&theirs[0]["token"])).await;
    assert_eq!((again.status, again.code().as_str()), (409, "ticket_used"));
    let nonsense = world.post(&redeem, &gate, json!({ "token": "FG1.AAAA" })).await;
    assert_eq!((nonsense.status, nonsense.code().as_str()), (400, "malformed_body"));
    let refund = world.post(&format!("{order}/refund"), &gate, json!({})).await;
    assert_eq!((refund.status, refund.code().as_str()), (409, "ticket_used"));
    assert!(world.audit().is_clean(), "{:?}", world.audit());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_finds_what_they_have_at_all_events() {
    let world = World::start().await;
    let (first, second) = (world.event(json!({})).await, world.event(json!({})).await);
    let (giver, order) = bought(&world, &first).await;
    let mine = "/v1/me/orders";
    let taken = {
        let seat = tickets(&world, &order, &giver).await[0]["seat_id"].clone();
        let offered = world.post(&format!("{order}/tickets/{seat}/offer"), &giver, json!({})).await;
        let body = json!({ "offer": offered.body["offer"] });
        world.post(&format!("{first}/tickets/take"), &Papers::default(), body).await
    };
    let taker = Papers { device: taken.text("device").unwrap().to_owned(), ..Papers::default() };
    let shopper = world.shopper(&second).await;
    let of_two = Papers { device: giver.device.clone(), pass: shopper.pass, ..Papers::default() };
    // Another device's pass is no reason to see anything of it.
    let found = world.get(mine, &of_two).await;
    let events = found.body["events"].as_array().unwrap();
    assert_eq!(events.len(), 1, "{}", found.body);
    assert_eq!(events[0]["event"]["event_id"].as_str(), first.rsplit('/').next());
    let orders = events[0]["orders"].as_array().unwrap();
    assert_eq!((orders.len(), &orders[0]["status"]), (1, &json!("confirmed")));
    assert!(order.ends_with(orders[0]["order_id"].as_str().unwrap()));
    let given = world.get(mine, &taker).await;
    assert_eq!(given.body["events"][0]["received"], json!([orders[0]["order_id"]]));
    assert_eq!(given.body["events"][0]["orders"], json!([]));
    for nobody in [Papers::default(), world.join(&second).await] {
        assert_eq!(world.get(mine, &nobody).await.body, json!({ "events": [] }));
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_hand_on_for_who_lost_their_device() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let (giver, order) = bought(&world, &event).await;
    let seat = tickets(&world, &order, &giver).await[0]["seat_id"].clone();
    let transfer = format!("{order}/tickets/{seat}/transfer");
    let to = json!({ "to": "byr_0000000000001" });
    let fan = world.post(&transfer, &giver, to.clone()).await;
    assert_eq!((fan.status, fan.code().as_str()), (401, "key_required"));
    let wrong = world.post(&transfer, &world.staff(), json!({ "to": "somebody" })).await;
    assert_eq!((wrong.status, wrong.code().as_str()), (400, "malformed_body"));
    let moved = world.post(&transfer, &world.staff(), to).await;
    assert_eq!((moved.status, moved.text("status")), (200, Some("done")), "{}", moved.body);
    assert_eq!(until_they_have(&world, &order, &giver, 1).await.len(), 1);

    // Given back, neither ticket lets anybody in.
    let last = tickets(&world, &order, &giver).await[0]["token"].clone();
    let refund = world.post(&format!("{order}/refund"), &world.staff(), json!({})).await;
    assert_eq!(refund.text("status"), Some("refunded"), "{}", refund.body);
    let redeem = format!("{event}/tickets/redeem");
    let gone = world.post(&redeem, &world.staff(), json!({ "token": last })).await;
    assert_eq!((gone.status, gone.code().as_str()), (409, "ticket_revoked"));
    assert!(world.audit().is_clean(), "{:?}", world.audit());
    world.stop().await;
}

/// What a gate without a network knows, by a list: whether a ticket is good. Signatures are the
/// subject of `gateway/src/ticket.rs` and of `docs/clients/gate.mjs`.
fn at_the_gate(list: &str, ticket: &Value) -> &'static str {
    let bytes = |prefix: &str, text: &str| {
        let text = text.strip_prefix(prefix).unwrap_or_else(|| panic!("{text}"));
        let mut bytes = URL_SAFE_NO_PAD.decode(text).unwrap();
        bytes.truncate(bytes.len() - 64);
        bytes
    };
    let list = bytes("FGR1.", list);
    let ticket = bytes("FG1.", ticket["token"].as_str().unwrap());
    assert_eq!((list[0], &list[1..9]), (4, &ticket[1..9]), "a list of this event");
    let (name, edition) = (&ticket[9..21], &ticket[21..23]);
    let mut entries = list[29..].chunks(14);
    match entries.find(|entry| &entry[..12] == name).map(|entry| &entry[12..]) {
        Some([0xff, 0xff]) => "revoked",
        Some(first_good) if edition < first_good => "superseded",
        _ => "good",
    }
}

/// The list of revoked tickets as anybody gets it: its head and its text.
async fn revoked(world: &World, event: &str, headers: &str) -> (String, String) {
    let request = format!(
        "GET {event}/tickets/revoked HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n"
    );
    let answer = raw(world, &[request.as_bytes()]).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_lowercase(), body.to_owned())
}

/// A gate without a network knows by the list what the server knows: whose ticket was handed on or
/// refunded lets nobody in, and the list says so as soon as it is so.
#[tokio::test(flavor = "multi_thread")]
async fn a_gate_without_a_network_refuses_what_is_good_no_more() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let (first, order) = bought(&world, &event).await;
    let (second, kept) = bought(&world, &event).await;
    let mine = tickets(&world, &order, &first).await;
    let good = tickets(&world, &kept, &second).await[0].clone();
    let (_, list) = revoked(&world, &event, "").await;
    for ticket in mine.iter().chain([&good]) {
        assert_eq!(at_the_gate(&list, ticket), "good");
    }

    let transfer = format!("{order}/tickets/{}/transfer", mine[0]["seat_id"]);
    world.post(&transfer, &world.staff(), json!({ "to": "byr_0000000000001" })).await;
    until_they_have(&world, &order, &first, 1).await;
    let (head, list) = revoked(&world, &event, "").await;
    assert_eq!(at_the_gate(&list, &mine[0]), "superseded");
    assert_eq!(at_the_gate(&list, &mine[1]), "good");
    assert!(head.contains("cache-control: public, max-age=30"), "{head}");
    let tag = head.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap().to_owned();
    let (same, nothing) = revoked(&world, &event, &format!("if-none-match: {tag}\r\n")).await;
    assert!(same.starts_with("http/1.1 304") && nothing.is_empty(), "{same}");

    let refund = world.post(&format!("{order}/refund"), &world.staff(), json!({})).await;
    assert_eq!(refund.text("status"), Some("refunded"), "{}", refund.body);
    let is_over =
        |answer: &floodgate_http_client::Response| answer.text("status") == Some("refunded");
    world.until_as(&order, &first, is_over).await;
    let (head, list) = revoked(&world, &event, &format!("if-none-match: {tag}\r\n")).await;
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert_eq!(at_the_gate(&list, &mine[0]), "revoked");
    assert_eq!(at_the_gate(&list, &mine[1]), "revoked");
    assert_eq!(at_the_gate(&list, &good), "good");
    assert!(world.audit().is_clean(), "{:?}", world.audit());
    world.stop().await;
}
