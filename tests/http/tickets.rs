//! Tickets after they were sold: handed on from device to device, shown at the gate, given back.

use serde_json::{Value, json};

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
    assert_eq!((gone.status, gone.code().as_str()), (409, "not_confirmed"));
    assert!(world.audit().is_clean(), "{:?}", world.audit());
    world.stop().await;
}
