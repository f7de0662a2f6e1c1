//! What to send, and how patiently.

use std::path::PathBuf;
use std::time::Duration;

use crate::profile::Profile;

/// A buyer who has got nowhere for this long gives up: the run must end by itself.
const PATIENCE: Duration = Duration::from_secs(900);

/// What a buyer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visit {
    /// Queue, enter, hold, pay.
    Whole,
    /// One hold each, by devices that joined before the clock runs: what the way from a request
    /// through the log to its answer costs. The event must not ask for a pass.
    Holds,
}

/// What to send.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// `http://host:port` of the server.
    pub target: String,
    pub event_id: String,
    pub visit: Visit,
    pub buyers: usize,
    /// The number of the first buyer: several stampedes at once are of different people.
    pub first: usize,
    /// Arrivals a second; `None` sends everybody within two seconds.
    pub rate: Option<f64>,
    /// Acknowledged holds and orders are appended here at once.
    pub acked: Option<PathBuf>,
    pub seed: u64,
    /// When they come and how they behave; it wins over `rate`.
    pub profile: Profile,
    /// Errors end a buyer's visit instead of being tried again: for servers that are killed.
    pub patience: Duration,
}

impl LoadOptions {
    /// A stampede of `buyers` with the usual patience.
    #[must_use]
    pub fn new(
        target: impl Into<String>,
        event_id: impl Into<String>,
        buyers: usize,
        seed: u64,
    ) -> Self {
        LoadOptions {
            target: target.into(),
            event_id: event_id.into(),
            visit: Visit::Whole,
            buyers,
            first: 0,
            rate: None,
            acked: None,
            seed,
            profile: Profile::default(),
            patience: PATIENCE,
        }
    }

    /// When a buyer comes, from the first arrival on.
    pub(crate) fn arrival(&self, number: usize) -> Duration {
        let everybody_in_two_seconds = 2.0 / self.buyers.max(1) as f64;
        let gap = self.rate.map_or(everybody_in_two_seconds, |rate| 1.0 / rate.max(0.001));
        let evenly = || Duration::from_secs_f64(gap).mul_f64(number as f64);
        self.profile.arrival(number, self.buyers).unwrap_or_else(evenly)
    }
}
