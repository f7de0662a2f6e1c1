//! Settings that follow their file at runtime: all of them, or none.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use floodgate_config::{Settings, load_text};
use floodgate_domain::dials::DialEntry;
use floodgate_gateway::GatewayState;

use super::admission::{limit_settings, room_settings};

/// How often the file is looked at. What is new is taken at the second look that sees it, so that
/// half a file is not: within half a second, and two reads of a few kilobytes cost nothing.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// A larger file is no settings file.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// A file and what was seen of it. Its content is compared: a time and a length may stay the same
/// over an edit, and another file may have taken its name.
#[derive(Debug, Default)]
struct Watched {
    /// As it was taken last, good or bad.
    taken: Option<Vec<u8>>,
    /// As it was at the last look.
    seen: Option<Vec<u8>>,
}

impl Watched {
    /// The content to take: new, and the same for two looks. A file that is being replaced is gone
    /// for a moment, which is not a change.
    fn look(&mut self, now: Option<Vec<u8>>) -> Option<&[u8]> {
        let now = now?;
        let is_still = self.seen.as_ref() == Some(&now);
        let is_new = self.taken.as_ref() != Some(&now);
        if is_still && is_new {
            self.taken = Some(now);
            return self.taken.as_deref();
        }
        self.seen = Some(now);
        None
    }
}

fn read(path: &Path) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    let file = std::fs::File::open(path).ok()?;
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut content).ok()?;
    Some(content)
}

/// A follower of a file, and its last content.
#[derive(Debug)]
struct Follower {
    path: PathBuf,
    flags: Vec<(String, String)>,
    settings: Settings,
    /// `None` before the file was taken for the first time.
    dials: Option<Vec<DialEntry>>,
    state: GatewayState,
}

/// Follows the file until the task is cut off. A bad file changes nothing and says why; settings
/// that take a restart are named.
pub(super) async fn follow(
    path: PathBuf,
    flags: Vec<(String, String)>,
    settings: Settings,
    state: GatewayState,
) {
    let mut watched = Watched::default();
    let mut follower = Follower { path: path.clone(), flags, settings, dials: None, state };
    let mut pulse = tokio::time::interval(LOOK_EVERY);
    loop {
        pulse.tick().await;
        // What was done before is known only then; and a file system may be slow.
        if !follower.state.has_caught_up() {
            continue;
        }
        let path = path.clone();
        let content = tokio::task::spawn_blocking(move || read(&path)).await.ok().flatten();
        let Some(content) = watched.look(content) else { continue };
        let taken = follower.take(content).await;
        follower.state.note_settings(taken.is_ok());
        if let Err(error) = taken {
            let error = format!("{error:#}");
            tracing::error!(error, "the new settings are not used; the old ones stay in force");
        }
    }
}

impl Follower {
    /// Takes a content: everything is checked before anything is changed.
    async fn take(&mut self, content: &[u8]) -> Result<()> {
        ensure!(content.len() as u64 <= FILE_BYTES_MAX, "the file is larger than 1 MiB");
        let text = std::str::from_utf8(content).context("the file is not UTF-8")?;
        let loaded = load_text(Some((&self.path, text)), std::env::vars(), &self.flags)?;
        let next = loaded.settings;
        let changes = self.state.changes_of_file(self.dials.as_deref(), &next.dials)?;

        let limits = limit_settings(&next);
        let limits = (limits != limit_settings(&self.settings)).then_some(limits);
        self.state.follow_settings(limits, room_settings(&next));
        if needs_restart(&self.settings, &next) {
            tracing::warn!(
                "some of the new settings need a restart; see `floodgate config default`"
            );
        }
        let is_first = self.dials.replace(next.dials.clone()).is_none();
        if !is_first || !changes.is_empty() {
            let changes = changes.len();
            tracing::info!(file = %self.path.display(), changes, "settings taken from the file");
        }
        self.settings = next;
        Ok(self.state.change_by_file(changes).await?)
    }
}

/// Whether anything differs that only a start reads.
fn needs_restart(now: &Settings, next: &Settings) -> bool {
    let mut same = now.clone();
    same.dials.clone_from(&next.dials);
    let (ours, theirs) = (&mut same.admission, &next.admission);
    ours.pace_per_minute = theirs.pace_per_minute;
    ours.grace = theirs.grace;
    ours.puzzle_level = theirs.puzzle_level;
    ours.puzzle_neighbours = theirs.puzzle_neighbours;
    ours.entries_per_network = theirs.entries_per_network;
    ours.address_per_second = theirs.address_per_second;
    ours.address_burst = theirs.address_burst;
    ours.network_per_second = theirs.network_per_second;
    ours.provider_per_second = theirs.provider_per_second;
    ours.provider_burst = theirs.provider_burst;
    ours.network_burst = theirs.network_burst;
    ours.device_per_second = theirs.device_per_second;
    ours.device_burst = theirs.device_burst;
    ours.keys_max = theirs.keys_max;
    same != *next
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_is_taken_once_and_whole() {
        let mut watched = Watched::default();
        let looks = [
            (Some("a"), None),
            (Some("a"), Some("a")),
            (Some("a"), None),
            // Being replaced, or half written.
            (None, None),
            (Some("ab"), None),
            (Some("abc"), None),
            (Some("abc"), Some("abc")),
            // Of the same length, in the same second.
            (Some("abd"), None),
            (Some("abd"), Some("abd")),
            // Changed and changed back between two looks: nothing happened.
            (Some("x"), None),
            (Some("abd"), None),
            (Some("abd"), None),
            (Some("a"), None),
            (Some("a"), Some("a")),
        ];
        for (at, (now, expected)) in looks.into_iter().enumerate() {
            let taken = watched.look(now.map(|text| text.as_bytes().to_vec()));
            assert_eq!(taken, expected.map(str::as_bytes), "look {at}");
        }
    }
}
