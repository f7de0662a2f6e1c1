//! A running installation writes which rules it follows into every partition, once.

use std::time::{Duration, Instant};

use floodgate_domain::wire::{decode_command, decode_fact};
use floodgate_domain::{Command, Fact};
use floodgate_engine::NEWEST_VERSION;
use floodgate_event_log::{Log, Topic};
use serde_json::json;

use crate::world::World;

/// Waits until the facts of a partition say which rules are in force.
fn version_of(log: &dyn Log, partition: u32) -> u32 {
    let mut reader = log.reader(Topic::Ledger, partition, 0).unwrap();
    let started = Instant::now();
    let mut records = Vec::new();
    loop {
        records.clear();
        reader.poll(1_000, Duration::from_secs(1), &mut records).unwrap();
        for record in &records {
            if let Fact::EngineVersionSet { version } = decode_fact(&record.value).unwrap().fact {
                return version;
            }
        }
        assert!(started.elapsed() < Duration::from_secs(60), "partition {partition} says nothing");
    }
}

/// How often the commands of a partition say it.
fn barriers(log: &dyn Log, partition: u32) -> usize {
    let records = floodgate_testkit::records(log, Topic::Commands, partition);
    let commands = records.iter().filter_map(|record| decode_command(&record.value).ok());
    commands.filter(|one| matches!(one.command, Command::EngineVersion { .. })).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_partition_says_which_rules_it_follows() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let log = world.log();
    let partitions = log.partitions(Topic::Commands);
    tokio::task::spawn_blocking(move || {
        for partition in 0..partitions {
            assert_eq!(version_of(&*log, partition), NEWEST_VERSION);
        }
    })
    .await
    .unwrap();

    // The owners of another time find it there.
    let folder = world.stop().await;
    let world = World::start_in(folder, &[]).await;
    world.shopper(&event).await;
    let log = world.log();
    let counts = tokio::task::spawn_blocking(move || {
        (0..partitions).map(|partition| barriers(&*log, partition)).collect::<Vec<_>>()
    });
    assert_eq!(counts.await.unwrap(), vec![1; partitions as usize]);
    assert!(world.audit().is_clean());
    world.stop().await;
}
