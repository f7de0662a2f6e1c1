//! Three gateways of one installation: what one learns, the others say and do.

use std::time::{Duration, Instant};

use floodgate_http_client::{Call, Http, Response};
use http::Method;
use serde_json::{Value, json};

use super::{Cluster, is_quick};
use crate::process::{Process, ask};
use crate::world::{Papers, solution};

#[tokio::test(flavor = "multi_thread")]
async fn every_gateway_says_the_same() {
    if is_quick() {
        return;
    }
    let cluster = Cluster::start().await;
    let events = cluster.events(1).await;
    let (_, storms) = cluster.storm(&events, 150, 81);
    let (_, reports) = cluster.clean(storms).await;
    assert!(reports[0].sales > 50, "{reports:?}");
    let path = format!("/v1/events/{}", events[0]);
    let get = async |gateway: &Process, path: &str| {
        visit(gateway, &Papers::default(), path, None).await.body
    };
    let strong = get(&cluster.gateways[0], &format!("{path}/status?consistency=strong")).await;
    for gateway in &cluster.gateways {
        let status = get(gateway, &format!("{path}/status")).await;
        for field in ["free", "held", "sold", "shoppers", "phase"] {
            assert_eq!(status[field], strong[field], "{field} at {}", gateway.address);
        }
        let queue = get(gateway, &format!("{path}/queue")).await;
        let first = get(&cluster.gateways[0], &format!("{path}/queue")).await;
        assert_eq!(queue["frontier"], first["frontier"], "the frontier is one");
    }
    let dials =
        json!({ "pace_per_minute": 1234, "message": "Two more blocks", "reason": "demand" });
    let target = cluster.gateways[0].target();
    ask(&target, &cluster.manager, Method::PATCH, &format!("{path}/dials"), dials).await;
    let turned = Instant::now();
    for gateway in &cluster.gateways {
        let mut pulse = tokio::time::interval(Duration::from_millis(20));
        loop {
            pulse.tick().await;
            let queue = get(gateway, &format!("{path}/queue")).await;
            if queue["pace_per_minute"] == json!(1234) && queue["message"] == "Two more blocks" {
                break;
            }
            assert!(turned.elapsed() < Duration::from_secs(20), "{queue} at {}", gateway.address);
        }
    }
    eprintln!("every gateway had the new dials after {:?}", turned.elapsed());
}

/// One call of a visitor at one of the gateways.
async fn visit(gateway: &Process, papers: &Papers, path: &str, body: Option<Value>) -> Response {
    let http = Http::new(&gateway.target()).unwrap();
    let key = format!("{:032x}", rand::random::<u128>());
    let method = if body.is_some() { Method::POST } else { Method::GET };
    let key = body.is_some().then_some(key.as_str());
    let headers = [
        ("floodgate-device", papers.device.as_str()),
        ("floodgate-queue-ticket", &papers.ticket),
        ("floodgate-pass", &papers.pass),
    ];
    let headers = headers.into_iter().filter(|(_, text)| !text.is_empty()).collect();
    let call = Call { headers, key, bearer: None, body };
    http.until_decided(method, path, call).await.unwrap()
}

/// Calls again until the answer is as wanted; half a minute at most.
async fn visit_until(
    (gateway, papers): (&Process, &Papers),
    (path, body): (&str, Option<Value>),
    wanted: impl Fn(&Response) -> bool,
) -> Response {
    let mut pulse = tokio::time::interval(Duration::from_millis(80));
    let mut last = None;
    for _ in 0..400 {
        pulse.tick().await;
        let answer = visit(gateway, papers, path, body.clone()).await;
        if wanted(&answer) {
            return answer;
        }
        last = Some(answer);
    }
    panic!("{path} never became what was waited for: {last:?}");
}

/// Somebody in the shop with two seats, paid by a card whose bank asks; the papers and the order.
async fn asked_by_the_bank(gateway: &Process, event: &str) -> (Papers, String) {
    let mut papers = Papers::default();
    let asked = visit(gateway, &papers, &format!("{event}/queue/challenge"), None).await;
    papers.device = asked.body["asks"]["device"].as_str().unwrap_or_default().to_owned();
    let shown = solution(&asked);
    let joined = visit(gateway, &papers, &format!("{event}/queue"), Some(shown)).await;
    let text = |answer: &Response, name: &str| answer.text(name).unwrap().to_owned();
    papers.device = text(&joined, "device");
    papers.ticket = text(&joined, "queue_ticket");
    let enter = format!("{event}/enter");
    let came = |answer: &Response| answer.status == 200;
    let entered = visit_until((gateway, &papers), (&enter, Some(json!({}))), came).await;
    papers.pass = text(&entered, "pass");
    let body = json!({ "best": { "count": 2 } });
    let held = visit(gateway, &papers, &format!("{event}/holds"), Some(body)).await;
    let hold_id = text(&held, "hold_id");
    let body = json!({ "hold_id": hold_id, "payment_method": "pm_sandbox_challenge" });
    let order = visit(gateway, &papers, &format!("{event}/orders"), Some(body)).await;
    assert_eq!(order.status, 201, "{}", order.body);
    (papers, format!("{event}/orders/{}", text(&order, "order_id")))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_is_answered_at_any_gateway() {
    if is_quick() {
        return;
    }
    let mut cluster = Cluster::start().await;
    let events = cluster.events(2).await;
    for event_id in &events {
        let event = format!("/v1/events/{event_id}");
        let [first, second, third] = [0, 1, 2].map(|at| &cluster.gateways[at]);
        let (papers, order) = asked_by_the_bank(first, &event).await;
        let asks = |answer: &Response| answer.body["payment"]["action"]["type"] == "redirect";
        let asked = visit_until((second, &papers), (&order, None), asks).await;
        let bank = asked.body["payment"]["action"]["url"].as_str().unwrap().to_owned();
        let shown = visit_until((first, &papers), (&order, None), asks).await;
        let url = &shown.body["payment"]["action"]["url"];
        assert_eq!(*url, bank.as_str(), "one action at every gateway");
        let answer = visit(third, &papers, &bank, Some(json!({ "approve": true }))).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let settled = |answer: &Response| answer.body["settled"] == json!(true);
        for gateway in &cluster.gateways {
            let done = visit_until((gateway, &papers), (&order, None), settled).await;
            assert_eq!(done.text("status"), Some("confirmed"), "{}", done.body);
        }
    }
    // The question outlives the processor that asked it and the gateway that showed it.
    let event = format!("/v1/events/{}", events[0]);
    let (papers, order) = asked_by_the_bank(&cluster.gateways[0], &event).await;
    cluster.gateways[0].kill();
    cluster.processors[0].kill();
    let asks = |answer: &Response| answer.body["payment"]["action"]["type"] == "redirect";
    let asked = visit_until((&cluster.gateways[1], &papers), (&order, None), asks).await;
    let bank = asked.body["payment"]["action"]["url"].as_str().unwrap();
    let answer =
        visit(&cluster.gateways[2], &papers, bank, Some(json!({ "approve": false }))).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let is_declined = |answer: &Response| answer.text("status") == Some("declined");
    visit_until((&cluster.gateways[1], &papers), (&order, None), is_declined).await;
}

/// A settings file of one gateway: what it turns is one fact, and every gateway has it.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_edited_at_one_gateway_turns_dials_at_all() {
    if is_quick() {
        return;
    }
    let mut cluster = Cluster::start().await;
    let event_id = cluster.events(1).await.remove(0);
    // A file of its own; the two others go on with the one they share.
    let own = cluster.folder.path().join("own.toml");
    let form = std::fs::read_to_string(&cluster.config).unwrap();
    std::fs::write(&own, &form).unwrap();
    cluster.gateways[0].kill();
    let settings =
        [("FLOODGATE_SERVER__GATEWAY_ID", "1"), ("FLOODGATE_CONFIG", own.to_str().unwrap())];
    cluster.gateways[0] = cluster.role("gateway", &settings);
    cluster.gateways[0].ready().await;

    let entry = |reason: &str| {
        format!(
            "{form}\n[[dials]]\nevent = \"{event_id}\"\npace_per_minute = 4321\nshoppers_max = 12\n\
             puzzle_level = 2\nphase = \"pause\"\nmessage = \"Rain\"\nreason = \"{reason}\"\n"
        )
    };
    let wanted = [
        ("pace_per_minute", json!(4321)),
        ("shoppers_max", json!(12)),
        ("puzzle_level", json!(2)),
        ("phase", json!("paused")),
        ("message", json!("Rain")),
    ];
    let path = format!("/v1/events/{event_id}");
    std::fs::write(&own, entry("the roof leaks")).unwrap();
    let edited = Instant::now();
    for gateway in &cluster.gateways {
        let http = Http::new(&gateway.target()).unwrap();
        let mut pulse = tokio::time::interval(Duration::from_millis(10));
        loop {
            pulse.tick().await;
            let call = Call::default();
            let queue = http.call(Method::GET, &format!("{path}/queue"), call).await.unwrap().body;
            if wanted.iter().all(|(field, value)| queue[*field] == *value) {
                break;
            }
            assert!(edited.elapsed() < Duration::from_secs(20), "{queue} at {}", gateway.address);
        }
    }
    eprintln!("every gateway had the dials of the file after {:?}", edited.elapsed());

    // One more change, in both files at once: three gateways see it, one fact comes of it.
    let last = entry("the roof holds").replace("4321", "77");
    std::fs::write(&cluster.config, &last).unwrap();
    std::fs::write(&own, &last).unwrap();
    let target = cluster.gateways[2].target();
    let changes = format!("{path}/changes");
    let get = async || {
        let http = Http::new(&target).unwrap();
        let call = Call { bearer: Some(&cluster.manager), ..Default::default() };
        http.call(Method::GET, &changes, call).await.unwrap().body["changes"].clone()
    };
    let mut pulse = tokio::time::interval(Duration::from_millis(50));
    let mut looks_after = 0;
    let changes = loop {
        pulse.tick().await;
        let changes = get().await;
        // Long enough for the slowest of the three to have looked at its file as well.
        looks_after += u32::from(changes[0]["reason"] == "the roof holds");
        if looks_after == 40 {
            break changes;
        }
        assert!(edited.elapsed() < Duration::from_secs(60), "{changes}");
    };
    let changes: Vec<_> =
        changes.as_array().unwrap().iter().map(|c| (&c["reason"], &c["through"])).collect();
    let file = json!("settings_file");
    let expected = [
        (&json!("the roof holds"), &file),
        (&json!("the roof leaks"), &file),
        (&json!(""), &json!("api")),
    ];
    assert_eq!(changes, expected, "one fact a change, whoever read it");
}
