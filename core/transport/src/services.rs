//! A process as a list of services.
//!
//! **One rule for failure.** A service whose log or store fails restarts by itself, with growing
//! pauses, and is *degraded* meanwhile: the process is not ready, and says why. One that stays
//! degraded for too long, or that has failed for good, ends the process with its reason; whatever
//! supervises the process starts a new one.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use crate::health::Health;
use crate::service::{Service, ServiceError};

/// When a service of a process is stopped: later stages first. All services of a stage are asked
/// to stop together, and have ended before the next stage is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Metrics and readiness, served until the very end.
    Watched,
    /// What everything else reads and writes.
    Log,
    /// What follows the log and writes to it.
    Work,
    /// Where people come in: they need the work until they are done.
    Door,
}

/// What it means for the process that a service cannot go on for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// The process exists for it: not ready without it, and ended if that does not pass.
    Needed,
    /// A side job, which must not harm the main one: reported, and retried for ever. Only what it
    /// finds wrong with the log itself makes the process not ready.
    Beside,
}

/// A service as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceReport {
    pub name: String,
    pub health: Health,
    pub need: Need,
    /// What people should know although it works.
    pub notice: Option<String>,
}

#[derive(Debug)]
struct Entry {
    service: Arc<dyn Service>,
    stage: Stage,
    need: Need,
}

/// The services of a process; clones share the list. A dozen at most, known once it has started.
#[derive(Debug, Clone, Default)]
pub struct Services(Arc<RwLock<Vec<Entry>>>);

impl Services {
    /// Adds one that has been started.
    pub fn add(&self, stage: Stage, service: Arc<dyn Service>) {
        self.push(Entry { service, stage, need: Need::Needed });
    }

    /// Adds one that must not take the process along.
    pub fn add_beside(&self, stage: Stage, service: Arc<dyn Service>) {
        self.push(Entry { service, stage, need: Need::Beside });
    }

    fn push(&self, entry: Entry) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).push(entry);
    }

    // Written while the process starts; read by probes and by the watch over failures.
    fn read(&self) -> RwLockReadGuard<'_, Vec<Entry>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Each of them, in the order they were started in.
    #[must_use]
    pub fn report(&self) -> Vec<ServiceReport> {
        let entries = self.read();
        let report = |entry: &Entry| ServiceReport {
            name: entry.service.name().to_owned(),
            health: entry.service.health(),
            need: entry.need,
            notice: entry.service.notice(),
        };
        entries.iter().map(report).collect()
    }

    /// Whether the process may be sent work.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        is_ready(&self.report())
    }

    /// Why this process has to end, if it has to: one has failed for good, or one that is needed
    /// has been unable to go on for longer than `patience`. To be asked again and again: each time
    /// the metrics get the health of each.
    #[must_use]
    pub fn failure(&self, patience: Duration) -> Option<ServiceError> {
        let reports = self.report();
        for ServiceReport { name, health, .. } in &reports {
            metrics::gauge!("floodgate_service_health", "service" => name.clone())
                .set(f64::from(health.level()));
        }
        failure(&reports, patience)
    }

    /// Ends all of them, stage by stage; must not be called inside async tasks. The first error is
    /// returned once everything has ended.
    pub fn end(&self) -> Result<(), ServiceError> {
        let stages = [Stage::Door, Stage::Work, Stage::Log, Stage::Watched];
        let ended = stages.map(|stage| self.end_stage(stage));
        ended.into_iter().collect()
    }

    /// Ends those of one stage.
    pub fn end_stage(&self, stage: Stage) -> Result<(), ServiceError> {
        let mut services: Vec<Arc<dyn Service>> = Vec::new();
        services.extend(
            self.read().iter().filter(|e| e.stage == stage).map(|e| Arc::clone(&e.service)),
        );
        services.iter().for_each(|service| service.stop());
        let ended: Vec<_> = services.iter().map(|service| service.join()).collect();
        ended.into_iter().collect()
    }
}

/// Whether a process with these may be sent work.
#[must_use]
pub fn is_ready(reports: &[ServiceReport]) -> bool {
    reports.iter().all(|ServiceReport { health, need, .. }| {
        let may_wait = *need == Need::Beside && !health.is_mismatched();
        may_wait || health.is_ready()
    })
}

fn failure(reports: &[ServiceReport], patience: Duration) -> Option<ServiceError> {
    reports.iter().find_map(|ServiceReport { name, health, need, .. }| match health {
        Health::Failed { reason } => Some(ServiceError::new(name, reason)),
        Health::Degraded { reason, since } | Health::Mismatched { reason, since }
            if *need == Need::Needed && since.elapsed() > patience =>
        {
            let reason = format!("{reason}; it did not pass within {patience:?}");
            Some(ServiceError::new(name, reason))
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Instant;

    use super::*;

    #[derive(Debug)]
    struct Part {
        name: &'static str,
        health: Health,
        ends: Arc<Mutex<Vec<String>>>,
    }

    impl Service for Part {
        fn name(&self) -> &str {
            self.name
        }
        fn health(&self) -> Health {
            self.health.clone()
        }
        fn stop(&self) {
            self.ends.lock().expect("no test panics with it").push(format!("stop {}", self.name));
        }
        fn join(&self) -> Result<(), ServiceError> {
            self.ends.lock().expect("no test panics with it").push(format!("join {}", self.name));
            match &self.health {
                Health::Failed { reason } => Err(ServiceError::new(self.name, reason)),
                _ => Ok(()),
            }
        }
    }

    #[test]
    fn a_process_is_as_what_it_is_for() {
        let report = |need, health| ServiceReport { name: "it".into(), health, need, notice: None };
        let ago = Duration::from_secs(30);
        let since = Instant::now().checked_sub(ago).expect("the machine runs for half a minute");
        let degraded = Health::Degraded { reason: "the disk is full".into(), since };
        let mismatched = Health::Mismatched { reason: "another log".into(), since };
        let rows = [
            (Need::Needed, Health::Starting, false, None),
            (Need::Needed, Health::Ready, true, None),
            (
                Need::Needed,
                degraded.clone(),
                false,
                Some("it: the disk is full; it did not pass within 10s"),
            ),
            (Need::Needed, Health::degraded("just now"), false, None),
            (Need::Needed, Health::failed("broken"), false, Some("it: broken")),
            (Need::Beside, degraded, true, None),
            (Need::Beside, mismatched.clone(), false, None),
            (Need::Needed, mismatched, false, Some("it: another log; it did not pass within 10s")),
            (Need::Beside, Health::Starting, true, None),
            (Need::Beside, Health::failed("broken"), true, Some("it: broken")),
        ];
        for (need, health, ready, ends) in rows {
            let reports = [report(Need::Needed, Health::Ready), report(need, health)];
            assert_eq!(is_ready(&reports), ready, "{reports:?}");
            let failed = failure(&reports, Duration::from_secs(10)).map(|error| error.to_string());
            assert_eq!(failed.as_deref(), ends, "{reports:?}");
        }
    }

    #[test]
    fn the_end_comes_stage_by_stage_and_reaches_everyone() {
        let ends = Arc::new(Mutex::new(Vec::new()));
        let services = Services::default();
        let part = |name, health| Arc::new(Part { name, health, ends: Arc::clone(&ends) });
        services.add(Stage::Watched, part("page", Health::Ready));
        services.add(Stage::Log, part("log", Health::Ready));
        services.add(Stage::Work, part("supervisor", Health::failed("broken")));
        services.add_beside(Stage::Work, part("sink", Health::Ready));
        services.add(Stage::Door, part("gateway", Health::Ready));
        assert_eq!(services.end(), Err(ServiceError::new("supervisor", "broken")));
        let order = ends.lock().expect("no test panics with it").join(", ");
        assert_eq!(
            order,
            "stop gateway, join gateway, stop supervisor, stop sink, join supervisor, join sink, \
             stop log, join log, stop page, join page"
        );
    }
}
