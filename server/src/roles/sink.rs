//! The role that writes facts to other systems.

use std::sync::Arc;

use anyhow::{Context, Result};

use floodgate_sinks::destinations;
use floodgate_transport::Stage;

use super::{Parts, Role};

pub(super) fn start(parts: &Parts<'_>) -> Result<()> {
    for destination in destinations(&parts.settings.sinks, parts.data)? {
        let sink = floodgate_sinks::spawn(parts.log.shared(), destination);
        let sink = Arc::new(sink.context("a sink's thread could not start")?);
        // Buyers do not wait for tables: an unreachable database must not close the shop.
        if parts.roles.contains(&Role::Gateway) {
            parts.services.add_beside(Stage::Work, sink);
        } else {
            parts.services.add(Stage::Work, sink);
        }
    }
    Ok(())
}
