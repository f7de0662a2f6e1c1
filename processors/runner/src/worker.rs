//! A partition's worker, step by step: it owns the partition or stands by, as directed.
//!
//! Role after role, incarnation after incarnation, until it is asked to stop or an owner cannot
//! go on. It has no thread and no clock, so that a simulator can take its steps too; the
//! thread is in [`crate::runner`]. Start reading at [`Worker::step`].

use std::time::Duration;

use metrics::Gauge;

use floodgate_domain::LogTime;
use floodgate_engine::Engine;

use crate::error::RunnerError;
use crate::owning::{Failed, Owning};
use crate::partition_loop::{LoopConfig, PartitionLoop};
use crate::role::{Control, DesiredRole, StartAs};
use crate::standby::{Standby, TRAIL};
use crate::storing::SnapshotWriter;

/// The longest a quiet follower waits before it checks whether to take over.
const QUIET_MAX: Duration = Duration::from_millis(25);
/// First and longest pause between incarnations after the log failed. One begins with a state to load,
/// a quarter of a second for 200,000 seats: once a second a failing log can bear that, and nobody waits
/// longer for one that has recovered.
const RESTART_MIN: Duration = Duration::from_millis(50);
const RESTART_MAX: Duration = Duration::from_secs(1);
/// Between two checks whether what an owner published has arrived: about as long as a disk takes.
const SETTLE_LOOK: Duration = Duration::from_millis(2);

/// The result of a step.
#[derive(Debug)]
pub enum StepOutcome {
    /// Take the next one at once.
    Continue,
    /// Take the next one after so long, or when the role has changed.
    Rest(Duration),
    /// There is no next one.
    Ended(Result<(), RunnerError>),
}

/// A partition's worker.
#[derive(Debug)]
pub struct Worker {
    config: LoopConfig,
    control: Control,
    writer: Box<dyn SnapshotWriter>,
    state: State,
    /// Before the next incarnation.
    pause: Duration,
    trail: u64,
}

/// What the worker has become.
#[derive(Debug)]
enum State {
    Cold,
    Following(Box<Following>),
    Owning(Box<Owning>),
    /// A follower whom starting again would not help.
    Stuck,
    /// What is stored is not what was written. Nothing is decided any more; the other partitions go
    /// on, and whoever is asked to end ends.
    Damaged,
    /// An owner that failed. The next incarnation begins once nothing of it is on its way.
    Abandoned(Box<PartitionLoop>),
}

/// What a step leads to.
type Stepped = Result<(State, StepOutcome), Failed>;

impl Worker {
    /// A worker that has done nothing yet, and what steers it.
    #[must_use]
    pub fn new(
        config: LoopConfig,
        role: StartAs,
        writer: Box<dyn SnapshotWriter>,
    ) -> (Self, Control) {
        let control = Control::new(role);
        let theirs = control.clone();
        let (state, pause) = (State::Cold, RESTART_MIN);
        (Worker { config, control, writer, state, pause, trail: TRAIL }, theirs)
    }

    /// Followers keep another distance to the end, for simulations whose logs are short.
    #[must_use]
    pub fn with_trail(self, trail: u64) -> Self {
        Worker { trail, ..self }
    }

    /// Does the next thing its role asks for. Waits for records up to `longest`, and for nothing else.
    pub fn step(&mut self, now: LogTime, longest: Duration) -> StepOutcome {
        let desired = self.control.desired();
        let mut state = std::mem::replace(&mut self.state, State::Cold);
        if let State::Abandoned(owner) = &mut state {
            if !owner.is_quiet() {
                self.state = state;
                return StepOutcome::Rest(SETTLE_LOOK);
            }
            state = State::Cold;
        }
        let stepped = match desired {
            DesiredRole::Standby => self.follow(state, longest),
            DesiredRole::Own => self.own(state, now, longest, false),
            DesiredRole::Retire => self.own(state, now, longest, true),
            DesiredRole::End => self.end(state),
        };
        let Failed { error, left } = match stepped {
            Ok((next, then)) => {
                self.state = next;
                self.note_recovery();
                return then;
            }
            Err(failed) => failed,
        };
        self.state = left.map_or(State::Cold, State::Abandoned);
        self.control.report_warm(false);
        self.restart(desired, error)
    }

    /// After an error: whether another incarnation follows, and when.
    fn restart(&mut self, desired: DesiredRole, error: RunnerError) -> StepOutcome {
        let LoopConfig { partition, .. } = self.config;
        if error.is_newer_version() {
            return self.meet_newer_version(error);
        }
        if error.is_damage() && !matches!(desired, DesiredRole::Retire | DesiredRole::End) {
            tracing::error!(partition, %error, "the partition stops");
            metrics::counter!("floodgate_runner_damaged_total").increment(1);
            self.control.report_trouble(&error);
            self.state = State::Damaged;
            return StepOutcome::Rest(RESTART_MAX);
        }
        if desired == DesiredRole::Standby {
            tracing::warn!(partition, %error, "a follower fell behind; it restarts");
            if !error.is_worth_a_restart() {
                // A follower must not stop its process: it waits for another role, whose start
                // will say the same.
                self.state = State::Stuck;
                return StepOutcome::Rest(RESTART_MAX);
            }
        } else if !error.is_worth_a_restart()
            // One that was just asked to stand by is needed as a follower still.
            || matches!(self.control.desired(), DesiredRole::Retire | DesiredRole::End)
        {
            return self.ended(Err(error));
        } else {
            tracing::warn!(partition, %error, "a new incarnation follows");
            self.control.report_trouble(&error);
            metrics::counter!("floodgate_runner_restarts_total").increment(1);
        }
        // Backing off from a failing disk or broker, not waiting for a state.
        let pause = self.pause;
        self.pause = (pause * 2).min(RESTART_MAX);
        StepOutcome::Rest(pause)
    }

    /// Whether what made it start again is over. That an owner can read says nothing about writing.
    fn note_recovery(&mut self) {
        let is_well = match &self.state {
            State::Owning(owning) => owning.owner().can_publish(),
            State::Following(_) => true,
            State::Cold | State::Stuck | State::Damaged | State::Abandoned(_) => false,
        };
        if self.pause > RESTART_MIN && is_well {
            self.pause = RESTART_MIN;
            self.control.report_recovered();
        }
    }

    /// What follows is for a newer build, in every role. A worker that is leaving anyway has left the
    /// partition to one.
    fn meet_newer_version(&mut self, error: RunnerError) -> StepOutcome {
        let LoopConfig { partition, .. } = self.config;
        if matches!(self.control.desired(), DesiredRole::Retire | DesiredRole::End) {
            tracing::info!(partition, %error, "a newer build owns the partition");
            return self.ended(Ok(()));
        }
        self.ended(Err(error))
    }

    fn ended(&mut self, outcome: Result<(), RunnerError>) -> StepOutcome {
        if let Err(error) = &outcome {
            tracing::error!(partition = self.config.partition, %error, "the partition stops");
        }
        self.control.report_ended();
        StepOutcome::Ended(outcome)
    }

    fn follow(&mut self, state: State, longest: Duration) -> Stepped {
        let mut following = match state {
            State::Damaged => return Ok((State::Damaged, StepOutcome::Rest(RESTART_MAX))),
            State::Stuck => return Ok((State::Stuck, StepOutcome::Rest(RESTART_MAX))),
            State::Following(following) => following,
            State::Cold | State::Abandoned(_) => {
                self.begin_following(Standby::start(self.config.clone())?)
            }
            State::Owning(owning) => match self.settle(owning)? {
                (owning, true) => self.begin_following(owning.stand_by()?),
                (owning, false) => {
                    return Ok((State::Owning(owning), StepOutcome::Rest(SETTLE_LOOK)));
                }
            },
        };
        following.turn(&self.control, longest)?;
        Ok((State::Following(following), StepOutcome::Continue))
    }

    /// Whether nothing of an owner is on its way: facts into the log, a snapshot into its store.
    fn settle(&mut self, owning: Box<Owning>) -> Result<(Box<Owning>, bool), Failed> {
        let (owning, is_settled) = owning.settle()?;
        Ok((Box::new(owning), is_settled && !self.writer.is_busy()))
    }

    fn begin_following(&self, standby: Standby) -> Box<Following> {
        let LoopConfig { partition, .. } = self.config;
        self.control.report_warm(false);
        tracing::info!(partition, next = standby.next(), "standing by");
        let label = partition.to_string();
        let lag = metrics::gauge!("floodgate_standby_lag_records", "partition" => label);
        let standby = standby.with_trail(self.trail);
        Box::new(Following { standby, lag, wait: Duration::ZERO })
    }

    fn own(&mut self, state: State, now: LogTime, longest: Duration, is_retiring: bool) -> Stepped {
        let owning = match state {
            State::Damaged => {
                // There is nothing to store, so nobody needs to wait for it.
                if is_retiring {
                    self.control.report_retired();
                }
                return Ok((State::Damaged, StepOutcome::Rest(RESTART_MAX)));
            }
            State::Owning(owning) => *owning,
            State::Cold | State::Stuck | State::Abandoned(_) => Owning::begin(&self.config, None)?,
            State::Following(following) => {
                following.lag.set(0.0);
                Owning::begin(&self.config, Some(following.standby))?
            }
        };
        let mut owning = owning.turn(&self.config, &self.control, now, longest)?;
        if owning.store_snapshots(&self.config, &mut *self.writer, is_retiring) {
            self.control.report_retired();
        }
        Ok((State::Owning(Box::new(owning)), StepOutcome::Continue))
    }

    fn end(&mut self, state: State) -> Stepped {
        if let State::Owning(owning) = state {
            let (owning, is_settled) = self.settle(owning)?;
            if !is_settled {
                return Ok((State::Owning(owning), StepOutcome::Rest(SETTLE_LOOK)));
            }
            owning.end(&self.config, self.control.condition().has_retired)?;
        }
        let ended = self.ended(Ok(()));
        Ok((State::Cold, ended))
    }

    /// Whether it owns the partition now.
    #[must_use]
    pub fn is_owning(&self) -> bool {
        matches!(self.state, State::Owning(_))
    }

    /// The engine's state, to look at; `None` while it has none.
    #[must_use]
    pub fn engine(&self) -> Option<&Engine> {
        match &self.state {
            State::Following(following) => Some(following.standby.engine()),
            State::Owning(owning) => Some(owning.owner().engine()),
            State::Cold | State::Stuck | State::Damaged | State::Abandoned(_) => None,
        }
    }
}

/// A worker's time as a follower.
#[derive(Debug)]
struct Following {
    standby: Standby,
    lag: Gauge,
    wait: Duration,
}

impl Following {
    fn turn(&mut self, control: &Control, longest: Duration) -> Result<(), RunnerError> {
        let turn = self.standby.turn(self.wait.min(longest))?;
        control.report_applied(self.standby.next());
        self.lag.set(turn.behind as f64);
        if turn.behind == 0 && !control.report_warm(true) {
            tracing::info!(next = self.standby.next(), "a follower is warm");
        }
        self.wait = if turn.behind == 0 { QUIET_MAX } else { Duration::ZERO };
        Ok(())
    }
}
