//! The store of places that gateways share: whether it answers, and whether it is of this log.
//!
//! Numbers come from the log, so a store that is newer than a log put back from a copy, or of
//! another log, holds numbers that are given out once more. It says where the log stood when it was
//! used last (`admission/redis/log_marks.rs`); that is compared before it is said anew.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;

use floodgate_admission::store::BoxFuture;
use floodgate_admission::{PlaceReserver, RedisStore, StoreError};
use floodgate_config::Settings;
use floodgate_domain::{EventId, Place};
use floodgate_event_log::{
    Checkpoint, CheckpointError, Log, LogError, Offset, Partition, RecordMark, Topic,
};
use floodgate_transport::{Health, Service, ServiceError};

use super::process::Task;

/// How often it is asked: a store that is gone is known soon, and so is one that is back.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often, at most, all gateways together write where the log stands.
const MARK_EVERY_SECONDS: u64 = 30;

/// Looks after the store of a gateway, beside it: without the store nobody new gets a place, and
/// whoever has one still buys. Must be called inside a runtime.
pub(super) fn watch(store: Arc<RedisStore>, log: Arc<dyn Log>, settings: &Settings) -> PlacesWatch {
    let health = Arc::new(Mutex::new(Health::Starting));
    let theirs = Arc::clone(&health);
    let mut looking =
        Looking { store, log, name: settings.kafka.prefix.clone(), verified: BTreeMap::new() };
    let task = Task::spawn("places", async move {
        let mut pulse = tokio::time::interval(LOOK_EVERY);
        loop {
            pulse.tick().await;
            let found = looking.look().await;
            let mut health = theirs.lock().unwrap_or_else(PoisonError::into_inner);
            *health = becomes(&health, found);
        }
    });
    PlacesWatch { task, health }
}

/// What the store was found to be.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("{0}")]
    Log(#[from] LogError),
    #[error("it cannot be compared with the log: {0}")]
    Aborted(String),
    #[error(
        "the store of places is of another log, or of a newer one: {0}; `floodgate places rebuild` \
         forgets what it holds, and nobody loses a place by it"
    )]
    OtherLog(CheckpointError),
}

/// The health that follows from what was found; says each change once.
fn becomes(before: &Health, found: Result<(), Fault>) -> Health {
    let Err(fault) = found else {
        if !matches!(before, Health::Starting | Health::Ready) {
            tracing::info!("the store of places is there");
        }
        return Health::Ready;
    };
    let reason = fault.to_string();
    if before.reason() != Some(&reason) {
        tracing::warn!(reason, "the store of places cannot be used");
    }
    match (&fault, before) {
        (Fault::OtherLog(_), Health::Mismatched { since, .. }) => {
            Health::Mismatched { reason, since: *since }
        }
        (Fault::OtherLog(_), _) => Health::Mismatched { reason, since: Instant::now() },
        (_, Health::Degraded { since, .. }) => Health::Degraded { reason, since: *since },
        _ => Health::degraded(reason),
    }
}

struct Looking {
    store: Arc<RedisStore>,
    log: Arc<dyn Log>,
    /// Installations that share a store are known by the prefix of their topics.
    name: String,
    /// What the store said, and the log agreed to.
    verified: BTreeMap<Partition, String>,
}

impl Looking {
    async fn look(&mut self) -> Result<(), Fault> {
        let stored = self.store.log_marks(&self.name).await;
        // Who answers after a pause may be another store.
        let stored = stored.inspect_err(|_| self.verified.clear())?;
        let is_new = stored.iter().any(|(at, mark)| self.verified.get(at) != Some(mark));
        let is_first = stored.is_empty() && self.verified.is_empty();
        let is_turn = self.store.is_turn_to_mark(&self.name, MARK_EVERY_SECONDS).await?;
        if !is_new && !is_first && !is_turn {
            return Ok(());
        }
        let (log, verified) = (Arc::clone(&self.log), self.verified.clone());
        let known = stored.clone();
        let compared =
            tokio::task::spawn_blocking(move || compare(&*log, &known, &verified, is_turn));
        let fresh = match compared.await {
            Ok(compared) => compared.inspect_err(|_| self.verified.clear())?,
            Err(error) => return Err(Fault::Aborted(error.to_string())),
        };
        self.store.set_log_marks(&self.name, &fresh).await?;
        self.verified = stored.into_iter().chain(fresh).collect();
        Ok(())
    }
}

/// Compares what was stored with the log; where the log is further, what is to be stored.
fn compare(
    log: &dyn Log,
    stored: &BTreeMap<Partition, String>,
    verified: &BTreeMap<Partition, String>,
    is_turn: bool,
) -> Result<BTreeMap<Partition, String>, Fault> {
    let topic = Topic::Commands;
    let mut fresh = BTreeMap::new();
    for partition in 0..log.partitions(topic) {
        let text = stored.get(&partition);
        let mut before = text.and_then(|text| parse(text)).unwrap_or_default();
        if text == verified.get(&partition) {
            // Its record was compared; that the log still reaches so far costs one question.
            before.mark = None;
        }
        before.check(log, topic, partition).map_err(|error| match error {
            CheckpointError::Log(error) => Fault::Log(error),
            error => Fault::OtherLog(error),
        })?;
        if (is_turn || text.is_none()) && log.end(topic, partition)? > before.next {
            let last = log.last(topic, partition)?.map(|record| Checkpoint::behind(&record));
            fresh.extend(last.map(|last| (partition, text_of(last))));
        }
    }
    Ok(fresh)
}

/// `next mark`.
fn text_of(Checkpoint { next, mark }: Checkpoint) -> String {
    format!("{next} {}", mark.map(|mark| mark.to_string()).unwrap_or_default())
}

fn parse(text: &str) -> Option<Checkpoint> {
    let (next, mark) = text.split_once(' ')?;
    let next: Offset = next.parse().ok()?;
    Some(Checkpoint { next, mark: mark.parse::<RecordMark>().ok() })
}

/// The watch over the store, as a part of the process.
#[derive(Debug)]
pub(super) struct PlacesWatch {
    task: Task,
    // A plain mutex: written once a second, read by probes.
    health: Arc<Mutex<Health>>,
}

impl Service for PlacesWatch {
    fn name(&self) -> &str {
        self.task.name()
    }

    fn health(&self) -> Health {
        match self.task.health() {
            Health::Ready => self.health.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            ended => ended,
        }
    }

    fn stop(&self) {
        self.task.stop();
    }

    fn join(&self) -> Result<(), ServiceError> {
        self.task.join()
    }
}

/// Forgets every place that the store of the settings holds, and which log they were of: how many
/// keys that were.
pub async fn forget_places(settings: &Settings) -> Result<u64> {
    let store = RedisStore::open(&settings.redis.url, Arc::new(Nobody), 1)?;
    Ok(store.forget_all(&settings.kafka.prefix).await?)
}

/// Reserves nothing: whoever forgets needs no places.
#[derive(Debug)]
struct Nobody;

impl PlaceReserver for Nobody {
    fn reserve(&self, _: EventId, _: u32) -> BoxFuture<'_, Result<Place, StoreError>> {
        let reason = "nobody gives out places here".to_owned();
        Box::pin(std::future::ready(Err(StoreError::Unavailable(reason))))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn health_follows_what_is_found_now() {
        let gone = || Err(Fault::Store(StoreError::Unavailable("refused".to_owned())));
        let other = || {
            let topic = Topic::Commands.name();
            let (partition, next, end) = (0, 9, 2);
            Err(Fault::OtherLog(CheckpointError::Beyond { topic, partition, next, end }))
        };
        let before = Instant::now();
        let first = becomes(&Health::Starting, gone());
        let later = becomes(&first, gone());
        assert_eq!(first, later, "since when it has been so is kept");
        assert!(matches!(first, Health::Degraded { since, .. } if since >= before));
        assert_eq!(becomes(&later, Ok(())), Health::Ready);
        let mismatched = becomes(&later, other());
        assert!(mismatched.is_mismatched(), "{mismatched:?}");
        assert!(mismatched.reason().is_some_and(|reason| reason.contains("places rebuild")));
        assert_eq!(becomes(&mismatched, Ok(())), Health::Ready, "once it was rebuilt");
    }
}
