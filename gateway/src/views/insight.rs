//! What happened in a sale, window by window, and how long each seat took to sell.
//!
//! The same fold as the topic of windows, straight from the facts: a dashboard is as fresh as every
//! other view, and says nothing else than the topic.

use std::collections::{HashMap, VecDeque};

use floodgate_domain::effects::{OrderChange, SeatMove};
use floodgate_domain::tally::{SaleTally, Tally, WINDOW_MS, window_of};
use floodgate_domain::{Effects, FactRecord, HoldId, LogTime, NewEvent, SeatState};

/// Windows of ten seconds that are kept: two hours in which something happens all the time.
const FINE_MAX: usize = 720;
/// Older ones are kept together by ten minutes: a week of such hours. What is older still is in the
/// totals alone. All together 350 KB an event at most.
const COARSE_MS: u64 = 600_000;
const COARSE_MAX: usize = 1_008;
/// A seat that took longer counts as so many seconds: 18 hours.
const SOLD_AFTER_MAX: u64 = u16::MAX as u64 - 1;

/// A stretch of log time and what happened in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) begins_at: LogTime,
    pub(crate) tally: Tally,
}

/// When an order began and when it changed last, and by which fact: exports go by that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OrderMark {
    pub(crate) began_at: LogTime,
    pub(crate) changed_at: LogTime,
    /// The fact's position as one number, as in the tables.
    pub(crate) version: u64,
}

#[derive(Debug)]
pub(crate) struct Insight {
    pub(crate) tally: SaleTally,
    fine: VecDeque<Window>,
    coarse: VecDeque<Window>,
    /// When the sale first sold to anybody, a presale included.
    pub(crate) selling_since: Option<LogTime>,
    /// By seat: seconds until it was sold, and one; 0 while it is not. Empty until the first is.
    sold_after: Vec<u16>,
    /// As many as there are orders.
    orders: HashMap<HoldId, OrderMark>,
}

impl Insight {
    pub(super) fn of(new: &NewEvent) -> Self {
        Insight {
            tally: SaleTally::of(new),
            fine: VecDeque::new(),
            coarse: VecDeque::new(),
            selling_since: None,
            sold_after: Vec::new(),
            orders: HashMap::new(),
        }
    }

    pub(super) fn follow(&mut self, record: &FactRecord, effects: &Effects<'_>, seats: usize) {
        if effects.phase.is_some_and(floodgate_domain::SalePhase::sells) {
            self.selling_since = self.selling_since.or(Some(record.at));
        }
        let added = self.tally.follow(effects, record.at);
        if added != Tally::default() {
            self.enter(window_of(record.at), &added);
        }
        if let Some(change) = &effects.order {
            self.mark(change, record);
        }
        if let Some(change) = &effects.seats {
            self.follow_seats(change, record.at, seats);
        }
    }

    fn mark(&mut self, change: &OrderChange<'_>, record: &FactRecord) {
        let known = self.orders.get(&change.hold_id).filter(|_| !change.is_new);
        let began_at = known.map_or(record.at, |known| known.began_at);
        let version = record.position.version();
        let mark = OrderMark { began_at, changed_at: record.at, version };
        self.orders.insert(change.hold_id, mark);
    }

    pub(crate) fn orders(&self) -> impl Iterator<Item = (HoldId, OrderMark)> {
        self.orders.iter().map(|(hold_id, mark)| (*hold_id, *mark))
    }

    pub(crate) fn order(&self, hold_id: HoldId) -> Option<OrderMark> {
        self.orders.get(&hold_id).copied()
    }

    fn enter(&mut self, begins_at: LogTime, added: &Tally) {
        if let Some(last) = self.fine.back_mut().filter(|last| last.begins_at == begins_at) {
            return last.tally.add(added);
        }
        self.fine.push_back(Window { begins_at, tally: *added });
        if self.fine.len() <= FINE_MAX {
            return;
        }
        let Some(oldest) = self.fine.pop_front() else { return };
        let begins_at = begin_of(oldest.begins_at, COARSE_MS);
        match self.coarse.back_mut().filter(|last| last.begins_at == begins_at) {
            Some(last) => last.tally.add(&oldest.tally),
            None => self.coarse.push_back(Window { begins_at, tally: oldest.tally }),
        }
        if self.coarse.len() > COARSE_MAX {
            self.coarse.pop_front();
        }
    }

    fn follow_seats(&mut self, change: &SeatMove<'_>, at: LogTime, seats: usize) {
        let after = match change.change_of(SeatState::Sold) {
            1 => {
                let since = self.selling_since.unwrap_or(at);
                let seconds = at.0.saturating_sub(since.0) / 1_000;
                1 + u16::try_from(seconds.min(SOLD_AFTER_MAX)).unwrap_or(u16::MAX - 1)
            }
            -1 => 0,
            _ => return,
        };
        if self.sold_after.is_empty() {
            self.sold_after = vec![0; seats];
        }
        for seat in change.seats {
            if let Some(known) = self.sold_after.get_mut(seat.0 as usize) {
                *known = after;
            }
        }
    }

    /// By seat: seconds until it was sold, and one; 0 while it is not.
    pub(crate) fn sold_after(&self, seat: usize) -> u16 {
        self.sold_after.get(seat).copied().unwrap_or(0)
    }

    /// Windows from a moment on, put together by steps; of what was put together before, as it is.
    pub(crate) fn windows(&self, since: LogTime, step_ms: u64) -> Vec<Window> {
        let mut windows: Vec<Window> = Vec::new();
        for window in self.coarse.iter().chain(&self.fine) {
            let begins_at = begin_of(window.begins_at, step_ms.max(WINDOW_MS));
            if begins_at < begin_of(since, step_ms.max(WINDOW_MS)) {
                continue;
            }
            // The first fine one may begin within the last coarse one.
            match windows.last_mut().filter(|last| last.begins_at >= begins_at) {
                Some(last) => last.tally.add(&window.tally),
                None => windows.push(Window { begins_at, tally: window.tally }),
            }
        }
        windows
    }

    /// When the last window begins.
    pub(crate) fn last_begins_at(&self) -> LogTime {
        self.fine.back().map_or(LogTime(0), |window| window.begins_at)
    }
}

fn begin_of(at: LogTime, step_ms: u64) -> LogTime {
    LogTime(at.0 - at.0 % step_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insight(windows: u64) -> Insight {
        let mut insight = Insight::of(&NewEvent::default());
        for at in 0..windows {
            let added = Tally { holds: 1, ..Tally::default() };
            insight.enter(LogTime(at * WINDOW_MS), &added);
        }
        insight
    }

    #[test]
    fn old_windows_are_put_together_and_none_is_lost() {
        let count = FINE_MAX as u64 + 500;
        let insight = insight(count);
        for step in [10_000, 60_000, 600_000, 3_600_000] {
            let windows = insight.windows(LogTime(0), step);
            assert!(windows.is_sorted_by_key(|window| window.begins_at));
            let holds: u64 = windows.iter().map(|window| window.tally.holds).sum();
            assert_eq!(holds, count, "{step}");
        }
        assert_eq!(insight.fine.len(), FINE_MAX);
        assert_eq!(insight.windows(insight.last_begins_at(), 10_000).len(), 1);
    }

    #[test]
    fn however_long_a_sale_runs_it_has_so_many_windows() {
        let insight = insight(200_000);
        assert!(insight.coarse.len() <= COARSE_MAX && insight.fine.len() <= FINE_MAX);
    }
}
