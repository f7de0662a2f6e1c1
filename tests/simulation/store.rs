//! Snapshots that get lost, are damaged, come late, or find no store.

use std::collections::BTreeMap;
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use floodgate_event_log::{Offset, Partition};
use floodgate_runner::{Saving, SnapshotStore, SnapshotWriter};

use super::clock::Clock;

/// As many as a real store keeps: the newest, and one more in case that is damaged.
const KEPT: usize = 2;

/// A store that outlives every process.
#[derive(Debug, Default)]
pub(crate) struct SimStore {
    snapshots: Mutex<BTreeMap<(Partition, Offset), Stored>>,
    /// Calls that will fail.
    failures: AtomicU64,
    /// How long it takes to store one.
    takes_ms: AtomicU64,
}

#[derive(Debug)]
struct Stored {
    state: Vec<u8>,
    is_damaged: bool,
}

impl SimStore {
    /// A partition's snapshots are gone; `true` if there were any.
    pub(crate) fn lose(&self, partition: Partition) -> bool {
        let mut snapshots = self.snapshots.lock().unwrap();
        let before = snapshots.len();
        snapshots.retain(|(of, _), _| *of != partition);
        snapshots.len() < before
    }

    /// The newest one cannot be read any more; `true` if there was one.
    pub(crate) fn damage(&self, partition: Partition) -> bool {
        let mut snapshots = self.snapshots.lock().unwrap();
        let newest = snapshots.range_mut((partition, 0)..=(partition, Offset::MAX)).next_back();
        newest.map(|(_, stored)| stored.is_damaged = true).is_some()
    }

    /// The next calls fail.
    pub(crate) fn fail(&self, calls: u64) {
        self.failures.store(calls, Ordering::Relaxed);
    }

    pub(crate) fn take(&self, ms: u64) {
        self.takes_ms.store(ms, Ordering::Relaxed);
    }

    pub(crate) fn takes_ms(&self) -> u64 {
        self.takes_ms.load(Ordering::Relaxed)
    }

    fn answer(&self) -> io::Result<()> {
        let left = self.failures.load(Ordering::Relaxed);
        self.failures.store(left.saturating_sub(1), Ordering::Relaxed);
        if left > 0 { Err(io::Error::other("the store does not answer")) } else { Ok(()) }
    }
}

impl SnapshotStore for SimStore {
    fn save(&self, partition: Partition, next: Offset, state: &[u8]) -> io::Result<()> {
        self.answer()?;
        let mut snapshots = self.snapshots.lock().unwrap();
        snapshots.insert((partition, next), Stored { state: state.to_vec(), is_damaged: false });
        let older: Vec<_> =
            snapshots.range((partition, 0)..=(partition, next)).map(|(k, _)| *k).collect();
        older.iter().rev().skip(KEPT).for_each(|key| drop(snapshots.remove(key)));
        Ok(())
    }

    fn list(&self, partition: Partition) -> io::Result<Vec<Offset>> {
        self.answer()?;
        let snapshots = self.snapshots.lock().unwrap();
        let of = snapshots.range((partition, 0)..=(partition, Offset::MAX));
        Ok(of.rev().map(|((_, next), _)| *next).collect())
    }

    fn load(&self, partition: Partition, next: Offset) -> io::Result<Vec<u8>> {
        self.answer()?;
        let snapshots = self.snapshots.lock().unwrap();
        let stored = snapshots.get(&(partition, next)).ok_or(io::ErrorKind::NotFound)?;
        if stored.is_damaged {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "damaged"));
        }
        Ok(stored.state.clone())
    }
}

/// Looks after which a snapshot is stored even though the clock stands still: for whoever waits for it.
const LOOKS_MAX: u32 = 200;

/// Carries a snapshot into the store, a while after it was written down. It dies with its process.
pub(crate) struct SlowWriter {
    clock: Clock,
    takes_ms: u64,
    saving: Option<(u64, Saving)>,
    looks: u32,
}

impl SlowWriter {
    pub(crate) fn new(clock: Clock, takes_ms: u64) -> Self {
        SlowWriter { clock, takes_ms, saving: None, looks: 0 }
    }
}

impl std::fmt::Debug for SlowWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SlowWriter of {} ms", self.takes_ms)
    }
}

impl SnapshotWriter for SlowWriter {
    fn begin(&mut self, saving: Saving) {
        assert!(self.saving.is_none(), "one snapshot at a time");
        self.looks = 0;
        self.saving = Some((self.clock.now() + self.takes_ms, saving));
    }

    fn is_busy(&mut self) -> bool {
        let now = self.clock.now();
        self.looks += 1;
        let is_waited_for = self.looks > LOOKS_MAX;
        if let Some((_, saving)) = self.saving.take_if(|(due, _)| *due <= now || is_waited_for) {
            saving();
        }
        self.saving.is_some()
    }

    fn wait(&mut self) {
        if let Some((_, saving)) = self.saving.take() {
            saving();
        }
    }
}
