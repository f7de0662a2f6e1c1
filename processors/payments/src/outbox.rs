//! The follower that processes a partition's payments.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use floodgate_event_log::{Reads, Topic};
use floodgate_transport::{
    Follower, FollowerConfig, Health, Partitions, Reading, Service, ServiceError, Unreadable,
};

use crate::worker::{BATCH_MAX, OutboxConfig, PaymentWorker};

/// A running outbox.
#[derive(Debug)]
pub struct Outbox {
    follower: Follower,
    carries: Arc<AtomicBool>,
}

impl Outbox {
    /// Carries the payments of one partition on a thread of its own.
    pub fn spawn(config: OutboxConfig) -> std::io::Result<Self> {
        Outbox::spawn_as(config, true)
    }

    /// Knows the open payments of a partition somebody else carries forward, ready to take over.
    pub fn spawn_resting(config: OutboxConfig) -> std::io::Result<Self> {
        Outbox::spawn_as(config, false)
    }

    fn spawn_as(config: OutboxConfig, carries: bool) -> std::io::Result<Self> {
        let carries = Arc::new(AtomicBool::new(carries));
        let theirs = Arc::clone(&carries);
        let following = following(&config);
        let make = move || PaymentWorker::new(config, theirs);
        Ok(Outbox { follower: Follower::spawn(following, make)?, carries })
    }

    /// One that carries, without a thread and a clock: for simulations.
    #[must_use]
    pub fn reading(config: OutboxConfig) -> Reading<PaymentWorker> {
        let carries = Arc::new(AtomicBool::new(true));
        Reading::new(following(&config), PaymentWorker::new(config, carries))
    }

    /// Carries payments forward from now on.
    pub fn carry(&self) {
        self.carries.store(true, Ordering::Release);
    }

    /// Only follows from now on.
    pub fn rest(&self) {
        self.carries.store(false, Ordering::Release);
    }
}

impl Service for Outbox {
    fn name(&self) -> &str {
        self.follower.name()
    }

    fn health(&self) -> Health {
        self.follower.health()
    }

    fn stop(&self) {
        self.follower.stop();
    }

    fn join(&self) -> Result<(), ServiceError> {
        self.follower.join()
    }
}

fn following(config: &OutboxConfig) -> FollowerConfig {
    FollowerConfig {
        name: format!("payments-{}", config.partition),
        log: Arc::clone(&config.log),
        topic: Topic::Ledger,
        partitions: Partitions::One(config.partition),
        batch_max: BATCH_MAX,
        ready_behind: u64::MAX,
        gives_way: false,
        unreadable: Unreadable::SetAside {
            role: "payments".to_owned(),
            reads: Reads::FromTheFirst,
        },
    }
}
