//! Buyers who hold once and leave: the bare path of a request through the log and back.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use futures::StreamExt;
use http::Method;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::buyer::address_of;
use crate::door::{CHALLENGES_MAX, solved};
use crate::options::LoadOptions;
use crate::tally::Tally;
use crate::timeline::Stage;
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
    seats: u32,
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
    let started = tally.begin();
    let mut visits = tokio::task::JoinSet::new();
    for (number, single) in singles.into_iter().enumerate() {
        let arrival = started + options.arrival(number);
        // The schedule is fixed; sleeping until the next arrival is not waiting for a state.
        if arrival > Instant::now() {
            tokio::time::sleep_until(arrival).await;
        }
        tally.progress.arrived.fetch_add(1, Ordering::Relaxed);
        let (http, tally, path) = (http.clone(), Arc::clone(tally), Arc::clone(&path));
        visits.spawn(async move {
            tally.moves(None, Some(Stage::Choosing));
            hold(&http, &tally, &path, &single, arrival).await;
            tally.moves(Some(Stage::Choosing), None);
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
    let seen = http.call(Method::GET, &path, Call::default()).await?;
    let door = Door { http, path, seed: options.seed, is_open: seen.body["puzzle_level"] == 0 };
    let joins = futures::stream::iter(wanted).map(|(number, count)| door.join(number, count));
    let joined: Vec<Result<Single>> = joins.buffer_unordered(JOINS_UNDER_WAY).collect().await;
    joined.into_iter().collect()
}

/// Where devices come from.
struct Door<'a> {
    http: &'a Http,
    path: String,
    seed: u64,
    /// Asked for nothing when it was looked at.
    is_open: bool,
}

impl Door<'_> {
    /// A device that has joined, with a solved challenge where the door asks for one.
    async fn join(&self, number: usize, count: u8) -> Result<Single> {
        let (address, key) = (address_of(number), format!("{}-{number}", self.seed));
        let (mut device, mut said) = (String::new(), Value::Null);
        let mut shown = if self.is_open { json!({}) } else { Value::Null };
        for _ in 0..CHALLENGES_MAX {
            if shown.is_null() {
                shown = self.solved(&address, &mut device).await?;
            }
            let headers = headers(&address, &device);
            // A challenge can be used once, so each is a request of its own.
            let key = if said.is_null() { key.clone() } else { format!("{key}-{}", said["code"]) };
            let body = Some(std::mem::take(&mut shown));
            let call = Call { headers, key: Some(&key), body, bearer: None };
            let answer = self.http.until_decided(Method::POST, &self.path, call).await?;
            if answer.is_ok() {
                let device = answer.text("device").context("a join without a device")?.to_owned();
                return Ok(Single {
                    address,
                    device,
                    seats: count.into(),
                    body: json!({ "best": { "count": count } }),
                    key,
                });
            }
            ensure!(answer.code().starts_with("puzzle_"), "joining failed: {}", answer.body);
            said = answer.body;
        }
        bail!("joining failed: {said}")
    }

    async fn solved(&self, address: &str, device: &mut String) -> Result<Value> {
        let path = format!("{}/challenge", self.path);
        for tries in 0..TRIES_MAX {
            let call = Call { headers: headers(address, device), ..Call::default() };
            let answer = self.http.call(Method::GET, &path, call).await?;
            if answer.is_ok() {
                let solved = solved(&answer).await.context("a challenge without a solution")?;
                if let Some(given) = solved.device {
                    *device = given;
                }
                return Ok(solved.shown);
            }
            ensure!(matches!(answer.status, 429 | 503), "no challenge: {}", answer.body);
            // Asked to slow down, not waiting for a state.
            let backoff = Duration::from_millis(50 << tries.min(5));
            tokio::time::sleep(answer.retry_after.unwrap_or_default().max(backoff)).await;
        }
        bail!("the door gave no challenge")
    }
}

fn headers<'a>(address: &'a str, device: &'a str) -> Vec<(&'static str, &'a str)> {
    let mut headers = vec![("x-forwarded-for", address)];
    if !device.is_empty() {
        headers.push(("floodgate-device", device));
    }
    headers
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
                return tally.held(arrival, single.seats);
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
