//! The role that counts and publishes for others.

use std::sync::Arc;

use anyhow::{Context, Result};

use floodgate_streams::{AudienceOptions, StreamsOptions};
use floodgate_transport::Stage;

use super::Parts;

pub(super) fn start(parts: &Parts<'_>) -> Result<()> {
    let settings = &parts.settings.streams;
    if !settings.enabled {
        return Ok(());
    }
    let options = StreamsOptions {
        forget_after: settings.forget_after.0,
        audience: AudienceOptions {
            window_ms: settings.audience_window.as_millis(),
            threshold: settings.audience_threshold,
        },
        tables: settings.tables,
        live: parts.noise,
    };
    let streams = floodgate_streams::spawn(&parts.log.shared(), options);
    let streams = streams.context("a counting thread could not start")?;
    parts.services.add(Stage::Work, Arc::new(streams));
    Ok(())
}
