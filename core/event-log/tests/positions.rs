//! How far readers are, as Kafka's own tools show it: `kafka-consumer-groups` of the broker that
//! runs. Needs FLOODGATE_TEST_KAFKA and FLOODGATE_TEST_KAFKA_TOOLS, which `scripts/servers env` says.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant};

use floodgate_event_log::kafka::{TopicPlan, apply, reading_group};
use floodgate_event_log::{KafkaLog, KafkaOptions, Log, NewRecord, ReaderName, Topic};

/// Lag by partition of a topic, as the tool says it of a group.
fn lag(brokers: &str, libs: &str, group: &str, topic: &str) -> BTreeMap<u32, (u64, u64)> {
    let output = Command::new("java")
        .args(["-cp", &format!("{libs}/*")])
        .arg("org.apache.kafka.tools.consumer.group.ConsumerGroupCommand")
        .args(["--bootstrap-server", brokers, "--describe", "--group", group])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let rows = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    // GROUP TOPIC PARTITION CURRENT-OFFSET LOG-END-OFFSET LAG …
    let rows = rows.filter(|words| words.len() > 5 && words[0] == group && words[1] == topic);
    let number = |text: &str| text.parse::<u64>().unwrap();
    rows.map(|words| (words[2].parse().unwrap(), (number(words[3]), number(words[5])))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn lag_is_seen_by_the_brokers_own_tool_and_changes_nothing() {
    let at = |name: &str| std::env::var(name).ok();
    let (brokers, libs) = (at("FLOODGATE_TEST_KAFKA"), at("FLOODGATE_TEST_KAFKA_TOOLS"));
    let (Some(brokers), Some(libs)) = (brokers, libs) else {
        let quick = std::env::var_os("FLOODGATE_TEST_QUICK").is_some();
        assert!(quick, "FLOODGATE_TEST_KAFKA_TOOLS is not set; see the head of this file");
        return;
    };
    let prefix = format!("t{:08x}.", rand::random::<u32>());
    let options =
        KafkaOptions { brokers: brokers.clone(), prefix, gateway_id: 2, ..Default::default() };
    apply(&options, &TopicPlan::all(2, 2, 1)).await.unwrap();
    tokio::task::spawn_blocking(move || {
        let log = KafkaLog::open(&options).unwrap();
        let topic = Topic::Ledger;
        let ten = (0..10).map(|n| NewRecord::new(vec![n], vec![n])).collect();
        log.append(topic, 1, ten).wait().unwrap();
        let end = log.end(topic, 1).unwrap();
        for (reader, next) in
            [(ReaderName::Shared("relay"), end - 7), (ReaderName::OfEachGateway("views"), end)]
        {
            let group = reading_group(&options, reader);
            let started = Instant::now();
            // The first is sent at once; a process goes on saying it.
            log.note_position(reader, (topic, 1), next);
            loop {
                let seen = lag(&brokers, &libs, &group, &options.name(topic));
                if seen == BTreeMap::from([(1, (next, end - next))]) {
                    break;
                }
                assert!(started.elapsed() < Duration::from_secs(60), "{group}: {seen:?}");
                log.note_position(reader, (topic, 1), next);
            }
        }
        assert!(reading_group(&options, ReaderName::OfEachGateway("views")).ends_with("views-2"));
        // Never read back: a reader begins where it is asked to.
        let mut found = Vec::new();
        let mut reader = log.reader(topic, 1, end - 10).unwrap();
        while found.len() < 10 {
            reader.poll(10, Duration::from_secs(1), &mut found).unwrap();
        }
        assert_eq!(reader.position(), end);
    })
    .await
    .unwrap();
}
