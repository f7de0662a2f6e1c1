//! The role that decides: owners of partitions, their standbys and their payments.

use std::sync::Arc;

use anyhow::Result;

use floodgate_config::PaymentsProvider;
use floodgate_payments::{Provider, Sandbox};
use floodgate_transport::{LogReplies, Stage};

use super::owners::{OwnerParts, Owners};
use super::{Parts, Role, snapshots};

/// Starts the owners; their answers to the gateway of this process go straight to it.
pub(super) fn start(parts: &Parts<'_>) -> Result<()> {
    let Parts { settings, log, data, .. } = parts;
    let has_sandbox = settings.payments.provider == PaymentsProvider::Sandbox;
    let own = parts.roles.contains(&Role::Gateway).then(|| (parts.gateway_id, parts.hub.clone()));
    let owners = Owners::spawn(OwnerParts {
        log: log.clone(),
        replies: Arc::new(LogReplies::new(log.shared(), own)),
        provider: has_sandbox.then(|| Arc::new(Sandbox) as Arc<dyn Provider>),
        snapshots: snapshots::open(settings, data)?,
        settings: (*settings).clone(),
        tracer: parts.tracer.clone(),
    })?;
    parts.services.add(Stage::Work, Arc::new(owners));
    Ok(())
}
