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

#[tokio::test(flavor = "multi_thread")]
async fn a_bought_ticket_is_its_buyers_and_unused() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let (buyer, order) = bought(&world, &event).await;
    let tickets = tickets(&world, &order, &buyer).await;
    assert_eq!(tickets.len(), 2);
    assert!(tickets.iter().all(|ticket| ticket["redeemed"] == json!(false)), "{tickets:?}");
    world.stop().await;
}
