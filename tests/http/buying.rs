//! The straight path, and every promise about repeating it.

use floodgate_http_client::Response;
use http::Method;
use serde_json::json;

use crate::world::{Papers, World};

#[tokio::test(flavor = "multi_thread")]
async fn from_the_queue_to_the_ticket() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let papers = world.shopper(&event).await;

    let status = world.get(&format!("{event}/status?consistency=strong"), &papers).await;
    assert_eq!((status.text("phase"), status.text("consistency")), (Some("open"), Some("strong")));
    let capacity = status.body["capacity"].as_u64().unwrap();

    let body = json!({ "best": { "count": 2 } });
    let held = world.post(&format!("{event}/holds"), &papers, body).await;
    assert_eq!(held.status, 201, "{}", held.body);
    assert_eq!(held.text("status"), Some("held"));
    let hold_id = held.text("hold_id").unwrap();
    let buy = json!({ "hold_id": hold_id, "payment_method": "pm_sandbox_approve" });
    let order = world.post(&format!("{event}/orders"), &papers, buy).await;
    assert_eq!(order.status, 201, "{}", order.body);
    let order_path = format!("{event}/orders/{}", order.text("order_id").unwrap());
    let done =
        world.until_as(&order_path, &papers, |answer| answer.body["settled"] == json!(true)).await;
    assert_eq!(done.text("status"), Some("confirmed"));
    assert_eq!(done.body["amount"], held.body["amount"], "a hold fixes its price");

    let tickets = world.get(&format!("{order_path}/tickets"), &papers).await;
    assert_eq!(tickets.body["tickets"].as_array().unwrap().len(), 2);
    let strangers = world.get(&format!("{order_path}/tickets"), &world.shopper(&event).await).await;
    assert_eq!((strangers.status, strangers.code().as_str()), (403, "not_your_hold"));

    let after = world.get(&format!("{event}/status?consistency=strong"), &papers).await;
    assert_eq!(after.body["sold"], json!(2));
    assert_eq!(after.body["free"].as_u64(), Some(capacity - 2));
    let report = world.audit();
    assert!(report.is_clean(), "{report}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_gets_its_first_outcome() {
    let world = World::start().await;
    let event = world.event(json!({ "holds_per_buyer_max": 4 })).await;
    let papers = world.shopper(&event).await;
    let path = format!("{event}/holds");
    let one = json!({ "best": { "count": 1 } });
    let first = world.send(Method::POST, &path, &papers, Some("k1"), Some(one.clone())).await;
    let again = world.send(Method::POST, &path, &papers, Some("k1"), Some(one)).await;
    assert_eq!(first.body["hold_id"], again.body["hold_id"]);
    let other = json!({ "best": { "count": 2 } });
    let reused = world.send(Method::POST, &path, &papers, Some("k1"), Some(other.clone())).await;
    assert_eq!((reused.status, reused.code().as_str()), (422, "key_reused"));
    let keyless = world.send(Method::POST, &path, &papers, None, Some(other)).await;
    assert_eq!((keyless.status, keyless.code().as_str()), (400, "idempotency_key_required"));
    assert_eq!(world.audit().seats.held, 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_cannot_hold_one_seat() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let plan = world.get(&format!("{event}/plan"), &Papers::default()).await;
    assert!(plan.body["sections"].is_array(), "{}", plan.body);
    let (first, second) = (world.shopper(&event).await, world.shopper(&event).await);
    let path = format!("{event}/holds");
    let body = json!({ "seats": [0, 1] });
    let (one, two) =
        tokio::join!(world.post(&path, &first, body.clone()), world.post(&path, &second, body));
    let mut outcomes = [one.code(), two.code()];
    outcomes.sort();
    assert_eq!(outcomes, ["http_201", "seat_taken"], "{} {}", one.body, two.body);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn extensions_left_are_those_the_rules_of_now_give() {
    let world = World::start().await;
    let event = world.event(json!({ "extensions_max": 1 })).await;
    let papers = world.shopper(&event).await;
    let held = world.post(&format!("{event}/holds"), &papers, json!({ "seats": [0] })).await;
    assert_eq!(held.body["extensions_left"], 1, "{}", held.body);
    let extend = format!("{event}/holds/{}/extend", held.text("hold_id").unwrap());
    let extended = world.post(&extend, &papers, json!({})).await;
    assert_eq!(extended.body["extensions_left"], 0, "{}", extended.body);
    let rules = json!({ "extensions_max": 4 });
    let path = format!("{event}/policy");
    let ruled = world.send(Method::PUT, &path, &world.operator(), Some("rules"), Some(rules)).await;
    assert_eq!(ruled.status, 200, "{}", ruled.body);
    let offset = ruled.body["as_of"]["offset"].as_u64().unwrap();
    let order = held.text("order_id").unwrap();
    let path = format!("{event}/orders/{order}?at_least={offset}");
    let seen = world.get(&path, &papers).await;
    assert_eq!(seen.body["extensions_left"], 3, "{}", seen.body);
    let extended = world.post(&extend, &papers, json!({})).await;
    assert_eq!(extended.body["extensions_left"], 2, "{}", extended.body);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spent_place_makes_room_for_a_new_one() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let papers = world.shopper(&event).await;
    let place = |answer: &Response| answer.body["place"].as_u64().unwrap();
    let same = world.post(&format!("{event}/queue"), &papers, json!({})).await;
    let left = world.post(&format!("{event}/leave"), &papers, json!({})).await;
    assert_eq!(left.status, 200, "{}", left.body);
    let offset = left.body["as_of"]["offset"].as_u64().unwrap();
    let me = world.get(&format!("{event}/me?at_least={offset}"), &papers).await;
    assert!(me.body["pass_expires_at"].is_null(), "{}", me.body);
    let next = world.rejoin(&event, &papers).await;
    assert!(place(&next) > place(&same), "{} then {}", same.body, next.body);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_there_after_a_restart() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let papers = world.shopper(&event).await;
    let body = json!({ "best": { "count": 3 } });
    let held = world.post(&format!("{event}/holds"), &papers, body).await;
    let order = format!("{event}/orders/{}", held.text("order_id").unwrap());
    let folder = world.stop().await;
    let world = World::start_in(folder, &[]).await;
    let again = world.get(&order, &papers).await;
    assert_eq!((again.status, &again.body["seats"]), (200, &held.body["seats"]));
    let buy =
        json!({ "hold_id": held.text("hold_id").unwrap(), "payment_method": "pm_sandbox_approve" });
    let bought = world.post(&format!("{event}/orders"), &papers, buy).await;
    assert_eq!(bought.status, 201, "{}", bought.body);
    world.until_as(&order, &papers, |answer| answer.text("status") == Some("confirmed")).await;
    assert!(world.audit().is_clean());
    world.stop().await;
}

/// Who lets go of seats waits before the next, and the seats are on sale again at a moment of their own.
#[tokio::test(flavor = "multi_thread")]
async fn seats_let_go_of_are_not_passed_on() {
    let world = World::start().await;
    let event = world.event(json!({ "hold": "40s", "cooldown": "1m" })).await;
    let (giver, friend) = (world.shopper(&event).await, world.shopper(&event).await);
    let holds = format!("{event}/holds");
    let held = world.post(&holds, &giver, json!({ "seats": [7] })).await;
    let hold = format!("{holds}/{}", held.text("hold_id").unwrap());
    let released = world.send(Method::DELETE, &hold, &giver, Some("r1"), None).await;
    assert_eq!(released.text("status"), Some("released"), "{}", released.body);

    let again = world.post(&holds, &giver, json!({ "seats": [8] })).await;
    assert_eq!((again.status, again.code().as_str()), (429, "cooling_down"));
    let path = format!("{event}/me");
    let me = world.until_as(&path, &giver, |me| me.body["hold_again_at"].is_string()).await;
    assert!(me.is_ok(), "{}", me.body);
    // Two seconds later at most, they are everybody's.
    let is_whole = |status: &Response| status.body["held"] == json!(0);
    world.until(&format!("{event}/status"), is_whole).await;
    let answer = world.post(&holds, &friend, json!({ "seats": [7] })).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert!(world.audit().is_clean(), "{:?}", world.audit());
    world.stop().await;
}
