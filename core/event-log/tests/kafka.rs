//! The Kafka backend on a real broker: the same contract, and what only a broker can do.
//!
//! `scripts/servers up kafka` starts one and `eval "$(scripts/servers env)"` says where it is. Without
//! it these tests fail, unless FLOODGATE_TEST_QUICK says that they are left out on purpose.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use floodgate_event_log::kafka::{GroupMember, TopicPlan, apply};
use floodgate_event_log::{KafkaLog, KafkaOptions, Log, Membership, contract};

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
