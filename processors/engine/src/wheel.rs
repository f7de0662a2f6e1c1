//! A hashed timing wheel on log time (Varghese and Lauck 1987, scheme 6): constant work to
//! start a timer, none to stop one.
//!
//! Timers are never removed: an owner that no longer needs one ignores it when it fires,
//! and one that needs it later sets it again then. So each owner has few entries.

use floodgate_domain::ids::{AnnouncementId, HoldId, LogTime};

/// A slot's width. A timer fires at the first step after its slot is over: at most this late.
pub(super) const SLOT_MS: u64 = 64;
/// 8,192 slots of 64 ms: one turn takes 8.7 minutes, longer than most holds.
const SLOTS: u64 = 8192;

/// What a timer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimerKind {
    /// Slot and generation of an order.
    Order { slot: u32, generation: u32 },
    /// Index of a buyer whose pass ends, or who may be idle.
    Visit { buyer: u32 },
    /// The order whose seats were set aside.
    Return { hold_id: HoldId },
    /// A time at which the sale opens or closes by itself.
    Sale,
    /// The time of an announcement.
    Announcement { id: AnnouncementId },
}

/// A running timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Timer {
    pub(super) deadline: LogTime,
    /// Index of the event it belongs to.
    pub(super) event: u32,
    pub(super) kind: TimerKind,
}

/// All running timers of a partition.
#[derive(Debug)]
pub(super) struct Wheel {
    slots: Vec<Vec<Timer>>,
    /// Ticks below this one are done.
    done_tick: u64,
    count: usize,
    /// Timers of a later turn met while looking for due ones; empty between calls, kept for
    /// its memory.
    later: Vec<Timer>,
}

impl Wheel {
    pub(super) fn new() -> Self {
        let slots = (0..SLOTS).map(|_| Vec::new()).collect();
        Wheel { slots, done_tick: 0, count: 0, later: Vec::new() }
    }

    /// Starts a timer. One in the past fires at the next chance.
    pub(super) fn start(&mut self, timer: Timer) {
        let tick = (timer.deadline.0 / SLOT_MS).max(self.done_tick);
        self.slots[(tick % SLOTS) as usize].push(timer);
        self.count += 1;
    }

    /// Moves timers that are due at `now` into `due`, at most `limit` of them; the rest stay
    /// due. Timers of a later turn are looked at once a call.
    pub(super) fn take_due(&mut self, now: LogTime, limit: usize, due: &mut Vec<Timer>) {
        let now_tick = now.0 / SLOT_MS;
        if self.count == 0 {
            self.done_tick = self.done_tick.max(now_tick);
            return;
        }
        // After a long silence one turn visits every slot.
        self.done_tick = self.done_tick.max(now_tick.saturating_sub(SLOTS));
        while self.done_tick < now_tick {
            let slot = &mut self.slots[(self.done_tick % SLOTS) as usize];
            while due.len() < limit
                && let Some(timer) = slot.pop()
            {
                let is_due = timer.deadline.0 / SLOT_MS < now_tick;
                if is_due { &mut *due } else { &mut self.later }.push(timer);
            }
            let done = slot.is_empty();
            slot.append(&mut self.later);
            if !done {
                break;
            }
            self.done_tick += 1;
        }
        self.count -= due.len();
    }

    /// The first instant at which a slot with timers is over.
    pub(super) fn next_due(&self) -> Option<LogTime> {
        if self.count == 0 {
            return None;
        }
        (self.done_tick..self.done_tick + SLOTS)
            .find(|tick| !self.slots[(tick % SLOTS) as usize].is_empty())
            .map(|tick| LogTime((tick + 1) * SLOT_MS))
    }

    /// Everything needed to go on elsewhere, in an order that keeps the future the same.
    pub(super) fn parts(&self) -> (u64, impl Iterator<Item = &Timer>) {
        let turn = (self.done_tick..self.done_tick + SLOTS).map(|tick| (tick % SLOTS) as usize);
        (self.done_tick, turn.flat_map(|slot| self.slots[slot].iter()))
    }

    /// The wheel that [`Wheel::parts`] described.
    pub(super) fn from_parts(done_tick: u64, timers: impl Iterator<Item = Timer>) -> Self {
        let mut wheel = Wheel::new();
        wheel.done_tick = done_tick;
        for timer in timers {
            wheel.start(timer);
        }
        wheel
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn timer(deadline: u64) -> Timer {
        Timer { deadline: LogTime(deadline), event: 0, kind: TimerKind::Visit { buyer: 0 } }
    }

    fn due(wheel: &mut Wheel, now: u64) -> Vec<u64> {
        let mut due = Vec::new();
        wheel.take_due(LogTime(now), usize::MAX, &mut due);
        due.iter().map(|timer| timer.deadline.0).collect()
    }

    #[test]
    fn late_timers_survive_many_turns() {
        let mut wheel = Wheel::new();
        wheel.start(timer(SLOT_MS * SLOTS * 5));
        wheel.start(timer(10));
        assert_eq!(wheel.next_due(), Some(LogTime(SLOT_MS)));
        assert!(due(&mut wheel, SLOT_MS - 1).is_empty());
        assert_eq!(due(&mut wheel, SLOT_MS), [10]);
        assert!(due(&mut wheel, SLOT_MS * SLOTS * 5).is_empty());
        assert_eq!(due(&mut wheel, SLOT_MS * SLOTS * 5 + SLOT_MS), [SLOT_MS * SLOTS * 5]);
        assert_eq!(wheel.next_due(), None);
    }

    #[test]
    fn a_limit_leaves_the_rest_due() {
        let mut wheel = Wheel::new();
        (0..10).for_each(|at| wheel.start(timer(at)));
        let mut some = Vec::new();
        wheel.take_due(LogTime(1000), 4, &mut some);
        assert_eq!((some.len(), wheel.len()), (4, 6));
        assert_eq!(due(&mut wheel, 1000).len(), 6);
    }

    proptest! {
        #[test]
        fn every_timer_fires_once_in_its_slot(
            deadlines in prop::collection::vec(0_u64..2_000_000, 1..200),
            jumps in prop::collection::vec(1_u64..400_000, 1..40),
        ) {
            let mut wheel = Wheel::new();
            for &deadline in &deadlines {
                wheel.start(timer(deadline));
            }
            let mut now = 0;
            let mut fired = Vec::new();
            for jump in jumps.into_iter().chain([4_000_000]) {
                let before = now;
                now += jump;
                for deadline in due(&mut wheel, now) {
                    prop_assert!(deadline <= now);
                    prop_assert!(deadline + 2 * SLOT_MS > before, "{deadline} came late");
                    fired.push(deadline);
                }
                let (done, timers) = wheel.parts();
                let timers: Vec<Timer> = timers.copied().collect();
                wheel = Wheel::from_parts(done, timers.into_iter());
            }
            let mut expected = deadlines;
            expected.sort_unstable();
            fired.sort_unstable();
            prop_assert_eq!(fired, expected);
            prop_assert_eq!(wheel.len(), 0);
        }
    }
}
