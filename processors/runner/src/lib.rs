//! The serial loop that owns one partition of commands.
//!
//! Poll a batch, decode, let the engine decide and apply, answer, publish facts by position,
//! snapshot, and append a `Tick` when holds are due and nobody calls. It never decides
//! anything itself. Start reading at [`PartitionLoop::turn`].
//!
//! | module | holds |
//! |---|---|
//! | [`partition_loop`] | the loop's steps, without threads or clocks |
//! | [`standby`] | a follower that has folded the log already |
//! | [`recovery`] | where to go on after a start or a failure |
//! | [`tail`] | the last fact that is published, whatever else is in the ledger |
//! | [`publication`] | facts on their way, in order and without a gap |
//! | [`snapshots`] | engine state in a folder or a bucket, checked |
//! | [`runner`] | the thread of a partition, and which of the two it is |
//! | [`owning`] | what that thread does while it owns |

mod decided;
mod mark;
mod owning;
mod partition_loop;
mod publication;
mod readers;
mod recovery;
mod runner;
pub mod snapshots;
mod standby;
mod tail;
mod traces;

pub use floodgate_engine::EngineLimits;
pub use partition_loop::{LoopConfig, PartitionLoop, RunnerError, Turn};
pub use runner::{Runner, RunnerHandle};
pub use snapshots::{BucketOptions, BucketStore, Credentials, FolderStore, SnapshotStore};
pub use standby::Standby;
