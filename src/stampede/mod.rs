//! Stampede: simulated buyers against a server, over HTTP only, in open loop.
//!
//! Buyers arrive on a schedule that does not wait for answers. A latency is counted from the
//! instant its request was meant to be sent, so a server that stalls cannot hide it.

mod buyer;
mod door;
mod queue;
mod tally;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use self::buyer::{Buyer, Temper};
use self::queue::QueueWatch;
use self::tally::{AckFile, Tally};
pub use self::tally::{Progress, Report};
use crate::client::Http;

/// Buyers inside at once; more would only wait for sockets. Four thousand connections fit
/// the usual file limit on both sides of a loopback.
const CONCURRENT_MAX: usize = 4_000;
/// A buyer who has got nowhere for this long gives up: the run must end by itself.
const PATIENCE: Duration = Duration::from_secs(900);

/// What to send.
#[derive(Debug, Clone)]
pub struct Options {
    /// `http://host:port` of the server.
    pub target: String,
    pub event_id: String,
    pub buyers: usize,
    /// Arrivals a second; `None` sends everybody within two seconds.
    pub rate: Option<f64>,
    /// Acknowledged holds and orders are appended here at once.
    pub acked: Option<PathBuf>,
    pub seed: u64,
    /// Errors end a buyer's visit instead of being tried again: for servers that are killed.
    pub patience: Duration,
}

impl Options {
    /// A stampede of `buyers` with the usual patience.
    #[must_use]
    pub fn new(
        target: impl Into<String>,
        event_id: impl Into<String>,
        buyers: usize,
        seed: u64,
    ) -> Self {
        Options {
            target: target.into(),
            event_id: event_id.into(),
            buyers,
            rate: None,
            acked: None,
            seed,
            patience: PATIENCE,
        }
    }
}

/// Sends the buyers and returns when the last one is done.
pub async fn run(options: &Options, progress: Arc<Progress>) -> Result<Report> {
    let http = Http::new(&options.target).context("--target")?;
    let acks = options.acked.as_deref().map(AckFile::open).transpose()?;
    let tally = Arc::new(Tally::new(progress, acks));
    let queue = QueueWatch::start(http.clone(), &options.event_id);
    let inside = Arc::new(Semaphore::new(CONCURRENT_MAX));
    let gap = Duration::from_secs_f64(
        options.rate.map_or(2.0 / options.buyers.max(1) as f64, |rate| 1.0 / rate.max(0.001)),
    );
    let mut rng = StdRng::seed_from_u64(options.seed);
    let started = Instant::now();
    let mut visits = tokio::task::JoinSet::new();
    for number in 0..options.buyers {
        let arrival = started + gap.mul_f64(number as f64);
        // The schedule is fixed; sleeping until the next arrival is not waiting for a state.
        tokio::time::sleep_until(arrival).await;
        let buyer = Buyer {
            http: http.clone(),
            queue: queue.watch(),
            tally: Arc::clone(&tally),
            event_id: options.event_id.clone(),
            number,
            temper: Temper::draw(&mut rng),
            seed: rng.random(),
            give_up_at: arrival + options.patience,
            inside: Arc::clone(&inside),
        };
        visits.spawn(buyer.visit(arrival));
        while visits.try_join_next().is_some() {}
    }
    while visits.join_next().await.is_some() {}
    queue.stop();
    tally.finish()?;
    Ok(tally.report(options.buyers, started.elapsed()))
}
