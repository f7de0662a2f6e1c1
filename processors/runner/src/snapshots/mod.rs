//! Engine state outside the process, so that a start need not replay the whole log.
//!
//! A snapshot is named by the next offset to apply and carries a checksum that is verified when
//! it is read; a damaged one is skipped for the one before. A store may lose everything: it is all
//! in the log, and only the next start takes longer.
//!
//! | file | holds |
//! |---|---|
//! | `folder` | snapshots in a local or shared folder |
//! | `bucket` | snapshots in an S3-compatible object store |
//! | `credentials` | the keys that sign requests to it |
//! | `contract` | what every store must do, as a function to test with |

mod bucket;
pub mod contract;
mod credentials;
mod folder;

use std::io;

use floodgate_event_log::{Offset, Partition};

pub use self::bucket::{BucketOptions, BucketStore};
pub use self::credentials::{Credentials, CredentialsError};
pub use self::folder::FolderStore;

/// Marks a snapshot and its format.
const MAGIC: &[u8; 8] = b"FGSNAP1\n";
/// Magic and checksum.
const HEAD_BYTES: usize = 12;
/// The newest, and one more in case the newest is damaged.
const KEPT: usize = 2;

/// Where snapshots live. Blocking, but never for long; called off the hot thread.
pub trait SnapshotStore: Send + Sync + std::fmt::Debug + 'static {
    /// Stores the state whose next command is `next`.
    fn save(&self, partition: Partition, next: Offset, state: &[u8]) -> io::Result<()>;

    /// The stored snapshots of a partition, newest first.
    fn list(&self, partition: Partition) -> io::Result<Vec<Offset>>;

    /// Reads one back; an error of kind `InvalidData` says it is damaged.
    fn load(&self, partition: Partition, next: Offset) -> io::Result<Vec<u8>>;
}

/// What stands before the state.
fn head(state: &[u8]) -> [u8; HEAD_BYTES] {
    let mut head = [0; HEAD_BYTES];
    let (magic, sum) = head.split_at_mut(MAGIC.len());
    magic.copy_from_slice(MAGIC);
    sum.copy_from_slice(&crc32fast::hash(state).to_le_bytes());
    head
}

/// The state behind its head, if both are whole.
fn open(mut bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    let damaged = |what| Err(io::Error::new(io::ErrorKind::InvalidData, what));
    let Some((head, state)) = bytes.split_first_chunk::<HEAD_BYTES>() else {
        return damaged("too short");
    };
    let (magic, sum) = head.split_at(MAGIC.len());
    if magic != MAGIC {
        return damaged("not a snapshot");
    }
    if sum != crc32fast::hash(state).to_le_bytes() {
        return damaged("wrong checksum");
    }
    bytes.drain(..HEAD_BYTES);
    Ok(bytes)
}

/// The name of a snapshot: zero-padded, so that names sort like offsets.
fn name(next: Offset) -> String {
    format!("{next:020}.snap")
}

/// The offset a name stands for; `None` for anything else that lies there.
fn offset(name: &str) -> Option<Offset> {
    let digits = name.strip_suffix(".snap")?;
    let is_ours = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| is_ours)
}

/// Newest first.
fn sorted(mut offsets: Vec<Offset>) -> Vec<Offset> {
    offsets.sort_unstable_by(|a, b| b.cmp(a));
    offsets
}

/// What can go once `saved` is stored. Newer ones stay: an owner that was replaced and does not
/// know it must not throw away those of its successor.
fn surplus(offsets: Vec<Offset>, saved: Offset) -> impl Iterator<Item = Offset> {
    offsets.into_iter().filter(move |&next| next <= saved).skip(KEPT)
}
