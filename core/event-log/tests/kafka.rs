//! The Kafka backend on a real broker: the same contract, and what only a broker can do.
//!
//! `scripts/servers up kafka` starts one and `eval "$(scripts/servers env)"` says where it is. Without
//! it these tests fail, unless FLOODGATE_TEST_QUICK says that they are left out on purpose.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use floodgate_event_log::kafka::{TopicPlan, apply};
use floodgate_event_log::{KafkaLog, KafkaOptions, Log, contract};

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
