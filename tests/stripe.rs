//! A sale whose money goes through a real provider's interface: held, asked about by a bank,
//! captured, reported by webhook, given back. The provider's test server is started here; see
//! `processors/payments/tests/stripe`. Left out only under FLOODGATE_TEST_QUICK.

#[path = "../processors/payments/tests/stripe/front.rs"]
#[allow(dead_code, reason = "the provider's own tests use the rest")]
mod front;
#[path = "../processors/payments/tests/stripe/servers.rs"]
#[allow(dead_code, reason = "the provider's own tests use the rest")]
mod servers;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use floodgate_http_client::Response;
use http::Method;
use serde_json::json;

use crate::world::{Papers, World};
use front::{Arrived, Front, receive, signed};

/// A server whose provider stands behind the front.
async fn world(front: &Front) -> World {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (key, secrets) =
        (file("stripe.key", "sk_test_123456"), file("hooks", servers::WEBHOOK_SECRETS));
    let api = format!("http://{}", front.address);
    let flags = [
        ("payments.provider", "stripe"),
        ("payments.public_url", "https://tickets.example"),
        ("payments.stripe.api", &api),
        ("payments.stripe.secret_key_file", &key),
        ("payments.stripe.webhook_secrets_file", &secrets),
        ("payments.stripe.publishable_key", "pk_test_123456"),
    ];
    World::start_in(folder, &flags).await
}

/// Two seats that somebody pays for by a card; the papers and the order's path.
async fn buy(world: &World, event: &str, card: &str) -> (Papers, String) {
    let papers = world.shopper(event).await;
    let held =
        world.post(&format!("{event}/holds"), &papers, json!({ "best": { "count": 2 } })).await;
    let body = json!({ "hold_id": held.text("hold_id").unwrap(), "payment_method": card });
    let order = world.post(&format!("{event}/orders"), &papers, body).await;
    assert_eq!(order.status, 201, "{}", order.body);
    (papers, format!("{event}/orders/{}", order.text("order_id").unwrap()))
}

fn is_settled(answer: &Response) -> bool {
    answer.body["settled"] == json!(true)
}

/// Sends bytes as they are: the status and the answer.
fn exchange(world: &World, head: &str, body: &[u8]) -> (u16, String) {
    let address = world.base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(format!("{head}Host: x\r\nConnection: close\r\n\r\n").as_bytes()).unwrap();
    // A body that is too large is not read to its end.
    let _ = stream.write_all(body);
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
}

/// Hands a webhook on, byte by byte as it came.
fn hand_on(world: &World, arrived: &Arrived, provider: &str) -> (u16, String) {
    let head = format!(
        "POST /v1/payments/webhooks/{provider} HTTP/1.1\r\n\
         Stripe-Signature: {}\r\nContent-Length: {}\r\n",
        arrived.signature,
        arrived.body.len()
    );
    exchange(world, &head, &arrived.body)
}

#[tokio::test(flavor = "multi_thread")]
async fn money_goes_through_a_real_interface() {
    if std::env::var_os("FLOODGATE_TEST_QUICK").is_some() {
        return;
    }
    let front = Front::start();
    let world = world(&front).await;
    let event = world.event(json!({})).await;

    let form = world.get("/v1/payments/form", &Papers::default()).await;
    assert_eq!((&form.body["provider"], &form.body["type"]), (&json!("stripe"), &json!("page")));

    // The page for the card is the buyer's alone.
    let papers = world.shopper(&event).await;
    let held =
        world.post(&format!("{event}/holds"), &papers, json!({ "best": { "count": 2 } })).await;
    let order_id = held.text("order_id").unwrap();
    let about = event.replace("/v1/", "");
    let page = format!("{}/{about}/orders/{order_id}", form.text("url").unwrap());
    let head = format!("GET {page} HTTP/1.1\r\nFloodgate-Device: {}\r\n", papers.device);
    let (status, shown) = exchange(&world, &head, b"");
    assert!(status == 200 && shown.contains("data-key=\"pk_test_123456\""), "{shown}");
    assert!(shown.contains("script-src 'self' https://js.stripe.com"), "{shown}");
    let stranger = world.join(&event).await;
    assert_eq!(world.get(&page, &stranger).await.code(), "not_your_hold");

    // A card that is good.
    let (papers, order) = buy(&world, &event, "pm_card_visa").await;
    let sold = world.until_as(&order, &papers, is_settled).await;
    assert_eq!(sold.text("status"), Some("confirmed"));
    let refund = world.post(&format!("{order}/refund"), &world.staff(), json!({})).await;
    assert_eq!(refund.text("status"), Some("refunded"), "{}", refund.body);

    // A bank that asks; the order says where, and goes on once it was answered there.
    let (papers, order) = buy(&world, &event, &front.card("4000000000003220")).await;
    let asks = |answer: &Response| answer.body["payment"]["action"].is_object();
    let asked = world.until_as(&order, &papers, asks).await;
    let url = &asked.body["payment"]["action"]["url"];
    assert_eq!(*url, "https://hooks.stripe.example/3ds?intent=1");
    let intents = front.ask("GET", "/v1/payment_intents?limit=100", "");
    let waits = |intent: &&serde_json::Value| intent["status"] == "requires_action";
    let intent = intents["data"].as_array().unwrap().iter().find(waits).unwrap();
    front.bank(intent["id"].as_str().unwrap(), true);
    world.until_as(&order, &papers, is_settled).await;

    // A bank that says no, and then says so by webhook too: it is known already, and said twice.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let hook = format!("http://{}/hook", listener.local_addr().unwrap());
    front.ask("POST", "/_config/webhooks/ours", &format!("url={hook}&secret=whsec_new"));
    let (papers, order) = buy(&world, &event, "pm_card_chargeCustomerFail").await;
    let declined = |answer: &Response| answer.text("status") == Some("declined");
    let answer = world.until_as(&order, &papers, declined).await;
    assert_eq!(answer.body["payment"]["failure"], "declined");
    let mut arrived = tokio::task::spawn_blocking(move || receive(&listener)).await.unwrap();
    for _ in 0..2 {
        let (status, answer) = hand_on(&world, &arrived, "stripe");
        assert!(status == 200 && answer.contains("\"reports\":1"), "{answer}");
    }
    assert_eq!(hand_on(&world, &arrived, "sandbox").0, 404);
    arrived.body.push(b' ');
    let (status, answer) = hand_on(&world, &arrived, "stripe");
    assert!(status == 400 && answer.contains("webhook_unsigned"), "{answer}");
    arrived.body = vec![b' '; 300 * 1024];
    assert_eq!(hand_on(&world, &arrived, "stripe").0, 413);

    // What was given back has been given back there.
    let given_back = |intents: &serde_json::Value| {
        let all = intents["data"].as_array().unwrap().iter();
        all.filter(|intent| intent["latest_charge"]["refunded"] == true).count()
    };
    let mut pulse = tokio::time::interval(std::time::Duration::from_millis(20));
    while given_back(&front.ask("GET", "/v1/payment_intents?limit=100", "")) < 1 {
        pulse.tick().await;
    }
    assert!(world.audit().is_clean());
    world.stop().await;
}

/// Hands on what Stripe says of a dispute over an intent that paid for something of this kind.
fn dispute(world: &World, front: &Front, paid: &str, (kind, status): (&str, &str)) {
    let intents = front.ask("GET", "/v1/payment_intents?limit=100", "");
    let subject = |intent: &&serde_json::Value| {
        let subject = intent["metadata"]["floodgate_subject"].as_str();
        intent["status"] == "succeeded" && subject.is_some_and(|text| text.contains(paid))
    };
    let intent = intents["data"].as_array().unwrap().iter().find(subject).unwrap();
    let object = front.dispute("du_1Dispute", intent["id"].as_str().unwrap(), status);
    let arrived = signed(kind, &object);
    for _ in 0..2 {
        let (status, answer) = hand_on(world, &arrived, "stripe");
        assert_eq!(status, 200, "{answer}");
    }
    let forged = Arrived { signature: arrived.signature.replace("v1=", "v1=00"), ..arrived };
    assert_eq!(hand_on(world, &forged, "stripe").0, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_ends_what_an_advertiser_gets_and_no_seat() {
    if std::env::var_os("FLOODGATE_TEST_QUICK").is_some() {
        return;
    }
    let front = Front::start();
    let world = world(&front).await;
    let event = world.event(json!({})).await;

    // A fan's order stays as it is: staff say what becomes of it.
    let (papers, order) = buy(&world, &event, "pm_card_visa").await;
    world.until_as(&order, &papers, is_settled).await;
    dispute(&world, &front, "/ord_", ("charge.dispute.created", "needs_response"));
    dispute(&world, &front, "/ord_", ("charge.dispute.closed", "lost"));
    let after = world.get(&order, &papers).await;
    assert_eq!((after.text("status"), is_settled(&after)), (Some("confirmed"), true));
    let refund = world.post(&format!("{order}/refund"), &world.staff(), json!({})).await;
    assert_eq!(refund.text("status"), Some("refunded"), "{}", refund.body);

    // An advertiser's ends, and goes on only if the dispute is won.
    let role = |role| Papers { bearer: world.key_of(role), ..Papers::default() };
    let (manager, artist, advertiser) = (role("manager"), role("artist"), role("advertiser"));
    let offer = json!({ "approved": true, "amount": 50_000, "kind": "cohorts" });
    for (who, offer) in
        [(&manager, offer), (&artist, json!({ "approved": true, "kind": "cohorts" }))]
    {
        let key = Some("offer");
        let offered =
            world.send(Method::PUT, &format!("{event}/product"), who, key, Some(offer)).await;
        assert_eq!(offered.status, 200, "{}", offered.body);
    }
    let path = format!("{event}/product/orders");
    let bought = world
        .post(&path, &advertiser, json!({ "payment_method": "pm_card_visa", "kind": "cohorts" }))
        .await;
    assert_eq!(bought.text("state"), Some("paid"), "{}", bought.body);
    let number = bought.body["number"].as_u64().unwrap();
    let tables = format!("/v1/product-orders/{number}/tables");
    let rows = [
        ("charge.dispute.created", "warning_needs_response", "paid"),
        ("charge.dispute.created", "needs_response", "disputed"),
        ("charge.dispute.closed", "won", "paid"),
        // An event that was late: what counts is how the dispute stands.
        ("charge.dispute.created", "won", "paid"),
        ("charge.dispute.funds_withdrawn", "under_review", "disputed"),
        ("charge.dispute.closed", "lost", "disputed"),
    ];
    for (kind, status, state) in rows {
        dispute(&world, &front, "/product-", (kind, status));
        let orders = world.get("/v1/product-orders", &advertiser).await;
        let order = &orders.body["orders"][0];
        assert_eq!(order["state"], *state, "{kind} {status}: {order}");
        assert_eq!(order["invoice"], "INV-000001", "{kind} {status}");
        let answer = world.get(&tables, &advertiser).await;
        let expected = if state == "paid" { 200 } else { 403 };
        assert_eq!(answer.status, expected, "{kind} {status}: {}", answer.body);
    }
    assert!(world.audit().is_clean());
    world.stop().await;
}
