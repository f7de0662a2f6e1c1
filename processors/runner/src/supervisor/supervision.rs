//! Carries out what the takeover policy decides, turn by turn, without a thread or a clock.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use floodgate_event_log::{LogError, Membership, Partition, Reassignment};
use floodgate_transport::Health;

use super::crew::{Crew, PartitionCompanion, PartitionRunner};
use super::policy::{Observation, PolicyOptions, SupervisorAction, TakeoverPolicy};
use crate::error::RunnerError;
use crate::group_version::GroupVersion;
use crate::role::{Condition, StartAs};

/// Why a process cannot go on with its partitions.
#[derive(Debug, thiserror::Error)]
pub enum SupervisorError {
    #[error("a thread of partition {partition} could not start: {error}")]
    Thread { partition: Partition, error: io::Error },
    #[error("the group of processors: {0}")]
    Group(LogError),
    #[error("partition {partition}: {error}")]
    Runner { partition: Partition, error: RunnerError },
    #[error("partition {0} ended by itself")]
    Ended(Partition),
}

/// What a turn came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// How the partitions of this process are, together.
    pub health: Health,
    /// Whether the turn waited already, for news of the group.
    pub has_waited: bool,
    pub has_ended: bool,
}

/// The partitions of a process: the policy, and what it is carried out on.
#[derive(Debug)]
pub struct Supervision {
    policy: TakeoverPolicy,
    membership: Box<dyn Membership>,
    crew: Box<dyn Crew>,
    /// Where the owners look.
    group_version: GroupVersion,
    runners: BTreeMap<Partition, Box<dyn PartitionRunner>>,
    companions: BTreeMap<Partition, Vec<Box<dyn PartitionCompanion>>>,
    others: Option<bool>,
    /// Whether everything owned could decide once: later changes of owner do not take that back.
    was_ready: bool,
    /// The first thing that went wrong.
    error: Option<SupervisorError>,
}

impl Supervision {
    /// Over no partition yet. The owners of `crew` look at `group_version` before they change the rules.
    #[must_use]
    pub fn new(
        options: PolicyOptions,
        membership: Box<dyn Membership>,
        crew: Box<dyn Crew>,
        group_version: GroupVersion,
    ) -> Self {
        Supervision {
            policy: TakeoverPolicy::new(options),
            membership,
            crew,
            group_version,
            runners: BTreeMap::new(),
            companions: BTreeMap::new(),
            others: None,
            was_ready: false,
            error: None,
        }
    }

    /// Looks at everything and does what is to be done. Waits up to `wait` for news of the group.
    pub fn turn(&mut self, now: Duration, wait: Duration, should_stop: bool) -> Progress {
        let has_waited = self.policy.is_in_group();
        let reassignment =
            if has_waited { self.membership.poll(wait) } else { Ok(Reassignment::default()) };
        let version = if has_waited { self.membership.group_version() } else { None };
        self.group_version.set(version);
        let actions = match reassignment {
            Ok(reassignment) => {
                let others = self.others.take();
                let seen = Observation { reassignment, should_stop, others, ..self.observe(now) };
                self.policy.step(&seen)
            }
            Err(error) => self.fail(SupervisorError::Group(error)),
        };
        self.carry_out(actions);
        let health = self.health(now);
        Progress { health, has_waited, has_ended: self.policy.has_ended() }
    }

    fn observe(&self, now: Duration) -> Observation {
        Observation { now, runners: self.conditions(), ..Observation::default() }
    }

    fn fail(&mut self, error: SupervisorError) -> Vec<SupervisorAction> {
        self.error.get_or_insert(error);
        self.policy.give_up()
    }

    fn carry_out(&mut self, actions: Vec<SupervisorAction>) {
        for action in actions {
            if let Err(error) = self.act(action) {
                let last = self.fail(error);
                return self.carry_out(last);
            }
        }
    }

    fn act(&mut self, action: SupervisorAction) -> Result<(), SupervisorError> {
        match action {
            SupervisorAction::StartStandby(partition) => self.start(partition, StartAs::Standby)?,
            SupervisorAction::StartOwner(partition) => {
                tracing::info!(partition, "gained");
                self.start(partition, StartAs::Owner)?;
            }
            SupervisorAction::Own(partition) => {
                tracing::info!(partition, "gained");
                self.steer(partition, |runner| runner.own(), |companion| companion.own());
            }
            SupervisorAction::KeepOwning(partition) => {
                tracing::info!(partition, "gained");
                self.steer(partition, |_| {}, |companion| companion.own());
            }
            SupervisorAction::Linger { partition, .. } => {
                tracing::info!(partition, "lost");
                self.steer(partition, |_| {}, |companion| companion.rest());
            }
            SupervisorAction::StandBy(partition) => {
                self.steer(partition, |runner| runner.stand_by(), |_| {});
            }
            SupervisorAction::Stop(partition) => {
                self.steer(partition, |runner| runner.stop(), |companion| companion.stop());
            }
            SupervisorAction::Remove(partition) => self.remove(partition),
            SupervisorAction::Join => self.membership.join().map_err(SupervisorError::Group)?,
            SupervisorAction::Retire => self.runners.values().for_each(|runner| runner.retire()),
            SupervisorAction::StopCompanions => self.stop_companions(),
            SupervisorAction::Leave => self.membership.leave(),
            SupervisorAction::LookForOthers => self.others = Some(self.membership.has_others()),
            SupervisorAction::Fail(partition) => self.take_error(partition),
            SupervisorAction::End => self.end(),
        }
        Ok(())
    }

    fn start(&mut self, partition: Partition, role: StartAs) -> Result<(), SupervisorError> {
        let failed = |error| SupervisorError::Thread { partition, error };
        let runner = self.crew.start_runner(partition, role).map_err(failed)?;
        self.runners.insert(partition, runner);
        let companions = self.crew.start_companions(partition, role).map_err(failed)?;
        self.companions.insert(partition, companions);
        Ok(())
    }

    fn steer(
        &self,
        partition: Partition,
        runner: impl Fn(&dyn PartitionRunner),
        companion: impl Fn(&dyn PartitionCompanion),
    ) {
        self.runners.get(&partition).into_iter().for_each(|one| runner(&**one));
        self.companions.get(&partition).into_iter().flatten().for_each(|one| companion(&**one));
    }

    /// Takes note of why a runner ended by itself.
    fn take_error(&mut self, partition: Partition) {
        let outcome = self.runners.remove(&partition).map(|runner| runner.join());
        let error = match outcome {
            Some(Err(error)) => SupervisorError::Runner { partition, error },
            Some(Ok(())) | None => SupervisorError::Ended(partition),
        };
        self.error.get_or_insert(error);
    }

    /// A runner that ended as it was asked to. Its error is no reason to give up the others: the partition
    /// is somebody else's.
    fn remove(&mut self, partition: Partition) {
        let companions = self.companions.remove(&partition);
        companions.into_iter().flatten().for_each(|companion| companion.join());
        if let Some(Err(error)) = self.runners.remove(&partition).map(|runner| runner.join()) {
            tracing::warn!(partition, %error, "a runner that was no longer needed failed");
        }
    }

    fn stop_companions(&mut self) {
        self.companions.values().flatten().for_each(|companion| companion.stop());
        let all = std::mem::take(&mut self.companions);
        all.into_values().flatten().for_each(|companion| companion.join());
    }

    fn end(&mut self) {
        self.runners.values().for_each(|runner| runner.stop());
        for (partition, runner) in std::mem::take(&mut self.runners) {
            if let Err(error) = runner.join() {
                self.error.get_or_insert(SupervisorError::Runner { partition, error });
            }
        }
    }

    fn health(&mut self, now: Duration) -> Health {
        if let Some(error) = &self.error {
            return Health::failed(error.to_string());
        }
        if !self.policy.is_in_group() {
            // Not yet, or not any more.
            return Health::Starting;
        }
        let seen = self.observe(now);
        self.was_ready |= self.policy.is_ready(&seen);
        let owned = self.policy.owned().flat_map(|partition| {
            let runner = self.runners.get(&partition).map(|one| one.health());
            let companions = self.companions.get(&partition).into_iter().flatten();
            let all = runner.into_iter().chain(companions.map(|one| one.health()));
            all.map(move |health| (format!("partition {partition}"), health))
        });
        // Those that are catching up were dealt with above.
        let trouble = Health::of_all(owned.filter(|(_, health)| health.reason().is_some()));
        match trouble {
            Health::Ready if self.was_ready => Health::Ready,
            Health::Ready => Health::Starting,
            trouble => trouble,
        }
    }

    /// What the policy has decided so far, to look at.
    #[must_use]
    pub fn policy(&self) -> &TakeoverPolicy {
        &self.policy
    }

    /// How each runner is doing, to look at.
    #[must_use]
    pub fn conditions(&self) -> BTreeMap<Partition, Condition> {
        self.runners.iter().map(|(&partition, runner)| (partition, runner.condition())).collect()
    }

    /// Whether it went well, once it has ended.
    pub fn into_outcome(self) -> Result<(), SupervisorError> {
        self.error.map_or(Ok(()), Err)
    }
}
