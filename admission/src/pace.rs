//! How the frontier moves: by rate, and by the free capacity of the shop.
//!
//! Every rank below the frontier may enter, and this file knows places only by their rank: the
//! domain defines the order. The frontier never goes back. People who are called and do not come
//! count against the shop only for a grace time, and the less the fewer come (`attendance`); after
//! it their place rejoins behind those who are there. Those called by another gateway, or before a
//! restart, count like its own: from when the call was seen.
//!
//! The rate is one for all gateways: what others call is taken from the allowance here. No minute
//! after a dial was turned has more calls than the dial says.

use std::collections::VecDeque;

use floodgate_domain::{Frontier, LineOrder, SalePhase};

use crate::attendance::Attendance;

/// What the operator sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaceSettings {
    /// Places called a minute at most; 0 holds the line.
    pub per_minute: u32,
    /// How long a called place is expected before it counts as a no-show, in milliseconds.
    pub grace_ms: u64,
}

/// The shop, folded from the facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShopView {
    pub phase: SalePhase,
    pub shoppers: u32,
    pub shoppers_max: u32,
    pub free: u32,
    pub held: u32,
    /// Places given out: the frontier has no use beyond.
    pub places_reserved: u64,
    /// In which order they are called.
    pub order: LineOrder,
    /// How far the line was called, as far as the log has it: a restart calls nobody back.
    pub places_called: Frontier,
    /// Behind the highest rank that ever entered; 0 when none did.
    pub entered_beyond: Frontier,
    /// Places that have entered, all in all.
    pub entered_count: u64,
}

/// The rate's allowance never saves up more than this: a stall is not followed by a flood.
const BURST_MS: u64 = 1_000;

/// A minute, within which no more may be called than the dial says.
const WINDOW_MS: u64 = 60_000;

/// The frontier of one event.
#[derive(Debug)]
pub struct Pace {
    frontier: Frontier,
    attendance: Option<Attendance>,
    entered_beyond: Frontier,
    /// Places that may be called now; less than none after others have called.
    allowance: f64,
    /// The frontier as far as it was taken from the allowance.
    charged: Frontier,
    /// What was called within a minute, by anybody, since the dial was turned: when, and how many.
    recent: VecDeque<(u64, u64)>,
    recent_sum: u64,
    per_minute: Option<u32>,
    last_ms: Option<u64>,
}

impl Pace {
    /// Starts behind the highest rank that entered; the first step follows what the log has.
    #[must_use]
    pub fn starting_at(entered_beyond: Frontier) -> Self {
        Pace {
            frontier: entered_beyond,
            attendance: None,
            entered_beyond,
            allowance: 0.0,
            charged: entered_beyond,
            recent: VecDeque::new(),
            recent_sum: 0,
            per_minute: None,
            last_ms: None,
        }
    }

    /// Every rank below may enter.
    #[must_use]
    pub fn frontier(&self) -> Frontier {
        self.frontier
    }

    /// Ranks below this were called longer ago than the grace time.
    #[must_use]
    pub fn lapsed_below(&self) -> Frontier {
        self.attendance.as_ref().map_or(Frontier(0), Attendance::lapsed_below)
    }

    /// Follows a frontier others have called: it never goes back.
    pub fn follow(&mut self, frontier: Frontier) {
        self.frontier = self.frontier.max(frontier);
    }

    /// Moves the frontier as far as it may go at `now_ms`, and returns it.
    pub fn advance(&mut self, now_ms: u64, settings: PaceSettings, shop: &ShopView) -> Frontier {
        self.frontier = self.frontier.max(shop.entered_beyond).max(shop.places_called);
        self.accrue(now_ms, settings.per_minute);
        let (frontier, entered) = (self.frontier, shop.entered_count);
        let attendance = self
            .attendance
            .get_or_insert_with(|| Attendance::starting_at(self.entered_beyond, entered));
        attendance.note(now_ms, frontier, entered);
        let expected = attendance.expected(now_ms, settings.grace_ms);
        let left = u64::from(settings.per_minute).saturating_sub(self.recent_sum);
        let steps =
            self.room(settings, shop, expected).min(self.allowance.max(0.0) as u64).min(left);
        if steps > 0 {
            self.frontier = Frontier(self.frontier.0 + steps);
            self.charge(now_ms, f64::MAX);
            if let Some(attendance) = &mut self.attendance {
                attendance.note(now_ms, self.frontier, entered);
            }
        }
        self.frontier
    }

    /// Goes beyond numbers that nobody has, at once: nobody is called by that.
    pub fn pass_over(&mut self, beyond: Frontier) {
        self.charged = Frontier(self.charged.0 + beyond.0.saturating_sub(self.frontier.0));
        self.follow(beyond);
    }

    /// Lets the allowance grow with time, and takes from it what others have called.
    fn accrue(&mut self, now_ms: u64, per_minute: u32) {
        let per_ms = f64::from(per_minute) / 60_000.0;
        // At least one whole place fits, or a slow rate would never call anybody.
        let most = (per_ms * BURST_MS as f64).max(1.0);
        if self.per_minute.replace(per_minute) != Some(per_minute) {
            // What was saved up, or called, under another rate is over; less than a place stays.
            self.allowance = self.allowance.clamp(0.0, 0.999);
            self.recent.clear();
            self.recent_sum = 0;
        }
        let Some(last_ms) = self.last_ms.replace(now_ms) else {
            // Where this gateway begins nobody was called by it.
            self.charged = self.frontier;
            return;
        };
        let elapsed = now_ms.saturating_sub(last_ms).min(BURST_MS);
        self.charge(now_ms, most);
        self.allowance = (self.allowance + per_ms * elapsed as f64).min(most);
        while let Some(&(at, count)) = self.recent.front()
            && at.saturating_add(WINDOW_MS) <= now_ms
        {
            self.recent_sum -= count;
            self.recent.pop_front();
        }
    }

    /// Takes what the frontier has moved from the allowance, which never owes more than `debt_max`.
    fn charge(&mut self, now_ms: u64, debt_max: f64) {
        let moved = self.frontier.0.saturating_sub(self.charged.0);
        self.charged = self.charged.max(self.frontier);
        if moved > 0 {
            self.allowance = (self.allowance - moved as f64).max(-debt_max);
            self.recent.push_back((now_ms, moved));
            self.recent_sum += moved;
        }
    }

    /// How many more places may be called: what the shop can take, less those on their way.
    fn room(&self, settings: PaceSettings, shop: &ShopView, expected: u64) -> u64 {
        let is_on = shop.phase.sells() && settings.per_minute > 0;
        // With nothing free there is nothing to call people for; held seats may come back.
        if !is_on || shop.free == 0 {
            return 0;
        }
        let waiting = self.frontier.not_called(shop.places_reserved);
        let room = u64::from(shop.shoppers_max.saturating_sub(shop.shoppers));
        waiting.min(room.saturating_sub(expected))
    }
}

#[cfg(test)]
#[path = "pace_tests.rs"]
mod tests;
