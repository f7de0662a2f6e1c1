//! Stampede: simulated buyers against a server, over HTTP only, open loop.
//!
//! Buyers arrive on a schedule that does not wait for answers. A latency is counted from the
//! instant its request was due to be sent, so a server that stalls cannot hide it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::Semaphore;

use floodgate_http_client::Http;

use crate::buyer::{Buyer, Temper};
use crate::options::{LoadOptions, Visit};
use crate::queue::QueueWatch;
use crate::single;
use crate::tally::{AckFile, LoadProgress, LoadReport, Tally};

/// Buyers inside at once; more would only wait for sockets. Four thousand connections fit
/// the usual file limit on both sides of a loopback.
const CONCURRENT_MAX: usize = 4_000;

/// Sends the buyers and returns when the last one is done.
pub async fn run(options: &LoadOptions, progress: Arc<LoadProgress>) -> Result<LoadReport> {
    prepare(options, progress).await?.run().await
}

/// A stampede that is ready to go: those who need a device before the clock runs have one.
#[derive(Debug)]
pub struct Prepared {
    options: LoadOptions,
    http: Http,
    tally: Arc<Tally>,
    singles: Vec<single::Single>,
}

/// Makes everything ready; what it takes is not measured.
pub async fn prepare(options: &LoadOptions, progress: Arc<LoadProgress>) -> Result<Prepared> {
    let http = Http::new(&options.target).context("--target")?;
    let acks = options.acked.as_deref().map(AckFile::open).transpose()?;
    let tally = Arc::new(Tally::new(progress, acks));
    let singles = match options.visit {
        Visit::Whole => Vec::new(),
        Visit::Holds => single::prepare(options, &http).await?,
    };
    Ok(Prepared { options: options.clone(), http, tally, singles })
}

impl Prepared {
    /// Sends the buyers and returns when the last one is done.
    pub async fn run(self) -> Result<LoadReport> {
        let Prepared { options, http, tally, singles } = self;
        let took = match options.visit {
            Visit::Whole => visits(&options, &http, &tally).await,
            Visit::Holds => single::run(&options, &http, &tally, singles).await,
        };
        tally.finish()?;
        Ok(tally.report(options.buyers, took))
    }
}

/// Whole visits, each begun on schedule.
async fn visits(options: &LoadOptions, http: &Http, tally: &Arc<Tally>) -> Duration {
    let queue = QueueWatch::start(http.clone(), &options.event_id, Arc::clone(tally));
    // Who thinks needs no socket meanwhile.
    let inside = if options.profile.thinks() { options.buyers.max(1) } else { CONCURRENT_MAX };
    let inside = Arc::new(Semaphore::new(inside.min(Semaphore::MAX_PERMITS)));
    let profile = Arc::new(options.profile.clone());
    let mut rng = StdRng::seed_from_u64(options.seed);
    let started = tally.begin();
    let mut visits = tokio::task::JoinSet::new();
    for number in 0..options.buyers {
        let arrival = started + options.arrival(number);
        // The schedule is fixed; sleeping until the next arrival is not waiting for a state.
        tokio::time::sleep_until(arrival).await;
        let buyer = Buyer {
            http: http.clone(),
            queue: queue.watch(),
            tally: Arc::clone(tally),
            event_id: options.event_id.clone(),
            number: options.first + number,
            temper: Temper::draw(&mut rng, &profile.tempers),
            seed: rng.random(),
            give_up_at: arrival + options.patience,
            inside: Arc::clone(&inside),
            profile: Arc::clone(&profile),
            stage: None,
        };
        visits.spawn(buyer.visit(arrival));
        while visits.try_join_next().is_some() {}
    }
    while visits.join_next().await.is_some() {}
    queue.stop();
    started.elapsed()
}
