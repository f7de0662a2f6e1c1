//! Settings follow their file: all of them, or none.

use serde_json::json;

use crate::world::{Papers, World};

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_file_is_taken_and_a_bad_one_is_not() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let file = world.data().join("form.toml");
    let form = std::fs::read_to_string(&file).unwrap();
    let queue = format!("{event}/queue");
    let pace = |answer: &floodgate::client::Answer| answer.body["pace_per_minute"].as_u64();
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
