//! The role that counts and publishes for others.

use std::sync::Arc;

use anyhow::{Context, Result};

use floodgate_streams::{AudienceSettings, LiveSettings};
use floodgate_transport::Stage;

use super::Parts;

pub(super) fn start(parts: &Parts<'_>) -> Result<()> {
    let live = &parts.settings.live;
    if !live.enabled {
        return Ok(());
    }
    let settings = LiveSettings {
        forget_after: live.forget_after.0,
        audience: AudienceSettings {
            window_ms: live.audience_window.as_millis(),
            threshold: live.audience_threshold,
        },
    };
    let streams = floodgate_streams::spawn(&parts.log.shared(), settings);
    let streams = streams.context("a counting thread could not start")?;
    parts.services.add(Stage::Work, Arc::new(streams));
    Ok(())
}
