//! Why a partition's loop ends by itself.

use floodgate_domain::FactPosition;
use floodgate_domain::wire::WireError;
use floodgate_engine::{NewerVersion, Violation};
use floodgate_event_log::{LogError, Offset, Partition};

/// Why the loop cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum RunnerError {
    /// Start again: a new incarnation finds out what was written.
    #[error(transparent)]
    Log(#[from] LogError),
    /// Another build wrote this log; going on would publish over its facts.
    #[error("the last fact, at offset {offset}, cannot be read: {error}; upgrade this build")]
    ForeignFact { offset: Offset, error: WireError },
    /// Stop: what follows is for a newer build, and deciding it here would be deciding it otherwise.
    #[error("partition {partition}: {newer}")]
    NewerVersion { partition: Partition, newer: NewerVersion },
    /// Stop: the commands or the ledger are not what they were when these facts were published.
    #[error(
        "the ledger of partition {partition} {what}: command {}, fact {}; nothing more is decided. \
         Stop the processor and find out which of the two is right: `floodgate log check`, \
         `floodgate audit`, `floodgate log repair`; or put back a copy of the log. Where the \
         commands are right and a snapshot is not, move the snapshots away",
        position.offset,
        position.index
    )]
    Diverged { partition: Partition, position: FactPosition, what: &'static str },
    /// Stop: one of them was replaced, and only people know which is right.
    #[error(
        "a snapshot of partition {partition}, of command {next}, is not from this log, which has \
         {end} commands: the log is new, or was put back from an older copy. Put the right log \
         back; if this one is right, move the snapshots away and start again"
    )]
    ForeignSnapshot { partition: Partition, next: Offset, end: Offset },
    /// Stop: what a state rests on was deleted.
    #[error(
        "the commands of partition {partition} before {first} are gone, and no snapshot reaches so \
         far: the sale before that is not known. Put back a copy of the log or of the snapshots \
         that has them, and see `floodgate doctor` for what deletes them"
    )]
    CommandsGone { partition: Partition, first: Offset },
    /// Stop: the state is wrong and every further decision would be.
    #[error("invariant {invariant} of partition {partition} is broken: {detail}")]
    Broken { partition: Partition, invariant: &'static str, detail: String },
}

impl RunnerError {
    /// Whether a new incarnation may do better.
    #[must_use]
    pub fn is_worth_a_restart(&self) -> bool {
        matches!(self, RunnerError::Log(_)) && !self.is_damage()
    }

    /// Whether what is stored is not what was written: every start would end in the same place.
    pub(crate) fn is_damage(&self) -> bool {
        matches!(
            self,
            RunnerError::Log(LogError::Damaged { .. })
                | RunnerError::Diverged { .. }
                | RunnerError::ForeignSnapshot { .. }
                | RunnerError::CommandsGone { .. }
        )
    }

    pub(crate) fn is_newer_version(&self) -> bool {
        matches!(self, RunnerError::NewerVersion { .. })
    }
}

pub(crate) fn broken(partition: Partition, violation: Violation) -> RunnerError {
    let Violation { invariant, detail } = violation;
    RunnerError::Broken { partition, invariant, detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_of_the_log_is_said_once() {
        let error = RunnerError::from(LogError::Backend("the disk is gone".to_owned()));
        assert_eq!(error.to_string(), "the log failed: the disk is gone");
    }
}
