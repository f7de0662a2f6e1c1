//! How many of those who are called come.
//!
//! Whoever is called may take the grace time to come, and counts against the shop as long. If all
//! of them counted in full, a hundred devices that never come would keep a small shop empty for
//! several grace times. So they count as far as people have come lately: after half a grace time of
//! silence more are called, twice as many with each second. The engine counts shoppers exactly, so
//! the shop is never too full; somebody who is called and finds it full is let in with the next one
//! who leaves.

use std::collections::VecDeque;

use floodgate_domain::Frontier;

/// States remembered: more than a minute at ten a second. Beyond, calls count as no-shows early,
/// which only lets more people in sooner.
const STATES_MAX: usize = 4096;
/// How often the number of those called doubles while nobody comes at all.
const DOUBLING_MS: u64 = 1_000;

/// How far the line was, and how many had entered, at an instant.
#[derive(Debug, Clone, Copy)]
struct LineState {
    at_ms: u64,
    called: u64,
    entered: u64,
}

/// What became of the calls of the last grace times.
#[derive(Debug)]
pub(crate) struct Attendance {
    /// The state before all others.
    before: LineState,
    states: VecDeque<LineState>,
    /// Since when calls were made and nobody came.
    silent_since: Option<u64>,
    lapsed_below: Frontier,
}

impl Attendance {
    /// Begins behind the highest rank that entered, when so many had.
    pub(crate) fn starting_at(entered_beyond: Frontier, entered: u64) -> Self {
        let before = LineState { at_ms: 0, called: entered_beyond.0, entered };
        let lapsed_below = Frontier(0);
        Attendance { before, states: VecDeque::new(), silent_since: None, lapsed_below }
    }

    /// Notes how things stand, whoever moved the line.
    pub(crate) fn note(&mut self, now_ms: u64, called: Frontier, entered: u64) {
        let state = LineState { at_ms: now_ms, called: called.0, entered };
        match self.states.back_mut() {
            Some(last) if last.at_ms == now_ms => *last = state,
            _ => self.states.push_back(state),
        }
        if self.states.len() > STATES_MAX {
            self.before = self.states.pop_front().unwrap_or(self.before);
        }
    }

    /// Ranks below this were called longer ago than the grace time, as this gateway saw it.
    pub(crate) fn lapsed_below(&self) -> Frontier {
        self.lapsed_below
    }

    /// Called places that are to be expected still.
    pub(crate) fn expected(&mut self, now_ms: u64, grace_ms: u64) -> u64 {
        let half = grace_ms / 2;
        let lapsed = self.at(now_ms.checked_sub(grace_ms));
        if lapsed.at_ms > 0 || self.has_seen(now_ms.checked_sub(grace_ms)) {
            self.lapsed_below = Frontier(lapsed.called);
        }
        let last = self.states.back().copied().unwrap_or(self.before);
        let called = last.called.saturating_sub(lapsed.called);
        let entered = last.entered.saturating_sub(lapsed.entered);
        let outstanding = called.saturating_sub(entered);
        let from = now_ms.checked_sub(grace_ms + half);
        let (first, until) = (self.at(from), self.at(now_ms.checked_sub(half)));
        // Those who came a while after their call are looked for a while later.
        let late = half / 2;
        let (early, later) = (
            self.at((now_ms + late).checked_sub(grace_ms + half)),
            self.at((now_ms + late).checked_sub(half)),
        );
        let called_then = until.called.saturating_sub(first.called);
        let entered_then = later.entered.saturating_sub(early.entered);
        let share = if called_then == 0 {
            self.silent_since = None;
            1.0
        } else {
            let share = ratio(entered_then, called_then).max(ratio(entered, called));
            share.max(self.silence(now_ms, share > 0.0))
        };
        while let Some(state) = self.states.front()
            && state.at_ms.saturating_add(grace_ms + half) <= now_ms
        {
            self.before = *state;
            self.states.pop_front();
        }
        (outstanding as f64 * share).ceil() as u64
    }

    /// What those who are on their way count at least: all of it, and half as much with each second
    /// in which nobody comes.
    fn silence(&mut self, now_ms: u64, somebody_came: bool) -> f64 {
        if somebody_came {
            self.silent_since = None;
            return 0.0;
        }
        let since = *self.silent_since.get_or_insert(now_ms);
        let doublings = ((now_ms - since.min(now_ms)) / DOUBLING_MS).min(30);
        1.0 / f64::from(1_u32 << doublings)
    }

    fn has_seen(&self, at_ms: Option<u64>) -> bool {
        let first = self.states.front().map(|state| state.at_ms);
        first.zip(at_ms).is_some_and(|(first, at_ms)| first <= at_ms)
    }

    /// How things stood at an instant; before the first one that was noted, as at the beginning.
    fn at(&self, at_ms: Option<u64>) -> LineState {
        let Some(at_ms) = at_ms else { return self.before };
        let behind = self.states.partition_point(|state| state.at_ms <= at_ms);
        behind.checked_sub(1).map_or(self.before, |at| self.states[at])
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { (part as f64 / whole as f64).min(1.0) }
}
