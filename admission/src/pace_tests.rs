//! How the frontier moves, and that absent people do not hold it up.

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

/// A small shop, a line with devices in it that never come, and people who come when called.
struct Street {
    pace: Pace,
    settings: PaceSettings,
    shop: ShopView,
    /// By place: somebody who comes a while after the call, or nobody.
    line: Vec<Option<u64>>,
    called_at: Vec<Option<u64>>,
    entered_at: Vec<Option<u64>>,
    stay_ms: u64,
}

impl Street {
    fn new(settings: PaceSettings, shoppers_max: u32, line: Vec<Option<u64>>) -> Self {
        let count = line.len();
        let shop = ShopView { shoppers_max, places_reserved: count as u64, ..shop() };
        let pace = Pace::starting_at(Frontier(0));
        let (called_at, entered_at) = (vec![None; count], vec![None; count]);
        Street { pace, settings, shop, line, called_at, entered_at, stay_ms: 60_000 }
    }

    /// Lets everybody in who comes; returns when each of them entered.
    fn run(mut self) -> Vec<Option<u64>> {
        for now in (0..1_800_000).step_by(100) {
            let frontier = self.pace.advance(now, self.settings, &self.shop).0 as usize;
            for place in 0..frontier {
                self.called_at[place].get_or_insert(now);
            }
            let is_inside = |at: &&Option<u64>| at.is_some_and(|at| now < at + self.stay_ms);
            let mut inside = self.entered_at.iter().filter(is_inside).count() as u32;
            for place in 0..frontier {
                let comes = self.line[place].zip(self.called_at[place]);
                let is_here = comes.is_some_and(|(after, called)| called + after <= now);
                if is_here && self.entered_at[place].is_none() && inside < self.shop.shoppers_max {
                    self.entered_at[place] = Some(now);
                    self.shop.entered_count += 1;
                    self.shop.entered_beyond =
                        self.shop.entered_beyond.max(Frontier(place as u64 + 1));
                    inside += 1;
                }
            }
            self.shop.shoppers = inside;
            if self.entered_at.iter().zip(&self.line).all(|(at, who)| at.is_some() || who.is_none())
            {
                break;
            }
        }
        self.entered_at
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_hundred_that_never_come_delay_nobody_by_more_than_a_grace_and_a_half(
        shoppers_max in 4_u32..80,
        per_minute in 600_u32..30_000,
        grace_s in 20_u64..60,
        people in 1_usize..60,
        comes_ms in 200_u64..2_000,
    ) {
        let settings = PaceSettings { per_minute, grace_ms: grace_s * 1_000 };
        let somebody = vec![Some(comes_ms); people];
        let ghosts = [vec![None; 100], somebody.clone()].concat();
        let without = Street::new(settings, shoppers_max, somebody).run();
        let with = Street::new(settings, shoppers_max, ghosts).run().split_off(100);
        // The hundred places themselves take their time at the dial's rate, whoever has them.
        let of_places = 100 * 60_000 / u64::from(per_minute);
        for (number, (with, without)) in with.iter().zip(&without).enumerate() {
            let (with, without) = (with.unwrap_or(u64::MAX), without.unwrap_or(0));
            // Where the shop has room for half of them only, the second half waits for the first, and
            // is called for places that their graces give back one by one.
            prop_assert!(
                with <= without + settings.grace_ms * 3 / 2 + of_places,
                "number {number} enters at {with} ms, not at {without}"
            );
        }
    }
}
