//! The Kafka backend on a real broker: the same contract, and what only a broker can do.
//!
//! `scripts/servers up kafka` starts one and `eval "$(scripts/servers env)"` says where it is. Without
//! it these tests fail, unless FLOODGATE_TEST_QUICK says that they are left out on purpose.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use floodgate_event_log::kafka::{GroupMember, TopicPlan, apply, remove};
use floodgate_event_log::{
    Checkpoint, CheckpointError, KafkaLog, KafkaOptions, Log, Membership, NewRecord, Topic,
    contract,
};
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

fn options() -> Option<KafkaOptions> {
    let brokers = std::env::var("FLOODGATE_TEST_KAFKA").ok();
    if brokers.is_none() {
        let quick = std::env::var_os("FLOODGATE_TEST_QUICK").is_some();
        assert!(quick, "FLOODGATE_TEST_KAFKA is not set; see the head of this file");
    }
    let prefix = format!("t{:08x}.", rand::random::<u32>());
    Some(KafkaOptions { brokers: brokers?, prefix, ..KafkaOptions::default() })
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_contract() {
    let Some(options) = options() else { return };
    apply(&options, &TopicPlan::all(6, 6, 1)).await.unwrap();
    tokio::task::spawn_blocking(move || {
        let log: Arc<dyn Log> = Arc::new(KafkaLog::open(&options).unwrap());
        contract::keeps_the_contract(&log);
        drop(log);
        contract::survives_reopening(|| Arc::new(KafkaLog::open(&options).unwrap()));
    })
    .await
    .unwrap();
}

fn member(log: &KafkaLog, engine_version: u32) -> GroupMember {
    let mut member = log.membership(engine_version);
    member.join().unwrap();
    member
}

/// Polls members until all of them say so of the group.
fn until_group_is(version: Option<u32>, members: &mut [&mut GroupMember]) {
    let started = Instant::now();
    loop {
        for member in members.iter_mut() {
            member.poll(Duration::from_millis(20)).unwrap();
        }
        let found: Vec<_> = members.iter().map(|member| member.group_version()).collect();
        if found.iter().all(|found| *found == version) {
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "{version:?} expected, {found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_group_can_run_what_its_oldest_member_can() {
    let Some(options) = options() else { return };
    apply(&options, &TopicPlan::all(2, 2, 1)).await.unwrap();
    tokio::task::spawn_blocking(move || {
        // A name that the operator chose keeps the version all the same.
        let extra = vec![("client.id".to_owned(), "ours".to_owned())];
        let named = KafkaLog::open(&KafkaOptions { extra, ..options.clone() }).unwrap();
        let log = KafkaLog::open(&options).unwrap();
        let mut new = member(&log, 2);
        assert_eq!(new.group_version(), None, "nobody was asked yet");
        until_group_is(Some(2), &mut [&mut new]);
        let mut old = member(&named, 1);
        until_group_is(Some(1), &mut [&mut new, &mut old]);
        drop(old);
        until_group_is(Some(2), &mut [&mut new]);
    })
    .await
    .unwrap();
}

fn admin(options: &KafkaOptions) -> AdminClient<DefaultClientContext> {
    ClientConfig::new().set("bootstrap.servers", &options.brokers).create().unwrap()
}

/// Appends ten records and returns what lies behind each of them.
fn checkpoints(log: &KafkaLog) -> Vec<Checkpoint> {
    for number in 0..10_u32 {
        let record = NewRecord::new("k", number.to_string());
        log.append(Topic::Ledger, 0, vec![record]).wait().unwrap();
    }
    let mut reader = log.reader(Topic::Ledger, 0, 0).unwrap();
    let mut records = Vec::new();
    while records.len() < 10 {
        reader.poll(10, Duration::from_secs(10), &mut records).unwrap();
    }
    records.iter().map(Checkpoint::behind).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_were_deleted_and_topics_made_anew_are_noticed() {
    let Some(options) = options() else { return };
    let plans = TopicPlan::all(1, 1, 1);
    apply(&options, &plans).await.unwrap();
    let (log, checkpoints) = tokio::task::spawn_blocking({
        let options = options.clone();
        move || {
            let log = KafkaLog::open(&options).unwrap();
            let checkpoints = checkpoints(&log);
            for one in &checkpoints {
                one.check(&log, Topic::Ledger, 0).unwrap();
            }
            (log, checkpoints)
        }
    })
    .await
    .unwrap();

    // As a retention does it.
    let name = options.name(Topic::Ledger);
    let mut before = TopicPartitionList::new();
    before.add_partition_offset(&name, 0, Offset::Offset(5)).unwrap();
    let within = AdminOptions::new().operation_timeout(Some(Duration::from_secs(30)));
    admin(&options).delete_records(&before, &within).await.unwrap();
    let checkpoints = tokio::task::spawn_blocking(move || {
        for one in &checkpoints {
            let checked = one.check(&log, Topic::Ledger, 0);
            match one.next {
                0..5 => assert!(
                    matches!(checked, Err(CheckpointError::Gone { first: 5, .. })),
                    "{one:?}: {checked:?}"
                ),
                _ => checked.unwrap(),
            }
        }
        checkpoints
    })
    .await
    .unwrap();

    // As somebody does it who wants to begin again.
    remove(&options).await.unwrap();
    let started = Instant::now();
    while apply(&options, &plans).await.is_err() {
        assert!(started.elapsed() < Duration::from_secs(60), "the topics stay away");
    }
    tokio::task::spawn_blocking(move || {
        let log = KafkaLog::open(&options).unwrap();
        let last = checkpoints[9];
        let checked = last.check(&log, Topic::Ledger, 0);
        assert!(matches!(checked, Err(CheckpointError::Beyond { end: 0, .. })), "{checked:?}");
        // The same words at another time.
        self::checkpoints(&log);
        for one in &checkpoints {
            let checked = one.check(&log, Topic::Ledger, 0);
            assert!(matches!(checked, Err(CheckpointError::Replaced { .. })), "{checked:?}");
        }
    })
    .await
    .unwrap();
}
