//! Settings that follow their file while it runs: all of them, or none.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use floodgate_config::{Settings, load};
use floodgate_gateway::GatewayState;

use super::{limit_settings, room_settings};

/// How often the file is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What a file looks like from outside.
fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

/// Follows the file until the task is dropped. A bad file changes nothing and says why; settings
/// that take a restart are named.
pub(super) async fn follow(
    path: PathBuf,
    flags: Vec<(String, String)>,
    mut now: Settings,
    state: GatewayState,
) {
    let mut last = stamp(&path);
    let mut pulse = tokio::time::interval(LOOK_EVERY);
    loop {
        pulse.tick().await;
        let seen = stamp(&path);
        // A file that is being replaced is gone for a moment.
        if seen.is_none() || seen == last {
            continue;
        }
        last = seen;
        let next = match load(Some(&path), std::env::vars(), &flags) {
            Ok(loaded) => loaded.settings,
            Err(error) => {
                tracing::error!(%error, "the new settings are not used; the old ones stay");
                continue;
            }
        };
        state.retune(limit_settings(&next), room_settings(&next));
        if needs_restart(&now, &next) {
            tracing::warn!(
                "some of the new settings take a restart; see `floodgate config default`"
            );
        }
        tracing::info!(file = %path.display(), "settings taken from the changed file");
        now = next;
    }
}

/// Whether anything differs that only a start reads.
fn needs_restart(now: &Settings, next: &Settings) -> bool {
    let mut same = now.clone();
    let (ours, theirs) = (&mut same.admission, &next.admission);
    ours.pace_per_minute = theirs.pace_per_minute;
    ours.grace = theirs.grace;
    ours.puzzle_level = theirs.puzzle_level;
    ours.address_per_second = theirs.address_per_second;
    ours.address_burst = theirs.address_burst;
    ours.network_per_second = theirs.network_per_second;
    ours.network_burst = theirs.network_burst;
    ours.device_per_second = theirs.device_per_second;
    ours.device_burst = theirs.device_burst;
    ours.keys_max = theirs.keys_max;
    same != *next
}
