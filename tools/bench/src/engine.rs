//! The engine alone on one core: decode, decide, apply, facts written out.
//!
//! Each row replays a log written beforehand by the engine itself, so that every command is the
//! one a real client would have sent next. Rates come from a pass without clocks, latencies
//! from a pass that times each command.

use std::hint::black_box;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use floodgate_domain::wire::{decode_command, encode_command, encode_fact};
use floodgate_domain::{
    Actor, Answer, AuthorisedPayment, BuyerId, CategorySet, Command, CommandId, Envelope, EventId,
    FactRecord, GatewayId, HoldId, LogTime, NewEvent, PaymentMethod, PaymentReference, PhaseDial,
    Place, Policy, SeatId, SeatList, StaffId,
};
use floodgate_engine::{BASE_VERSION, Engine, EngineLimits, NEWEST_VERSION};

use crate::Figure;
use crate::floor::Floor;

const EVENT: EventId = EventId(1);
/// What a partition with 200,000 seats and 100,000 orders has in memory, as `bench grow` measures.
const STATE_BYTES: usize = 128 << 20;
/// Commands decoded and looked ahead at together.
const BATCH: usize = 64;

/// Size and seed of the runs.
#[derive(Debug, Clone, Copy)]
pub struct EngineBench {
    /// Commands of the mixed row.
    pub commands: usize,
    pub seed: u64,
}

/// Every engine row, in the order of the promises.
pub fn run(new: &NewEvent, options: EngineBench) -> Vec<Figure> {
    let mixed = mixed_log(new, options);
    let holds = hold_best_log(new, options);
    let refusals = sold_out_log(&holds, options);
    let floor = Floor::of(STATE_BYTES, options.seed);
    let beside = |row: Figure| row.beside(("memory_overlapped", floor.overlapped));
    let mut rows = vec![
        Figure::rate("memory_chased", floor.chased, "decisions/s", None),
        Figure::rate("memory_overlapped", floor.overlapped, "decisions/s", None),
        beside(measure("mixed", &mixed, Some(6.0e6))),
        beside(measure("hold_best", &holds, Some(3.0e6))),
        beside(measure("sold_out_refusals", &refusals, None)),
        measure_expiry(new),
    ];
    rows.extend(measure_snapshot(&mixed.log));
    rows
}

/// A log as bytes, with the log's time stamps.
#[derive(Debug, Clone, Default)]
pub(super) struct RawLog {
    bytes: Vec<u8>,
    /// End of each record in `bytes`, and its time.
    records: Vec<(usize, LogTime)>,
}

impl RawLog {
    fn push(&mut self, at: LogTime, envelope: &Envelope) {
        encode_command(envelope, &mut self.bytes);
        self.records.push((self.bytes.len(), at));
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (LogTime, &[u8])> {
        let mut start = 0;
        self.records.iter().map(move |&(end, at)| {
            let record = &self.bytes[start..end];
            start = end;
            (at, record)
        })
    }
}

/// Writes a log while an engine follows it.
#[derive(Debug)]
pub(super) struct Author {
    pub(super) engine: Engine,
    log: RawLog,
    facts: Vec<FactRecord>,
    pub(super) now: u64,
    next_id: u128,
    /// Whether what is sent is written down.
    keeps: bool,
}

impl Author {
    fn new(new: &NewEvent, policy: Policy) -> Self {
        Author::under(BASE_VERSION, new, policy)
    }

    /// Under these rules of the engine.
    pub(super) fn under(version: u32, new: &NewEvent, policy: Policy) -> Self {
        let mut author = Author::empty(version, true);
        let staff = Actor::Staff(StaffId(1));
        let new = NewEvent { policy, ..new.clone() };
        author.send(staff, Command::CreateEvent(Box::new(new)));
        author.send(staff, Command::turn_phase(PhaseDial::Open, ""));
        author
    }

    /// An engine with no event, of which nothing is written down.
    pub(super) fn forgetful(version: u32) -> Self {
        Author::empty(version, false)
    }

    /// An engine with no event under these rules; `keeps` says whether its log is written down.
    fn empty(version: u32, keeps: bool) -> Self {
        let mut author = Author {
            engine: Engine::new(EngineLimits::default()),
            log: RawLog::default(),
            facts: Vec::new(),
            now: 1_800_000_000_000,
            next_id: 1,
            keeps,
        };
        author.send(Actor::System, Command::EngineVersion { version });
        author
    }

    /// Fills the memory of outcomes, so that what follows runs as a long sale does: each new
    /// outcome takes the place of the oldest.
    fn fill_outcomes(&mut self) {
        for _ in 0..EngineLimits::default().outcomes_max {
            self.send(Actor::System, Command::ReadStatus);
        }
    }

    pub(super) fn send(&mut self, actor: Actor, command: Command) -> Answer {
        self.send_to(EVENT, actor, command)
    }

    /// The same at any event.
    pub(super) fn send_to(&mut self, event_id: EventId, actor: Actor, command: Command) -> Answer {
        // Spread like digests, as real command ids are.
        let command_id =
            CommandId(self.next_id.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835));
        self.next_id += 1;
        let envelope = Envelope {
            command_id,
            fingerprint: 1,
            event_id,
            actor,
            reply_to: GatewayId(1),
            command,
        };
        let at = LogTime(self.now);
        if self.keeps {
            self.log.push(at, &envelope);
        }
        self.facts.clear();
        let offset = self.next_id as u64 - 1;
        let reply = self.engine.step(offset, at, &envelope, &mut self.facts);
        reply.expect("no newer rules are put in force").answer
    }
}

pub(super) fn policy(pass_required: bool) -> Policy {
    Policy {
        pass_required,
        shoppers_max: 1 << 20,
        buyers_max: 1 << 22,
        seats_per_hold_max: 6,
        seats_per_buyer_max: 6,
        ..Policy::default()
    }
}

pub(super) fn method() -> PaymentMethod {
    PaymentMethod::parse("pm_sandbox_approve").expect("a short printable token")
}

/// As long as a real provider's.
pub(super) fn authorised() -> AuthorisedPayment {
    let reference = PaymentReference::parse("pi_3MtwBwLkdIwHu7ix28a3tqPa");
    let reference = reference.expect("a short printable reference");
    AuthorisedPayment { reference, capture_before: Some(LogTime(1_900_000_000_000)) }
}

/// The course of an on-sale: people enter, hold named or best seats, let holds run out, release
/// them, pay, are declined, and most in the end are refused because the house is full.
fn mixed_log(new: &NewEvent, options: EngineBench) -> Prepared {
    let mut author = Author::new(new, Policy { hold_ms: 2_000, ..policy(true) });
    author.fill_outcomes();
    let setup = author.log.records.len();
    let log = live(new, author, options);
    Prepared { log, setup, seed: options.seed }
}

/// The same course, in which no hold runs out, so that it is the same whenever it is replayed.
pub(super) fn timeless_log(new: &NewEvent, options: EngineBench) -> RawLog {
    live(new, Author::new(new, Policy { hold_ms: 3_600_000, ..policy(true) }), options)
}

fn live(new: &NewEvent, mut author: Author, options: EngineBench) -> RawLog {
    let mut rng = StdRng::seed_from_u64(options.seed);
    let seats = new.plan.seat_count();
    let categories = new.plan.categories.len().max(1) as u8;
    let setup = author.log.records.len();
    let mut places = 0;
    let mut shoppers: Vec<BuyerId> = Vec::new();
    let mut held: Vec<(BuyerId, HoldId)> = Vec::new();
    let mut paying: Vec<HoldId> = Vec::new();
    while author.log.records.len() < setup + options.commands {
        // A hundred thousand commands a second of log time.
        author.now += u64::from(author.log.records.len().is_multiple_of(100));
        match rng.random_range(0..100) {
            0..25 => {
                if places % 10_000 == 0 {
                    author.send(Actor::System, Command::ReservePlaces { count: 10_000 });
                }
                let buyer = BuyerId(places + 1);
                author.send(Actor::Buyer(buyer), Command::Enter { place: Place(places) });
                places += 1;
                shoppers.push(buyer);
            }
            25..60 if !shoppers.is_empty() => {
                let buyer = shoppers.swap_remove(rng.random_range(0..shoppers.len()));
                let command = wanted_hold(&mut rng, seats, categories);
                if let Answer::Order(view) = author.send(Actor::Buyer(buyer), command) {
                    held.push((buyer, view.hold_id));
                } else if rng.random_bool(0.5) {
                    shoppers.push(buyer);
                }
            }
            60..64 if !held.is_empty() => {
                let (buyer, hold_id) = held.swap_remove(rng.random_range(0..held.len()));
                author.send(Actor::Buyer(buyer), Command::ReleaseHold { hold_id });
            }
            64..80 if !held.is_empty() => {
                let (buyer, hold_id) = held.swap_remove(rng.random_range(0..held.len()));
                let start =
                    Command::StartPurchase { hold_id, method: method(), despite_unanswered: false };
                if let Answer::Order(_) = author.send(Actor::Buyer(buyer), start) {
                    paying.push(hold_id);
                }
            }
            80..100 if !paying.is_empty() => {
                let hold_id = paying.swap_remove(rng.random_range(0..paying.len()));
                let attempt = 1;
                if rng.random_bool(0.1) {
                    author.send(Actor::System, Command::PaymentDeclined { hold_id, attempt });
                } else {
                    let payment = authorised();
                    let command = Command::PaymentAuthorised { hold_id, attempt, payment };
                    author.send(Actor::System, command);
                    author.send(Actor::System, Command::PaymentCaptured { hold_id, attempt });
                }
            }
            _ => {}
        }
    }
    author.log
}

fn wanted_hold(rng: &mut StdRng, seats: u32, categories: u8) -> Command {
    let count = rng.random_range(1..=4_u8);
    if rng.random_bool(0.7) {
        let categories = CategorySet::only(rng.random_range(0..categories));
        return Command::best(count, categories);
    }
    let first = rng.random_range(0..seats.saturating_sub(u32::from(count)).max(1));
    let mut list = SeatList::new();
    for at in 0..u32::from(count) {
        list.push(SeatId(first + at));
    }
    Command::HoldSeats { seats: list, accessible: false }
}

/// A log whose first `setup` records are not measured.
#[derive(Debug)]
struct Prepared {
    log: RawLog,
    setup: usize,
    seed: u64,
}

/// The whole house, best seats first, one to four at a time, each by another buyer.
fn hold_best_log(new: &NewEvent, options: EngineBench) -> Prepared {
    let mut rng = StdRng::seed_from_u64(options.seed);
    // The rules by which the best seats are the nearest ones.
    let mut author = Author::under(NEWEST_VERSION, new, policy(false));
    author.fill_outcomes();
    let setup = author.log.records.len();
    let mut buyer = 0;
    loop {
        buyer += 1;
        let count = rng.random_range(1..=4);
        let wanted = Command::best(count, CategorySet::ANY);
        let answer = author.send(Actor::Buyer(BuyerId(buyer)), wanted);
        if count == 1 && matches!(answer, Answer::Refused(_)) {
            return Prepared { log: author.log, setup, seed: options.seed };
        }
    }
}

/// The same house again when nothing is left.
fn sold_out_log(holds: &Prepared, options: EngineBench) -> Prepared {
    let mut log = holds.log.clone();
    let setup = log.records.len();
    let at = log.records[setup - 1].1;
    let mut rng = StdRng::seed_from_u64(holds.seed ^ 1);
    for number in 0..options.commands as u128 / 4 {
        log.push(
            at,
            &Envelope {
                command_id: CommandId(
                    number.wrapping_mul(0xda94_2042_e4dd_58b5_9e37_79b9_7f4a_7c15),
                ),
                fingerprint: 2,
                event_id: EVENT,
                actor: Actor::Buyer(BuyerId(10_000_000 + number as u64)),
                reply_to: GatewayId(1),
                command: Command::best(rng.random_range(1..=4), CategorySet::ANY),
            },
        );
    }
    Prepared { log, setup, seed: holds.seed }
}

/// The loop of a processor without its I/O.
#[derive(Debug)]
struct Fold {
    engine: Engine,
    batch: Vec<Envelope>,
    facts: Vec<FactRecord>,
    out: Vec<u8>,
    offset: u64,
}

impl Fold {
    fn new() -> Self {
        let engine = Engine::new(EngineLimits::default());
        Fold { engine, batch: Vec::new(), facts: Vec::new(), out: Vec::new(), offset: 0 }
    }

    /// A batch as a processor polls it: decode all, look ahead, then one by one. Calls
    /// `each` with the time every decision took.
    fn take(&mut self, records: &[(LogTime, &[u8])], mut each: impl FnMut(Duration), timed: bool) {
        self.batch.clear();
        let decoded = records.iter().map(|(_, record)| decode_command(record));
        self.batch.extend(decoded.map(|command| command.expect("written by this build")));
        self.engine.look_ahead(&self.batch);
        for (envelope, (at, _)) in self.batch.iter().zip(records) {
            let started = timed.then(Instant::now);
            let reply = self.engine.step(self.offset, *at, envelope, &mut self.facts);
            self.offset += 1;
            for fact in self.facts.drain(..) {
                encode_fact(&fact, &mut self.out);
            }
            black_box(&reply);
            if let Some(started) = started {
                each(started.elapsed());
            }
        }
        // As large as a batch of facts gets before it is published.
        if self.out.len() > 1 << 16 {
            black_box(&self.out);
            self.out.clear();
        }
    }

    fn take_all(&mut self, records: &[(LogTime, &[u8])]) {
        records.chunks(BATCH).for_each(|batch| self.take(batch, |_| (), false));
    }
}

fn measure(row: &'static str, prepared: &Prepared, goal: Option<f64>) -> Figure {
    let records: Vec<_> = prepared.log.iter().collect();
    let (setup, measured) = records.split_at(prepared.setup);
    let mut fold = Fold::new();
    fold.take_all(setup);
    let started = Instant::now();
    fold.take_all(measured);
    let took = started.elapsed();
    let mut fold = Fold::new();
    fold.take_all(setup);
    let mut latencies = Vec::with_capacity(measured.len());
    for batch in measured.chunks(BATCH) {
        fold.take(batch, |latency| latencies.push(latency), true);
    }
    Figure::rate(row, measured.len() as f64 / took.as_secs_f64(), "decisions/s", goal)
        .with_latencies(latencies)
}

/// Eighty thousand holds run out at once: how long until the last is free, by Ticks alone.
fn measure_expiry(new: &NewEvent) -> Figure {
    let mut author = Author::new(new, policy(false));
    let target = 80_000.min(new.plan.seat_count() as u64 / 2);
    for buyer in 1..=target {
        let wanted = Command::best(1, CategorySet::ANY);
        author.send(Actor::Buyer(BuyerId(buyer)), wanted);
    }
    author.now += 400_000;
    let mut steps = Vec::new();
    let mut freed = 0;
    while author.engine.next_due().is_some_and(|due| due.0 <= author.now) {
        let started = Instant::now();
        author.send(Actor::System, Command::Tick);
        steps.push(started.elapsed());
        freed += author.facts.len();
    }
    let took: Duration = steps.iter().sum();
    Figure::rate("mass_expiry", freed as f64 / took.as_secs_f64(), "expiries/s", None)
        .with_latencies(steps)
}

/// State after the mixed log, written and read back.
fn measure_snapshot(log: &RawLog) -> [Figure; 2] {
    let mut fold = Fold::new();
    fold.take_all(&log.iter().collect::<Vec<_>>());
    // The first one learns how much room it takes.
    let mut bytes = Vec::new();
    fold.engine.snapshot(&mut bytes);
    bytes.clear();
    let started = Instant::now();
    fold.engine.snapshot(&mut bytes);
    let written = started.elapsed();
    let started = Instant::now();
    let restored = Engine::restore(&bytes, EngineLimits::default());
    let read = started.elapsed();
    black_box(&restored);
    let ms = |took: Duration| took.as_secs_f64() * 1e3;
    [
        Figure::rate("write_snapshot", ms(written), "ms", None),
        Figure::rate("restore_snapshot", ms(read), "ms", Some(1000.0)),
    ]
}
