//! The thread of a follower, and its handle.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use metrics::{Counter, Gauge};

use floodgate_domain::LogTime;
use floodgate_event_log::LogError;

use super::error::FollowError;
use super::handler::{Handler, Tick};
use super::reading::Reading;
use super::{FollowerConfig, Partitions};
use crate::backoff::Backoff;
use crate::health::Health;
use crate::service::{Service, ServiceError};

/// First and longest pause after a failure: a hiccup is hardly noticed, and whoever was away for
/// long is followed again within a few seconds of coming back.
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(4);
/// A follower for which nothing has come for so long rests longer between its turns.
const QUIET_AFTER: Duration = Duration::from_secs(1);
/// A turn that takes longer waits for a server that is frozen, or gone without a word: no error comes
/// of that by itself.
const STUCK_AFTER: Duration = Duration::from_secs(10);

/// A running follower. Dropping it does not stop it.
#[derive(Debug)]
pub struct Follower {
    name: String,
    shared: Arc<Shared>,
    // A plain mutex: touched at a stop, at the end, and by those who look at the health.
    thread: Mutex<Option<JoinHandle<Result<(), ServiceError>>>>,
}

#[derive(Debug)]
struct Shared {
    stop: AtomicBool,
    // A plain mutex: written once a turn, read by probes.
    health: Mutex<Health>,
    /// When the turn began that is under way. A plain mutex, for the same reason.
    began: Mutex<Option<Instant>>,
}

impl Shared {
    fn set(&self, health: Health) {
        *self.health.lock().unwrap_or_else(PoisonError::into_inner) = health;
    }

    /// A turn begins, or none is under way.
    fn turns(&self, began: Option<Instant>) {
        *self.began.lock().unwrap_or_else(PoisonError::into_inner) = began;
    }

    /// The health as it was said last, unless nothing has been said for too long.
    fn health(&self, now: Instant) -> Health {
        let health = self.health.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let began = *self.began.lock().unwrap_or_else(PoisonError::into_inner);
        let stuck = began.filter(|began| now.saturating_duration_since(*began) > STUCK_AFTER);
        match (health, stuck) {
            (Health::Ready | Health::Starting, Some(since)) => {
                let reason = format!("it has waited for an answer for more than {STUCK_AFTER:?}");
                Health::Degraded { reason, since }
            }
            (health, _) => health,
        }
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }
}

impl Follower {
    /// Follows on its own thread, where the handler is created, so that it need not be `Send`.
    /// Nothing is opened before: a log that is unreachable now fails like at any other time.
    pub fn spawn<H: Handler + 'static>(
        config: FollowerConfig,
        make: impl FnOnce() -> H + Send + 'static,
    ) -> std::io::Result<Self> {
        let name = config.name.clone();
        let shared = Arc::new(Shared {
            stop: AtomicBool::new(false),
            health: Mutex::new(Health::Starting),
            began: Mutex::new(None),
        });
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name(name.clone()).spawn(move || {
            if config.gives_way {
                give_way();
            }
            let run = Run::new(&config, theirs);
            run.follow(&mut Reading::new(config, make()))
        })?;
        Ok(Follower { name, shared, thread: Mutex::new(Some(thread)) })
    }
}

/// How much less than others a thread counts that gives way: a seventieth of their share while all
/// want the processors, everything while nobody else does.
#[cfg(target_os = "linux")]
const NICE: i32 = 19;

/// Lets the other threads of the process go first. In a burst the answers come before the tables,
/// topics and files that follow them. Elsewhere than on Linux a priority is a process's, not a thread's.
fn give_way() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, NICE) {
        tracing::debug!(%error, "a thread keeps its priority");
    }
}

impl Service for Follower {
    fn name(&self) -> &str {
        &self.name
    }

    fn health(&self) -> Health {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        let has_ended = thread.as_ref().is_some_and(JoinHandle::is_finished);
        match self.shared.health(Instant::now()) {
            health @ Health::Failed { .. } => health,
            _ if has_ended && !self.shared.is_stopped() => Health::failed("it panicked"),
            health => health,
        }
    }

    fn stop(&self) {
        self.shared.stop.store(true, Ordering::Release);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = &*thread {
            // It may be in a pause after a failure.
            thread.thread().unpark();
        }
    }

    fn join(&self) -> Result<(), ServiceError> {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(thread) = thread else { return Ok(()) };
        thread.join().unwrap_or_else(|_| Err(ServiceError::new(&self.name, "it panicked")))
    }
}

/// What the thread keeps beside the reading.
struct Run {
    name: String,
    ready_behind: u64,
    shared: Arc<Shared>,
    backoff: Backoff,
    /// Since when it has not gone on, or not gone far enough to know that it goes on.
    troubled: Option<Instant>,
    /// When something came last.
    busy_at: Instant,
    lag: Gauge,
    restarts: Counter,
}

impl Run {
    fn new(config: &FollowerConfig, shared: Arc<Shared>) -> Self {
        let partition = match config.partitions {
            Partitions::One(partition) => partition.to_string(),
            Partitions::All => "all".to_owned(),
        };
        let labels = [("follower", config.name.clone()), ("partition", partition)];
        Run {
            name: config.name.clone(),
            ready_behind: config.ready_behind,
            shared,
            backoff: Backoff::new(PAUSE_MIN, PAUSE_MAX),
            troubled: None,
            busy_at: Instant::now(),
            lag: metrics::gauge!("floodgate_follower_lag_records", &labels),
            restarts: metrics::counter!("floodgate_follower_restarts_total", &labels),
        }
    }

    fn follow<H: Handler>(mut self, reading: &mut Reading<H>) -> Result<(), ServiceError> {
        while !self.shared.is_stopped() {
            self.shared.turns(Some(Instant::now()));
            let timing = reading.poll_timing();
            let is_quiet = reading.has_recovered() && self.busy_at.elapsed() > QUIET_AFTER;
            let turn = reading.turn(now(), if is_quiet { timing.rest } else { timing.wait });
            self.shared.turns(None);
            match turn {
                Ok(tick) => self.went_on(tick, reading.has_recovered()),
                // Whoever ends the process may have closed the log already.
                Err(_) if self.shared.is_stopped() => break,
                Err(error) if error.is_final() => {
                    tracing::error!(follower = self.name, %error, "it cannot go on");
                    self.shared.set(Health::failed(error.to_string()));
                    return Err(ServiceError::new(self.name, error));
                }
                Err(error) => {
                    if reading.take_advanced() {
                        self.got_over_it();
                    }
                    self.failed(&error);
                }
            }
        }
        Ok(())
    }

    fn went_on(&mut self, tick: Tick, has_recovered: bool) {
        if tick.read > 0 {
            self.busy_at = Instant::now();
        }
        if tick.behind != u64::MAX {
            self.lag.set(tick.behind as f64);
        }
        if has_recovered {
            self.got_over_it();
        }
        let is_ready = self.troubled.is_none() && tick.behind <= self.ready_behind;
        self.shared.set(if is_ready { Health::Ready } else { Health::Starting });
    }

    fn got_over_it(&mut self) {
        self.backoff.reset();
        if let Some(since) = self.troubled.take() {
            let ms = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
            tracing::info!(follower = self.name, ms, "it goes on");
        }
    }

    fn failed(&mut self, error: &FollowError) {
        self.restarts.increment(1);
        self.shared.set(match error {
            // More work than the log takes just now is no failure: it is behind.
            FollowError::Log(LogError::Overloaded) => Health::Starting,
            error => {
                let since = *self.troubled.get_or_insert_with(Instant::now);
                let reason = error.to_string();
                match error {
                    FollowError::Mismatched(_) => Health::Mismatched { reason, since },
                    _ => Health::Degraded { reason, since },
                }
            }
        });
        let pause = self.backoff.pause();
        tracing::warn!(follower = self.name, %error, ?pause, "it restarts");
        let until = Instant::now() + pause;
        while !self.shared.is_stopped() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            std::thread::park_timeout(left);
        }
    }
}

fn now() -> LogTime {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    LogTime(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_that_never_ends_is_no_good_health() {
        let shared = Shared {
            stop: AtomicBool::new(false),
            health: Mutex::new(Health::Ready),
            began: Mutex::new(None),
        };
        let began = Instant::now();
        let later = began + STUCK_AFTER + Duration::from_millis(1);
        assert_eq!(shared.health(later), Health::Ready, "nothing is under way");
        shared.turns(Some(began));
        assert_eq!(shared.health(began + STUCK_AFTER), Health::Ready);
        let stuck = shared.health(later);
        assert!(matches!(stuck, Health::Degraded { since, .. } if since == began), "{stuck:?}");
        let known = Health::failed("it has ended");
        shared.set(known.clone());
        assert_eq!(shared.health(later), known, "what was said counts for more");
        shared.set(Health::Starting);
        shared.turns(None);
        assert_eq!(shared.health(later), Health::Starting);
    }
}
