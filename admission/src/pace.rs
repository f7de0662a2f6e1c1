//! How the frontier moves: by rate, and by the free capacity of the shop.
//!
//! Every rank below the frontier may enter, and this file knows places only by their rank: the
//! domain defines the order. The frontier never goes back. People who are called and do not come
//! count against the shop only for a grace time, so they never block the line; latecomers still
//! enter, since the engine counts shoppers exactly. Those called by another gateway, or before a
//! restart, count like its own: from when the call was seen.
//!
//! The rate is one for all gateways: what others call is taken from the allowance here. No minute
//! after a dial was turned has more calls than the dial says.

use std::collections::VecDeque;

use floodgate_domain::{Frontier, LineOrder, SalePhase};

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

/// Places called at one instant.
#[derive(Debug, Clone, Copy)]
struct Call {
    at_ms: u64,
    beyond: Frontier,
}

/// Calls remembered: a minute of grace at ten calls a second, with room to spare. Older
/// ones count as no-shows early, which only lets more people in sooner.
const CALLS_MAX: usize = 4096;
/// The rate's allowance never saves up more than this: a stall is not followed by a flood.
const BURST_MS: u64 = 1_000;

/// A minute, within which no more may be called than the dial says.
const WINDOW_MS: u64 = 60_000;

/// The frontier of one event.
#[derive(Debug)]
pub struct Pace {
    frontier: Frontier,
    calls: VecDeque<Call>,
    /// Ranks below this were called longer ago than the grace time.
    lapsed_below: Frontier,
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
            calls: VecDeque::new(),
            lapsed_below: entered_beyond,
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

    /// Follows a frontier others have called: it never goes back.
    pub fn follow(&mut self, frontier: Frontier) {
        self.frontier = self.frontier.max(frontier);
    }

    /// Moves the frontier as far as it may go at `now_ms`, and returns it.
    pub fn advance(&mut self, now_ms: u64, settings: PaceSettings, shop: &ShopView) -> Frontier {
        self.frontier = self.frontier.max(shop.entered_beyond).max(shop.places_called);
        self.note_call(now_ms);
        self.accrue(now_ms, settings.per_minute);
        self.forget_lapsed(now_ms, settings.grace_ms);
        let left = u64::from(settings.per_minute).saturating_sub(self.recent_sum);
        let steps = self.room(settings, shop).min(self.allowance.max(0.0) as u64).min(left);
        if steps > 0 {
            self.frontier = Frontier(self.frontier.0 + steps);
            self.charge(now_ms, f64::MAX);
            self.note_call(now_ms);
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

    /// Remembers when the frontier moved, whoever moved it: without that, those others called
    /// and who do not come would count against the shop for ever.
    fn note_call(&mut self, now_ms: u64) {
        let noted = self.calls.back().map_or(self.lapsed_below, |call| call.beyond);
        if self.frontier <= noted {
            return;
        }
        if self.calls.len() == CALLS_MAX
            && let Some(oldest) = self.calls.pop_front()
        {
            self.lapsed_below = oldest.beyond;
        }
        self.calls.push_back(Call { at_ms: now_ms, beyond: self.frontier });
    }

    fn forget_lapsed(&mut self, now_ms: u64, grace_ms: u64) {
        while let Some(call) = self.calls.front()
            && call.at_ms.saturating_add(grace_ms) <= now_ms
        {
            self.lapsed_below = call.beyond;
            self.calls.pop_front();
        }
    }

    /// How many more places may be called: what the shop can take, less those on their way.
    fn room(&self, settings: PaceSettings, shop: &ShopView) -> u64 {
        let is_on = shop.phase == SalePhase::Open && settings.per_minute > 0;
        // With nothing free there is nothing to call people for; held seats may come back.
        if !is_on || shop.free == 0 {
            return 0;
        }
        let waiting = self.frontier.not_called(shop.places_reserved);
        let room = u64::from(shop.shoppers_max.saturating_sub(shop.shoppers));
        waiting.min(room.saturating_sub(self.expected(shop)))
    }

    /// Places called within the grace time that have not entered yet, at most.
    fn expected(&self, shop: &ShopView) -> u64 {
        let lapsed = self.lapsed_below.0;
        let called = self.frontier.0.saturating_sub(lapsed);
        let entered_of_these = shop.entered_beyond.0.saturating_sub(lapsed);
        called.saturating_sub(entered_of_these.min(shop.entered_count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SETTINGS: PaceSettings = PaceSettings { per_minute: 60_000, grace_ms: 30_000 };

    fn shop() -> ShopView {
        ShopView {
            phase: SalePhase::Open,
            shoppers: 0,
            shoppers_max: 100,
            free: 1000,
            held: 0,
            places_reserved: 10_000,
            order: LineOrder::AS_GIVEN,
            places_called: Frontier(0),
            entered_beyond: Frontier(0),
            entered_count: 0,
        }
    }

    #[test]
    fn the_rate_is_kept() {
        let mut pace = Pace::starting_at(Frontier(0));
        let settings = PaceSettings { per_minute: 600, ..SETTINGS };
        pace.advance(0, settings, &shop());
        assert_eq!(pace.advance(500, settings, &shop()), Frontier(5));
        assert_eq!(pace.advance(1000, settings, &shop()), Frontier(10));
        // A long stall saves up one second's worth only.
        assert_eq!(pace.advance(60_000, settings, &shop()), Frontier(20));
    }

    #[test]
    fn the_shop_is_never_overbooked() {
        let mut pace = Pace::starting_at(Frontier(0));
        pace.advance(0, SETTINGS, &shop());
        assert_eq!(pace.advance(1000, SETTINGS, &shop()), Frontier(100));
        assert_eq!(pace.advance(2000, SETTINGS, &shop()), Frontier(100));
        let entered =
            ShopView { shoppers: 40, entered_beyond: Frontier(60), entered_count: 60, ..shop() };
        assert_eq!(pace.advance(3000, SETTINGS, &entered), Frontier(120));
    }

    #[test]
    fn silent_people_do_not_block_the_line() {
        let mut pace = Pace::starting_at(Frontier(0));
        pace.advance(0, SETTINGS, &shop());
        assert_eq!(pace.advance(1000, SETTINGS, &shop()), Frontier(100));
        assert_eq!(pace.advance(30_999, SETTINGS, &shop()), Frontier(100));
        assert_eq!(pace.advance(31_000, SETTINGS, &shop()), Frontier(200));
    }

    #[test]
    fn a_restart_calls_nobody_back_and_waits_for_those_on_their_way() {
        // Sixty places had entered and a hundred were called when everything stopped.
        let view = ShopView {
            shoppers: 60,
            places_called: Frontier(100),
            entered_beyond: Frontier(60),
            entered_count: 60,
            ..shop()
        };
        let mut pace = Pace::starting_at(view.entered_beyond);
        assert_eq!(pace.advance(0, SETTINGS, &view), Frontier(100));
        assert_eq!(pace.advance(1000, SETTINGS, &view), Frontier(100), "forty are on their way");
        assert_eq!(pace.advance(29_999, SETTINGS, &view), Frontier(100));
        assert_eq!(pace.advance(30_000, SETTINGS, &view), Frontier(140), "and do not come");
    }

    #[test]
    fn those_others_called_lapse_like_ones_own() {
        let mut pace = Pace::starting_at(Frontier(0));
        pace.advance(0, SETTINGS, &shop());
        pace.follow(Frontier(100));
        assert_eq!(
            pace.advance(1000, SETTINGS, &shop()),
            Frontier(100),
            "another gateway filled the shop"
        );
        assert_eq!(pace.advance(30_999, SETTINGS, &shop()), Frontier(100));
        assert_eq!(pace.advance(31_000, SETTINGS, &shop()), Frontier(200), "none of them came");
    }

    #[test]
    fn the_line_stands_when_there_is_nothing_to_call_for() {
        let mut pace = Pace::starting_at(Frontier(7));
        for shop in [
            ShopView { phase: SalePhase::Paused, ..shop() },
            ShopView { free: 0, ..shop() },
            ShopView { shoppers: 100, ..shop() },
            ShopView { places_reserved: 7, ..shop() },
        ] {
            pace.advance(0, SETTINGS, &shop);
            assert_eq!(pace.advance(5000, SETTINGS, &shop), Frontier(7), "{shop:?}");
        }
    }

    proptest! {
        #[test]
        fn never_back_never_beyond_the_places(
            steps in prop::collection::vec((0_u64..5000, 0_u32..200, 0_u64..200, 0_u32..3), 1..200),
        ) {
            let mut pace = Pace::starting_at(Frontier(0));
            let (mut now, mut last) = (0, 0);
            for (wait, shoppers, entered, rate) in steps {
                now += wait;
                let entered = entered.min(last);
                let view = ShopView {
                    shoppers,
                    entered_beyond: Frontier(entered),
                    entered_count: entered,
                    places_reserved: 500,
                    ..shop()
                };
                let settings = PaceSettings { per_minute: rate * 1000, ..SETTINGS };
                let next = pace.advance(now, settings, &view).0;
                prop_assert!(next >= last && next <= 500);
                let room = u64::from(100_u32.saturating_sub(shoppers));
                prop_assert!(next - last <= room, "called {} into room for {room}", next - last);
                last = next;
            }
        }

        #[test]
        fn everybody_is_called_in_the_end(grace_ms in 1_u64..60_000, rate in 60_u32..100_000) {
            let mut pace = Pace::starting_at(Frontier(0));
            let view = ShopView { places_reserved: 300, ..shop() };
            let settings = PaceSettings { per_minute: rate, grace_ms };
            for tick in 0..100_000_u64 {
                if pace.advance(tick * 100, settings, &view) == Frontier(300) {
                    return Ok(());
                }
            }
            prop_assert!(false, "the line stalled at {}", pace.frontier().0);
        }
    }
}
