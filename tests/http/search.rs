//! Search over HTTP: events by words, free seats by what one wants, each as of a fact.

use serde_json::{Value, json};

use crate::world::{Papers, World};

async fn event(world: &World, name: &str, more: Value) -> String {
    let mut body = crate::world::new_event(&json!({}));
    body["name"] = json!(name);
    for (field, value) in more.as_object().unwrap() {
        body[field] = value.clone();
    }
    let made = world.post("/v1/events", &world.staff(), body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.text("event_id").unwrap().to_owned()
}

async fn found(world: &World, query: &str) -> Vec<String> {
    let answer = world.get(&format!("/v1/search?{query}"), &Papers::default()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let events = answer.body["events"].as_array().unwrap();
    events.iter().map(|event| event["event_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_found_by_words_with_mistakes_and_by_facets() {
    let folder = tempfile::tempdir().unwrap();
    let towns = folder.path().join("towns.csv");
    std::fs::write(&towns, "town,latitude,longitude\nKiel,54.32,10.14\n").unwrap();
    let towns = towns.to_str().unwrap().to_owned();
    let flags = [("search.backend", "embedded"), ("search.towns_file", towns.as_str())];
    let world = World::start_in(folder, &flags).await;
    let tour = json!({ "artist": "<b>Metallica</b>", "venue_name": "Arena", "time_zone": "Europe/Berlin",
        "venue_address": "Road 2\n22222 Kiel", "starts_at": "2037-05-31T23:30:00Z" });
    let tour = event(&world, "World tour", tour).await;
    let songs = event(&world, "Winter songs", json!({ "artist": "Beyoncé" })).await;
    world.until("/v1/search", |answer| answer.body["count"] == 2).await;
    for (query, expected) in [
        ("q=metalica", vec![&tour]),
        ("q=beyonse", vec![&songs]),
        ("q=wint", vec![&songs]),
        ("q=wint&typing=false", vec![]),
        ("q=world+songs", vec![]),
        ("town=Kiel", vec![&tour]),
        ("month=2037-06", vec![&tour]),
        ("near=54.3,10.1", vec![&tour]),
        ("near=48.1,11.5", vec![]),
        ("before=2037-05-31T23:30:00Z", vec![]),
    ] {
        assert_eq!(
            found(&world, query).await,
            expected.into_iter().cloned().collect::<Vec<_>>(),
            "{query}"
        );
    }
    let answer = world.get("/v1/search?q=metalica", &Papers::default()).await.body;
    let pieces = answer["events"][0]["matches"][0]["pieces"].clone();
    let texts: Vec<_> =
        pieces.as_array().unwrap().iter().map(|one| (&one["text"], &one["hit"])).collect();
    let (yes, no) = (json!(true), json!(false));
    assert_eq!(texts, [(&json!("<b>"), &no), (&json!("Metallica"), &yes), (&json!("</b>"), &no)]);
    assert!(answer["as_of"]["at"].is_string() && answer["facets"]["towns"][0]["value"] == "Kiel");
    // Page by page.
    let first = world.get("/v1/search?limit=1", &Papers::default()).await.body;
    let next = format!("limit=1&cursor={}", first["next"].as_str().unwrap());
    assert_eq!(found(&world, &next).await, [songs]);
    let long = format!("q={}", "a".repeat(101));
    for (query, field) in [
        (long.as_str(), "q"),
        ("q=a+b+c+d+e+f+g+h+i", "q"),
        ("near=1", "near"),
        ("within_km=5", "within_km"),
        ("limit=51", "limit"),
        ("cursor=x", "cursor"),
        ("from=2037-01-01", "from"),
        ("colour=red", "colour"),
    ] {
        let answer = world.get(&format!("/v1/search?{query}"), &Papers::default()).await;
        assert_eq!(
            (answer.status, answer.body["errors"][0]["path"].as_str()),
            (400, Some(field)),
            "{}",
            answer.body
        );
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn seats_are_found_side_by_side_and_can_be_held() {
    let flags = [("search.backend", "embedded")];
    let world = World::start_in(tempfile::tempdir().unwrap(), &flags).await;
    let event = world.event(json!({})).await;
    let path = |query: &str| format!("{event}/seats/search?{query}");
    let three = path("count=3&sort=price&limit=2");
    world.until(&three, |answer| answer.status == 200).await;
    let answer = world.get(&three, &Papers::default()).await.body;
    let groups = answer["groups"].as_array().unwrap();
    assert_eq!(groups.len(), 2);
    let ids = |group: &Value| -> Vec<u64> {
        group["seats"]
            .as_array()
            .unwrap()
            .iter()
            .map(|seat| seat["seat_id"].as_u64().unwrap())
            .collect()
    };
    let wanted = ids(&groups[0]);
    assert!(wanted.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{wanted:?}");
    let price = groups[0]["price"].as_u64().unwrap();
    assert_eq!(groups[0]["total"], json!(3 * price));
    let cheaper = path(&format!("count=1&price_max={}", price - 1));
    assert_eq!(world.get(&cheaper, &Papers::default()).await.body["groups"], json!([]));

    // Nobody has marked shade in this house, so none is claimed.
    for marked in ["shade", "wheelchair,shade"] {
        let shaded = path(&format!("count=1&with={marked}"));
        let answer = world.get(&shaded, &Papers::default()).await;
        assert_eq!((answer.status, &answer.body["groups"]), (200, &json!([])), "{marked}");
    }

    // What was found can be held, and is then not found.
    let papers = world.shopper(&event).await;
    let held = world.post(&format!("{event}/holds"), &papers, json!({ "seats": wanted })).await;
    assert_eq!(held.status, 201, "{}", held.body);
    let offset = held.body["as_of"]["offset"].as_u64().unwrap();
    let answer =
        world.until(&three, |answer| answer.body["as_of"]["offset"].as_u64() >= Some(offset)).await;
    let groups = answer.body["groups"].as_array().unwrap();
    assert!(groups.iter().all(|group| ids(group).iter().all(|seat| !wanted.contains(seat))));
    for (query, field) in [
        ("count=0", "count"),
        ("count=99", "count"),
        ("with=sun", "with"),
        ("with=shade,sun", "with"),
        ("without=shade", "without"),
        ("category=None", "category"),
        ("section=None", "section"),
        ("sort=far", "sort"),
    ] {
        let answer = world.get(&path(query), &Papers::default()).await;
        assert_eq!(
            (answer.status, answer.body["errors"][0]["path"].as_str()),
            (400, Some(field)),
            "{}",
            answer.body
        );
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn search_may_be_off() {
    let flags = [("search.backend", "off")];
    let world = World::start_in(tempfile::tempdir().unwrap(), &flags).await;
    let answer = world.get("/v1/search?q=a", &Papers::default()).await;
    assert_eq!((answer.status, answer.text("code")), (501, Some("search_off")), "{}", answer.body);
    world.stop().await;
}
