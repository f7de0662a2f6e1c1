//! The takeover policy, rule by rule: what is seen, what is done about it.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::time::Duration;

use floodgate_event_log::{Partition, Reassignment};
use floodgate_runner::Condition;
use floodgate_runner::supervisor::policy::SupervisorAction::{self, *};
use floodgate_runner::supervisor::policy::{
    LINGER, LOOK_FOR_OTHERS_EVERY, Observation, PolicyOptions, RETIRE_WITHIN, SHARE_WITHIN, Share,
    TakeoverPolicy, WARM_WITHIN,
};

const NONE: Condition =
    Condition { is_warm: false, is_ready: false, has_retired: false, has_ended: false };
const WARM: Condition = Condition { is_warm: true, ..NONE };
const READY: Condition = Condition { is_ready: true, ..NONE };
const RETIRED: Condition = Condition { has_retired: true, ..READY };
const ENDED: Condition = Condition { has_retired: true, has_ended: true, ..NONE };

/// A policy, a clock, and how the runners are doing.
struct Desk {
    policy: TakeoverPolicy,
    seen: Observation,
}

impl Desk {
    fn new(partitions: u32, standbys_max: usize) -> Self {
        let options = PolicyOptions { partitions, standbys_max, is_shared: true };
        Desk { policy: TakeoverPolicy::new(options), seen: Observation::default() }
    }

    /// In the group, nothing owned, followers warm.
    fn joined(partitions: u32, standbys_max: usize) -> Self {
        let mut desk = Desk::new(partitions, standbys_max);
        desk.step();
        desk.all(WARM);
        desk.step();
        assert!(desk.policy.is_in_group());
        desk
    }

    fn step(&mut self) -> Vec<SupervisorAction> {
        let actions = self.policy.step(&self.seen);
        self.seen.reassignment = Reassignment::default();
        self.seen.others = None;
        actions
    }

    fn after(&mut self, time: Duration) -> Vec<SupervisorAction> {
        self.seen.now += time;
        self.step()
    }

    fn group(&mut self, gained: &[Partition], lost: &[Partition]) -> Vec<SupervisorAction> {
        self.seen.reassignment = Reassignment { gained: gained.to_vec(), lost: lost.to_vec() };
        self.step()
    }

    fn is(&mut self, partition: Partition, condition: Condition) {
        self.seen.runners.insert(partition, condition);
    }

    fn all(&mut self, condition: Condition) {
        let shares = self.policy.shares().keys();
        self.seen.runners = shares.map(|&partition| (partition, condition)).collect();
    }

    fn owned(&self) -> Vec<Partition> {
        self.policy.owned().collect()
    }

    fn is_ready(&self) -> bool {
        self.policy.is_ready(&self.seen)
    }
}

const MOMENT: Duration = Duration::from_millis(20);

#[test]
fn followers_are_warm_before_the_group_is_joined() {
    let mut desk = Desk::new(3, usize::MAX);
    assert_eq!(desk.step(), [StartStandby(0), StartStandby(1), StartStandby(2)]);
    desk.is(0, WARM);
    desk.is(1, WARM);
    assert_eq!(desk.after(MOMENT), []);
    desk.is(2, WARM);
    assert_eq!(desk.after(MOMENT), [Join]);
}

#[test]
fn a_follower_that_does_not_get_warm_does_not_keep_the_group_waiting() {
    let mut desk = Desk::new(1, usize::MAX);
    desk.step();
    assert_eq!(desk.after(WARM_WITHIN - MOMENT), []);
    assert_eq!(desk.after(MOMENT), [Join]);
}

#[test]
fn without_followers_the_group_is_joined_at_once() {
    assert_eq!(Desk::new(3, 0).step(), [Join]);
    let options = PolicyOptions { partitions: 3, standbys_max: 9, is_shared: false };
    let alone = TakeoverPolicy::new(options).step(&Observation::default());
    assert_eq!(alone, [Join], "alone, there is nobody to follow");
}

#[test]
fn a_follower_that_gains_owns_and_an_owner_is_started_where_nobody_followed() {
    let mut desk = Desk::joined(3, 1);
    assert_eq!(desk.policy.shares().len(), 1);
    assert_eq!(desk.group(&[0, 2], &[]), [Own(0), StartOwner(2), StartStandby(1)]);
    assert_eq!(desk.owned(), [0, 2]);
}

#[test]
fn what_is_lost_lingers_and_is_then_followed() {
    let mut desk = Desk::joined(2, usize::MAX);
    desk.group(&[0, 1], &[]);
    desk.all(READY);
    let until = desk.seen.now + LINGER;
    assert_eq!(desk.group(&[], &[1]), [Linger { partition: 1, until }]);
    assert_eq!(desk.owned(), [0], "the group says whose it is, at once");
    assert_eq!(desk.after(LINGER - MOMENT), []);
    assert_eq!(desk.after(MOMENT), [StandBy(1)]);
    assert_eq!(desk.after(LINGER), []);
}

#[test]
fn what_is_lost_and_not_followed_stops_after_it_lingered() {
    let mut desk = Desk::joined(2, 0);
    desk.group(&[0, 1], &[]);
    desk.all(READY);
    desk.group(&[], &[1]);
    assert_eq!(desk.after(LINGER), [Stop(1)]);
    assert_eq!(desk.after(MOMENT), [], "it stores its state first");
    desk.is(1, ENDED);
    assert_eq!(desk.after(MOMENT), [Remove(1)]);
    assert_eq!(desk.policy.shares().len(), 1);
}

#[test]
fn what_is_gained_again_while_it_lingers_goes_on_as_if_nothing_had_been() {
    let mut desk = Desk::joined(1, usize::MAX);
    desk.group(&[0], &[]);
    desk.all(READY);
    desk.group(&[], &[0]);
    desk.seen.now += LINGER / 2;
    assert_eq!(desk.group(&[0], &[]), [KeepOwning(0)]);
    assert_eq!(desk.after(LINGER), []);
    assert_eq!(desk.owned(), [0]);
    let until = desk.seen.now + LINGER;
    let again = desk.group(&[], &[0]);
    assert_eq!(again, [Linger { partition: 0, until }], "and lingers its full time again");
}

#[test]
fn what_is_gained_while_its_runner_stops_is_started_once_that_has_ended() {
    let mut desk = Desk::joined(2, 0);
    desk.group(&[0, 1], &[]);
    desk.all(READY);
    desk.group(&[], &[1]);
    assert_eq!(desk.after(LINGER), [Stop(1)]);
    assert_eq!(desk.group(&[1], &[]), [], "never two runners of a partition");
    assert_eq!(desk.owned(), [0, 1]);
    assert!(!desk.is_ready(), "the one that stops does not count, whatever it says");
    desk.is(1, ENDED);
    assert_eq!(desk.after(MOMENT), [Remove(1), StartOwner(1)]);
    // Lost again before the old one had ended, it is not started.
    desk.all(READY);
    desk.group(&[], &[1]);
    desk.after(LINGER);
    desk.group(&[1], &[]);
    desk.group(&[], &[1]);
    desk.is(1, ENDED);
    assert_eq!(desk.after(MOMENT), [Remove(1)]);
}

#[test]
fn standbys_begin_at_the_first_partition_owned() {
    // Owned, standbys at most, followed.
    let rows: [(&[u32], usize, &[u32]); 5] = [
        (&[0, 1], 1, &[2]),
        (&[2, 3], 1, &[4]),
        (&[4, 5], 2, &[0, 1]),
        (&[1], usize::MAX, &[0, 2, 3, 4, 5]),
        (&[0, 1, 2, 3, 4, 5], usize::MAX, &[]),
    ];
    for (owned, standbys_max, followed) in rows {
        let mut desk = Desk::joined(6, standbys_max);
        desk.group(owned, &[]);
        for _ in 0..3 {
            // What was followed before and is too much now goes.
            let stops = |(p, share): (&u32, &Share)| {
                matches!(share, Share::Stopping { .. }).then_some((*p, ENDED))
            };
            desk.seen.runners = desk.policy.shares().iter().filter_map(stops).collect();
            desk.after(MOMENT);
        }
        let shares = desk.policy.shares().keys().copied();
        let standbys: Vec<u32> = shares.filter(|p| !owned.contains(p)).collect();
        assert_eq!(standbys, followed, "owning {owned:?}, at most {standbys_max}");
    }
}

#[test]
fn a_surplus_follower_goes_when_another_one_is_nearer() {
    let mut desk = Desk::joined(4, 1);
    assert_eq!(desk.policy.shares().keys().collect::<Vec<_>>(), [&0]);
    assert_eq!(desk.group(&[2], &[]), [StartOwner(2), Stop(0), StartStandby(3)]);
}

#[test]
fn one_too_many_is_ready_after_a_while() {
    let mut desk = Desk::joined(1, usize::MAX);
    assert!(!desk.is_ready(), "nothing is known yet");
    desk.after(SHARE_WITHIN);
    assert!(!desk.is_ready());
    desk.after(MOMENT);
    assert!(desk.is_ready(), "ready to step in");
    desk.group(&[0], &[]);
    assert!(!desk.is_ready(), "it has to catch up first");
    desk.is(0, READY);
    assert!(desk.is_ready());
}

#[test]
fn ready_is_who_can_decide_everything_owned() {
    let mut desk = Desk::joined(3, usize::MAX);
    desk.group(&[0, 1], &[]);
    desk.is(0, READY);
    assert!(!desk.is_ready());
    desk.is(1, READY);
    assert!(desk.is_ready(), "a follower need not be");
}

#[test]
fn an_owner_that_ends_by_itself_ends_the_process() {
    for ended in [0, 1] {
        let mut desk = Desk::joined(2, usize::MAX);
        desk.group(&[0], &[]);
        desk.all(READY);
        desk.is(ended, ENDED);
        assert_eq!(desk.after(MOMENT), [Fail(ended), StopCompanions, Leave, End]);
        assert!(desk.policy.has_ended() && !desk.is_ready());
        assert_eq!(desk.after(MOMENT), []);
        assert_eq!(desk.policy.give_up(), []);
    }
    let mut desk = Desk::new(1, usize::MAX);
    desk.step();
    desk.is(0, ENDED);
    assert_eq!(desk.after(MOMENT), [Fail(0), StopCompanions, Leave, End], "before the group too");
}

#[test]
fn a_calm_end_stores_leaves_and_goes_on_for_others() {
    let mut desk = Desk::joined(2, usize::MAX);
    desk.group(&[0], &[]);
    desk.all(READY);
    desk.seen.should_stop = true;
    assert_eq!(desk.after(MOMENT), [Retire]);
    assert!(!desk.is_ready());
    assert!(desk.policy.is_in_group(), "who does not answer keeps others from sharing out");
    desk.is(0, RETIRED);
    assert_eq!(desk.after(MOMENT), [], "one snapshot is missing");
    desk.is(1, RETIRED);
    assert_eq!(desk.after(MOMENT), [StopCompanions, Leave, LookForOthers]);
    desk.seen.others = Some(true);
    assert_eq!(desk.after(MOMENT), []);
    assert_eq!(desk.after(LOOK_FOR_OTHERS_EVERY), [LookForOthers]);
    desk.seen.others = Some(true);
    assert_eq!(desk.after(LINGER - LOOK_FOR_OTHERS_EVERY - 2 * MOMENT), [LookForOthers]);
    assert_eq!(desk.after(MOMENT), [End], "they surely own by now");
    assert!(desk.policy.has_ended());
}

#[test]
fn a_calm_end_without_others_waits_for_nobody() {
    let mut desk = Desk::joined(1, usize::MAX);
    desk.group(&[0], &[]);
    desk.seen.should_stop = true;
    assert_eq!(desk.after(MOMENT), [Retire]);
    desk.all(RETIRED);
    assert_eq!(desk.after(MOMENT), [StopCompanions, Leave, LookForOthers]);
    desk.seen.others = Some(false);
    assert_eq!(desk.after(MOMENT), [End]);
}

#[test]
fn who_stores_its_last_snapshots_still_takes_what_nobody_else_has() {
    let mut desk = Desk::joined(3, 1);
    desk.group(&[0, 1], &[]);
    desk.all(READY);
    desk.seen.should_stop = true;
    assert_eq!(desk.after(MOMENT), [Retire]);
    let until = desk.seen.now + LINGER;
    assert_eq!(desk.group(&[2], &[1]), [Linger { partition: 1, until }, Own(2), Retire]);
    assert_eq!(desk.owned(), [0, 2]);
    assert_eq!(desk.after(LINGER), [], "what it lost it keeps until it leaves");
    desk.all(RETIRED);
    assert_eq!(desk.after(MOMENT), [StopCompanions, Leave, LookForOthers]);
}

#[test]
fn what_is_gained_while_its_runner_stops_is_started_among_the_last_snapshots_too() {
    let mut desk = Desk::joined(2, 0);
    desk.group(&[0, 1], &[]);
    desk.all(READY);
    desk.group(&[], &[1]);
    assert_eq!(desk.after(LINGER), [Stop(1)]);
    desk.seen.should_stop = true;
    assert_eq!(desk.group(&[1], &[]), [Retire]);
    desk.is(1, ENDED);
    assert_eq!(desk.after(MOMENT), [Remove(1), StartOwner(1), Retire]);
    assert_eq!(desk.owned(), [0, 1]);
}

#[test]
fn snapshots_that_do_not_come_to_an_end_are_not_waited_for() {
    let mut desk = Desk::joined(1, 0);
    desk.group(&[0], &[]);
    desk.seen.should_stop = true;
    desk.after(MOMENT);
    assert_eq!(desk.after(RETIRE_WITHIN - MOMENT), []);
    assert_eq!(desk.after(MOMENT), [StopCompanions, Leave, LookForOthers]);
}

#[test]
fn who_is_alone_just_ends() {
    let options = PolicyOptions { partitions: 2, standbys_max: 0, is_shared: false };
    let mut desk = Desk { policy: TakeoverPolicy::new(options), seen: Observation::default() };
    assert_eq!(desk.step(), [Join]);
    assert_eq!(desk.group(&[0, 1], &[]), [StartOwner(0), StartOwner(1)]);
    desk.seen.should_stop = true;
    assert_eq!(desk.after(MOMENT), [StopCompanions, Leave, End]);
}

#[test]
fn who_stops_while_warming_just_ends() {
    let mut desk = Desk::new(2, usize::MAX);
    desk.step();
    desk.seen.should_stop = true;
    assert_eq!(desk.after(MOMENT), [StopCompanions, Leave, End]);
}

#[test]
fn news_that_make_no_sense_change_nothing() {
    let mut desk = Desk::joined(2, usize::MAX);
    assert_eq!(desk.group(&[7], &[1]), [], "no such partition; never owned");
    desk.group(&[0], &[]);
    assert_eq!(desk.group(&[0], &[]), [], "owned already");
    assert_eq!(desk.policy.shares().len(), 2);
    let nobody: BTreeMap<_, _> = BTreeMap::new();
    desk.seen.runners = nobody;
    assert_eq!(desk.after(MOMENT), [], "a runner nothing is known of is a runner that starts");
}
