//! The log behind one trait. What it acknowledges is durable, in order, and never changes.
//!
//! | module | holds |
//! |---|---|
//! | [`traits`] | [`Log`], [`LogReader`], records, tickets, errors: what every backend promises |
//! | [`scan`] | what of a partition is not as it was written |
//! | [`topics`] | the topics, their keys and their retention |
//! | [`membership`] | a place in the group of processes that share the partitions |
//! | [`partition`] | murmur2, as every Kafka client computes it |
//! | [`dead_letters`] | records that a reader could not read, set aside with their origin |
//! | [`checkpoint`] | where somebody goes on, and whether it is still the same log |
//! | `noted` | how far the readers of this process are |
//! | [`probe`] | how far the log's clock is from ours |
//! | [`trace`] | one request followed across processes |
//! | [`contract`] | what every backend must do, as functions to test with |
//! | [`kafka`] | the same on Apache Kafka |
//! | [`embedded`] | the default backend: SQLite, one group-committing writer |

pub mod checkpoint;
pub mod contract;
pub mod dead_letters;
pub mod embedded;
pub mod kafka;
pub mod membership;
mod noted;
pub mod partition;
pub mod probe;
pub mod scan;
pub mod topics;
pub mod trace;
pub mod traits;

pub use checkpoint::{Checkpoint, CheckpointError, RecordMark};
pub use dead_letters::{DeadLetters, Origin, Reads, read_dead_letters};
pub use embedded::{EmbeddedLog, EmbeddedOptions, OpenError};
pub use kafka::{KafkaError, KafkaLog, KafkaOptions};
pub use membership::{Alone, Membership, Reassignment};
pub use partition::partition_of;
pub use probe::{Probe, probe};
pub use scan::{RecordFault, Scan, scan};
pub use topics::Topic;
pub use trace::{Span, SpanKind, SpanSink, TraceContext, Tracer};
pub use traits::{
    Ack, Appended, Log, LogError, LogReader, NewRecord, NotedPosition, Offset, Partition,
    PendingAppend, ReaderName, Record, Value,
};
