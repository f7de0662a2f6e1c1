//! The Kafka backend on a real broker: the same contract, and what only a broker can do.
//!
//! `scripts/servers up kafka` starts one; its address is in FLOODGATE_TEST_KAFKA. Without it these
//! tests say so and prove nothing, which only `scripts/test --quick` allows.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use floodgate_log::kafka::{TopicPlan, apply};
use floodgate_log::{KafkaLog, KafkaOptions, Log, contract};

fn options() -> Option<KafkaOptions> {
    let brokers = std::env::var("FLOODGATE_TEST_KAFKA").ok();
    if brokers.is_none() {
        eprintln!("FLOODGATE_TEST_KAFKA is not set: nothing was tested");
    }
    Some(KafkaOptions { brokers: brokers?, ..KafkaOptions::default() })
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
