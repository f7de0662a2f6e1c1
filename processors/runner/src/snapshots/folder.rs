//! Snapshots in a folder: a file is complete or absent, written aside, synced, renamed, the
//! folder synced.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use floodgate_event_log::{Offset, Partition};

use super::{SnapshotStore, head, name, offset, open, sorted, surplus};

/// A file that is still being written is younger; an older one was left by a process that died.
const ABANDONED_AFTER: Duration = Duration::from_secs(3600);

/// Snapshots in a local folder, or in one that processors share.
#[derive(Debug, Clone)]
pub struct FolderStore {
    folder: PathBuf,
}

impl FolderStore {
    /// A store in `folder`, which is made when first needed.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        FolderStore { folder: folder.to_owned() }
    }

    fn partition_folder(&self, partition: Partition) -> PathBuf {
        self.folder.join(format!("commands-{partition}"))
    }

    /// Removes what is no longer needed; a file that somebody else removed first is no loss.
    fn tidy(&self, partition: Partition, saved: Offset) -> io::Result<()> {
        let folder = self.partition_folder(partition);
        let surplus = surplus(self.list(partition)?, saved).map(|old| folder.join(name(old)));
        let abandoned = fs::read_dir(&folder)?.filter_map(|entry| {
            let entry = entry.ok().filter(|entry| entry.path().extension() == Some("tmp".as_ref()));
            let age = entry.as_ref()?.metadata().ok()?.modified().ok()?.elapsed().ok()?;
            entry.filter(|_| age > ABANDONED_AFTER).map(|entry| entry.path())
        });
        for path in surplus.chain(abandoned) {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

impl SnapshotStore for FolderStore {
    fn save(&self, partition: Partition, next: Offset, state: &[u8]) -> io::Result<()> {
        let folder = self.partition_folder(partition);
        fs::create_dir_all(&folder)?;
        // Its own name a process: a leaving owner and its successor may write the same one.
        let aside = folder.join(format!("{next:020}.{}.tmp", std::process::id()));
        let mut file = File::create(&aside)?;
        file.write_all(&head(state))?;
        file.write_all(state)?;
        file.sync_all()?;
        fs::rename(&aside, folder.join(name(next)))?;
        File::open(&folder)?.sync_all()?;
        self.tidy(partition, next)
    }

    fn list(&self, partition: Partition) -> io::Result<Vec<Offset>> {
        let entries = match fs::read_dir(self.partition_folder(partition)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut offsets = Vec::new();
        for entry in entries {
            offsets.extend(entry?.file_name().to_str().and_then(offset));
        }
        Ok(sorted(offsets))
    }

    fn load(&self, partition: Partition, next: Offset) -> io::Result<Vec<u8>> {
        open(fs::read(self.partition_folder(partition).join(name(next)))?)
    }
}
