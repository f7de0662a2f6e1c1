//! Engine state in a folder: one file a snapshot, named by the next offset to apply.
//!
//! A file is complete or absent: written aside, synced, renamed, the folder synced. Its
//! checksum is verified when it is read; a damaged one is skipped for the one before.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use floodgate_log::{Offset, Partition};

/// Marks a snapshot file and its format.
const MAGIC: &[u8; 8] = b"FGSNAP1\n";
/// The newest, and one more in case the newest is damaged.
const KEPT: usize = 2;

/// Where snapshots live. Blocking; called off the hot thread.
pub trait SnapshotStore: Send + Sync + std::fmt::Debug + 'static {
    /// Stores the state whose next command is `next`.
    fn save(&self, partition: Partition, next: Offset, state: &[u8]) -> io::Result<()>;

    /// The stored snapshots of a partition, newest first.
    fn list(&self, partition: Partition) -> io::Result<Vec<Offset>>;

    /// Reads one back; an error of kind `InvalidData` says it is damaged.
    fn load(&self, partition: Partition, next: Offset) -> io::Result<Vec<u8>>;
}

/// Snapshots in a local folder.
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

    fn file(&self, partition: Partition, next: Offset) -> PathBuf {
        // Zero-padded, so that names sort like offsets.
        self.partition_folder(partition).join(format!("{next:020}.snap"))
    }
}

impl SnapshotStore for FolderStore {
    fn save(&self, partition: Partition, next: Offset, state: &[u8]) -> io::Result<()> {
        let folder = self.partition_folder(partition);
        fs::create_dir_all(&folder)?;
        let aside = folder.join(format!("{next:020}.tmp"));
        let mut file = File::create(&aside)?;
        file.write_all(MAGIC)?;
        file.write_all(&crc32fast::hash(state).to_le_bytes())?;
        file.write_all(state)?;
        file.sync_all()?;
        fs::rename(&aside, self.file(partition, next))?;
        File::open(&folder)?.sync_all()?;
        for old in self.list(partition)?.into_iter().skip(KEPT) {
            fs::remove_file(self.file(partition, old))?;
        }
        Ok(())
    }

    fn list(&self, partition: Partition) -> io::Result<Vec<Offset>> {
        let entries = match fs::read_dir(self.partition_folder(partition)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut offsets = Vec::new();
        for entry in entries {
            let name = entry?.file_name();
            let stem = name.to_str().and_then(|name| name.strip_suffix(".snap"));
            offsets.extend(stem.and_then(|stem| stem.parse::<Offset>().ok()));
        }
        offsets.sort_unstable_by(|a, b| b.cmp(a));
        Ok(offsets)
    }

    fn load(&self, partition: Partition, next: Offset) -> io::Result<Vec<u8>> {
        let mut bytes = fs::read(self.file(partition, next))?;
        let damaged = |what| Err(io::Error::new(io::ErrorKind::InvalidData, what));
        let Some((head, state)) = bytes.split_first_chunk::<12>() else {
            return damaged("too short");
        };
        let (magic, sum) = head.split_at(MAGIC.len());
        if magic != MAGIC {
            return damaged("not a snapshot");
        }
        if sum != crc32fast::hash(state).to_le_bytes() {
            return damaged("wrong checksum");
        }
        bytes.drain(..12);
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn keeps_two_and_notices_damage() {
        let folder = tempfile::tempdir().unwrap();
        let store = FolderStore::new(folder.path());
        assert!(store.list(3).unwrap().is_empty());
        for next in [5, 70, 9] {
            store.save(3, next, format!("state {next}").as_bytes()).unwrap();
        }
        assert_eq!(store.list(3).unwrap(), [70, 9]);
        assert_eq!(store.load(3, 70).unwrap(), b"state 70");
        assert!(store.list(4).unwrap().is_empty());

        let path = store.file(3, 70);
        let mut bytes = fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&path, &bytes).unwrap();
        assert_eq!(store.load(3, 70).unwrap_err().kind(), io::ErrorKind::InvalidData);
        fs::write(&path, b"short").unwrap();
        assert_eq!(store.load(3, 70).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
