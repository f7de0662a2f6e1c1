//! The takeover policy over random histories: one process by itself, and several in a group.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use floodgate_event_log::{Partition, Reassignment};
use floodgate_runner::Condition;
use floodgate_runner::supervisor::policy::{
    LINGER, Observation, PolicyOptions, RETIRE_WITHIN, Share, SupervisorAction, TakeoverPolicy,
};
use proptest::prelude::*;

const PARTITIONS: u32 = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Owner,
    Standby,
    Stopping,
}

/// A process whose runners do as the policy says. It fails where an action makes no sense.
#[derive(Debug)]
struct Process {
    policy: TakeoverPolicy,
    runners: BTreeMap<Partition, (Role, Condition)>,
    /// Partitions whose payments are carried forward here.
    carried: BTreeSet<Partition>,
    /// Since when the group says that they are somebody else's, though they are owned here.
    lost_at: BTreeMap<Partition, Duration>,
    /// The group's share of this process, as it knows it.
    share: BTreeSet<Partition>,
    in_group: bool,
    should_stop: bool,
    is_retiring: bool,
    others: Option<bool>,
    /// Steps that runners which were asked to stop have been stopping for.
    stopping: BTreeMap<Partition, u32>,
}

/// Steps within which a runner that was asked to stop has ended, even where all else is slow: it
/// waits for nothing but its own record.
const STOPS_WITHIN: u32 = 2;

impl Process {
    fn new(standbys_max: usize) -> Self {
        let options = PolicyOptions { partitions: PARTITIONS, standbys_max, is_shared: true };
        Process {
            policy: TakeoverPolicy::new(options),
            runners: BTreeMap::new(),
            carried: BTreeSet::new(),
            lost_at: BTreeMap::new(),
            share: BTreeSet::new(),
            in_group: false,
            should_stop: false,
            is_retiring: false,
            others: None,
            stopping: BTreeMap::new(),
        }
    }

    /// Sees its new share and acts. `is_quick`: its runners get done what they were asked for.
    fn step(&mut self, now: Duration, share: &BTreeSet<Partition>, is_quick: bool, others: bool) {
        let mut reassignment = Reassignment::default();
        if self.policy.is_in_group() {
            reassignment.gained = share.difference(&self.share).copied().collect();
            reassignment.lost = self.share.difference(share).copied().collect();
            self.share.clone_from(share);
        }
        for &lost in &reassignment.lost {
            self.lost_at.insert(lost, now);
        }
        for (role, condition) in self.runners.values_mut().filter(|_| is_quick) {
            condition.is_warm |= *role == Role::Standby;
            condition.is_ready |= *role == Role::Owner;
            condition.has_ended |= *role == Role::Stopping;
            condition.has_retired |= self.is_retiring;
        }
        self.end_stopping();
        let runners = self.runners.iter().map(|(&p, &(_, condition))| (p, condition)).collect();
        let (should_stop, answer) = (self.should_stop, self.others.take());
        let seen = Observation { now, reassignment, runners, others: answer, should_stop };
        for action in self.policy.step(&seen) {
            self.act(action, others);
        }
        self.check(now);
    }

    fn end_stopping(&mut self) {
        self.stopping.retain(|p, _| self.runners.get(p).is_some_and(|one| one.0 == Role::Stopping));
        for (&p, (role, condition)) in &mut self.runners {
            if *role == Role::Stopping {
                let steps = self.stopping.entry(p).or_default();
                *steps += 1;
                condition.has_ended |= *steps >= STOPS_WITHIN;
            }
        }
    }

    fn act(&mut self, action: SupervisorAction, others: bool) {
        assert!(!matches!(action, SupervisorAction::Fail(_)), "nothing failed here");
        let new = Condition::default();
        match action {
            SupervisorAction::StartStandby(p) => {
                assert_eq!(self.runners.insert(p, (Role::Standby, new)), None, "two runners");
            }
            SupervisorAction::StartOwner(p) => {
                assert_eq!(self.runners.insert(p, (Role::Owner, new)), None, "two runners");
                self.carried.insert(p);
            }
            SupervisorAction::Own(p) => {
                self.change(p, Role::Standby, Role::Owner);
                self.carried.insert(p);
            }
            SupervisorAction::KeepOwning(p) => {
                self.change(p, Role::Owner, Role::Owner);
                assert!(self.carried.insert(p), "payments went on while it was lost");
            }
            SupervisorAction::Linger { partition, .. } => {
                self.change(partition, Role::Owner, Role::Owner);
                assert!(self.carried.remove(&partition));
            }
            SupervisorAction::StandBy(p) => self.change(p, Role::Owner, Role::Standby),
            SupervisorAction::Stop(p) => {
                let (role, _) = self.runners.get_mut(&p).expect("a runner to stop");
                assert_ne!(*role, Role::Stopping);
                *role = Role::Stopping;
            }
            SupervisorAction::Remove(p) => {
                let (role, condition) = self.runners.remove(&p).expect("a runner to remove");
                assert!(role == Role::Stopping && condition.has_ended, "it would be waited for");
            }
            SupervisorAction::Join => assert!(!std::mem::replace(&mut self.in_group, true)),
            SupervisorAction::Retire => self.is_retiring = true,
            SupervisorAction::StopCompanions => self.carried.clear(),
            SupervisorAction::Leave => self.in_group = false,
            SupervisorAction::LookForOthers => self.others = Some(others),
            SupervisorAction::Fail(_) => {}
            SupervisorAction::End => self.runners.clear(),
        }
    }

    fn change(&mut self, partition: Partition, from: Role, to: Role) {
        let (role, condition) = self.runners.get_mut(&partition).expect("a runner to steer");
        assert_eq!(*role, from, "partition {partition} becomes {to:?}");
        condition.is_ready &= from == to;
        *role = to;
    }

    /// What holds after every step.
    fn check(&mut self, now: Duration) {
        if !self.policy.is_in_group() {
            return;
        }
        let shares = self.policy.shares();
        let owned: BTreeSet<Partition> = self.policy.owned().collect();
        assert_eq!(owned, self.share, "owned is what the group says");
        for (p, share) in shares {
            let role = self.runners.get(p).map(|(role, _)| *role);
            let expected = match share {
                Share::Owned | Share::Lingering { .. } => Role::Owner,
                Share::Standby => Role::Standby,
                Share::Stopping { .. } => Role::Stopping,
            };
            assert_eq!(role, Some(expected), "partition {p} is {share:?}");
            let carries = *share == Share::Owned;
            assert_eq!(self.carried.contains(p), carries, "payments of {p}, which is {share:?}");
        }
        assert_eq!(shares.len(), self.runners.len(), "a runner nobody knows");
        for (p, at) in &self.lost_at {
            let is_owner = self.runners.get(p).is_some_and(|(role, _)| *role == Role::Owner);
            // A process that stops keeps everything until it leaves.
            let is_over = owned.contains(p) || now < *at + LINGER || self.is_retiring;
            assert!(is_over || !is_owner, "{p} was lost at {at:?} and is owned at {now:?}");
        }
    }

    fn owns(&self, partition: Partition) -> bool {
        self.runners.get(&partition).is_some_and(|(role, _)| *role == Role::Owner)
    }
}

/// What a group may do between two steps.
#[derive(Debug, Clone, Copy)]
enum Event {
    Nothing,
    /// A partition is to go to the n-th member.
    Move(Partition, usize),
    /// The n-th process ends calmly, or at once.
    Stop(usize),
    Crash(usize),
    Start(usize),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => Just(Event::Nothing),
        6 => (0..PARTITIONS, any::<usize>()).prop_map(|(p, to)| Event::Move(p, to)),
        1 => any::<usize>().prop_map(Event::Stop),
        1 => any::<usize>().prop_map(Event::Crash),
        3 => (0_usize..4).prop_map(Event::Start),
    ]
}

/// How long it takes the group to notice a crash.
const SESSION: Duration = Duration::from_secs(1);
/// The longest between two steps.
const STEP_MS: u64 = 300;

/// A group that moves a partition only once its last owner knows that it lost it.
#[derive(Debug, Default)]
struct Group {
    processes: BTreeMap<u32, Process>,
    next_id: u32,
    /// Who is to have a partition, and who had it last and has not been notified otherwise.
    target: BTreeMap<Partition, u32>,
    holder: BTreeMap<Partition, u32>,
    /// Members that crashed, and until when that goes unnoticed.
    crashed: BTreeMap<u32, Duration>,
    last_crash: Option<Duration>,
    was_owned: BTreeSet<Partition>,
}

impl Group {
    fn happen(&mut self, event: Event, now: Duration) {
        let ids: Vec<u32> = self.processes.keys().copied().collect();
        let pick = |at: usize| ids[at % ids.len()];
        // Somebody else who does not stop, so that there is somebody to own.
        let others = |at| self.processes.iter().filter(move |(id, _)| **id != pick(at));
        let stays = |at| !ids.is_empty() && others(at).any(|(_, one)| !one.should_stop);
        match event {
            Event::Nothing => {}
            Event::Start(standbys_max) if ids.len() < 4 => {
                self.processes.insert(self.next_id, Process::new(standbys_max));
                self.next_id += 1;
            }
            Event::Move(p, at) if !ids.is_empty() && self.processes[&pick(at)].in_group => {
                self.target.insert(p, pick(at));
            }
            Event::Stop(at) if stays(at) => {
                self.processes.get_mut(&pick(at)).unwrap().should_stop = true;
            }
            Event::Crash(at) if stays(at) => {
                self.processes.remove(&pick(at));
                self.crashed.insert(pick(at), now + SESSION);
                self.last_crash = Some(now);
            }
            _ => {}
        }
    }

    /// Everybody takes a step, in turn.
    fn step(&mut self, now: Duration, is_quick: bool) {
        self.crashed.retain(|_, until| *until > now);
        self.assign();
        let members = self.processes.values().filter(|one| one.in_group).count();
        let ids: Vec<u32> = self.processes.keys().copied().collect();
        for id in ids {
            let share = self.share_of(id);
            let process = self.processes.get_mut(&id).unwrap();
            process.step(now, &share, is_quick, members > 0);
            if process.policy.has_ended() {
                self.processes.remove(&id);
                continue;
            }
            let holds = process.share.clone();
            if process.policy.is_in_group() {
                // What it does not hold any more may go to the next.
                self.holder.retain(|p, holder| *holder != id || holds.contains(p));
            }
        }
        self.check(now);
    }

    /// Partitions of nobody go to the member with the fewest.
    fn assign(&mut self) {
        let members: Vec<u32> = self
            .processes
            .iter()
            .filter(|(_, one)| one.in_group)
            .map(|(&id, _)| id)
            .chain(self.crashed.keys().copied())
            .collect();
        self.holder.retain(|_, holder| members.contains(holder));
        self.target.retain(|_, target| members.contains(target));
        for p in 0..PARTITIONS {
            if !self.target.contains_key(&p)
                && let Some(&least) = members
                    .iter()
                    .min_by_key(|id| self.target.values().filter(|target| target == id).count())
            {
                self.target.insert(p, least);
            }
        }
    }

    fn share_of(&mut self, id: u32) -> BTreeSet<Partition> {
        let mut share = BTreeSet::new();
        for (&p, &target) in &self.target {
            if target == id && *self.holder.entry(p).or_insert(id) == id {
                share.insert(p);
            }
        }
        share
    }

    /// A partition that was once owned is owned for ever, but after a crash, and then soon again.
    fn check(&mut self, now: Duration) {
        // A crash is noticed late; the successor learns of it a few steps later.
        let missed = SESSION + Duration::from_millis(4 * STEP_MS);
        // A whole group that crashed one by one is waited for until somebody has joined.
        if !self.processes.values().any(|one| one.in_group) {
            self.was_owned.clear();
            return;
        }
        for p in 0..PARTITIONS {
            if self.processes.values().any(|one| one.owns(p)) {
                self.was_owned.insert(p);
            } else if self.was_owned.contains(&p) {
                let is_missed = self.last_crash.is_some_and(|crash| now <= crash + missed);
                assert!(is_missed, "nobody owns {p} at {now:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_process_keeps_its_rules_whatever_the_group_says(
        standbys_max in 0_usize..4,
        steps in prop::collection::vec((0_u64..1_500, 0_u32..1 << PARTITIONS, any::<bool>()), 1..120),
    ) {
        let mut process = Process::new(standbys_max);
        let mut now = Duration::ZERO;
        let nothing = BTreeSet::new();
        while !process.policy.is_in_group() {
            process.step(now, &nothing, true, true);
            now += Duration::from_millis(20);
        }
        for (ms, mask, is_quick) in steps {
            now += Duration::from_millis(ms);
            let share = (0..PARTITIONS).filter(|p| mask >> p & 1 == 1).collect();
            process.step(now, &share, is_quick, true);
        }
        // Asked to stop, it has ended within bounds, whatever its runners do.
        process.should_stop = true;
        let until = now + RETIRE_WITHIN + LINGER + Duration::from_secs(1);
        let share = process.share.clone();
        while !process.policy.has_ended() {
            prop_assert!(now < until, "it does not end");
            now += Duration::from_millis(100);
            process.step(now, &share, false, true);
        }
        prop_assert!(process.runners.is_empty() && process.carried.is_empty());
        prop_assert!(!process.in_group);
    }

    #[test]
    fn every_partition_is_owned_whoever_comes_and_goes(
        events in prop::collection::vec((1_u64..STEP_MS, event(), any::<bool>()), 50..300),
    ) {
        let mut group = Group::default();
        let mut now = Duration::ZERO;
        group.happen(Event::Start(4), now);
        for (ms, event, is_quick) in events {
            now += Duration::from_millis(ms);
            group.happen(event, now);
            group.step(now, is_quick);
        }
        // Calm, everybody quick: each partition comes to one owner, and only one.
        for _ in 0..60 {
            now += Duration::from_millis(STEP_MS);
            group.step(now, true);
        }
        for p in 0..PARTITIONS {
            let owners = group.processes.values().filter(|one| one.owns(p)).count();
            prop_assert_eq!(owners, 1, "of {}", p);
        }
    }
}
