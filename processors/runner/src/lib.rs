//! The serial loop that owns one partition of commands.
//!
//! Poll a batch, decode, let the engine decide and apply, answer, publish facts by position,
//! snapshot, and append a `Tick` when holds are due and nothing else arrives. It never
//! decides anything itself. Start reading at [`PartitionLoop::turn`].
//!
//! | module | holds |
//! |---|---|
//! | [`partition_loop`] | the loop's steps, without threads or clocks |
//! | [`error`] | why it ends by itself |
//! | [`standby`] | a follower that has folded the log already |
//! | [`recovery`] | where to go on after a start or a failure |
//! | [`tail`] | the last fact that is published, whatever else is in the ledger |
//! | [`publication`] | publishing facts in order and without a gap |
//! | [`snapshots`] | engine state in a folder or a bucket, checked |
//! | [`worker`] | a partition's worker, step by step: owner or follower, as directed |
//! | [`owning`] | what it does while it owns |
//! | [`own_command`] | what an owner appends itself: `Tick`, `EngineVersion` |
//! | [`group_version`] | which rules every processor supports |
//! | [`supervisor`] | the partitions of a process: who owns, who stands by, and when |
//! | [`storing`] | storing snapshots |
//! | [`role`] | which role a worker should have, and its state |
//! | [`runner`] | the thread of a worker |

mod comparison;
mod decided;
mod error;
mod group_version;
mod marked;
mod own_command;
mod owning;
mod partition_loop;
mod publication;
mod readers;
mod recovery;
mod role;
mod runner;
pub mod snapshots;
mod standby;
mod storing;
pub mod supervisor;
mod tail;
mod traces;
mod worker;

pub use error::RunnerError;
pub use floodgate_engine::EngineLimits;
pub use group_version::GroupVersion;
pub use partition_loop::{LoopConfig, PartitionLoop, Turn};
pub use role::{Condition, Control, StartAs};
pub use runner::{Runner, RunnerHandle};
pub use snapshots::{BucketOptions, BucketStore, Credentials, FolderStore, SnapshotStore};
pub use standby::Standby;
pub use storing::{Saving, SnapshotWriter};
pub use worker::{StepOutcome, Worker};
