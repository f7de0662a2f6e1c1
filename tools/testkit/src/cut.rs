//! What every service promises when its log is cut off: the one rule for failure, as functions to
//! test with.

use std::sync::Arc;
use std::time::{Duration, Instant};

use floodgate_transport::{Health, Service, Services, Stage};

use crate::memory_log::MemoryLog;

/// Longer than any step takes on a busy machine; only a broken one waits so long.
const WITHIN: Duration = Duration::from_secs(60);

/// Waits until `is_so`; nobody says when, so it looks again and again.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < WITHIN, "{what}: not within a minute");
        std::thread::park_timeout(Duration::from_millis(1));
    }
}

/// The service is ready, says why it is not while the log is cut off, and is ready again when the
/// log is back; `meanwhile` runs when it has failed at least once and the log is back.
pub fn comes_back(log: &MemoryLog, service: &dyn Service, meanwhile: impl FnOnce()) {
    let name = service.name();
    until(&format!("{name} is ready"), || service.health().is_ready());
    log.cut();
    until(&format!("{name} says why it is not"), || {
        let health = service.health();
        matches!(&health, Health::Degraded { reason, .. } if reason.contains("cut off"))
    });
    log.restore();
    meanwhile();
    until(&format!("{name} is back"), || service.health().is_ready());
}

/// The log does not come back: the process is not ready, and ends with the service's reason. Stops
/// the service.
pub fn gives_up(log: &MemoryLog, service: Arc<dyn Service>) {
    let name = service.name().to_owned();
    let services = Services::default();
    services.add(Stage::Work, service);
    until(&format!("{name} is ready"), || services.is_ready());
    let patience = Duration::from_millis(300);
    assert_eq!(services.failure(patience), None);
    log.cut();
    let mut failure = None;
    until(&format!("{name} ends the process"), || {
        failure = services.failure(patience);
        failure.is_some()
    });
    let failure = failure.expect("it was waited for");
    assert_eq!(failure.service, name);
    assert!(failure.reason.contains("cut off"), "{failure}");
    assert!(!services.is_ready(), "{failure}");
    services.end().expect("it ends when it is asked to");
}
