//! The dials: all in one turn, with who and why; a look before; what was turned before.

use hyper::Method;
use serde_json::{Value, json};

use floodgate_event_log::Topic;
use floodgate_http_client::Response;

use crate::world::{Papers, World};

impl World {
    /// Turns dials under a key nobody used before.
    pub(crate) async fn set_dials(
        &self,
        event: &str,
        papers: &Papers,
        query: &str,
        body: Value,
    ) -> Response {
        let key = format!("{:032x}", rand::random::<u128>());
        let path = format!("{event}/dials{query}");
        self.send(Method::PATCH, &path, papers, Some(&key), Some(body)).await
    }

    pub(crate) fn operator(&self) -> Papers {
        Papers { bearer: self.operator.clone(), ..Papers::default() }
    }

    /// What staff changed, as of an answer.
    pub(crate) async fn changes(&self, event: &str, after: &Response) -> Vec<Value> {
        let offset = &after.body["as_of"]["offset"];
        let path = format!("{event}/changes?at_least={offset}");
        let answer = self.get(&path, &self.operator()).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body["changes"].as_array().unwrap().clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_dial_turns_with_who_and_why() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let turn = json!({
        "pace_per_minute": 1_200, "shoppers_max": 7, "puzzle_level": 3, "phase": "pause",
        "message": "A moment", "reason": "rain",
    });
    let set = world.set_dials(&event, &world.operator(), "", turn).await;
    assert_eq!(set.status, 200, "{}", set.body);
    let queue = world
        .until(&format!("{event}/queue"), |answer| answer.body["puzzle_level"] == json!(3))
        .await;
    for (field, value) in [
        ("pace_per_minute", json!(1_200)),
        ("shoppers_max", json!(7)),
        ("phase", json!("paused")),
        ("message", json!("A moment")),
    ] {
        assert_eq!(queue.body[field], value, "{}", queue.body);
    }
    let strong = world.get(&format!("{event}/status?consistency=strong"), &Papers::default()).await;
    assert_eq!(strong.body["shoppers_max"], json!(7), "the engine has the same limit");
    let detail = world.get(&event, &Papers::default()).await;
    assert_eq!(detail.body["policy"]["shoppers_max"], json!(7));

    let path = format!("{event}/sale/open");
    let opened = world.post(&path, &world.staff(), json!({ "reason": "the sun is back" })).await;
    let changes = world.changes(&event, &opened).await;
    let shown: Vec<_> =
        changes.iter().map(|c| (c["dials"]["phase"].clone(), c["reason"].clone())).collect();
    assert_eq!(shown[0], (json!("open"), json!("the sun is back")));
    assert_eq!(shown[1], (json!("pause"), json!("rain")));
    assert_eq!(shown.len(), 3, "the first opening is the third: {changes:?}");
    assert_eq!(
        (&changes[1]["through"], &changes[1]["dials"]["shoppers_max"]),
        (&json!("api"), &json!(7))
    );
    assert_ne!(changes[0]["by"], changes[1]["by"], "the manager opened, the operator paused");

    // The same for other teams.
    let facts = floodgate_streams::cloudevents::event;
    let log = world.log();
    let mut found = Vec::new();
    for partition in 0..log.partitions(Topic::Ledger) {
        let batch = floodgate_testkit::records(&*log, Topic::Ledger, partition);
        let events = batch.iter().map(|record| facts(Topic::Ledger, partition, record));
        found.extend(events.filter(|fact| fact["data"]["fact"] == "dials_set"));
    }
    let rain = found.iter().find(|fact| fact["data"]["reason"] == "rain").unwrap();
    assert_eq!(rain["data"]["dials"]["puzzle_level"], json!(3), "{rain}");
    assert_eq!(
        (&rain["data"]["dials"]["phase"], &rain["data"]["origin"]),
        (&json!("pause"), &json!("api"))
    );
    assert!(world.audit().is_clean());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dials_say_what_does_not_fit() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let (operator, manager) = (world.operator(), world.staff());
    let table: Vec<(&Papers, Value, u16, &str)> = vec![
        (&operator, json!({}), 400, "malformed_body"),
        (&operator, json!({ "reason": "only" }), 400, "malformed_body"),
        (&operator, json!({ "puzzle_level": 13 }), 400, "malformed_body"),
        (&operator, json!({ "pace_per_minute": -1 }), 400, "malformed_body"),
        (&operator, json!({ "phase": "cancel" }), 400, "malformed_body"),
        (&operator, json!({ "message": "x".repeat(501) }), 400, "malformed_body"),
        (&operator, json!({ "shoppers_max": 5, "capacity": 5 }), 400, "malformed_body"),
        (&operator, json!({ "phase": "close", "shoppers_max": 5 }), 403, "wrong_role"),
        (&manager, json!({ "phase": "close" }), 200, "http_200"),
        (&manager, json!({ "phase": "open", "shoppers_max": 5 }), 409, "sale_closed"),
    ];
    for (papers, body, status, code) in table {
        let answer = world.set_dials(&event, papers, "", body.clone()).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (status, code),
            "{body}: {}",
            answer.body
        );
    }
    let fan = world.get(&format!("{event}/changes"), &Papers::default()).await;
    assert_eq!(fan.code(), "key_required");
    let detail = world.get(&event, &Papers::default()).await;
    assert_ne!(detail.body["policy"]["shoppers_max"], json!(5), "nothing of a refused turn stays");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_come_in_pages_and_survive_restarts() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let mut last = None;
    for number in 1..=5 {
        let turn = json!({ "pace_per_minute": number * 100, "reason": format!("turn {number}") });
        let done = world.set_dials(&event, &world.operator(), "", turn).await;
        let path = format!("{event}/dials?at_least={}", done.body["as_of"]["offset"]);
        let dials = world.get(&path, &world.operator()).await;
        assert_eq!(dials.body["dials"][0]["value"], json!(number * 100), "{}", dials.body);
        last = Some(done);
    }
    assert_eq!(world.changes(&event, &last.unwrap()).await.len(), 6);
    let folder = world.stop().await;
    let world = World::start_in(folder, &[]).await;
    let mut path = format!("{event}/changes?limit=2");
    let mut reasons = Vec::new();
    loop {
        let page = world.get(&path, &world.operator()).await;
        let changes = page.body["changes"].as_array().unwrap();
        assert!((1..=2).contains(&changes.len()), "{}", page.body);
        reasons.extend(changes.iter().map(|change| change["reason"].as_str().unwrap().to_owned()));
        let Some(next) = page.body["next"].as_u64() else { break };
        path = format!("{event}/changes?limit=2&before={next}");
    }
    assert_eq!(reasons, ["turn 5", "turn 4", "turn 3", "turn 2", "turn 1", ""]);
    world.until(&format!("{event}/queue"), |a| a.body["pace_per_minute"] == json!(500)).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_shows_what_would_be_and_changes_nothing() {
    let world = World::start().await;
    let event = world.event(json!({ "shoppers_max": 10, "pass": "10m" })).await;
    let hold = json!({ "pace_per_minute": 0, "reason": "a line to look at" });
    let held = world.set_dials(&event, &world.operator(), "", hold).await;
    assert_eq!(held.status, 200, "{}", held.body);
    world.until(&format!("{event}/queue"), |a| a.body["pace_per_minute"] == json!(0)).await;
    let frontier = world.get(&format!("{event}/queue"), &Papers::default()).await;
    let frontier = frontier.body["frontier"].as_u64().unwrap();
    let mut places = Vec::new();
    for _ in 0..40 {
        let joined = world.rejoin(&event, &Papers::default()).await;
        places.push(joined.body["place"].as_u64().unwrap());
    }
    let waiting = places.iter().max().unwrap() + 1 - frontier;

    let turn = json!({ "pace_per_minute": 4, "shoppers_max": 20 });
    let preview = world.set_dials(&event, &world.operator(), "?preview=true", turn).await;
    assert_eq!(preview.status, 200, "{}", preview.body);
    let (before, after) = (&preview.body["before"], &preview.body["after"]);
    assert_eq!(preview.body["people_waiting"], json!(waiting), "{}", preview.body);
    assert_eq!(preview.body["stay_is_measured"], json!(false));
    assert!(before["end_minutes"].is_null(), "a held line takes for ever: {}", preview.body);
    assert_eq!(
        (&after["dials"]["pace_per_minute"], &after["dials"]["shoppers_max"]),
        (&json!(4), &json!(20))
    );
    let (middle, end) =
        (after["middle_minutes"].as_f64().unwrap(), after["end_minutes"].as_f64().unwrap());
    // Four a minute until twenty are inside, who stay ten minutes: two a minute from then on.
    assert!(middle > 0.0 && end > middle && end > waiting as f64 / 4.0, "{}", preview.body);

    let paused = json!({ "phase": "pause", "pace_per_minute": 4 });
    let preview = world.set_dials(&event, &world.operator(), "?preview=true", paused).await;
    assert_eq!(preview.body["after"]["dials"]["phase"], json!("paused"));
    assert!(preview.body["after"]["end_minutes"].is_null());
    let odd = world.set_dials(&event, &world.operator(), "?preview=perhaps", json!({})).await;
    assert_eq!(odd.code(), "invalid_query");
    let queue = world.get(&format!("{event}/queue"), &Papers::default()).await;
    assert_eq!((&queue.body["pace_per_minute"], &queue.body["phase"]), (&json!(0), &json!("open")));
    assert_eq!(
        world.changes(&event, &held).await.len(),
        2,
        "opened and held; no preview is in there"
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn capacity_is_a_dial_and_no_rule() {
    let world = World::start().await;
    let event = world.event(json!({ "shoppers_max": 50 })).await;
    let (path, staff) = (format!("{event}/policy"), world.operator());
    let put = async |key: &str, policy: Value| {
        world.send(Method::PUT, &path, &staff, Some(key), Some(policy)).await
    };
    let ruled = put("rules", json!({ "cooldown": "3m", "shoppers_max": 50 })).await;
    assert_eq!(ruled.status, 200, "{}", ruled.body);
    let refused = put("capacity", json!({ "shoppers_max": 51 })).await;
    assert_eq!((refused.status, refused.code().as_str()), (400, "malformed_body"));
    assert_eq!(refused.body["errors"][0]["path"], "shoppers_max", "{}", refused.body);
    assert_eq!(world.get(&format!("{event}/queue"), &staff).await.body["shoppers_max"], 50);
    assert!(world.audit().is_clean());
    world.stop().await;
}
