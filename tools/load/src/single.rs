//! Buyers who hold once and leave: the bare path of a request through the log and back.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures::StreamExt;
use http::Method;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::buyer::address_of;
use crate::options::LoadOptions;
use crate::tally::Tally;
use floodgate_http_client::{Call, Http};

/// Joins under way at once while devices are prepared; nothing is measured then.
const JOINS_UNDER_WAY: usize = 256;
/// Tries of one request that were shed or lost before it counts as given up.
const TRIES_MAX: u32 = 50;

/// A buyer who has a device and knows what they want.
#[derive(Debug)]
pub(super) struct Single {
    address: String,
    device: String,
    body: Value,
    key: String,
}

/// One hold each, on schedule. How long they took, from the first arrival to the last answer.
pub(super) async fn run(
    options: &LoadOptions,
    http: &Http,
    tally: &Arc<Tally>,
    singles: Vec<Single>,
) -> Duration {
    let path: Arc<str> = format!("/v1/events/{}/holds", options.event_id).into();
    let gap = options.gap();
    let started = Instant::now();
    let mut visits = tokio::task::JoinSet::new();
    for (number, single) in singles.into_iter().enumerate() {
        let arrival = started + gap.mul_f64(number as f64);
        // The schedule is fixed; sleeping until the next arrival is not waiting for a state.
        if arrival > Instant::now() {
            tokio::time::sleep_until(arrival).await;
        }
        tally.progress.arrived.fetch_add(1, Ordering::Relaxed);
        let (http, tally, path) = (http.clone(), Arc::clone(tally), Arc::clone(&path));
        visits.spawn(async move {
            hold(&http, &tally, &path, &single, arrival).await;
            tally.progress.done.fetch_add(1, Ordering::Relaxed);
        });
        while visits.try_join_next().is_some() {}
    }
    while visits.join_next().await.is_some() {}
    started.elapsed()
}

/// Every buyer joins the queue and so gets a device.
pub(super) async fn prepare(options: &LoadOptions, http: &Http) -> Result<Vec<Single>> {
    let mut rng = StdRng::seed_from_u64(options.seed);
    let wanted: Vec<(usize, u8)> = (0..options.buyers)
        .map(|number| (options.first + number, rng.random_range(1..=4)))
        .collect();
    let path = format!("/v1/events/{}/queue", options.event_id);
    let joins = futures::stream::iter(wanted).map(|(number, count)| {
        let (path, seed) = (&path, options.seed);
        async move {
            let (address, key) = (address_of(number), format!("{seed}-{number}"));
            let headers = vec![("x-forwarded-for", address.as_str())];
            let call = Call { headers, key: Some(&key), body: Some(json!({})), bearer: None };
            let answer = http.until_decided(Method::POST, path, call).await?;
            ensure!(answer.is_ok(), "joining failed: {}", answer.body);
            let device = answer.text("device").context("a join without a device")?.to_owned();
            Ok(Single { address, device, body: json!({ "best": { "count": count } }), key })
        }
    });
    let joined: Vec<Result<Single>> = joins.buffer_unordered(JOINS_UNDER_WAY).collect().await;
    joined.into_iter().collect()
}

async fn hold(http: &Http, tally: &Tally, path: &str, single: &Single, arrival: Instant) {
    for tries in 0..TRIES_MAX {
        let headers = vec![
            ("x-forwarded-for", single.address.as_str()),
            ("floodgate-device", single.device.as_str()),
        ];
        let body = Some(single.body.clone());
        let call = Call { headers, key: Some(&single.key), body, bearer: None };
        match http.exchange(&Method::POST, path, &call).await {
            Ok(received) if received.status == 201 => {
                tally.answer(arrival.elapsed(), None);
                return tally.held();
            }
            // Not decided yet, shed, or asked to slow down: the same key is safe.
            Ok(received) if matches!(received.status, 202 | 429 | 503) => {}
            Ok(received) => {
                let problem: Value = serde_json::from_slice(&received.body).unwrap_or_default();
                let code = problem["code"].as_str().map(str::to_owned);
                let code = code.unwrap_or_else(|| format!("http_{}", received.status));
                return tally.answer(arrival.elapsed(), Some(code));
            }
            Err(_) => tally.error(),
        }
        // Backing off from a server that sheds, not waiting for a state.
        tokio::time::sleep(Duration::from_millis(50 << tries.min(5))).await;
    }
    tally.gave_up();
}
