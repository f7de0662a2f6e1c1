//! Live counts as a dataflow: free, held and sold by event, section and category.
//!
//! Facts of one partition are turned into differences (`deltas`), a timely dataflow keeps the
//! totals (`dataflow`), and changed totals are published, each with its position
//! (`counter`, `publish`). Beside them: what happened in each window of log time (`windows`),
//! what may be sold of a sale that runs (`live`), the same facts for other teams, and the cells of
//! those who agreed to be counted (`audience`). All publish by one rule, `publisher`. [`public`]
//! is what other teams read, [`tables`] what tools
//! take without code. Start reading at `dataflow`.

mod audience;
pub mod cloudevents;
mod counter;
mod dataflow;
mod deltas;
mod forget;
mod last_published;
mod live;
pub mod public;
mod publish;
mod publisher;
pub mod tables;
mod windows;

use std::sync::Arc;
use std::time::Duration;

use floodgate_event_log::{Log, Topic};
use floodgate_transport::{Group, Service};

use counter::Counting;
use live::Live;
use public::Relay;
use publisher::follow;
use tables::Tables;
use windows::WindowPublication;

pub use audience::{AudienceOptions, trial};
pub use live::NoiseKey;

/// How long facts may lie before they are counted and published: nobody sees a difference.
const PATIENCE: Duration = Duration::from_millis(50);
/// How long a quiet partition is waited on at once, and so how soon a stop is noticed.
const QUIET: Duration = Duration::from_millis(50);
/// The same where nothing happens at all.
const REST: Duration = Duration::from_millis(250);

/// What differs between installations.
#[derive(Debug, Clone, Copy)]
pub struct StreamsOptions {
    /// Log time after the last fact of an event that is over, until its counts are forgotten.
    pub forget_after: Duration,
    pub audience: AudienceOptions,
    /// Whether the tables are published as topics.
    pub tables: bool,
    /// Draws the noise of what advertisers may buy while a sale runs; without it there is none.
    pub live: Option<NoiseKey>,
}

/// Counts and publishes every partition of the facts: a follower each for what is published, so
/// that none keeps another waiting.
pub fn spawn(log: &Arc<dyn Log>, settings: StreamsOptions) -> std::io::Result<Group> {
    let mut members: Vec<Arc<dyn Service>> = Vec::new();
    for partition in 0..log.partitions(Topic::Ledger) {
        members.push(Arc::new(follow::<Counting>(log, partition, settings.forget_after)?));
        members.push(Arc::new(follow::<Relay>(log, partition, settings.audience)?));
        members.push(Arc::new(follow::<WindowPublication>(log, partition, ())?));
        if let Some(key) = settings.live {
            members.push(Arc::new(follow::<Live>(log, partition, key)?));
        }
        if settings.tables {
            members.push(Arc::new(follow::<Tables>(log, partition, ())?));
        }
    }
    Ok(Group::new("streams", members))
}
