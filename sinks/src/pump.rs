//! Writes facts to one destination, batch by batch.

use std::sync::Arc;
use std::time::{Duration, Instant};

use floodgate_domain::FactRecord;
use floodgate_event_log::{Checkpoint, Log, Offset, Partition, Topic};
use floodgate_transport::{
    Batch, FollowError, Follower, FollowerConfig, Handler, Partitions, PollTiming, Reading,
    StartFrom, Tick,
};

use crate::sink::{Destination, Sink, SinkError, role};

/// Facts written in one transaction.
const BATCH_MAX: usize = 4096;
/// How long facts may lie before they are written: tables follow, nobody waits for them.
const PATIENCE: Duration = Duration::from_millis(100);
/// How often, at most, a quiet destination is asked whether it is there.
const PROBE_EVERY: Duration = Duration::from_secs(2);
/// How long quiet partitions are waited on.
const QUIET: Duration = Duration::from_millis(100);
/// The same where nothing happens at all.
const REST: Duration = Duration::from_millis(400);

/// Writes every partition of the facts to a destination, on its own thread. One that is unreachable
/// for a while loses nothing, it only falls behind.
pub fn spawn(log: Arc<dyn Log>, destination: Arc<dyn Destination>) -> std::io::Result<Follower> {
    Follower::spawn(following(log, &*destination), move || Pump::new(destination))
}

fn following(log: Arc<dyn Log>, destination: &dyn Destination) -> FollowerConfig {
    FollowerConfig {
        name: role(destination.name()),
        log,
        topic: Topic::Ledger,
        partitions: Partitions::All,
        batch_max: BATCH_MAX,
        ready_behind: u64::MAX,
        gives_way: true,
        unreadable: destination.unreadable(),
    }
}

/// Empties a destination and writes everything there that the ledger has now. `progress` hears
/// after every turn how many records are still to be read. Must be called outside async tasks.
pub fn rebuild(
    log: &Arc<dyn Log>,
    destination: &Arc<dyn Destination>,
    mut progress: impl FnMut(u64),
) -> Result<(), FollowError> {
    destination.clear().map_err(|error| FollowError::Store(error.to_string()))?;
    let config = following(Arc::clone(log), &**destination);
    let pump = Pump::new(Arc::clone(destination));
    let mut reading = Reading::new(config, pump);
    loop {
        let tick = reading.turn(log.now(), QUIET)?;
        progress(tick.behind);
        if tick.behind == 0 {
            return Ok(());
        }
    }
}

#[derive(Debug)]
struct Pump {
    destination: Arc<dyn Destination>,
    /// `None` before it is opened and after a failure.
    sink: Option<Box<dyn Sink>>,
    /// When it last answered.
    answered: Instant,
}

/// What became of facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    All,
    Refused,
}

impl Handler for Pump {
    type Item = FactRecord;

    /// What was not written is not behind us: the checkpoint is stored with the rows.
    fn resume_from(
        &mut self,
        partition: Partition,
        _: Option<Offset>,
    ) -> Result<StartFrom, FollowError> {
        let checkpoint = self.sink().and_then(|sink| sink.checkpoint(partition));
        Ok(StartFrom::Behind(checkpoint.map_err(|error| self.failed(&error))?))
    }

    fn take(&mut self, batch: &mut Batch<'_, FactRecord>) -> Result<(), FollowError> {
        match self.write(batch.partition, batch.items, batch.checkpoint())? {
            Taken::All => Ok(()),
            Taken::Refused => self.one_by_one(batch),
        }
    }

    /// Readiness says what is so now, also where there is nothing to write.
    fn tick(&mut self, tick: Tick) -> Result<(), FollowError> {
        if tick.read == 0 && self.answered.elapsed() < PROBE_EVERY {
            return Ok(());
        }
        if tick.read == 0 {
            let probed = self.sink().and_then(|sink| sink.probe());
            probed.map_err(|error| self.failed(&error))?;
        }
        self.answered = Instant::now();
        Ok(())
    }

    fn poll_timing(&self) -> PollTiming {
        PollTiming { wait: QUIET, rest: REST, patience: PATIENCE }
    }
}

impl Pump {
    fn new(destination: Arc<dyn Destination>) -> Self {
        Pump { destination, sink: None, answered: Instant::now() }
    }

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
            let behind = batch.checkpoint_behind(index);
            if self.write(partition, std::slice::from_ref(fact), behind)? == Taken::Refused {
                batch.set_aside(index, &format!("{} does not take it", self.destination.name()))?;
            }
        }
        self.write(partition, &[], batch.checkpoint()).map(|_| ())
    }

    fn write(
        &mut self,
        partition: Partition,
        facts: &[FactRecord],
        behind: Checkpoint,
    ) -> Result<Taken, FollowError> {
        match self.sink().and_then(|sink| sink.write(partition, facts, behind)) {
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
