//! Every published test card, and what becomes of the seats.

use floodgate_http_client::Response;
use serde_json::json;

use crate::world::{Papers, World};

#[tokio::test(flavor = "multi_thread")]
async fn every_card_does_what_the_page_says() {
    let flags = [("payments.patience", "1s")];
    let world = World::start_in(tempfile::tempdir().unwrap(), &flags).await;
    // The late card answers two seconds after the payment's time.
    let event = world.event(json!({ "payment": "3s", "retry": "20s" })).await;
    let cards = [
        ("4000000000000077", "confirmed"),
        ("4000000000000002", "declined"),
        ("4000000000000119", "no_answer"),
    ];
    for (number, expected) in cards {
        let (papers, order) = buy(&world, &event, number).await;
        let rests = |answer: &Response| {
            answer
                .text("status")
                .is_some_and(|status| status != "payment_pending" && status != "held")
        };
        let answer = world.until_as(&order, &papers, rests).await;
        assert_eq!(answer.text("status"), Some(expected), "card {number}");
    }
    assert!(world.audit().is_clean());
    world.stop().await;
}

/// Where the buyer's bank shows its page, and takes their answer.
async fn bank(world: &World, order: &str, papers: &Papers) -> String {
    let asks = |answer: &Response| answer.body["payment"]["action"].is_object();
    let asked = world.until_as(order, papers, asks).await;
    let action = &asked.body["payment"]["action"];
    assert_eq!(action["type"], "redirect");
    action["url"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_asks_its_customer_and_nobody_else() {
    // A bank that waits for its customer is not lost, however impatient we are.
    let flags = [("payments.patience", "100ms")];
    let world = World::start_in(tempfile::tempdir().unwrap(), &flags).await;
    let event = world.event(json!({})).await;
    let (papers, order) = buy(&world, &event, "4000000000003220").await;
    let bank = bank(&world, &order, &papers).await;
    let stranger = world.join(&event).await;
    let foreign = world.post(&bank, &stranger, json!({ "approve": true })).await;
    assert_eq!((foreign.status, foreign.code().as_str()), (403, "not_your_hold"));

    // A restart forgets no question.
    let world = World::start_in(world.stop().await, &flags).await;
    let asked = world.get(&order, &papers).await;
    assert_eq!(asked.body["payment"]["action"]["url"], bank.as_str(), "{}", asked.body);
    let answer = world.post(&bank, &papers, json!({ "approve": true })).await;
    assert_eq!((answer.status, &answer.body["recorded"]), (200, &json!(true)), "{}", answer.body);
    let settled = |answer: &Response| answer.body["settled"] == json!(true);
    let done = world.until_as(&order, &papers, settled).await;
    assert_eq!(done.text("status"), Some("confirmed"));
    assert!(done.body["payment"]["action"].is_null(), "{}", done.body);
    let again = world.post(&bank, &papers, json!({ "approve": true })).await;
    assert_eq!(again.status, 200, "the same answer again is the same result: {}", again.body);
    let other = world.post(&bank, &papers, json!({ "approve": false })).await;
    assert_eq!((other.status, other.code().as_str()), (409, "stale_attempt"));
    assert!(world.audit().is_clean());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_refused_leaves_the_seats_for_another_card() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let (papers, order) = buy(&world, &event, "4000000000003220").await;
    let bank = bank(&world, &order, &papers).await;
    let answer = world.post(&bank, &papers, json!({ "approve": false })).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let is_declined = |answer: &Response| answer.text("status") == Some("declined");
    let declined = world.until_as(&order, &papers, is_declined).await;
    let hold_id = declined.text("hold_id").unwrap();
    let again = json!({ "hold_id": hold_id, "payment_method": "pm_sandbox_approve" });
    let bought = world.post(&format!("{event}/orders"), &papers, again).await;
    assert_eq!(bought.status, 201, "{}", bought.body);
    world.until_as(&order, &papers, |a| a.body["settled"] == json!(true)).await;

    // No bank asks about this card, or about an order that is not there.
    let (papers, order) = buy(&world, &event, "4000000000000119").await;
    let bank = order.replace("/v1/events/", "/v1/payments/pages/challenge/events/");
    let nothing = world.post(&bank, &papers, json!({ "approve": true })).await;
    assert_eq!((nothing.status, nothing.code().as_str()), (404, "not_found"), "{}", nothing.body);
    assert!(world.audit().is_clean());
    world.stop().await;
}

/// Two seats, paid for with a card; the papers and the order's path.
pub(super) async fn buy(world: &World, event: &str, number: &str) -> (Papers, String) {
    let papers = world.shopper(event).await;
    let card = json!({ "card_number": number });
    let token = world.post("/v1/payments/pages/tokenise", &papers, card).await;
    let token = token.text("payment_method").unwrap_or_else(|| panic!("{}", token.body)).to_owned();
    let body = json!({ "best": { "count": 2 } });
    let held = world.post(&format!("{event}/holds"), &papers, body).await;
    let body = json!({ "hold_id": held.text("hold_id").unwrap(), "payment_method": token });
    let order = world.post(&format!("{event}/orders"), &papers, body).await;
    assert_eq!(order.status, 201, "{}", order.body);
    (papers, format!("{event}/orders/{}", order.text("order_id").unwrap()))
}

/// Silence is not a no, whoever is asked: status, money, and what a second purchase gets to know.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_payments_one_is_kept_and_the_other_given_back() {
    let flags = [("payments.patience", "1s")];
    let world = World::start_in(tempfile::tempdir().unwrap(), &flags).await;
    let event = world
        .event(json!({ "hold": "1s", "payment": "6s", "retry": "1s", "cooldown": "0s" }))
        .await;
    let (papers, first) = buy(&world, &event, "4000000000000259").await;
    let money = |answer: &Response| answer.body["payment"]["money"].clone();
    let silent = world.until_as(&first, &papers, |a| a.text("status") == Some("no_answer")).await;
    assert_eq!(money(&silent), "unknown", "{}", silent.body);
    let over = world.until_as(&first, &papers, |a| a.text("status") == Some("expired")).await;
    assert_eq!(money(&over), "unknown", "nobody has said that no money moves: {}", over.body);

    // They choose again, once their seats are back, and have to mean it.
    let are_back = |status: &Response| status.body["held"] == json!(0);
    world.until(&format!("{event}/status"), are_back).await;
    let two = json!({ "best": { "count": 2 } });
    let held = world.post(&format!("{event}/holds"), &papers, two).await;
    let hold_id = held.text("hold_id").unwrap();
    let body = json!({ "hold_id": hold_id, "payment_method": "pm_sandbox_approve" });
    let refused = world.post(&format!("{event}/orders"), &papers, body.clone()).await;
    assert_eq!((refused.status, refused.code().as_str()), (409, "payment_unanswered"));
    let mut meant = body;
    meant["despite_unanswered"] = json!(true);
    let bought = world.post(&format!("{event}/orders"), &papers, meant).await;
    assert_eq!(bought.status, 201, "{}", bought.body);
    let second = format!("{event}/orders/{}", bought.text("order_id").unwrap());

    // Both go through; whichever did first is kept.
    let is_known = |answer: &Response| {
        let money = answer.body["payment"]["money"].as_str().unwrap_or("");
        ["charged", "let_go"].contains(&money)
    };
    let ends = [
        world.until_as(&first, &papers, is_known).await,
        world.until_as(&second, &papers, is_known).await,
    ];
    let mut known: Vec<_> = ends.iter().map(|end| money(end).to_string()).collect();
    known.sort();
    assert_eq!(known, ["\"charged\"", "\"let_go\""], "{:?}", ends.map(|end| end.body));
    let me = world.get(&format!("{event}/me"), &papers).await;
    let paid = me.body["orders"].as_array().unwrap().iter();
    let paid: Vec<_> = paid.filter(|order| order["status"] == "confirmed").collect();
    assert_eq!(paid.len(), 1, "{}", me.body);
    let order = format!("{event}/orders/{}/tickets", paid[0]["order_id"].as_str().unwrap());
    let tickets = world.get(&order, &papers).await;
    assert_eq!(tickets.body["tickets"].as_array().map(Vec::len), Some(2), "{}", tickets.body);
    assert!(world.audit().is_clean());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn seats_that_moved_are_said_to_have_moved() {
    let flags = [("payments.patience", "1s")];
    let world = World::start_in(tempfile::tempdir().unwrap(), &flags).await;
    let event = world.event(json!({ "hold": "1s", "payment": "5s", "retry": "1s" })).await;
    let (papers, order) = buy(&world, &event, "4000000000000259").await;
    let expired = world.until_as(&order, &papers, |a| a.text("status") == Some("expired")).await;
    let numbers = |answer: &Response| -> Vec<u64> {
        let seats = answer.body["seats"].as_array().unwrap().iter();
        seats.map(|seat| seat["seat_id"].as_u64().unwrap()).collect()
    };
    let other = world.shopper(&event).await;
    let are_back = |status: &Response| status.body["held"] == json!(0);
    world.until(&format!("{event}/status"), are_back).await;
    let body = json!({ "seats": numbers(&expired) });
    let taken = world.post(&format!("{event}/holds"), &other, body).await;
    assert_eq!(taken.status, 201, "{}", taken.body);
    let hold_id = taken.text("hold_id").unwrap();
    let body = json!({ "hold_id": hold_id, "payment_method": "pm_sandbox_approve" });
    let bought = world.post(&format!("{event}/orders"), &other, body).await;
    assert_eq!(bought.status, 201, "{}", bought.body);
    let moved = world.until_as(&order, &papers, |a| a.body["settled"] == json!(true)).await;
    assert_eq!(moved.text("seats_kept"), Some("moved"), "{}", moved.body);
    assert_ne!(numbers(&moved), numbers(&expired));
    assert!(world.audit().is_clean());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_payment_takes_its_seats_again() {
    let world = World::start().await;
    let event = world.event(json!({ "hold": "2s", "payment": "1s" })).await;
    let (papers, order) = buy(&world, &event, "4000000000000259").await;
    let expired = world.until_as(&order, &papers, |a| a.text("status") == Some("expired")).await;
    let taken = world.until_as(&order, &papers, |a| a.body["settled"] == json!(true)).await;
    assert_eq!(taken.text("status"), Some("confirmed"));
    assert_eq!(taken.body["seats"], expired.body["seats"]);
    assert_eq!(taken.text("seats_kept"), Some("retaken"));
    let refund = world.post(&format!("{order}/refund"), &world.staff(), json!({})).await;
    assert_eq!(refund.text("status"), Some("refunded"), "{}", refund.body);
    assert!(world.audit().is_clean());
    world.stop().await;
}
