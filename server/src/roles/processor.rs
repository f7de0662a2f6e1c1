//! The role that decides: owners of partitions, their standbys and their payments.

use std::sync::Arc;

use anyhow::{Context, Result};

use floodgate_config::Settings;
use floodgate_event_log::{Log, Topic};
use floodgate_payments::{Outbox, OutboxConfig, ProviderCalls};
use floodgate_runner::supervisor::crew::{PartitionCompanion, StartCompanion, Threads};
use floodgate_runner::supervisor::policy::PolicyOptions;
use floodgate_runner::supervisor::{Supervision, Supervisor};
use floodgate_runner::{EngineLimits, GroupVersion, LoopConfig, StartAs};
use floodgate_transport::{Health, LogReplies, Service, Stage};

use super::{Parts, Role, snapshots};

/// Owns what the group of processors says, or everything where there is none. Answers to the gateway
/// of this process go straight to it.
pub(super) fn start(parts: &Parts<'_>) -> Result<()> {
    let Parts { settings, log, data, .. } = parts;
    let own = parts.roles.contains(&Role::Gateway).then(|| (parts.gateway_id, parts.hub.clone()));
    let (limits, group_version) = (EngineLimits::default(), GroupVersion::default());
    let options = PolicyOptions {
        partitions: log.shared().partitions(Topic::Commands),
        standbys_max: settings.engine.standbys.count_max(),
        is_shared: log.is_shared(),
    };
    let config = LoopConfig {
        partition: 0,
        log: log.shared(),
        replies: Arc::new(LogReplies::new(log.shared(), own)),
        snapshots: snapshots::open(settings, data)?,
        limits,
        group_version: group_version.clone(),
        snapshot_every: settings.engine.snapshot_every,
        tracer: parts.tracer.clone(),
    };
    let threads = Threads::new(config);
    let threads = match parts.provider.clone() {
        Some(provider) => {
            let calls = ProviderCalls::pool(provider, settings.payments.calls_max)?;
            threads.with(payments(log.shared(), calls, settings))
        }
        None => threads,
    };
    let log = log.clone();
    let begin = move || {
        let membership = log.membership(limits.version_max);
        Supervision::new(options, membership, Box::new(threads), group_version)
    };
    let owners = Supervisor::spawn(begin).context("the supervisor's thread could not start")?;
    parts.services.add(Stage::Work, Arc::new(owners));
    Ok(())
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
struct Payments(Outbox);

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
        if let Err(error) = self.0.join() {
            tracing::error!(%error, "payments have failed");
        }
    }

    fn health(&self) -> Health {
        self.0.health()
    }
}
