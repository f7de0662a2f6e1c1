//! Settings follow their file: all of them, or none.

use serde_json::{Value, json};

use crate::world::{Papers, World};

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_file_is_taken_and_a_bad_one_is_not() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let file = world.data().join("form.toml");
    let form = std::fs::read_to_string(&file).unwrap();
    let queue = format!("{event}/queue");
    let pace = |answer: &floodgate_http_client::Response| answer.body["pace_per_minute"].as_u64();
    let before = pace(&world.get(&queue, &Papers::default()).await);

    std::fs::write(&file, format!("{form}\nadmission.pace_per_minute = 77\n")).unwrap();
    world.until(&queue, |answer| pace(answer) == Some(77)).await;

    // One bad key spoils the whole file, the good one beside it included.
    let bad = format!("{form}\nadmission.pace_per_minute = 99\nadmission.blok = 5\n");
    std::fs::write(&file, bad).unwrap();
    // A good one after it is taken, so the bad one was seen by then and did nothing.
    let mut seen = Vec::new();
    let good = format!("{form}\nadmission.pace_per_minute = 88 # again\n");
    let mut pulse = tokio::time::interval(std::time::Duration::from_millis(100));
    for round in 0..200 {
        pulse.tick().await;
        if round == 12 {
            std::fs::write(&file, &good).unwrap();
        }
        seen.push(pace(&world.get(&queue, &Papers::default()).await));
        if seen.last() == Some(&Some(88)) {
            break;
        }
    }
    assert_eq!(seen.last(), Some(&Some(88)), "{seen:?}");
    assert!(!seen.contains(&Some(99)), "half a file was taken: {seen:?}");
    assert_ne!(before, Some(77));
    world.stop().await;
}

/// A settings file of a running server.
struct File {
    path: std::path::PathBuf,
    form: String,
}

impl File {
    fn of(world: &World) -> Self {
        let path = world.data().join("form.toml");
        let form = std::fs::read_to_string(&path).unwrap();
        File { path, form }
    }

    fn with(&self, entries: &str) -> String {
        format!("{}\n{entries}", self.form)
    }

    fn write(&self, entries: &str) {
        std::fs::write(&self.path, self.with(entries)).unwrap();
    }

    /// As editors and deployments do it: a new file takes the old one's name.
    fn replace(&self, entries: &str) {
        let beside = self.path.with_extension("new");
        std::fs::write(&beside, self.with(entries)).unwrap();
        std::fs::rename(&beside, &self.path).unwrap();
    }
}

fn entry(event: &str, rest: &str) -> String {
    format!("[[dials]]\nevent = \"{}\"\n{rest}\n", event.trim_start_matches("/v1/events/"))
}

async fn turned(world: &World, event: &str, field: &str, value: Value) {
    let queue = format!("{event}/queue");
    world.until(&queue, |answer| answer.body[field] == value).await;
}

async fn reasons(world: &World, event: &str) -> Vec<String> {
    let changes = world.get(&format!("{event}/changes"), &world.operator()).await;
    let changes = changes.body["changes"].as_array().unwrap().clone();
    changes.iter().map(|change| change["reason"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_turn_dials_once_and_a_restart_takes_nothing_back() {
    let world = World::start().await;
    let (event, other) = (world.event(json!({})).await, world.event(json!({})).await);
    let file = File::of(&world);
    let all = "shoppers_max = 9\npuzzle_level = 0\nphase = \"pause\"\nmessage = \"Wait\"";
    file.write(&entry(&event, &format!("pace_per_minute = 70\n{all}\nreason = \"first\"")));
    turned(&world, &event, "pace_per_minute", json!(70)).await;
    for (field, value) in [("shoppers_max", json!(9)), ("phase", json!("paused"))] {
        turned(&world, &event, field, value).await;
    }
    let changes = world.get(&format!("{event}/changes"), &world.operator()).await;
    let change = &changes.body["changes"][0];
    assert_eq!((&change["through"], &change["reason"]), (&json!("settings_file"), &json!("first")));

    // Replaced by rename; then an edit of equal length, perhaps in the same second.
    let second = |pace| entry(&event, &format!("pace_per_minute = {pace}\nreason = \"second\""));
    file.replace(&second(81));
    turned(&world, &event, "pace_per_minute", json!(81)).await;
    file.write(&second(82));
    turned(&world, &event, "pace_per_minute", json!(82)).await;

    // By hand since; an entry for all and a comment do not take that back, nor does a restart.
    world.set_dials(&event, &world.operator(), "", json!({ "pace_per_minute": 500 })).await;
    turned(&world, &event, "pace_per_minute", json!(500)).await;
    let for_all = "message = \"To all\"\nreason = \"third\"";
    file.write(&format!("{}# a comment\n{}", second(82), entry("*", for_all)));
    turned(&world, &other, "message", json!("To all")).await;
    let before = reasons(&world, &event).await;
    let folder = world.stop().await;
    let world = World::start_in(folder, &[]).await;
    // An edit that is seen proves that the file was looked at before.
    let fourth = entry(&other, "pace_per_minute = 4\nreason = \"fourth\"");
    file.write(&format!("{}{fourth}", second(82)));
    turned(&world, &other, "pace_per_minute", json!(4)).await;
    assert_eq!(reasons(&world, &event).await, before);
    turned(&world, &event, "pace_per_minute", json!(500)).await;
    assert!(world.audit().is_clean());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_entry_spoils_the_whole_file_and_is_reported() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let file = File::of(&world);
    let good = entry(&event, "pace_per_minute = 33\nreason = \"good\"");
    let settings =
        |answer: &floodgate_http_client::Response| answer.text("settings").unwrap().to_owned();
    let ready = world.get("/readyz", &Papers::default()).await;
    assert_eq!(settings(&ready), "ok");
    for bad in [
        entry("evt_0000000000000", "pace_per_minute = 5"),
        entry(&event, "pace = 5"),
        entry("*", "puzzle_level = 99"),
        "[[dials]\n".to_owned(),
        good.clone(),
    ] {
        file.write(&format!("{good}{bad}"));
        world.until("/readyz", |answer| settings(answer) != "ok").await;
        let queue = world.get(&format!("{event}/queue"), &Papers::default()).await;
        assert_ne!(queue.body["pace_per_minute"], json!(33), "half a file was taken: {bad}");
        file.write("");
        world.until("/readyz", |answer| settings(answer) == "ok").await;
    }
    // A phase that cannot be is as bad as a word that does not exist.
    world.post(&format!("{event}/sale/close"), &world.staff(), json!({})).await;
    turned(&world, &event, "phase", json!("closed")).await;
    file.write(&entry(&event, "pace_per_minute = 33\nphase = \"open\""));
    world.until("/readyz", |answer| settings(answer) != "ok").await;
    file.write(&good);
    turned(&world, &event, "pace_per_minute", json!(33)).await;
    assert_eq!(reasons(&world, &event).await, ["good", "", ""]);
    world.stop().await;
}
