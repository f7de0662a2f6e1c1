//! Tables of an audience: offered, bought, delivered, ended.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use floodgate_domain::LogTime;
use floodgate_event_log::{NewRecord, Record, Topic, partition_of};
use floodgate_http_client::{Call, Http};
use http::Method;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use serde_json::{Value, json};

use super::abuse::raw;
use super::webhooks::Receiver;
use crate::world::{Papers, World};

/// Puts records on a topic as `streams` writes them.
fn append(world: &World, event_id: &str, topic: Topic, cells: &[Value]) {
    let log = world.log();
    let partition = partition_of(event_id.as_bytes(), log.partitions(topic));
    let record = |cell: &Value| {
        let key = Bytes::from(cell["product_id"].as_str().unwrap().to_owned());
        NewRecord { key, value: Bytes::from(cell.to_string()).into(), headers: Vec::new() }
    };
    let append = log.append(topic, partition, cells.iter().map(record).collect());
    tokio::task::block_in_place(|| append.wait()).unwrap();
}

/// Two minutes and an index of an event, the last minute of now; another event's beside them.
fn publish_live(world: &World, event_id: &str) -> Vec<Value> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
    let text = |minutes_ago: u64| {
        let at = LogTime((now / 60_000 - minutes_ago) * 60_000);
        floodgate_streams::public::time_text(at)
    };
    let one = |of: &str, kind: &str, ago: u64, numbers: Value| {
        let mut record = json!({
            "product_id": format!("{of}/{kind}/{}", text(ago)),
            "kind": kind,
            "event_id": of,
            "artist": "=The \"Examples\"",
            "from": text(ago),
            "until": text(ago - 1),
            "margin": 30,
            "threshold": 100,
            "epsilon_micros": 100_000,
        });
        record.as_object_mut().unwrap().extend(numbers.as_object().unwrap().clone());
        record
    };
    let other = "evt_0000000000009";
    let records = vec![
        one(event_id, "concurrency", 3, json!({ "waiting": 90_210, "shopping": 3_010 })),
        one(event_id, "velocity", 20, json!({ "index": 100 })),
        one(other, "concurrency", 2, json!({ "waiting": 5_000 })),
        one(event_id, "concurrency", 2, json!({ "waiting": 80_120 })),
    ];
    append(world, event_id, Topic::Live, &records);
    records
}

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
    // Twice, as after a crash: a reader sees each once.
    (0..2).for_each(|_| append(world, event_id, Topic::Audience, &cells));
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
    sale_in(World::start().await).await
}

async fn sale_in(world: World) -> Sale {
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
        self.buy_kind(key, method, "cohorts").await
    }

    async fn buy_kind(
        &self,
        key: &str,
        method: &str,
        kind: &str,
    ) -> floodgate_http_client::Response {
        let body = Some(json!({ "payment_method": method, "kind": kind }));
        let path = format!("{}/product/orders", self.event);
        self.world.send(Method::POST, &path, &self.advertiser, Some(key), body).await
    }

    async fn end(&self, number: u64, reason: &str) -> floodgate_http_client::Response {
        let path = format!("/v1/product-orders/{number}/end");
        self.world.post(&path, &self.manager, json!({ "reason": reason })).await
    }

    /// The offer that both agree to.
    async fn offer(&self) {
        self.offer_kind("cohorts").await;
    }

    async fn offer_kind(&self, kind: &str) {
        let by_manager = json!({ "approved": true, "amount": 50_000, "kind": kind });
        let offered = self.say(&self.manager, by_manager).await;
        assert_eq!(offered.status, 200, "{}", offered.body);
        let both = self.say(&self.artist, json!({ "approved": true, "kind": kind })).await;
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

/// A file of an order.
async fn file(sale: &Sale, number: u64, format: &str) -> Bytes {
    let path = format!("/v1/product-orders/{number}/tables?format={format}");
    let bearer = Some(sale.advertiser.bearer.as_str());
    let call = Call { bearer, ..Call::default() };
    let answer = Http::new(&sale.world.base).unwrap().exchange(&Method::GET, &path, &call).await;
    let answer = answer.unwrap();
    assert_eq!(answer.status, 200, "{format}");
    keep(sale, number, format, &answer.body);
    Bytes::copy_from_slice(&answer.body)
}

/// For tests/exports/check, which has other readers look at it.
fn keep(sale: &Sale, number: u64, ending: &str, bytes: &[u8]) {
    if let Ok(folder) = std::env::var("FLOODGATE_TEST_FILES") {
        std::fs::write(format!("{folder}/{}-{number}.{ending}", sale.event_id), bytes).unwrap();
    }
}

fn keep_records(sale: &Sale, number: u64, ending: &str, records: &[Value]) {
    keep(sale, number, ending, json!(records).to_string().as_bytes());
}

/// Rows of a CSV file, texts as they were before a spreadsheet was thought of.
fn rows_of_csv(file: &[u8]) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(file);
    let cell = |text: &str| text.strip_prefix('\'').unwrap_or(text).to_owned();
    reader.records().map(|row| row.unwrap().iter().map(cell).collect()).collect()
}

fn rows_of_parquet(file: Bytes) -> Vec<Vec<String>> {
    let reader = SerializedFileReader::new(file).unwrap();
    let names = reader.metadata().file_metadata().schema_descr().columns().to_vec();
    let mut rows = vec![names.iter().map(|column| column.name().to_owned()).collect()];
    let cell = |(_, field): (&String, &Field)| match field {
        Field::Str(text) => text.clone(),
        Field::TimestampMillis(ms) => {
            floodgate_streams::public::time_text(LogTime(u64::try_from(*ms).unwrap()))
        }
        Field::Null => String::new(),
        number => number.to_string(),
    };
    let own = reader.get_row_iter(None).unwrap();
    rows.extend(own.map(|row| row.unwrap().get_column_iter().map(cell).collect()));
    rows
}

fn rows_of_json(records: &[Value], names: &[String]) -> Vec<Vec<String>> {
    let cell = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        number => number.to_string(),
    };
    let row = |record: &Value| names.iter().map(|name| cell(&record[name.as_str()])).collect();
    records.iter().map(row).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_is_sold_by_itself_and_its_files_agree() {
    let sale = sale().await;
    let cells = publish(&sale.world, &sale.event_id);
    let live = publish_live(&sale.world, &sale.event_id);
    sale.offer().await;
    let none = sale.buy_kind("early", "pm_sandbox_approve", "velocity").await;
    assert_eq!(none.code(), "not_on_sale", "only the cohorts are: {}", none.body);
    for (kind, records) in [
        ("cohorts", cells),
        ("concurrency", vec![live[0].clone(), live[3].clone()]),
        ("velocity", vec![live[1].clone()]),
    ] {
        sale.offer_kind(kind).await;
        let bought = sale.buy_kind(kind, "pm_sandbox_approve", kind).await;
        assert_eq!((bought.status, bought.text("kind")), (201, Some(kind)), "{}", bought.body);
        let number = bought.body["number"].as_u64().unwrap();
        let path = format!("/v1/product-orders/{number}/tables");
        let json = sale.world.get(&path, &sale.advertiser).await;
        assert_eq!(json.body["cells"], json!(records), "{kind}: {}", json.body);
        assert_eq!(json.body["product_id"], bought.body["product_id"]);
        let csv = rows_of_csv(&file(&sale, number, "csv").await);
        assert_eq!(csv, rows_of_parquet(file(&sale, number, "parquet").await), "{kind}");
        assert_eq!(csv[1..], rows_of_json(&records, &csv[0]), "{kind}");
        keep_records(&sale, number, "api.json", &records);
    }
    sale.world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_bought_it_asks_how_many_wait_and_shop_now() {
    let sale = sale().await;
    publish_live(&sale.world, &sale.event_id);
    let path = "/v1/concurrent-streams";
    let nothing = sale.world.get(path, &sale.advertiser).await;
    assert_eq!(nothing.body["streamsdata"][0]["mediastreams"], json!([]), "{}", nothing.body);
    sale.offer_kind("concurrency").await;
    let bought = sale.buy_kind("live", "pm_sandbox_approve", "concurrency").await;
    let now = sale.world.get(path, &sale.advertiser).await;
    assert_eq!((now.status, now.text("version")), (200, Some("1.0.0")), "{}", now.body);
    let streams = now.body["streamsdata"][0]["mediastreams"].as_array().unwrap();
    assert_eq!(streams.len(), 1, "{}", now.body);
    assert_eq!(streams[0]["content"]["id"], sale.event_id.as_str());
    let count = &streams[0]["streamcount"][0];
    assert_eq!((&count["cstreams"], &count["ext"]["waiting"]), (&json!(80_120), &json!(80_120)));
    assert_eq!(count["ext"].get("shopping"), None, "too few to be said");
    assert!(streams[0]["eventend"].as_u64() >= streams[0]["eventstart"].as_u64());
    sale.end(bought.body["number"].as_u64().unwrap(), "refund").await;
    let over = sale.world.get(path, &sale.advertiser).await;
    assert_eq!(over.body["streamsdata"][0]["mediastreams"], json!([]), "{}", over.body);
    sale.world.stop().await;
}

/// What the program of a buyer was called with, once it is so much; and how the topic has it.
async fn delivered(sale: &Sale, receiver: &Receiver, number: u64, count: usize) -> [Vec<Value>; 2] {
    let calls = || {
        let calls = receiver.calls.lock().unwrap().clone();
        let records = calls.iter().filter(|(_, body)| body["type"] == "product_delivered");
        records.map(|(_, body)| body["data"].clone()).collect::<Vec<_>>()
    };
    let path = format!("/v1/product-orders/{number}/delivery");
    while calls().len() < count {
        // Asking takes a moment, and the calls are made meanwhile.
        assert_eq!(sale.world.get(&path, &sale.advertiser).await.status, 200);
    }
    let log = sale.world.log();
    let partition = partition_of(sale.event_id.as_bytes(), log.partitions(Topic::Deliveries));
    let mut reader = log.reader(Topic::Deliveries, partition, 0).unwrap();
    let mut records = Vec::new();
    tokio::task::block_in_place(|| reader.poll(100, Duration::from_secs(5), &mut records)).unwrap();
    let key = |record: &Record| String::from_utf8(record.key.to_vec()).unwrap();
    records.iter().for_each(|one| assert!(key(one).starts_with(&format!("{number}/"))));
    let copies = records.iter().map(|record| serde_json::from_slice(&record.value).unwrap());
    let sorted = |mut all: Vec<Value>| {
        all.sort_by_key(|record| record["product_id"].to_string());
        all
    };
    [sorted(calls()), sorted(copies.collect())]
}

#[tokio::test(flavor = "multi_thread")]
async fn csv_parquet_topic_and_webhook_of_an_order_agree_and_end_together() {
    let receiver = Receiver::open().await;
    let flags = [("channels.webhooks.private_addresses", "127.0.0.0/8")];
    let sale = sale_in(World::start_in(tempfile::tempdir().unwrap(), &flags).await).await;
    sale.offer_kind("concurrency").await;
    let bought = sale.buy_kind("all", "pm_sandbox_approve", "concurrency").await;
    let number = bought.body["number"].as_u64().unwrap();
    let path = format!("/v1/product-orders/{number}/delivery");
    let put = |key: &'static str, body: Value| {
        sale.world.send(Method::PUT, &path, &sale.advertiser, Some(key), Some(body))
    };
    let wrong = put("wrong", json!({ "webhook_url": "http://example.org/" })).await;
    assert_eq!((wrong.status, wrong.code().as_str()), (400, "malformed_body"), "{}", wrong.body);
    let set = put("set", json!({ "webhook_url": receiver.url, "topic": true })).await;
    assert_eq!((set.status, &set.body["topic"]), (200, &json!(true)), "{}", set.body);
    assert!(set.text("secret").unwrap().starts_with("whsec_"));
    let seen = sale.world.get(&path, &sale.advertiser).await;
    assert!(seen.body["secret"].is_null() && seen.text("webhook_url").is_some(), "{}", seen.body);

    let live = publish_live(&sale.world, &sale.event_id);
    let [calls, copies] = delivered(&sale, &receiver, number, 2).await;
    assert_eq!(calls, [live[0].clone(), live[3].clone()]);
    assert_eq!(copies, calls);
    keep_records(&sale, number, "webhook.json", &calls);
    keep_records(&sale, number, "topic.json", &copies);
    let csv = rows_of_csv(&file(&sale, number, "csv").await);
    assert_eq!(csv[1..], rows_of_json(&calls, &csv[0]));
    assert_eq!(csv, rows_of_parquet(file(&sale, number, "parquet").await));

    let ended = sale.end(number, "refund").await;
    assert_eq!(ended.text("state"), Some("refunded"), "{}", ended.body);
    let hooks = sale.world.get("/v1/webhooks", &sale.manager).await;
    let hook = &hooks.body["webhooks"][0];
    assert_eq!(hook["reason"], "the order has ended", "{}", hooks.body);
    // Whatever comes now comes to nobody, in no way.
    publish_live(&sale.world, &sale.event_id);
    for format in ["json", "csv", "parquet"] {
        let path = format!("/v1/product-orders/{number}/tables?format={format}");
        let none = sale.world.get(&path, &sale.advertiser).await;
        assert_eq!((none.status, none.code().as_str()), (403, "not_delivered"), "{format}");
    }
    let late = put("late", json!({ "topic": true })).await;
    assert_eq!((late.status, late.code().as_str()), (403, "not_delivered"), "{}", late.body);
    sale.world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invoice_keeps_the_name_and_the_tax_it_was_issued_with() {
    let flags = [("payments.vat_basis_points", "1900")];
    let sale = sale_in(World::start_in(tempfile::tempdir().unwrap(), &flags).await).await;
    sale.offer().await;
    let path = "/v1/invoice-account";
    let put = |key: &'static str, body: Value| {
        sale.world.send(Method::PUT, path, &sale.advertiser, Some(key), Some(body))
    };
    let none = sale.world.get(path, &sale.advertiser).await;
    assert_eq!((none.status, &none.body), (200, &json!({})), "nobody has said");
    sale.buy("first", "pm_sandbox_approve").await;
    let party = json!({ "name": "Harbour Media", "address": ["Harbour 1", "Kiel"] });
    let wrong = put("wrong", json!({ "name": "Harbour Media", "address": [] })).await;
    assert_eq!((wrong.status, wrong.code().as_str()), (400, "malformed_body"), "{}", wrong.body);
    let said = put("said", party.clone()).await;
    assert_eq!((said.status, &said.body["account"]), (200, &party), "{}", said.body);
    // From here on another name, for what is bought from here on.
    let moved = json!({ "name": "Quay Media", "address": ["Quay 2"], "vat_id": "de 123456789" });
    put("moved", moved).await;
    sale.buy("second", "pm_sandbox_approve").await;
    let orders = sale.world.get("/v1/product-orders", &sale.manager).await;
    let [second, first] = [0, 1].map(|at| &orders.body["orders"][at]);
    assert_eq!(first["invoice_to"], party, "{}", orders.body);
    assert_eq!(second["invoice_to"]["vat_id"], "DE123456789", "{}", orders.body);
    let tax = [&first["vat_basis_points"], &first["vat_amount"]];
    assert_eq!(tax, [&json!(1_900), &json!(7_983)], "{}", orders.body);
    // The log has nothing of it, and the store's file does not have it in the clear.
    let bytes = |folder: &std::path::Path| {
        let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
        files
            .filter(|path| path.is_file())
            .map(|path| std::fs::read(path).unwrap())
            .collect::<Vec<_>>()
    };
    let folder = sale.world.stop().await;
    for file in bytes(folder.path()) {
        let has_it = file.windows(9).any(|part| part == b"Harbour 1" || part == b"Quay Medi");
        assert!(!has_it, "in the clear");
    }
}
