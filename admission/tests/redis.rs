//! The shared store on a real Redis: the contract, two gateways, a flush, a memory bound.
//!
//! `scripts/servers up redis` starts one and `eval "$(scripts/servers env)"` says where it is. Without
//! it these tests fail, unless FLOODGATE_TEST_QUICK says that they are left out on purpose.
#![allow(clippy::unwrap_used)]

use std::collections::HashSet;
use std::sync::Arc;

use floodgate_admission::contract::{CountingReserver, keeps_the_contract};
use floodgate_admission::pace_contract::keeps_the_pace;
use floodgate_admission::store::Wanted;
use floodgate_admission::{AdmissionStore, PlaceReserver, RedisStore};
use floodgate_domain::{BuyerId, EventId, Frontier};
use redis::{AsyncCommands, Client, cmd};

fn url() -> Option<String> {
    let url = std::env::var("FLOODGATE_TEST_REDIS").ok();
    if url.is_none() {
        let quick = std::env::var_os("FLOODGATE_TEST_QUICK").is_some();
        assert!(quick, "FLOODGATE_TEST_REDIS is not set; see the head of this file");
    }
    url
}

/// A database of its own, so that tests do not flush each other's.
fn database(url: &str, number: u8) -> String {
    format!("{}/{number}", url.trim_end_matches('/'))
}

async fn flush(url: &str) {
    let mut connection =
        Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap();
    cmd("FLUSHDB").exec_async(&mut connection).await.unwrap();
}

fn open(url: &str, reserver: &Arc<CountingReserver>) -> Arc<dyn AdmissionStore> {
    let reserver = Arc::clone(reserver) as Arc<dyn PlaceReserver>;
    Arc::new(RedisStore::open(url, reserver, 10).unwrap())
}

#[tokio::test]
async fn keeps_the_contract_of_all_stores() {
    let Some(url) = url() else { return };
    let url = database(&url, 1);
    keeps_the_contract(async |reserver| {
        // Each store of the contract begins with nothing but the log behind it.
        flush(&url).await;
        Arc::new(RedisStore::open(&url, reserver, 10).unwrap()) as Arc<dyn AdmissionStore>
    })
    .await;
}

#[tokio::test]
async fn two_gateways_are_one_queue_and_a_flush_loses_nobody() {
    let Some(url) = url() else { return };
    let url = database(&url, 2);
    flush(&url).await;
    let log = Arc::new(CountingReserver::default());
    let (one, two) = (open(&url, &log), open(&url, &log));
    let event_id = EventId(9);
    let mut given = HashSet::new();
    for number in 1..=300_u64 {
        let first = one.join(event_id, Wanted::by(BuyerId(number))).await.unwrap().0;
        let again = two.join(event_id, Wanted::by(BuyerId(number))).await.unwrap().0;
        assert_eq!(first, again, "one buyer, one place, whichever gateway they meet");
        assert!(given.insert(first), "a place was issued twice");
    }
    assert_eq!(one.agree(event_id, Frontier(40)).await.unwrap().frontier, Frontier(40));
    assert_eq!(
        two.agree(event_id, Frontier(10)).await.unwrap().frontier,
        Frontier(40),
        "the frontier is the same everywhere"
    );

    // Redis forgets everything: numbers go on, none comes twice.
    flush(&url).await;
    for number in 301..=600_u64 {
        let store = if number % 2 == 0 { &one } else { &two };
        let place = store.join(event_id, Wanted::by(BuyerId(number))).await.unwrap().0;
        assert!(given.insert(place), "a place was issued twice after the flush");
    }
    assert_eq!(two.agree(event_id, Frontier(12)).await.unwrap().frontier, Frontier(12));
    assert_eq!(one.agree(event_id, Frontier(41)).await.unwrap().frontier, Frontier(41));
}

#[tokio::test]
async fn gateways_keep_one_pace() {
    let Some(url) = url() else { return };
    let url = database(&url, 4);
    flush(&url).await;
    for (seed, gateways) in [(1, 1), (2, 2), (3, 3)] {
        keeps_the_pace(seed, gateways, |reserver, block| {
            Arc::new(RedisStore::open(&url, reserver, block).unwrap())
        })
        .await;
    }
}

#[tokio::test]
async fn a_visitor_costs_few_bytes() {
    let Some(url) = url() else { return };
    let url = database(&url, 3);
    flush(&url).await;
    let log = Arc::new(CountingReserver::default());
    let store: Arc<dyn AdmissionStore> =
        Arc::new(RedisStore::open(&url, log as Arc<dyn PlaceReserver>, 65_536).unwrap());
    let mut connection =
        Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap();
    let event_id = EventId(10);
    let join = |number: u64| {
        let store = Arc::clone(&store);
        // Spread like random ids are.
        let buyer = BuyerId(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        tokio::spawn(async move { store.join(event_id, Wanted::by(buyer)).await.unwrap() })
    };
    let count = 40_000_u64;
    for chunk in (0..count).collect::<Vec<_>>().chunks(500) {
        for joined in chunk.iter().map(|&number| join(number)).collect::<Vec<_>>() {
            joined.await.unwrap();
        }
    }
    let keys: Vec<String> = connection.keys("fg:{evt_*}:b:*").await.unwrap();
    let mut bytes = 0;
    for key in &keys {
        let used: u64 =
            cmd("MEMORY").arg("USAGE").arg(key).query_async(&mut connection).await.unwrap();
        bytes += used;
        let ttl: i64 = connection.ttl(key).await.unwrap();
        assert!(ttl > 0, "{key} would stay for ever");
    }
    // Most of it is the buckets themselves; at a million visitors they hold sixty each.
    assert!(bytes / count < 120, "{} bytes a visitor in {} keys", bytes / count, keys.len());
}
