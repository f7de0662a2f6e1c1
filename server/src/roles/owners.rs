//! What owning partitions takes in this process, put together: log, payments, snapshots, the group.

use std::sync::Arc;

use anyhow::{Context, Result};

use floodgate_config::Settings;
use floodgate_event_log::{Log, ReplySender, Topic, Tracer};
use floodgate_payments::{Outbox, OutboxConfig, OutboxHandle, ProviderCalls};
use floodgate_runner::supervisor::crew::{PartitionCompanion, StartCompanion, Threads};
use floodgate_runner::supervisor::policy::PolicyOptions;
use floodgate_runner::supervisor::{Supervision, Supervisor};
use floodgate_runner::{EngineLimits, GroupVersion, LoopConfig, SnapshotStore, StartAs};
use floodgate_transport::Health;

use super::SharedLog;

/// What owning a partition takes.
#[derive(Debug)]
pub(super) struct OwnerParts {
    pub(super) log: SharedLog,
    pub(super) replies: Arc<dyn ReplySender>,
    /// The provider of payments, if there is one.
    pub(super) calls: Option<ProviderCalls>,
    pub(super) snapshots: Arc<dyn SnapshotStore>,
    pub(super) settings: Settings,
    pub(super) tracer: Tracer,
}

/// Owns what the group of processors says, or everything where there is none.
pub(super) fn start(parts: OwnerParts) -> Result<Supervisor> {
    let OwnerParts { log, replies, calls, snapshots, settings, tracer } = parts;
    let options = PolicyOptions {
        partitions: log.shared().partitions(Topic::Commands),
        standbys_max: settings.engine.standbys.count_max(),
        is_shared: log.is_shared(),
    };
    let (limits, group_version) = (EngineLimits::default(), GroupVersion::default());
    let config = LoopConfig {
        partition: 0,
        log: log.shared(),
        replies,
        snapshots,
        limits,
        group_version: group_version.clone(),
        snapshot_every: settings.engine.snapshot_every,
        tracer,
    };
    let begin = move || {
        let threads = Threads::new(config);
        let threads = match calls {
            Some(calls) => threads.with(payments(log.shared(), calls, &settings)),
            None => threads,
        };
        let membership = log.membership(limits.version_max);
        Supervision::new(options, membership, Box::new(threads), group_version)
    };
    Supervisor::spawn(begin).context("the supervisor's thread could not start")
}

/// The payments of each partition, carried forward where it is owned.
fn payments(log: Arc<dyn Log>, calls: ProviderCalls, settings: &Settings) -> StartCompanion {
    let (patience, late_window) = (settings.payments.patience.0, settings.payments.late_window.0);
    Box::new(move |partition, role| {
        let config = OutboxConfig {
            log: Arc::clone(&log),
            partition,
            calls: calls.clone(),
            patience,
            late_window,
        };
        Ok(Box::new(Payments(match role {
            StartAs::Owner => Outbox::spawn(config)?,
            StartAs::Standby => Outbox::spawn_resting(config)?,
        })))
    })
}

/// The payments of one partition.
#[derive(Debug)]
struct Payments(OutboxHandle);

impl PartitionCompanion for Payments {
    fn own(&self) {
        self.0.carry();
    }

    fn rest(&self) {
        self.0.rest();
    }

    fn stop(&self) {
        self.0.stop();
    }

    fn join(self: Box<Self>) {
        self.0.join();
    }

    fn health(&self) -> Health {
        if self.0.has_ended() { Health::failed("payments have ended") } else { Health::Ready }
    }
}
