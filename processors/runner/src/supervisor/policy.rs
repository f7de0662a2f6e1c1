//! The takeover policy: which partitions this process owns, follows or releases, and when.
//!
//! Pure: what it knows comes in as an [`Observation`], what is to be done goes out as
//! [`SupervisorAction`]s. Its rules:
//!
//! - **Warm first.** Followers fold the log before the group is joined, so that partitions
//!   assigned then are owned at once.
//! - **Linger.** A process that loses a partition keeps owning it until its new owner certainly
//!   has it. Two owners at once are harmless, since both publish the same facts; none at all is
//!   a pause for everybody.
//! - **Leave after others.** A process that stops stores snapshots while it keeps working, leaves
//!   the group, and keeps working until its successors certainly own.
//! - **One at a time.** A partition has one runner in a process: one that was asked to stop has
//!   ended before the next is started.
//!
//! Start reading at [`TakeoverPolicy::step`].

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use floodgate_event_log::{Partition, Reassignment};

use crate::role::Condition;

/// A processor that has no share for so long is one too many, and ready to step in.
pub const SHARE_WITHIN: Duration = Duration::from_secs(15);
/// How long followers may take to get warm before the group is joined all the same.
pub const WARM_WITHIN: Duration = Duration::from_secs(10);
/// How long the last snapshots may take; their store gives up before.
pub const RETIRE_WITHIN: Duration = Duration::from_secs(15);
/// How long an owner goes on after its partition was given to another: the group needs a heartbeat
/// and a round of messages until that one knows, and it a reader of its own; half a second where
/// the machines have room, and four times that.
pub const LINGER: Duration = Duration::from_secs(2);
/// How often the group is asked meanwhile whether there is anybody to go on for.
pub const LOOK_FOR_OTHERS_EVERY: Duration = Duration::from_millis(500);

/// What the policy has to work with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PolicyOptions {
    pub partitions: u32,
    /// Partitions of others to follow, at most.
    pub standbys_max: usize,
    /// Whether other processes can take over. Without them nobody is waited or gone on for.
    pub is_shared: bool,
}

/// What is so when a step is taken.
#[derive(Debug, Clone, Default)]
pub struct Observation {
    /// Since any moment in the past; never goes back.
    pub now: Duration,
    /// What the group changed since the last step.
    pub reassignment: Reassignment,
    /// How each runner of this process is doing.
    pub runners: BTreeMap<Partition, Condition>,
    /// The answer to [`SupervisorAction::LookForOthers`], once there is one.
    pub others: Option<bool>,
    pub should_stop: bool,
}

/// What shall be done, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SupervisorAction {
    /// Start a runner that follows.
    StartStandby(Partition),
    /// Start a runner that owns: nobody followed here.
    StartOwner(Partition),
    /// The follower owns from now on.
    Own(Partition),
    /// It was lost and is gained again before anybody else needed it: the runner just goes on.
    KeepOwning(Partition),
    /// It was lost: the runner goes on owning for a while, but asks nobody for money any more.
    Linger { partition: Partition, until: Duration },
    /// The owner follows from now on.
    StandBy(Partition),
    /// The runner is no longer needed.
    Stop(Partition),
    /// A runner that was asked to stop has ended: its handles go.
    Remove(Partition),
    /// Join the group.
    Join,
    /// Every owner stores a snapshot while it goes on.
    Retire,
    /// What goes with the owners ends, payments foremost.
    StopCompanions,
    /// Leave the group, so that others take over.
    Leave,
    /// Find out whether there are other processors, and say so in the next observation.
    LookForOthers,
    /// This runner ended by itself: the process cannot go on, and its error says why.
    Fail(Partition),
    /// Every runner ends. Nothing comes after this.
    End,
}

/// What this process is to a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    Owned,
    /// Lost to another processor, and owned until then all the same.
    Lingering {
        until: Duration,
    },
    Standby,
    /// Asked to stop, and not ended yet. What is gained meanwhile is owned afterwards.
    Stopping {
        is_gained: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    New,
    /// Following, not in the group yet.
    Warming {
        until: Duration,
    },
    InGroup {
        since: Duration,
    },
    /// Storing the last snapshots.
    Retiring {
        until: Duration,
    },
    /// Out of the group, going on for those who take over.
    Leaving {
        until: Duration,
        look_at: Duration,
    },
    Ended,
}

/// Decides what a process does with which partition.
#[derive(Debug)]
pub struct TakeoverPolicy {
    options: PolicyOptions,
    phase: Phase,
    /// Never more than there are partitions.
    shares: BTreeMap<Partition, Share>,
}

impl TakeoverPolicy {
    /// A policy that has done nothing yet.
    #[must_use]
    pub fn new(options: PolicyOptions) -> Self {
        TakeoverPolicy { options, phase: Phase::New, shares: BTreeMap::new() }
    }

    /// What to do now.
    pub fn step(&mut self, seen: &Observation) -> Vec<SupervisorAction> {
        let mut actions = Vec::new();
        match self.phase {
            Phase::New => self.begin(seen, &mut actions),
            Phase::Warming { until } => self.warm(seen, until, &mut actions),
            Phase::InGroup { .. } => self.follow_group(seen, &mut actions),
            Phase::Retiring { until } => self.retire(seen, until, &mut actions),
            Phase::Leaving { until, look_at } => {
                self.go_on_for_others(seen, until, look_at, &mut actions);
            }
            Phase::Ended => {}
        }
        actions
    }

    /// Ends without ceremony, because the process cannot go on.
    pub fn give_up(&mut self) -> Vec<SupervisorAction> {
        let mut actions = Vec::new();
        if self.phase != Phase::Ended {
            self.end(&mut actions);
        }
        actions
    }

    /// Whether the group is to be asked for changes. Also while the last snapshots are stored: a
    /// member that does not answer keeps the others from sharing out what is nobody's.
    #[must_use]
    pub fn is_in_group(&self) -> bool {
        matches!(self.phase, Phase::InGroup { .. } | Phase::Retiring { .. })
    }

    /// Whether everything is over.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.phase == Phase::Ended
    }

    /// What this process is to each partition it has anything to do with.
    #[must_use]
    pub fn shares(&self) -> &BTreeMap<Partition, Share> {
        &self.shares
    }

    /// The partitions that are this process's by the group.
    pub fn owned(&self) -> impl Iterator<Item = Partition> {
        let is_owned =
            |share: &Share| matches!(share, Share::Owned | Share::Stopping { is_gained: true });
        self.shares
            .iter()
            .filter(move |(_, share)| is_owned(share))
            .map(|(partition, _)| *partition)
    }

    /// Whether everything owned can decide. Without a share nothing is known yet, unless there are
    /// more processors than partitions.
    #[must_use]
    pub fn is_ready(&self, seen: &Observation) -> bool {
        let Phase::InGroup { since } = self.phase else { return false };
        let mut owned = self.owned().peekable();
        let has_share = owned.peek().is_some() || seen.now > since + SHARE_WITHIN;
        let can_decide = |partition| {
            self.shares.get(&partition) == Some(&Share::Owned)
                && condition(seen, partition).is_ready
        };
        has_share && owned.all(can_decide)
    }

    fn begin(&mut self, seen: &Observation, actions: &mut Vec<SupervisorAction>) {
        self.choose_standbys(actions);
        let until = seen.now + WARM_WITHIN;
        self.phase = Phase::Warming { until };
        if self.shares.is_empty() {
            self.warm(seen, until, actions);
        }
    }

    fn warm(&mut self, seen: &Observation, until: Duration, actions: &mut Vec<SupervisorAction>) {
        if seen.should_stop {
            // Nothing is owned, so nobody waits for anything.
            return self.end(actions);
        }
        if self.fails(seen, actions) {
            return;
        }
        let mut followers = self.shares.keys();
        if seen.now >= until || followers.all(|&follower| condition(seen, follower).is_warm) {
            actions.push(SupervisorAction::Join);
            self.phase = Phase::InGroup { since: seen.now };
        }
    }

    fn follow_group(&mut self, seen: &Observation, actions: &mut Vec<SupervisorAction>) {
        self.remove_stopped(seen, actions);
        if self.fails(seen, actions) {
            return;
        }
        self.take_share(seen, actions);
        let wanted = self.wanted_standbys(seen.now);
        self.end_lingering(seen.now, &wanted, actions);
        self.choose_among(&wanted, actions);
        if seen.should_stop {
            self.begin_to_stop(seen.now, actions);
        }
    }

    fn take_share(&mut self, seen: &Observation, actions: &mut Vec<SupervisorAction>) {
        for &lost in &seen.reassignment.lost {
            self.lose(lost, seen.now, actions);
        }
        for &gained in &seen.reassignment.gained {
            self.gain(gained, actions);
        }
    }

    fn lose(&mut self, lost: Partition, now: Duration, actions: &mut Vec<SupervisorAction>) {
        match self.shares.get_mut(&lost) {
            Some(share @ Share::Owned) => {
                let until = now + LINGER;
                *share = Share::Lingering { until };
                actions.push(SupervisorAction::Linger { partition: lost, until });
            }
            Some(Share::Stopping { is_gained }) => *is_gained = false,
            Some(Share::Lingering { .. } | Share::Standby) | None => {}
        }
    }

    fn gain(&mut self, gained: Partition, actions: &mut Vec<SupervisorAction>) {
        if gained >= self.options.partitions {
            return;
        }
        let action = match self.shares.get_mut(&gained) {
            Some(Share::Owned) => return,
            Some(Share::Stopping { is_gained }) => {
                *is_gained = true;
                return;
            }
            Some(Share::Lingering { .. }) => SupervisorAction::KeepOwning(gained),
            Some(Share::Standby) => SupervisorAction::Own(gained),
            None => SupervisorAction::StartOwner(gained),
        };
        self.shares.insert(gained, Share::Owned);
        actions.push(action);
    }

    /// Those whose new owner surely has them follow it, or are no longer needed.
    fn end_lingering(
        &mut self,
        now: Duration,
        wanted: &BTreeSet<Partition>,
        actions: &mut Vec<SupervisorAction>,
    ) {
        for (&partition, share) in &mut self.shares {
            let Share::Lingering { until } = *share else { continue };
            if until > now {
                continue;
            }
            if wanted.contains(&partition) {
                *share = Share::Standby;
                actions.push(SupervisorAction::StandBy(partition));
            } else {
                *share = Share::Stopping { is_gained: false };
                actions.push(SupervisorAction::Stop(partition));
            }
        }
    }

    /// Partitions to follow: from the first one's own on, so that processors with few followers
    /// follow different ones.
    fn wanted_standbys(&self, now: Duration) -> BTreeSet<Partition> {
        let PolicyOptions { partitions, standbys_max, is_shared } = self.options;
        if !is_shared {
            return BTreeSet::new();
        }
        let is_busy = |partition: &Partition| match self.shares.get(partition) {
            Some(Share::Owned | Share::Stopping { is_gained: true }) => true,
            Some(Share::Lingering { until }) => *until > now,
            Some(Share::Standby | Share::Stopping { is_gained: false }) | None => false,
        };
        let from = self.owned().next().unwrap_or(0);
        (0..partitions)
            .map(|number| (from + number) % partitions)
            .filter(|partition| !is_busy(partition))
            .take(standbys_max)
            .collect()
    }

    fn choose_standbys(&mut self, actions: &mut Vec<SupervisorAction>) {
        let wanted = self.wanted_standbys(Duration::ZERO);
        self.choose_among(&wanted, actions);
    }

    /// Starts followers that are missing, and ends those that are too many.
    fn choose_among(&mut self, wanted: &BTreeSet<Partition>, actions: &mut Vec<SupervisorAction>) {
        for (&partition, share) in &mut self.shares {
            if *share == Share::Standby && !wanted.contains(&partition) {
                *share = Share::Stopping { is_gained: false };
                actions.push(SupervisorAction::Stop(partition));
            }
        }
        for &partition in wanted {
            if let Entry::Vacant(share) = self.shares.entry(partition) {
                share.insert(Share::Standby);
                actions.push(SupervisorAction::StartStandby(partition));
            }
        }
    }

    /// Lets go of what has ended as it was asked to, and starts again what was gained meanwhile.
    fn remove_stopped(&mut self, seen: &Observation, actions: &mut Vec<SupervisorAction>) {
        let is_over = |(&partition, share): (&Partition, &Share)| match *share {
            Share::Stopping { is_gained } if condition(seen, partition).has_ended => {
                Some((partition, is_gained))
            }
            _ => None,
        };
        let over: Vec<_> = self.shares.iter().filter_map(is_over).collect();
        for (partition, is_gained) in over {
            actions.push(SupervisorAction::Remove(partition));
            self.shares.remove(&partition);
            if is_gained {
                self.gain(partition, actions);
            }
        }
    }

    /// Looks for a runner that ended by itself; with one, the process cannot go on.
    fn fails(&mut self, seen: &Observation, actions: &mut Vec<SupervisorAction>) -> bool {
        let ended = self.shares.iter().find(|&(&partition, share)| {
            !matches!(share, Share::Stopping { .. }) && condition(seen, partition).has_ended
                // One that was removed in this very step has its successor's share already.
                && !actions.contains(&SupervisorAction::Remove(partition))
        });
        let Some((&partition, _)) = ended else { return false };
        actions.push(SupervisorAction::Fail(partition));
        self.end(actions);
        true
    }

    fn begin_to_stop(&mut self, now: Duration, actions: &mut Vec<SupervisorAction>) {
        if !self.options.is_shared {
            return self.end(actions);
        }
        actions.push(SupervisorAction::Retire);
        self.phase = Phase::Retiring { until: now + RETIRE_WITHIN };
    }

    /// Snapshots first, while everything goes on, and what lingers too; then the group is left, and
    /// whoever takes over finds them. Payments end only now, so that none waits for a snapshot.
    fn retire(&mut self, seen: &Observation, until: Duration, actions: &mut Vec<SupervisorAction>) {
        // What is gained while its follower ends is owned here too, until the group is left.
        self.remove_stopped(seen, actions);
        self.take_share(seen, actions);
        let owns = |action: &_| {
            matches!(action, SupervisorAction::StartOwner(_) | SupervisorAction::Own(_))
        };
        if actions.iter().any(owns) {
            actions.push(SupervisorAction::Retire);
        }
        let mut runners = self.shares.keys();
        if seen.now < until && !runners.all(|&runner| condition(seen, runner).has_retired) {
            return;
        }
        actions.extend([
            SupervisorAction::StopCompanions,
            SupervisorAction::Leave,
            SupervisorAction::LookForOthers,
        ]);
        let look_at = seen.now + LOOK_FOR_OTHERS_EVERY;
        self.phase = Phase::Leaving { until: seen.now + LINGER, look_at };
    }

    fn go_on_for_others(
        &mut self,
        seen: &Observation,
        until: Duration,
        look_at: Duration,
        actions: &mut Vec<SupervisorAction>,
    ) {
        if seen.now >= until || seen.others == Some(false) {
            actions.push(SupervisorAction::End);
            self.phase = Phase::Ended;
        } else if seen.now >= look_at {
            actions.push(SupervisorAction::LookForOthers);
            self.phase = Phase::Leaving { until, look_at: seen.now + LOOK_FOR_OTHERS_EVERY };
        }
    }

    fn end(&mut self, actions: &mut Vec<SupervisorAction>) {
        actions.extend([
            SupervisorAction::StopCompanions,
            SupervisorAction::Leave,
            SupervisorAction::End,
        ]);
        self.phase = Phase::Ended;
    }
}

fn condition(seen: &Observation, partition: Partition) -> Condition {
    seen.runners.get(&partition).copied().unwrap_or_default()
}
