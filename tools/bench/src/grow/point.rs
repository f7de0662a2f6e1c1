//! One size of one axis, measured in this process.

use std::hint::black_box;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::{Deserialize, Serialize};

use crate::cpu::{of_this_thread, resident_bytes};
use crate::engine::{Author, authorised, method, policy};
use crate::floor::Floor;
use floodgate_domain::{
    Actor, Answer, BuyerId, CategorySet, Command, Currency, EventDetails, EventId, NewEvent,
    PhaseDial, Place, PriceTable, StaffId,
};
use floodgate_engine::{Engine, EngineLimits, NEWEST_VERSION};
use floodgate_seating::{demo_prices, generate};

/// Answers of a point whose size is not a number of buyers.
const ANSWERS: u32 = 200_000;
/// Buyers who come again and again there.
const REGULARS: u64 = 1_000;
/// The house of a growing crowd, and of each of growing events.
const HOUSE: u32 = 200_000;
const SMALL_HOUSE: u32 = 1_000;
/// Starts, of which the fastest counts.
const STARTS: u32 = 3;
/// Places given out at once.
const PLACES: u32 = 10_000;

/// What grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    Seats,
    Buyers,
    Events,
}

impl Axis {
    pub const ALL: [Axis; 3] = [Axis::Seats, Axis::Buyers, Axis::Events];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Axis::Seats => "seats",
            Axis::Buyers => "buyers",
            Axis::Events => "events",
        }
    }
}

/// What a size costs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GrowthPoint {
    pub axis: Axis,
    pub size: u32,
    pub answers: u64,
    pub answer_ns: f64,
    /// As many random lines of a table as large, one after the other.
    pub floor_ns: f64,
    pub memory_bytes: u64,
    /// From a snapshot.
    pub start_ms: f64,
}

/// Measures one size in this process, which must have measured nothing before.
#[must_use]
pub fn measure(axis: Axis, size: u32, seed: u64) -> GrowthPoint {
    let before = resident_bytes();
    let mut author = Author::forgetful(NEWEST_VERSION);
    let (seats, events) = match axis {
        Axis::Seats => (size, 1),
        Axis::Buyers => (HOUSE, 1),
        Axis::Events => (SMALL_HOUSE, size),
    };
    open(&mut author, seats, events, axis == Axis::Buyers);
    let started = of_this_thread();
    let answers = match axis {
        Axis::Buyers => crowd(&mut author, u64::from(size)),
        Axis::Seats | Axis::Events => regulars(&mut author, u64::from(events), seed),
    };
    let took = of_this_thread().saturating_sub(started);
    let memory_bytes = resident_bytes().saturating_sub(before);
    let floor = Floor::of(memory_bytes as usize, seed);
    GrowthPoint {
        axis,
        size,
        answers,
        answer_ns: took.as_secs_f64() * 1e9 / answers.max(1) as f64,
        floor_ns: 1e9 / floor.chased,
        memory_bytes,
        start_ms: start(&author.engine).as_secs_f64() * 1e3,
    }
}

fn open(author: &mut Author, seats: u32, events: u32, pass_required: bool) {
    let plan = generate::bowl(seats);
    let prices = PriceTable::flat(Currency(*b"EUR"), &demo_prices(&plan));
    let details = EventDetails::named("Bench");
    let policy = policy(pass_required);
    let new = NewEvent { details, plan, prices, policy, ..NewEvent::default() };
    let staff = Actor::Staff(StaffId(1));
    for number in 1..=u64::from(events) {
        let event_id = EventId(number);
        author.send_to(event_id, staff, Command::CreateEvent(Box::new(new.clone())));
        author.send_to(event_id, staff, Command::turn_phase(PhaseDial::Open, ""));
    }
}

/// The same buyers take seats and give them back, at any of the events.
fn regulars(author: &mut Author, events: u64, seed: u64) -> u64 {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut answers = 0;
    while answers < u64::from(ANSWERS) {
        author.now += 1;
        let event_id = EventId(rng.random_range(1..=events));
        let buyer = Actor::Buyer(BuyerId(rng.random_range(1..=REGULARS)));
        let wanted = Command::best(rng.random_range(1..=4), CategorySet::ANY);
        answers += 1;
        if let Answer::Order(order) = author.send_to(event_id, buyer, wanted) {
            let hold_id = order.hold_id;
            author.send_to(event_id, buyer, Command::ReleaseHold { hold_id });
            answers += 1;
        }
    }
    answers
}

/// Everybody comes in once, and buys while there are seats.
fn crowd(author: &mut Author, buyers: u64) -> u64 {
    let mut answers = 0;
    let mut send = |author: &mut Author, actor, command| {
        answers += 1;
        author.send(actor, command)
    };
    for number in 0..buyers {
        if number.is_multiple_of(u64::from(PLACES)) {
            send(author, Actor::System, Command::ReservePlaces { count: PLACES });
        }
        author.now += number % 2;
        let buyer = Actor::Buyer(BuyerId(number + 1));
        send(author, buyer, Command::Enter { place: Place(number) });
        let wanted = Command::best(1, CategorySet::ANY);
        let Answer::Order(order) = send(author, buyer, wanted) else {
            send(author, buyer, Command::Leave);
            continue;
        };
        let (hold_id, attempt, payment) = (order.hold_id, 1, authorised());
        let start = Command::StartPurchase { hold_id, method: method(), despite_unanswered: false };
        send(author, buyer, start);
        let paid = Command::PaymentAuthorised { hold_id, attempt, payment };
        send(author, Actor::System, paid);
        send(author, Actor::System, Command::PaymentCaptured { hold_id, attempt });
    }
    answers
}

/// The fastest of some: what else runs makes it slower, and nothing makes it faster.
fn start(engine: &Engine) -> Duration {
    let mut bytes = Vec::new();
    engine.snapshot(&mut bytes);
    let once = || {
        let started = Instant::now();
        black_box(Engine::restore(&bytes, EngineLimits::default()).is_ok());
        started.elapsed()
    };
    (0..STARTS).map(|_| once()).min().unwrap_or_default()
}
