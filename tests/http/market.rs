//! Tables of an audience: offered, bought, delivered, ended.

use bytes::Bytes;
use floodgate_event_log::{NewRecord, Topic, partition_of};
use http::Method;
use serde_json::{Value, json};

use super::abuse::raw;
use crate::world::{Papers, World};

/// Puts records on the topic as `streams` writes them once a week is over, and returns their bodies.
fn publish(world: &World, event_id: &str) -> Vec<Value> {
    let cell = |number: u32, name: &str, count: u64| {
        json!({
            "product_id": format!("{event_id}/2026-W4{number}/{name}"),
            "release_id": format!("{event_id}/{number}"),
            "event_id": event_id,
            "artist": "The \"Examples\"",
            "window": format!("2026-W4{number}"),
            "from": "2026-11-16T00:00:00.000Z",
            "until": "2026-11-23T00:00:00.000Z",
            "released_at": "2026-11-23T00:00:03.000Z",
            "cell": name,
            "count": count,
            "margin": 12,
            "threshold": 100,
            "epsilon_micros": 1_000_000,
            "spent_micros": 1_000_000 * number,
        })
    };
    let cells = vec![cell(1, "all", 311), cell(1, "age", 120), cell(2, "all", 402)];
    let log = world.log();
    let partition = partition_of(event_id.as_bytes(), log.partitions(Topic::Audience));
    let record = |cell: &Value| {
        let key = Bytes::from(cell["product_id"].as_str().unwrap().to_owned());
        NewRecord { key, value: Bytes::from(cell.to_string()).into(), headers: Vec::new() }
    };
    // Twice, as after a crash: a reader sees each once.
    for _ in 0..2 {
        let records = cells.iter().map(record).collect();
        let append = log.append(Topic::Audience, partition, records);
        tokio::task::block_in_place(|| append.wait()).unwrap();
    }
    cells
}

fn of(world: &World, role: &str) -> Papers {
    Papers { bearer: world.key_of(role), ..Papers::default() }
}

struct Sale {
    world: World,
    event: String,
    event_id: String,
    manager: Papers,
    artist: Papers,
    advertiser: Papers,
}

async fn sale() -> Sale {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let event_id = event.rsplit('/').next().unwrap().to_owned();
    let [manager, artist, advertiser] =
        ["manager", "artist", "advertiser"].map(|role| of(&world, role));
    Sale { world, event, event_id, manager, artist, advertiser }
}

impl Sale {
    async fn say(&self, who: &Papers, body: Value) -> floodgate_http_client::Response {
        let key = format!("{:032x}", rand::random::<u128>());
        let path = format!("{}/product", self.event);
        self.world.send(Method::PUT, &path, who, Some(&key), Some(body)).await
    }

    async fn buy(&self, key: &str, method: &str) -> floodgate_http_client::Response {
        let body = Some(json!({ "payment_method": method }));
        let path = format!("{}/product/orders", self.event);
        self.world.send(Method::POST, &path, &self.advertiser, Some(key), body).await
    }

    async fn end(&self, number: u64, reason: &str) -> floodgate_http_client::Response {
        let path = format!("/v1/product-orders/{number}/end");
        self.world.post(&path, &self.manager, json!({ "reason": reason })).await
    }

    /// The offer that both agree to.
    async fn offer(&self) {
        let offered = self.say(&self.manager, json!({ "approved": true, "amount": 50_000 })).await;
        assert_eq!(offered.status, 200, "{}", offered.body);
        let both = self.say(&self.artist, json!({ "approved": true })).await;
        assert_eq!(both.body["on_sale"], true, "{}", both.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_are_sold_once_manager_and_artist_agree() {
    let sale = sale().await;
    let none = sale.buy("early", "pm_sandbox_approve").await;
    assert_eq!((none.status, none.code().as_str()), (409, "not_on_sale"), "{}", none.body);
    let price = sale.say(&sale.artist, json!({ "approved": true, "amount": 5 })).await;
    assert_eq!((price.status, price.code().as_str()), (400, "malformed_body"));
    let half = sale.say(&sale.manager, json!({ "approved": true, "amount": 50_000 })).await;
    assert_eq!((half.status, &half.body["on_sale"]), (200, &json!(false)), "{}", half.body);
    let shown = sale.world.get("/v1/products", &sale.advertiser).await;
    assert_eq!(shown.body["products"], json!([]), "{}", shown.body);
    sale.offer().await;
    let shown = sale.world.get("/v1/products", &sale.advertiser).await;
    let product = &shown.body["products"][0];
    assert_eq!(product["product_id"], format!("audience/{}", sale.event_id));
    assert_eq!(
        (&product["amount"], &product["label"]["privacy"]["delta"]),
        (&json!(50_000), &json!(0.0))
    );
    let taken_back = sale.say(&sale.artist, json!({ "approved": false })).await;
    assert_eq!(taken_back.body["on_sale"], false);
    assert_eq!(sale.buy("late", "pm_sandbox_approve").await.code(), "not_on_sale");
    sale.world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_pays_gets_the_records_of_the_topic_until_the_order_ends() {
    let sale = sale().await;
    sale.offer().await;
    let cells = publish(&sale.world, &sale.event_id);
    let refused = sale.buy("declined", "pm_sandbox_decline").await;
    assert_eq!((refused.status, refused.text("state")), (201, Some("declined")));
    let asks = sale.buy("asks", "pm_sandbox_challenge").await;
    assert_eq!(asks.text("state"), Some("declined"), "{}", asks.body);
    let bought = sale.buy("bought", "pm_sandbox_approve").await;
    assert_eq!((bought.text("state"), bought.text("invoice")), (Some("paid"), Some("INV-000001")));
    let again = sale.buy("bought", "pm_sandbox_approve").await;
    assert_eq!(again.body, bought.body, "the same key is the same order");

    let number = bought.body["number"].as_u64().unwrap();
    let path = |number: u64| format!("/v1/product-orders/{number}/tables");
    let unpaid = sale.world.get(&path(number - 1), &sale.advertiser).await;
    assert_eq!((unpaid.status, unpaid.code().as_str()), (403, "not_delivered"));
    let json = sale.world.get(&path(number), &sale.advertiser).await;
    assert_eq!(json.body["cells"], json!(cells), "{}", json.body);
    let key = &sale.advertiser.bearer;
    let request = format!(
        "GET {}?format=csv HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {key}\r\n\r\n",
        path(number)
    );
    let file = raw(&sale.world, &[request.as_bytes()]).await;
    let lines: Vec<&str> = file.split("\r\n\r\n").nth(1).unwrap().lines().collect();
    assert_eq!(lines.len(), 4, "{file}");
    for (cell, line) in cells.iter().zip(&lines[1..]) {
        assert!(line.contains(cell["product_id"].as_str().unwrap()), "{line}");
        assert!(line.contains(&format!(",{},12,100,1000000,", cell["count"])), "{line}");
        assert!(line.contains("\"The \"\"Examples\"\"\""), "{line}");
    }

    let second = sale.buy("second", "pm_sandbox_approve").await;
    assert_eq!(second.text("invoice"), Some("INV-000002"));
    let earned = sale.world.get("/v1/product-orders", &sale.artist).await;
    assert_eq!(earned.body["earned"][0]["amount"], 100_000, "{}", earned.body);
    for (number, reason, state) in
        [(number, "refund", "refunded"), (number + 1, "dispute", "disputed")]
    {
        let ended = sale.end(number, reason).await;
        assert_eq!((ended.status, ended.text("state")), (200, Some(state)), "{}", ended.body);
        let none = sale.world.get(&path(number), &sale.advertiser).await;
        assert_eq!(none.code(), "not_delivered", "{}", none.body);
        // What has ended ends no other way.
        assert_eq!(sale.end(number, "refund").await.text("state"), Some(state));
    }
    let earned = sale.world.get("/v1/product-orders", &sale.manager).await;
    assert_eq!(earned.body["earned"], json!([]), "{}", earned.body);
    sale.world.stop().await;
}
