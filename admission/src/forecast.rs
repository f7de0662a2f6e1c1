//! How long the line takes under given dials: what operators see before they change one. Pure.
//!
//! People are let in at the rate until the shop is full, then as fast as others leave it. Shoppers
//! are assumed to stay as long as they did on average, each equally likely to leave at any
//! moment, so the shop fills and empties along an exponential. This gives the median outcome:
//! people who do not come make it shorter, slow shoppers longer.

/// A shop and what may enter it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Flow {
    /// Whether anybody is called at all: an open sale with something left to sell.
    pub is_open: bool,
    /// Places called a minute at most.
    pub per_minute: u32,
    pub shoppers: u32,
    pub shoppers_max: u32,
    /// How long a shopper stays, in milliseconds.
    pub stay_ms: u64,
}

/// Longer waits are as good as never: thirty days.
const WAIT_MS_MAX: f64 = 30.0 * 24.0 * 3_600_000.0;

impl Flow {
    /// Milliseconds until `ahead` people have been called; `None` when nobody is called, or not
    /// within thirty days.
    #[must_use]
    pub fn wait_ms(&self, ahead: u64) -> Option<u64> {
        if !self.is_open || self.per_minute == 0 || self.shoppers_max == 0 {
            return None;
        }
        let ms = self.fill_and_flow(ahead as f64);
        (ms <= WAIT_MS_MAX).then_some(ms as u64)
    }

    fn fill_and_flow(&self, ahead: f64) -> f64 {
        let rate = f64::from(self.per_minute) / 60_000.0;
        // A stay of nothing would divide by it; a millisecond is as short.
        let stay = self.stay_ms.max(1) as f64;
        let (inside, most) = (f64::from(self.shoppers), f64::from(self.shoppers_max));
        let leaving = most / stay;
        if inside >= most {
            // Too many are inside: nobody enters until enough have left.
            let drained = stay * (inside / most).ln();
            return drained + ahead / rate.min(leaving);
        }
        // Where the shop would settle if it had no limit.
        let level = rate * stay;
        if level <= most {
            return ahead / rate;
        }
        let filled = stay * ((level - inside) / (level - most)).ln();
        let called_meanwhile = rate * filled;
        if ahead <= called_meanwhile {
            ahead / rate
        } else {
            filled + (ahead - called_meanwhile) / leaving
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pace::{Pace, PaceSettings, ShopView};
    use floodgate_domain::{Frontier, LineOrder, SalePhase};
    use proptest::prelude::*;

    const FLOW: Flow =
        Flow { is_open: true, per_minute: 600, shoppers: 0, shoppers_max: 100, stay_ms: 60_000 };

    #[test]
    fn rows() {
        let minutes = |flow: Flow, ahead| flow.wait_ms(ahead).map(|ms| ms / 60_000);
        let rows = [
            ("the rate alone", Flow { shoppers_max: 10_000, ..FLOW }, 6_000, Some(10)),
            ("a full shop: as many as leave", Flow { shoppers: 100, ..FLOW }, 1_000, Some(10)),
            ("a rate below what leaves", Flow { per_minute: 60, ..FLOW }, 600, Some(10)),
            ("a held line", Flow { per_minute: 0, ..FLOW }, 1, None),
            ("no shop at all", Flow { shoppers_max: 0, ..FLOW }, 1, None),
            ("a sale that is not open", Flow { is_open: false, ..FLOW }, 1, None),
            ("nobody ahead", FLOW, 0, Some(0)),
            ("longer than anybody waits", Flow { per_minute: 1, ..FLOW }, 1 << 40, None),
        ];
        for (name, flow, ahead, expected) in rows {
            assert_eq!(minutes(flow, ahead), expected, "{name}");
        }
        // Three times the limit inside: ln 3 of a stay passes before the first may enter.
        let crowded = Flow { shoppers: 300, ..FLOW };
        assert_eq!(crowded.wait_ms(0), Some(65_916));
        let no_stay = Flow { stay_ms: 0, ..FLOW };
        assert_eq!(minutes(no_stay, 600), Some(1));
    }

    /// Lets the real pace run, with shoppers who enter at once and leave by chance.
    fn simulated_ms(flow: &Flow, ahead: u64) -> u64 {
        let tick_ms = 100;
        let mut pace = Pace::starting_at(Frontier(0));
        let settings = PaceSettings { per_minute: flow.per_minute, grace_ms: 30_000 };
        let mut inside = f64::from(flow.shoppers);
        let mut view = ShopView {
            phase: SalePhase::Open,
            shoppers: flow.shoppers,
            shoppers_max: flow.shoppers_max,
            free: 1,
            held: 0,
            places_reserved: u64::MAX,
            order: LineOrder::AS_GIVEN,
            places_called: Frontier(0),
            entered_beyond: Frontier(0),
            entered_count: 0,
        };
        pace.advance(0, settings, &view);
        for tick in 1.. {
            inside *= (-(tick_ms as f64) / flow.stay_ms as f64).exp();
            view.shoppers = inside.ceil() as u32;
            let before = pace.frontier().0;
            let now = pace.advance(tick * tick_ms, settings, &view).0;
            inside += (now - before) as f64;
            (view.entered_beyond, view.entered_count) = (Frontier(now), now);
            if now >= ahead {
                return tick * tick_ms;
            }
        }
        unreachable!("ticks do not end")
    }

    proptest! {
        #[test]
        fn it_says_what_the_pace_then_does(
            per_minute in 600_u32..60_000,
            shoppers_max in 200_u32..5_000,
            share in 0.0_f64..2.0,
            stay_ms in 20_000_u64..300_000,
            ahead in 1_000_u64..20_000,
        ) {
            let shoppers = (f64::from(shoppers_max) * share) as u32;
            let flow = Flow { is_open: true, per_minute, shoppers, shoppers_max, stay_ms };
            let forecast = flow.wait_ms(ahead).unwrap_or(u64::MAX) as f64;
            let took = simulated_ms(&flow, ahead) as f64;
            // Whole people and whole ticks make the difference.
            let off = (forecast - took).abs();
            prop_assert!(off <= took * 0.05 + 2_000.0, "forecast {forecast}, took {took}: {flow:?}");
        }

        #[test]
        fn more_of_anything_never_makes_it_longer(
            per_minute in 1_u32..10_000,
            shoppers_max in 1_u32..5_000,
            shoppers in 0_u32..5_000,
            more in 1_u32..1_000,
            ahead in 0_u64..100_000,
        ) {
            let flow = Flow { per_minute, shoppers_max, shoppers, ..FLOW };
            let wait = |flow: Flow| flow.wait_ms(ahead).unwrap_or(u64::MAX);
            let faster = Flow { per_minute: per_minute + more, ..flow };
            let larger = Flow { shoppers_max: shoppers_max + more, ..flow };
            // A millisecond for what floating point rounds.
            prop_assert!(wait(faster) <= wait(flow).saturating_add(1));
            prop_assert!(wait(larger) <= wait(flow).saturating_add(1));
            prop_assert!(flow.wait_ms(ahead + 1).unwrap_or(u64::MAX) >= wait(flow));
        }
    }
}
