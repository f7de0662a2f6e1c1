//! What every store must do for the pace, as one seeded simulation to run against each.
//!
//! Gateways share one store and one log; people come in bursts, wait and walk in as soon as a
//! gateway lets them; the dial is turned at random. No minute after a turn has more entries than
//! the dial says, no frontier passes the places given out, and in the end everybody is in.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use floodgate_domain::{
    BuyerId, DialChange, EventId, Frontier, LineOrder, LogTime, Place, SalePhase,
};

use crate::keys::Keys;
use crate::pace::{PaceSettings, ShopView};
use crate::room::{Joining, RoomSettings, WaitingRoom};
use crate::store::{AdmissionStore, BoxFuture, PlaceReserver, StoreError};
use crate::token::Device;

/// A step of the simulation, in milliseconds.
const STEP_MS: u64 = 20;
/// How often a gateway advances, and how often it agrees with the others.
const ADVANCE_MS: u64 = 100;
const AGREE_MS: u64 = 200;
/// Steps in which the dial is turned, and how many there may be until everybody is in.
const STEPS: u64 = 9_000;
const CALM_STEPS: u64 = 40_000;
const PACES: [u32; 5] = [0, 30, 60, 600, 6_000];

/// Places as the log reserves them.
#[derive(Debug, Default)]
struct Reserved(AtomicU64);

impl PlaceReserver for Reserved {
    fn reserve(&self, _event_id: EventId, count: u32) -> BoxFuture<'_, Result<Place, StoreError>> {
        let first = self.0.fetch_add(u64::from(count), Ordering::SeqCst);
        Box::pin(std::future::ready(Ok(Place(first))))
    }
}

struct Line {
    event_id: EventId,
    reserved: Arc<Reserved>,
    gateways: Vec<WaitingRoom>,
    rng: StdRng,
    /// Who waits: the gateway they ask, and their place.
    waiting: HashMap<u64, (usize, Place)>,
    people: u64,
    given_beyond: u64,
    began_at: Option<u64>,
    shop: ShopView,
    /// When somebody entered, and how many.
    entries: Vec<(u64, u64)>,
}

/// Panics where gateways on stores made by `make`, of one log and with blocks of a size, let more
/// people in than the dial says. The seed makes the whole history.
pub async fn keeps_the_pace(
    seed: u64,
    gateways: usize,
    make: impl Fn(Arc<dyn PlaceReserver>, u32) -> Arc<dyn AdmissionStore>,
) {
    let mut rng = StdRng::seed_from_u64(seed);
    let block = [1, 7, 100, 1_000][rng.random_range(0..4)];
    let reserved = Arc::new(Reserved::default());
    let pace = PaceSettings { per_minute: 600, grace_ms: 30_000 };
    let settings =
        RoomSettings { pace, puzzle_level: 0, puzzle_neighbours: 0, entries_per_network: 5 };
    let gateways: Vec<WaitingRoom> = (0..gateways)
        .map(|_| {
            let store = make(Arc::clone(&reserved) as Arc<dyn PlaceReserver>, block);
            WaitingRoom::new(Keys::new(1, [7; 32]), store, settings)
        })
        .collect();
    let shop = ShopView {
        phase: SalePhase::Open,
        shoppers: 0,
        shoppers_max: 100_000,
        free: 1_000,
        held: 0,
        places_reserved: 0,
        order: LineOrder::AS_GIVEN,
        places_called: Frontier(0),
        entered_beyond: Frontier(0),
        entered_count: 0,
    };
    // An event of its own for each seed: a shared store keeps what was before.
    let event_id = EventId(0x5eed_0000 + seed);
    let (waiting, entries) = (HashMap::new(), Vec::new());
    let (people, given_beyond, began_at) = (0, 0, None);
    #[rustfmt::skip]
    let mut line = Line {
        event_id, reserved, gateways, rng, waiting, people, given_beyond, began_at, shop, entries,
    };
    line.run(seed).await;
}

impl Line {
    async fn run(&mut self, seed: u64) {
        let (mut per_minute, mut turned_at) = (600, 0);
        for step in 0..STEPS {
            let now = step * STEP_MS;
            if self.rng.random_ratio(1, 1_500) {
                self.check(seed, per_minute, (turned_at, now));
                per_minute = PACES[self.rng.random_range(0..PACES.len())];
                turned_at = now;
            }
            if self.rng.random_ratio(1, 400) {
                let burst = self.rng.random_range(1..200);
                self.come(burst, now).await;
            }
            self.step(now, per_minute).await;
        }
        self.check(seed, per_minute, (turned_at, STEPS * STEP_MS));
        for step in STEPS..STEPS + CALM_STEPS {
            self.step(step * STEP_MS, 6_000).await;
            if self.waiting.is_empty() {
                return;
            }
        }
        panic!("seed {seed}: {} of {} wait for ever", self.waiting.len(), self.people);
    }

    async fn come(&mut self, count: u64, now: u64) {
        self.began_at.get_or_insert(now);
        for _ in 0..count {
            self.people += 1;
            let gateway = self.rng.random_range(0..self.gateways.len());
            // Spread like random ids are.
            let buyer = BuyerId(self.people.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let joining =
                Joining { device: Device { buyer }, held: None, spent: None, proof: None };
            let joined = self.gateways[gateway].join(self.event_id, joining, LogTime(now)).await;
            let place = joined.expect("a place is free").place;
            self.given_beyond = self.given_beyond.max(place.0 + 1);
            self.waiting.insert(self.people, (gateway, place));
        }
    }

    async fn step(&mut self, now: u64, per_minute: u32) {
        self.shop.places_reserved = self.reserved.0.load(Ordering::SeqCst);
        let turned = DialChange { pace_per_minute: Some(per_minute), ..DialChange::default() };
        for (number, gateway) in (0_u64..).zip(&self.gateways) {
            let at = now + number * 3 * STEP_MS;
            if at.is_multiple_of(ADVANCE_MS) {
                if gateway.is_open(self.event_id) {
                    gateway.follow_dials(self.event_id, turned.clone()).expect("an open room");
                }
                gateway.advance(self.event_id, LogTime(now), self.shop);
            }
            if at.is_multiple_of(AGREE_MS) {
                gateway.agree(self.event_id).await.expect("a store that answers");
            }
        }
        self.let_in(now);
    }

    fn let_in(&mut self, now: u64) {
        let mut entered = Vec::new();
        for (person, (gateway, place)) in &self.waiting {
            if self.gateways[*gateway].check_turn(self.event_id, *place, LogTime(now)).is_ok() {
                entered.push(*person);
            }
        }
        for person in &entered {
            if let Some((_, place)) = self.waiting.remove(person) {
                let behind = Frontier::behind(self.shop.order.rank(place));
                self.shop.entered_beyond = self.shop.entered_beyond.max(behind);
                self.shop.entered_count += 1;
            }
        }
        // The first places of all are known to the other gateways after an agreement.
        let first = self.began_at.unwrap_or(now);
        for gateway in self.gateways.iter().filter(|_| now > first + AGREE_MS) {
            let frontier = gateway.view(self.event_id).map_or(Frontier(0), |view| view.frontier);
            let given = self.given_beyond;
            assert!(frontier.0 <= given, "{frontier:?} is beyond the {given} places given out");
        }
        if !entered.is_empty() {
            self.entries.push((now, entered.len() as u64));
        }
    }

    /// No second and no minute since a turn of the dial has more entries than it says. Gateways hear
    /// of each other within an agreement, so several may be ahead by what one calls in that time.
    fn check(&self, seed: u64, per_minute: u32, (from, to): (u64, u64)) {
        // Those who were called before may still be on their way to the gateway they ask.
        let settled = from + if self.gateways.len() > 1 { 2 * AGREE_MS } else { ADVANCE_MS };
        let late = if self.gateways.len() > 1 { 2 * AGREE_MS } else { 0 };
        let since: Vec<(u64, u64)> =
            self.entries.iter().copied().filter(|(at, _)| (settled..to).contains(at)).collect();
        for (index, (start, _)) in since.iter().enumerate() {
            for window in [1_000, 60_000] {
                let within = since[index..].iter().take_while(|(at, _)| *at < start + window);
                let count: u64 = within.map(|(_, count)| count).sum();
                // A second may use up what was saved during the one before.
                let saved = if window == 1_000 { 1_000 } else { 0 };
                let most = u64::from(per_minute) * (window + saved + late) / 60_000 + saved / 1_000;
                assert!(
                    count <= most,
                    "seed {seed}: {count} entries within {window} ms from {start} on, at \
                     {per_minute} a minute since {from}"
                );
            }
        }
    }
}
