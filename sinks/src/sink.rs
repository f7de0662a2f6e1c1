//! What a sink is, and what a destination is before it is opened.

use floodgate_domain::{FactRecord, LogTime};
use floodgate_event_log::{Checkpoint, Offset, Partition, Reads};
use floodgate_transport::Unreadable;

/// Why a sink did not take a batch; nothing of it was written.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SinkError {
    /// It may take it later.
    #[error("{0}")]
    Unavailable(String),
    /// Something in the batch will never be taken.
    #[error("{0}")]
    Refused(String),
    /// Somebody carries facts there now.
    #[error("{0} is in use; stop the process that writes facts there, then try again")]
    InUse(String),
    /// The setting that names it can never be one.
    #[error("{setting}: {reason}")]
    Misconfigured { setting: &'static str, reason: String },
}

/// A place facts are carried to.
pub trait Sink: std::fmt::Debug {
    /// Where to go on in a partition: the checkpoint stored with the rows.
    fn checkpoint(&mut self, partition: Partition) -> Result<Checkpoint, SinkError>;

    /// Writes a batch and the checkpoint behind it, all or nothing. Facts may come again and
    /// out of order; the result is the same.
    fn write(
        &mut self,
        partition: Partition,
        facts: &[FactRecord],
        behind: Checkpoint,
    ) -> Result<(), SinkError>;

    /// Whether the place can be written to now; asked while there is nothing to write, so that an
    /// outage is known before the next fact. Nothing to ask by default: a file is always there.
    fn probe(&mut self) -> Result<(), SinkError> {
        Ok(())
    }

    /// Sets the stored checkpoint back, so that the next start reads from there again; one that is
    /// not further stays. Refused while anybody carries facts to the same place.
    fn rewind(&mut self, partition: Partition, to: Offset) -> Result<(), SinkError>;
}

/// Writes the facts of a partition up to its checkpoint; says what is wrong with that one.
pub type Fill<'a> =
    dyn FnMut(&mut dyn Sink, Partition, Checkpoint) -> Result<Option<String>, SinkError> + 'a;

/// A place as the settings name it; cheap to share. Nothing is opened before [`Destination::open`].
pub trait Destination: Send + Sync + std::fmt::Debug + 'static {
    /// Its name, for logs, metrics and dead letters: `sqlite`, `postgres`.
    fn name(&self) -> &'static str;

    /// What becomes of records that are no facts: set aside before the checkpoint goes past them,
    /// since nobody comes back.
    fn unreadable(&self) -> Unreadable {
        Unreadable::SetAside { role: role(self.name()), reads: Reads::Once }
    }

    /// Opens it, making what is missing.
    fn open(&self) -> Result<Box<dyn Sink>, SinkError>;

    /// Whether it is there without being made.
    fn exists(&self) -> bool;

    /// Empties it, so that whoever carries facts there begins with the first one. Refused while
    /// anybody does.
    fn clear(&self) -> Result<(), SinkError>;

    /// What differs between it and what `fill` writes into an empty one of its kind; `None` where
    /// that cannot be found out.
    fn differences(&self, _fill: &mut Fill<'_>) -> Result<Option<Vec<String>>, SinkError> {
        Ok(None)
    }

    /// How it is, beside how its sink needs it. Changes nothing; must be called outside async
    /// tasks.
    fn inspect(&self) -> Result<Inspection, SinkError>;
}

/// A place as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// `PostgreSQL 17.2 answers`.
    pub found: String,
    /// What is wrong with it, and what to do.
    pub fault: Option<(String, String)>,
    pub clock: Option<ClockReading>,
}

/// The clock of a place beside ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockReading {
    /// As the doctor calls it: `postgres clock`.
    pub check: &'static str,
    /// As its makers call it.
    pub whose: &'static str,
    /// Our clock before the question, its clock, ours after the answer.
    pub clocks: [LogTime; 3],
}

/// The role of a sink, as its dead letters name it.
#[must_use]
pub fn role(destination: &str) -> String {
    format!("sink-{destination}")
}
