//! Analytics of a sale: numbers, links to them, exports.

use hyper::Method;
use serde_json::{Value, json};

use floodgate_http_client::{Call, Response};

use crate::world::{Papers, World};

impl World {
    async fn by_link(&self, path: &str, token: &str) -> Response {
        let call = Call { headers: vec![("floodgate-share", token)], ..Call::default() };
        self.http.until_decided(Method::GET, path, call).await.unwrap()
    }
}

/// Two seats bought, two let go of.
async fn sale(world: &World) -> String {
    let event = world.event(json!({})).await;
    let papers = world.shopper(&event).await;
    let holds = format!("{event}/holds");
    let held = world.post(&holds, &papers, json!({ "best": { "count": 2 } })).await;
    assert_eq!(held.status, 201, "{}", held.body);
    let body = json!({ "hold_id": held.text("hold_id"), "payment_method": "pm_sandbox_approve" });
    let bought = world.post(&format!("{event}/orders"), &papers, body).await;
    let order = format!("{event}/orders/{}", bought.text("order_id").unwrap());
    world
        .until_as(&order, &papers, |answer| {
            answer.body["status"] == "confirmed" && answer.body["settled"] == json!(true)
        })
        .await;
    event
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_what_happened() {
    let world = World::start().await;
    let event = sale(&world).await;
    let path = format!("{event}/analytics");
    let settled = |answer: &Response| answer.body["totals"]["settled"] == json!(1);
    let answer = world.until_as(&path, &world.staff(), settled).await;
    let totals = &answer.body["totals"];
    for (name, count) in [("entered", 1), ("holds", 1), ("paying", 1), ("confirmed", 1)] {
        assert_eq!(totals[name], json!(count), "{name}: {totals}");
    }
    assert_eq!(totals["seats_sold"], json!(2));
    assert_eq!(answer.body["sold"], json!(2));
    let sum = |name: &str| -> u64 {
        let numbers = answer.body["windows"]["numbers"][name].as_array().unwrap();
        numbers.iter().filter_map(Value::as_u64).sum()
    };
    for name in ["holds", "gross", "seats_sold", "entered"] {
        assert_eq!(json!(sum(name)), totals[name], "{name}");
    }
    assert!(totals["gross"].as_u64().unwrap() > 0);
    let sold: u64 = answer.body["sections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|section| section["sold"].as_u64().unwrap())
        .sum();
    assert_eq!(sold, 2);
    // From the cursor on there is the running window and nothing before it.
    let next = answer.body["windows"]["next"].as_u64().unwrap();
    let later = world.get(&format!("{path}?since={next}"), &world.staff()).await;
    assert_eq!(later.body["windows"]["begins_at"].as_array().unwrap().len(), 1, "{}", later.body);
    let wrong = world.get(&format!("{path}?step_seconds=11"), &world.staff()).await;
    assert_eq!((wrong.status, wrong.code().as_str()), (400, "invalid_query"));
    // A no is counted by its code.
    let none = world.post(&format!("{event}/holds"), &Papers::default(), json!({})).await;
    let again = world.get(&path, &world.staff()).await;
    assert_eq!(again.body["refused"]["at_door"][none.code()], json!(1), "{}", again.body);
    // Beside itself, a sale is itself.
    let id = event.rsplit('/').next().unwrap();
    let beside = world.get(&format!("{path}?compare={id}"), &world.staff()).await;
    let curves = beside.body["curves"].as_array().unwrap();
    assert_eq!(curves[0], curves[1]);
    assert_eq!(curves[0]["seats_sold"].as_array().unwrap().last(), Some(&json!(2)));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_shows_numbers_until_it_is_withdrawn() {
    let world = World::start().await;
    let (event, other) = (sale(&world).await, world.event(json!({})).await);
    let shares = format!("{event}/shares");
    let body = json!({ "label": "The promoter", "days": 14 });
    let made = world.post(&shares, &world.staff(), body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let page = made.text("page").unwrap();
    let token = page.split("#share=").nth(1).unwrap().to_owned();
    let path = format!("{event}/analytics");
    let read = world.by_link(&path, &token).await;
    assert_eq!(read.status, 200, "{}", read.body);
    assert_eq!(read.body["totals"]["confirmed"], json!(1));
    // Not another event's, not beside another, nothing but numbers.
    assert_eq!(world.by_link(&format!("{other}/analytics"), &token).await.status, 401);
    let id = other.rsplit('/').next().unwrap();
    assert_eq!(world.by_link(&format!("{path}?compare={id}"), &token).await.status, 400);
    assert_eq!(world.by_link(&shares, &token).await.status, 401);
    assert_eq!(world.by_link(&format!("{event}/exports/orders.csv"), &token).await.status, 401);
    let mut forged = token.clone();
    forged.replace_range(0..1, if token.starts_with('A') { "B" } else { "A" });
    assert_eq!(world.by_link(&path, &forged).await.status, 401);
    let list = world.get(&shares, &world.staff()).await;
    assert_eq!(list.body["shares"][0]["label"], "The promoter");
    let one = format!("{shares}/{}", made.text("share_id").unwrap());
    let ended = world.send(Method::DELETE, &one, &world.staff(), Some("end"), None).await;
    assert_eq!(ended.status, 200, "{}", ended.body);
    assert_eq!(world.by_link(&path, &token).await.status, 401);
    world.stop().await;
}
