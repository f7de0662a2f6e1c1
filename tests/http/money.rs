//! Every published test card, and what becomes of the seats.

use serde_json::json;

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn every_card_does_what_the_page_says() {
    let flags = [("payments.patience", "1s")];
    let world = World::start_in(tempfile::tempdir().unwrap(), &flags).await;
    // The late card answers two seconds after the payment's time.
    let event = world.event(json!({ "payment": "3s", "retry": "20s" })).await;
    let cards = [
        ("4000000000000077", "confirmed"),
        ("4000000000000002", "declined"),
        ("4000000000000119", "declined"),
    ];
    for (number, expected) in cards {
        let (papers, order) = buy(&world, &event, number).await;
        let rests = |answer: &floodgate::client::Answer| {
            answer
                .text("status")
                .is_some_and(|status| status != "payment_pending" && status != "held")
        };
        let answer = world.until_as(&order, &papers, rests).await;
        assert_eq!(answer.text("status"), Some(expected), "card {number}");
    }
    let (papers, order) = buy(&world, &event, "4000000000003220").await;
    let asked = world.until_as(&order, &papers, |answer| answer.body["action"].is_object()).await;
    assert_eq!(asked.body["action"]["type"], "challenge");
    assert!(world.audit().is_clean());
    world.stop().await;
}

/// Two seats, paid for with a card; the papers and the order's path.
async fn buy(world: &World, event: &str, number: &str) -> (crate::world::Papers, String) {
    let papers = world.shopper(event).await;
    let card = json!({ "card_number": number });
    let token = world.post("/v1/sandbox/payment-methods", &papers, card).await;
    let token = token.text("payment_method").unwrap_or_else(|| panic!("{}", token.body)).to_owned();
    let wish = json!({ "best": { "count": 2 } });
    let held = world.post(&format!("{event}/holds"), &papers, wish).await;
    let wish = json!({ "hold_id": held.text("hold_id").unwrap(), "payment_method": token });
    let order = world.post(&format!("{event}/orders"), &papers, wish).await;
    assert_eq!(order.status, 201, "{}", order.body);
    (papers, format!("{event}/orders/{}", order.text("order_id").unwrap()))
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
    let refund = world.post(&format!("{order}/refund"), &world.staff(), json!({})).await;
    assert_eq!(refund.text("status"), Some("refunded"), "{}", refund.body);
    assert!(world.audit().is_clean());
    world.stop().await;
}
