//! Storing snapshots beside the loop, which never waits for a disk.

use std::fmt;
use std::thread::JoinHandle;

use floodgate_event_log::{Offset, Partition};

use crate::partition_loop::{LoopConfig, PartitionLoop};
use crate::snapshots::SnapshotStore;

/// A snapshot to be stored. It reports its own failures.
pub type Saving = Box<dyn FnOnce() + Send>;

/// Carries one snapshot at a time into the store.
pub trait SnapshotWriter: Send + fmt::Debug {
    /// Begins to store one. Called only while it is not busy.
    fn begin(&mut self, saving: Saving);

    /// Whether the last one is still being stored.
    fn is_busy(&mut self) -> bool;

    /// Waits until it is not.
    fn wait(&mut self);
}

/// Stores snapshots on a thread of their own.
#[derive(Debug)]
pub(crate) struct WriterThread {
    partition: Partition,
    storing: Option<JoinHandle<()>>,
}

impl WriterThread {
    pub(crate) fn new(partition: Partition) -> Self {
        WriterThread { partition, storing: None }
    }
}

impl SnapshotWriter for WriterThread {
    fn begin(&mut self, saving: Saving) {
        let name = format!("snapshot-{}", self.partition);
        // Without a thread it is lost, as with a store that fails: the log has everything.
        self.storing = std::thread::Builder::new().name(name).spawn(saving).ok();
    }

    fn is_busy(&mut self) -> bool {
        self.storing.as_ref().is_some_and(|storing| !storing.is_finished())
    }

    fn wait(&mut self) {
        if let Some(storing) = self.storing.take() {
            let _ = storing.join();
        }
    }
}

/// The snapshots of one time as the owner.
#[derive(Debug, Default)]
pub(crate) struct Snapshots {
    /// Whether the last one before the end is written down.
    is_last: bool,
}

impl Snapshots {
    /// Stores what can be stored. `true` once the last one, if one is asked for, is stored or lost.
    pub(crate) fn are_done(
        &mut self,
        config: &LoopConfig,
        writer: &mut dyn SnapshotWriter,
        owner: &mut PartitionLoop,
        last: bool,
    ) -> bool {
        if last && !self.is_last {
            self.is_last = true;
            owner.take_snapshot();
        }
        if writer.is_busy() {
            return false;
        }
        if let Some((next, state)) = owner.storable_snapshot() {
            let config = config.clone();
            writer.begin(Box::new(move || save(&*config.snapshots, &config, next, &state)));
            return false;
        }
        self.is_last && !owner.has_snapshot_waiting()
    }
}

pub(crate) fn save(snapshots: &dyn SnapshotStore, config: &LoopConfig, next: Offset, state: &[u8]) {
    let LoopConfig { partition, .. } = *config;
    match snapshots.save(partition, next, state) {
        Ok(()) => metrics::gauge!("floodgate_runner_snapshot_bytes").set(state.len() as f64),
        // The log has everything; only the next start takes longer.
        Err(error) => tracing::warn!(partition, next, %error, "a snapshot was not stored"),
    }
}
