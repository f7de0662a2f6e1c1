//! Names, instants and plans as people and programs write them.

use serde_json::{Value, json};

use crate::world::{World, new_event};

async fn refusal(world: &World, field: &str, value: Value) -> (u16, Value) {
    let mut body = new_event(&json!({}));
    body[field] = value;
    let refused = world.post("/v1/events", &world.staff(), body).await;
    (refused.status, refused.body["errors"][0].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_sees_is_refused_with_its_field() {
    let world = World::start().await;
    for (field, value) in [
        ("name", json!("Even\0ing")),
        ("name", json!("Even\u{200b}ing")),
        ("description", json!("\u{7}")),
        ("currency", json!("EUR\0")),
    ] {
        let (status, error) = refusal(&world, field, value).await;
        assert_eq!((status, error["path"].as_str()), (400, Some(field)), "{error}");
        assert!(error["message"].as_str().unwrap().contains("remove it"), "{error}");
    }
    let event = world.event(json!({})).await;
    let dials = json!({ "pace_per_minute": 10, "reason": "for\0you" });
    let refused = world.set_dials(&event, &world.staff(), "", dials).await;
    assert_eq!(refused.body["errors"][0]["path"], "reason", "{}", refused.body);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn instants_have_any_offset_and_names_are_composed() {
    let world = World::start().await;
    let mut body = new_event(&json!({}));
    body["starts_at"] = json!("2027-06-01T20:00:00+01:00");
    body["name"] = json!("Soire\u{301}e");
    // `floodgate venue generate` ends its line.
    let plan = body["plan"]["content"].as_str().unwrap().to_owned();
    body["plan"]["content"] = json!(plan + "\n");
    let created = world.post("/v1/events", &world.staff(), body).await;
    assert_eq!(created.status, 201, "{}", created.body);
    let path = format!("/v1/events/{}", created.text("event_id").unwrap());
    let event = world.get(&path, &world.staff()).await;
    assert_eq!(event.body["starts_at"], "2027-06-01T19:00:00.000Z", "{}", event.body);
    assert_eq!(event.body["name"], "Soir\u{e9}e");
    let (status, error) = refusal(&world, "starts_at", json!("2027-06-01T20:00:00")).await;
    assert_eq!((status, error["path"].as_str()), (400, Some("starts_at")));
    assert!(error["message"].as_str().unwrap().contains("+02:00"), "{error}");
    world.stop().await;
}

/// The best seat of one plan, looked at from one side and from the other.
#[tokio::test(flavor = "multi_thread")]
async fn the_best_seat_is_the_one_nearest_to_the_focus_that_is_asked_for() {
    let world = World::start().await;
    let rows = ["A", "B", "C", "D"].map(|row| {
        let seats = (1..=9).map(|seat| format!("Stalls,{row},{seat},Stalls\n"));
        seats.collect::<String>()
    });
    let content = format!("section,row,seat,category\n{}", rows.concat());
    for (focus, row) in [("top", "A"), ("bottom", "D")] {
        let mut body = new_event(&json!({ "pass_required": false }));
        body["plan"] = json!({ "format": "csv", "content": content, "focus": focus });
        body["prices"] = json!({ "Stalls": 1000 });
        let event = world.on_sale(body).await;
        let fan = world.join(&event).await;
        let best = json!({ "best": { "count": 1 } });
        let held = world.post(&format!("{event}/holds"), &fan, best).await;
        let seat = &held.body["seats"][0];
        assert_eq!((held.status, &seat["row"]), (201, &json!(row)), "{focus}: {}", held.body);
        assert_eq!(seat["seat"], "5", "the middle of its row: {}", held.body);
    }
    let mut body = new_event(&json!({}));
    body["plan"] = json!({ "format": "csv", "content": content, "focus": "upwards" });
    let refused = world.post("/v1/events", &world.staff(), body).await;
    assert_eq!((refused.status, &refused.body["errors"][0]["path"]), (400, &json!("plan.focus")));
    world.stop().await;
}

/// What a manager sees before selling anything, mends by hand, and sells as it was mended.
#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_looked_at_mended_and_sold_as_it_was_mended() {
    let world = World::start().await;
    let seats: String = (1..=6).map(|seat| format!("Stalls,A,{seat},Stalls\n")).collect();
    let plan = |mends: Value| {
        let content = format!("section,row,seat,category\n{seats}");
        json!({ "format": "csv", "content": content, "mends": mends })
    };
    let runs = |plan: &Value| -> Vec<u64> {
        let runs = plan["sections"][0]["rows"][0]["runs"].as_array().unwrap();
        runs.iter().map(|run| run["labels"]["count"].as_u64().unwrap()).collect()
    };
    let path = "/v1/venues/preview";
    let read = world.post(path, &world.staff(), plan(json!([]))).await;
    assert_eq!((read.status, runs(&read.body["plan"])), (200, vec![6]), "{}", read.body);
    assert!(read.body["report"]["adjacency"].as_str().unwrap().contains("assumed"));

    let mends = json!([
        { "mend": "aisle", "section": "Stalls", "row": "A", "after": "4" },
        { "mend": "mark", "section": "Stalls", "row": "A", "from": "6", "as": "not_for_sale" },
    ]);
    let mended = world.post(path, &world.staff(), plan(mends.clone())).await;
    assert_eq!((mended.status, runs(&mended.body["plan"])), (200, vec![4, 2]));
    assert_eq!(mended.body["report"]["mend_count"], 2, "{}", mended.body["report"]);
    let wrong = json!([{ "mend": "aisle", "section": "Stalls", "row": "B", "after": "4" }]);
    let refused = world.post(path, &world.staff(), plan(wrong)).await;
    assert_eq!(refused.code(), "invalid_plan");
    let error = refused.body["errors"][1]["message"].as_str().unwrap();
    assert!(error.contains("mends[0]") && error.contains("no row `B`"), "{error}");

    let mut body = new_event(&json!({}));
    body["plan"] = plan(mends);
    body["prices"] = json!({ "Stalls": 4500 });
    let created = world.post("/v1/events", &world.staff(), body).await;
    assert_eq!(created.status, 201, "{}", created.body);
    let event = format!("/v1/events/{}", created.text("event_id").unwrap());
    let sold = world.get(&format!("{event}/plan"), &world.staff()).await;
    assert_eq!(runs(&sold.body), vec![4, 2]);
    let shown = world.get(&event, &world.staff()).await;
    assert_eq!(shown.body["capacity"], 5, "a seat is not for sale: {}", shown.body);
    world.stop().await;
}
