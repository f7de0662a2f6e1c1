//! A worker's time as the owner: turns, ticks, snapshots, and how long it took to take over.

use std::time::Duration;

use floodgate_domain::LogTime;
use floodgate_event_log::{Offset, Topic};

use crate::error::RunnerError;
use crate::partition_loop::{LoopConfig, PartitionLoop};
use crate::role::Control;
use crate::standby::Standby;
use crate::storing::{SnapshotWriter, Snapshots, save};

/// The longest a quiet owner waits before it checks whether to stop.
const QUIET_MAX: Duration = Duration::from_millis(100);

/// The longest an owner of a fresh log waits for its rules before it calls itself ready: joining a
/// group takes seconds. Then it decides by the oldest rules until all processors say what they support.
const RULES_WITHIN: Duration = Duration::from_secs(10);

/// An owner, from gaining the partition to losing it.
#[derive(Debug)]
pub(crate) struct Owning {
    owner: PartitionLoop,
    /// Until everything is decided that waited at the start.
    takeover: Option<Takeover>,
    snapshots: Snapshots,
}

/// Why a role came to its end, and what is left of an owner.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) error: RunnerError,
    pub(crate) left: Option<Box<PartitionLoop>>,
}

impl From<RunnerError> for Failed {
    fn from(error: RunnerError) -> Self {
        Failed { error, left: None }
    }
}

/// From gaining a partition to having decided everything that waited for it.
#[derive(Debug)]
struct Takeover {
    /// The commands' end when the partition was taken.
    end: Offset,
    /// The first command this owner needed.
    first: Offset,
}

impl Owning {
    /// Takes the partition: from a follower, or from the newest snapshot.
    pub(crate) fn begin(config: &LoopConfig, from: Option<Standby>) -> Result<Self, RunnerError> {
        let end = config.log.end(Topic::Commands, config.partition)?;
        let owner = match from {
            None => PartitionLoop::start(config.clone())?,
            Some(standby) => standby.take_over()?,
        };
        Ok(Owning::with(owner, end))
    }

    fn with(owner: PartitionLoop, end: Offset) -> Self {
        let takeover = Some(Takeover { end, first: owner.next() });
        Owning { owner, takeover, snapshots: Snapshots::default() }
    }

    /// One turn. After an error this incarnation is over; what is left of it may be on its way still.
    pub(crate) fn turn(
        mut self,
        config: &LoopConfig,
        control: &Control,
        now: LogTime,
        longest: Duration,
    ) -> Result<Self, Failed> {
        // A Tick lets time pass that nobody else lets pass; while behind, commands do.
        if self.owner.has_caught_up() {
            self.owner.tick_if_due(now);
            self.owner.write_version_if_due();
        }
        let turn = match self.owner.turn(self.patience(now).min(longest)) {
            Ok(turn) => turn,
            Err(error) => return Err(self.failed(error)),
        };
        control.report_applied(self.owner.next());
        control.report_behind(if self.awaits_rules(control) { u64::MAX } else { turn.behind });
        metrics::gauge!("floodgate_runner_lag_records").set(turn.behind as f64);
        let next = self.owner.next();
        if let Some(done) = self.takeover.take_if(|takeover| next >= takeover.end) {
            done.record(config, control, &self.owner);
        }
        Ok(self)
    }

    /// Whether the log says nothing about rules so far and is about to: who asks before that is
    /// refused whatever the oldest rules do not know.
    fn awaits_rules(&self, control: &Control) -> bool {
        let says_nothing = self.owner.engine().in_force().since.is_none();
        says_nothing && control.gained_at().elapsed() < RULES_WITHIN
    }

    fn failed(self, error: RunnerError) -> Failed {
        Failed { error, left: Some(Box::new(self.owner)) }
    }

    /// Whether everything it published has arrived, so that it may step back or end.
    pub(crate) fn settle(mut self) -> Result<(Self, bool), Failed> {
        match self.owner.is_settled() {
            Ok(is_settled) => Ok((self, is_settled)),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Moves snapshots towards their store. `true` once the last one is there or lost.
    pub(crate) fn store_snapshots(
        &mut self,
        config: &LoopConfig,
        writer: &mut dyn SnapshotWriter,
        is_retiring: bool,
    ) -> bool {
        self.snapshots.are_done(config, writer, &mut self.owner, is_retiring)
    }

    /// Steps back and follows whoever owns the partition now.
    pub(crate) fn stand_by(self) -> Result<Standby, RunnerError> {
        self.owner.stand_by()
    }

    /// Ends; leaves the state behind, unless it has been stored just now.
    pub(crate) fn end(mut self, config: &LoopConfig, retired: bool) -> Result<(), RunnerError> {
        if retired {
            return self.owner.close();
        }
        let (next, state) = self.owner.finish()?;
        save(&*config.snapshots, config, next, &state);
        Ok(())
    }

    /// The loop, to look at.
    pub(crate) fn owner(&self) -> &PartitionLoop {
        &self.owner
    }

    /// Until something is due, but not longer than a stop may take.
    fn patience(&self, now: LogTime) -> Duration {
        let due = self.owner.next_due().map(|due| due.0.saturating_sub(now.0));
        due.map_or(QUIET_MAX, |ms| Duration::from_millis(ms).min(QUIET_MAX))
            // A Tick on its way needs a moment; looking again at once would only spin.
            .max(Duration::from_millis(1))
    }
}

impl Takeover {
    fn record(&self, config: &LoopConfig, control: &Control, owner: &PartitionLoop) {
        let LoopConfig { partition, .. } = *config;
        let took = control.gained_at().elapsed();
        let from = owner.origin().name();
        metrics::histogram!("floodgate_takeover_seconds", "from" => from).record(took);
        let (replayed, ms) = (self.end.saturating_sub(self.first), took.as_millis() as u64);
        tracing::info!(partition, from, replayed, ms, "partition owned, nothing waits");
    }
}
