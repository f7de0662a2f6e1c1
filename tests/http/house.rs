//! What managers do by hand: seats off sale and back, seats given away, orders found and refunded.

use floodgate_http_client::Response;
use serde_json::{Value, json};

use super::abuse::raw;
use crate::world::{Papers, World};

/// Section, row, and the names of the first seats of the theatre.
async fn first_seats(world: &World, event: &str, count: usize) -> Vec<String> {
    let held = held(world, event, &json!({ "best": { "count": 1 } })).await;
    let seat = &held.body["seats"][0];
    let (section, row) = (seat["section"].as_str().unwrap(), seat["row"].as_str().unwrap());
    (1..=count).map(|label| format!("{section}/{row}/{label}")).collect()
}

async fn held(world: &World, event: &str, body: &Value) -> Response {
    let papers = world.shopper(event).await;
    world.post(&format!("{event}/holds"), &papers, body.clone()).await
}

async fn counts(world: &World, event: &str) -> [u64; 4] {
    let path = format!("{event}/status?consistency=strong");
    let status = world.get(&path, &Papers::default()).await;
    ["capacity", "free", "held", "sold"].map(|name| status.body[name].as_u64().unwrap())
}

/// Somebody who bought these seats, and their order.
async fn bought(world: &World, event: &str, seats: &[&str]) -> (Papers, String) {
    let papers = world.shopper(event).await;
    let card = json!({ "card_number": "4000000000000077" });
    let token = world.post("/v1/payments/pages/tokenise", &papers, card).await;
    let held = world.post(&format!("{event}/holds"), &papers, json!({ "seats": seats })).await;
    assert_eq!(held.status, 201, "{}", held.body);
    let (hold_id, method) = (held.text("hold_id"), token.text("payment_method"));
    let purchase = json!({ "hold_id": hold_id, "payment_method": method });
    let order = world.post(&format!("{event}/orders"), &papers, purchase).await;
    let order = format!("{event}/orders/{}", order.text("order_id").unwrap());
    world.until_as(&order, &papers, |answer| answer.body["settled"] == json!(true)).await;
    (papers, order)
}

#[tokio::test(flavor = "multi_thread")]
async fn seats_go_off_sale_by_name_row_and_section_and_come_back() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let manager = world.staff();
    let names = first_seats(&world, &event, 4).await;
    let before = counts(&world, &event).await;
    let (block, unblock) = (format!("{event}/seats/block"), format!("{event}/seats/unblock"));

    // What is held stands in the way, and is named; nothing else was changed.
    let plan = world.get(&format!("{event}/house"), &manager).await;
    let none = plan.body["blocked_count"].as_u64().unwrap();
    let row = names[0].rsplit_once('/').unwrap().0;
    let all = json!({ "rows": [row], "note": "sound desk" });
    let refused = world.post(&block, &manager, all).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (409, "seats_in_use"),
        "{}",
        refused.body
    );
    let named = refused.body["errors"][0]["message"].as_str().unwrap().to_owned();
    assert!(named.ends_with(" is held") && named.starts_with(row), "{named}");
    assert_eq!(counts(&world, &event).await, before);

    let body = json!({ "seats": [names[0], names[1]], "note": " sound desk " });
    let blocked = world.post(&block, &manager, body).await;
    assert_eq!((blocked.status, &blocked.body["seats"]), (200, &json!(2)), "{}", blocked.body);
    let after = counts(&world, &event).await;
    assert_eq!([after[0] + 2, after[1] + 2], [before[0], before[1]]);
    let refused = held(&world, &event, &json!({ "seats": [names[0]] })).await;
    assert_eq!(refused.code(), "seat_not_for_sale");
    let house = world.get(&format!("{event}/house"), &manager).await;
    assert_eq!(house.body["blocked_count"], json!(none + 2));
    let by_hand: Vec<&Value> = house.body["blocked"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|run| run["by"].is_string())
        .collect();
    assert_eq!(by_hand.len(), 1, "one run: {}", house.body);
    assert_eq!(
        (by_hand[0]["count"].as_u64(), by_hand[0]["note"].as_str()),
        (Some(2), Some("sound desk"))
    );

    // A whole section, and everything back.
    let back = world.post(&unblock, &manager, json!({ "rows": [row] })).await;
    assert_eq!(back.body["status"], "on_sale", "{}", back.body);
    assert_eq!(counts(&world, &event).await, before);
    let wrong = [
        (json!({}), 422, "no_seats_named"),
        (json!({ "seats": ["Nowhere/A/1"] }), 404, "unknown_seat"),
        (json!({ "rows": ["Nowhere/A"] }), 404, "unknown_seat"),
        (json!({ "sections": ["Nowhere"] }), 404, "unknown_seat"),
        (json!({ "seats": [4_000_000_000_u32] }), 404, "unknown_seat"),
        (json!({ "seats": [1], "note": "x".repeat(501) }), 400, "malformed_body"),
    ];
    for (body, status, code) in wrong {
        let refused = world.post(&block, &manager, body.clone()).await;
        assert_eq!((refused.status, refused.code().as_str()), (status, code), "{body}");
    }
    let fan = world.join(&event).await;
    let forbidden = world.post(&block, &fan, json!({ "seats": [1] })).await;
    assert_eq!(forbidden.code(), "key_required");
    assert!(world.audit().is_clean(), "{:?}", world.audit());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn seats_are_given_to_guests_and_taken_back() {
    let world = World::start().await;
    let event = world.event(json!({ "seats_per_buyer_max": 1 })).await;
    let manager = world.staff();
    let names = first_seats(&world, &event, 3).await;
    let body = json!({ "seats": [names[0]], "note": "keep" });
    world.post(&format!("{event}/seats/block"), &manager, body).await;
    let before = counts(&world, &event).await;

    let comps = format!("{event}/comps");
    let given = json!({ "seats": [names[0], names[1]], "note": "press" });
    let gift = world.post(&comps, &manager, given).await;
    assert_eq!(gift.status, 201, "{}", gift.body);
    let [capacity, _, _, sold] = counts(&world, &event).await;
    assert_eq!(
        (capacity, sold),
        (before[0] + 1, before[3] + 2),
        "the blocked seat is a sold one now"
    );
    let tickets = gift.body["tickets"].as_array().unwrap();
    let page = tickets[0]["page"].as_str().unwrap();
    let offer = page.split_once("#take=").unwrap().1;

    // A guest who has bought as many as one may still takes it, and has a ticket with a code.
    let (guest, _) = bought(&world, &event, &[&names[2]]).await;
    let take = format!("{event}/tickets/take");
    let taken = world.post(&take, &guest, json!({ "offer": offer })).await;
    assert_eq!(taken.status, 200, "{}", taken.body);
    let order = format!("{event}/orders/{}", gift.text("order_id").unwrap());
    let theirs = world
        .until_as(&format!("{order}/tickets"), &guest, |answer| {
            answer.body["tickets"].as_array().is_some_and(|all| all.len() == 1)
        })
        .await;
    let token = theirs.body["tickets"][0]["token"].clone();
    assert!(theirs.body["tickets"][0]["qr"].is_string());

    let house = world.get(&format!("{event}/house"), &manager).await;
    let states = |house: &Response| {
        let all = house.body["given"][0]["tickets"].as_array().unwrap();
        all.iter().map(|one| one["state"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(states(&house), ["guest", "house"], "{}", house.body);
    let printed = house.body["given"][0]["tickets"][1]["qr"].as_str().unwrap();
    let head = format!(
        "GET {printed} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\nconnection: close\r\n\r\n",
        manager.bearer
    );
    let picture = raw(&world, &[head.as_bytes()]).await;
    assert!(picture.starts_with("HTTP/1.1 200") && picture.contains("<svg"), "{picture}");
    assert_eq!(world.get(printed, &guest).await.code(), "key_required");
    let gone = tickets[0]["qr"].as_str().unwrap();
    assert_eq!(world.get(gone, &manager).await.code(), "not_your_ticket");

    // Taken back: the guest's code is good no more, and no money moved.
    let why = json!({ "reason": "other", "note": "wrong list" });
    let back = world.post(&format!("{order}/refund"), &manager, why).await;
    assert_eq!((back.status, back.text("status")), (200, Some("refunded")), "{}", back.body);
    let redeem = json!({ "token": token });
    let refused = world.post(&format!("{event}/tickets/redeem"), &manager, redeem).await;
    assert_eq!(refused.code(), "ticket_revoked");
    let house = world.get(&format!("{event}/house"), &manager).await;
    assert_eq!(states(&house), ["returned", "returned"]);

    let held = held(&world, &event, &json!({ "best": { "count": 1 } })).await;
    let seat = held.body["seats"][0]["seat_id"].clone();
    let wrong = [
        (json!({ "seats": [seat] }), "seats_in_use"),
        (json!({ "seats": [] }), "no_seats_named"),
        (json!({ "seats": (0..17).collect::<Vec<_>>() }), "hold_too_large"),
        (json!({ "seats": ["Nowhere/1/1"] }), "unknown_seat"),
    ];
    for (body, code) in wrong {
        assert_eq!(world.post(&comps, &manager, body.clone()).await.code(), code, "{body}");
    }
    assert!(world.audit().is_clean(), "{:?}", world.audit());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_found_and_refunded_with_a_reason() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let manager = world.staff();
    let names = first_seats(&world, &event, 3).await;
    let (buyer, order) = bought(&world, &event, &[&names[0], &names[1]]).await;
    let id = order.rsplit_once('/').unwrap().1.to_owned();
    let hold = id.replace("ord_", "hld_");
    let orders = format!("{event}/orders");
    let escaped = names[1].replace(' ', "%20").replace('/', "%2F");
    for query in [
        format!("order={id}"),
        format!("order={hold}"),
        format!("seat={escaped}"),
        format!("seat={escaped}&status=confirmed"),
        "status=confirmed".to_owned(),
    ] {
        let found = world.get(&format!("{orders}?{query}"), &manager).await;
        let all = found.body["orders"].as_array().unwrap();
        assert_eq!((all.len(), all[0]["order_id"].as_str()), (1, Some(id.as_str())), "{query}");
        assert_eq!(all[0]["is_gift"], false);
        assert!(found.body["as_of"]["offset"].is_u64());
    }
    for (query, code) in [
        ("status=sold", "invalid_query"),
        ("order=7", "invalid_query"),
        ("seat=Nowhere%2F1%2F1", "unknown_seat"),
        ("order=ord_0000010000099", "unknown_hold"),
        ("older=x", "invalid_query"),
        ("name=Ada", "invalid_query"),
    ] {
        assert_eq!(world.get(&format!("{orders}?{query}"), &manager).await.code(), code, "{query}");
    }
    assert_eq!(world.get(&orders, &buyer).await.code(), "key_required");

    // Pages do not overlap, and end.
    let first = world.get(&format!("{orders}?limit=1"), &manager).await;
    let next = first.text("next").unwrap();
    let second = world.get(&format!("{orders}?limit=1&older={next}"), &manager).await;
    assert_ne!(first.body["orders"][0]["order_id"], second.body["orders"][0]["order_id"]);
    assert!(second.body["next"].is_null(), "{}", second.body);

    let refund = format!("{order}/refund");
    let wrong = world.post(&refund, &manager, json!({ "reason": "because" })).await;
    assert_eq!((wrong.status, wrong.code().as_str()), (400, "malformed_body"));
    let why = json!({ "reason": "event_changed", "note": "a secret of staff" });
    let done = world.post(&refund, &manager, why).await;
    assert_eq!(done.status, 200, "{}", done.body);
    assert_eq!(done.text("refund_reason"), Some("event_changed"), "{}", done.body);
    let seen = world.get(&order, &buyer).await;
    assert_eq!(
        (seen.text("status"), seen.text("refund_reason")),
        (Some("refunded"), Some("event_changed"))
    );
    assert!(!seen.body.to_string().contains("secret"), "{}", seen.body);
    let found = world.get(&format!("{orders}?order={id}"), &manager).await;
    assert_eq!(found.body["orders"][0]["refund"]["note"], "a secret of staff");

    // Without a reason nothing is said that may be untrue.
    let (_, other) = bought(&world, &event, &[&names[2]]).await;
    let plain = world.post(&format!("{other}/refund"), &manager, json!({})).await;
    assert_eq!(plain.text("refund_reason"), Some("other"), "{}", plain.body);

    assert!(world.audit().is_clean(), "{:?}", world.audit());
    world.stop().await;
}
