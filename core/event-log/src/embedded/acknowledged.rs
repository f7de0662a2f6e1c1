//! How much was acknowledged, written down beside the file: `log.end`.
//!
//! SQLite reads its write-ahead log up to the first page that is not as written, and takes the rest
//! for a commit that a crash cut short: a flipped bit there, or a `log.db-wal` that was removed,
//! takes acknowledged records away without a word, and their second end with them. So a number is
//! written here after each commit and before anybody hears of it. It is not synced: a power failure
//! leaves an older one, which is never more than the log has.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use rusqlite::Connection;

use super::ends::{self, EndError};
use super::slot::slots;

/// The file's name in the data folder.
const NAME: &str = "log.end";
/// A number, and its CRC-32; little-endian.
const BYTES: usize = 12;

/// The open file.
#[derive(Debug)]
pub(super) struct Acknowledged(File);

impl Acknowledged {
    /// Opens it for writing, making it if there is none.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.create(true).truncate(false).write(true).mode(0o600);
        file.open(folder.join(NAME)).map(Acknowledged)
    }

    /// Records of all partitions that were ever acknowledged.
    pub(super) fn write(&self, records: u64) -> io::Result<()> {
        let records = records.to_le_bytes();
        let mut bytes = [0; BYTES];
        bytes[..8].copy_from_slice(&records);
        bytes[8..].copy_from_slice(&crc32fast::hash(&records).to_le_bytes());
        self.0.write_all_at(&bytes, 0)
    }
}

/// What the file says. `None` where there is none, or where it is damaged itself: it says nothing
/// then, and is written anew with the next commit.
pub(super) fn read(folder: &Path) -> Option<u64> {
    let mut bytes = [0; BYTES];
    File::open(folder.join(NAME)).ok()?.read_exact(&mut bytes).ok()?;
    let (records, sum) = bytes.split_at(8);
    let is_whole = crc32fast::hash(records).to_le_bytes() == sum;
    records.try_into().ok().map(u64::from_le_bytes).filter(|_| is_whole)
}

/// Forgets how much was acknowledged: whoever does that goes on without what is missing.
pub fn forget_acknowledged(folder: &Path) -> io::Result<()> {
    match std::fs::remove_file(folder.join(NAME)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Records of all partitions that the file had in its time, by the ends that are written in it.
pub(super) fn written(connection: &Connection, partitions: u32) -> Result<u64, EndError> {
    let mut records = 0;
    for slot in slots(partitions).filter(|slot| !slot.in_memory) {
        records += ends::written(connection, slot)?.unwrap_or(0);
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn it_says_what_was_written_or_nothing() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path()), None);
        let file = Acknowledged::open(folder.path()).unwrap();
        assert_eq!(read(folder.path()), None, "nothing was written yet");
        for records in [1, u64::MAX, 7] {
            file.write(records).unwrap();
            assert_eq!(read(folder.path()), Some(records));
        }
        let path = folder.path().join(NAME);
        let whole = std::fs::read(&path).unwrap();
        for bit in 0..whole.len() * 8 {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(read(folder.path()), None, "bit {bit}");
        }
    }
}
