//! Writes facts to one destination, batch by batch.

use std::sync::Arc;
use std::time::Duration;

use floodgate_domain::FactRecord;
use floodgate_event_log::{Log, Offset, Partition, Reads, Topic};
use floodgate_transport::{
    Batch, FollowError, Follower, FollowerConfig, Handler, Partitions, PollTiming, StartFrom,
    Unreadable,
};

use crate::destinations::role;
use crate::sink::{Destination, Sink, SinkError};

/// Facts written in one transaction.
const BATCH_MAX: usize = 4096;
/// How long facts may lie before they are written: tables follow, nobody waits for them.
const PATIENCE: Duration = Duration::from_millis(100);
/// How long quiet partitions are waited on.
const QUIET: Duration = Duration::from_millis(100);

/// Writes every partition of the facts to a destination, on its own thread. One that is unreachable
/// for a while loses nothing, it only falls behind.
pub fn spawn(log: Arc<dyn Log>, destination: Arc<dyn Destination>) -> std::io::Result<Follower> {
    let role = role(destination.name());
    let config = FollowerConfig {
        name: role.clone(),
        log,
        topic: Topic::Ledger,
        partitions: Partitions::All,
        batch_max: BATCH_MAX,
        ready_behind: u64::MAX,
        // Before the position goes past them, since nobody comes back.
        unreadable: Unreadable::SetAside { role, reads: Reads::Once },
    };
    Follower::spawn(config, move || Pump { destination, sink: None })
}

#[derive(Debug)]
struct Pump {
    destination: Arc<dyn Destination>,
    /// `None` before it is opened and after a failure.
    sink: Option<Box<dyn Sink>>,
}

/// What became of facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    All,
    Refused,
}

impl Handler for Pump {
    type Item = FactRecord;

    /// What was not written is not behind us: the position is stored with the rows.
    fn resume_from(
        &mut self,
        partition: Partition,
        _: Option<Offset>,
    ) -> Result<StartFrom, FollowError> {
        let position = self.sink().and_then(|sink| sink.position(partition));
        Ok(StartFrom::At(position.map_err(|error| self.failed(&error))?))
    }

    fn take(&mut self, batch: &mut Batch<'_, FactRecord>) -> Result<(), FollowError> {
        match self.write(batch.partition, batch.items, batch.next)? {
            Taken::All => Ok(()),
            Taken::Refused => self.one_by_one(batch),
        }
    }

    fn poll_timing(&self) -> PollTiming {
        PollTiming { wait: QUIET, patience: PATIENCE }
    }
}

impl Pump {
    fn sink(&mut self) -> Result<&mut Box<dyn Sink>, SinkError> {
        let sink = match self.sink.take() {
            Some(sink) => sink,
            None => self.destination.open()?,
        };
        Ok(self.sink.insert(sink))
    }

    /// Finds what a sink refuses to take, and sets it aside: a fact that no database takes must not
    /// keep all that come after it.
    fn one_by_one(&mut self, batch: &mut Batch<'_, FactRecord>) -> Result<(), FollowError> {
        let (partition, facts) = (batch.partition, batch.items);
        for (index, fact) in facts.iter().enumerate() {
            let behind = batch.offsets[index] + 1;
            if self.write(partition, std::slice::from_ref(fact), behind)? == Taken::Refused {
                batch.set_aside(index, &format!("{} does not take it", self.destination.name()))?;
            }
        }
        self.write(partition, &[], batch.next).map(|_| ())
    }

    fn write(
        &mut self,
        partition: Partition,
        facts: &[FactRecord],
        next: Offset,
    ) -> Result<Taken, FollowError> {
        match self.sink().and_then(|sink| sink.write(partition, facts, next)) {
            Ok(()) => Ok(Taken::All),
            Err(SinkError::Refused(error)) => {
                tracing::error!(sink = self.destination.name(), error, "facts are refused");
                Ok(Taken::Refused)
            }
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// The next try opens it anew.
    fn failed(&mut self, error: &SinkError) -> FollowError {
        self.sink = None;
        let name = self.destination.name();
        metrics::counter!("floodgate_sink_failures_total", "sink" => name).increment(1);
        FollowError::Store(error.to_string())
    }
}
