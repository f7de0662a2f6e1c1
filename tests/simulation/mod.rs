//! Whole processes in one seeded world where everything that can die does.
//!
//! Supervisors, owners, followers and payments take over from each other in simulated time, on a
//! log, a group, a bank and a snapshot store that fail. One thread takes every step, so a seed is
//! a whole history. After every step an independent model judges every fact and every answer, and
//! checks look at the processes; at the end, the audit reads the log.
//!
//! | file | holds |
//! |---|---|
//! | `world` | the step: time, faults, people, processes, checks |
//! | `streams` | one random stream for each concern |
//! | `processor` | a process: the real supervisor, workers and payments, without threads |
//! | `group`, `store`, `bank`, `clock` | what processes live among |
//! | `buyers`, `messages`, `house` | people, and what they want |
//! | `model` | the judge of facts and answers |
//! | `process_checks` | the judge of processes |
//!
//! `FLOODGATE_SEED=17 cargo test --test it simulation` takes one history again; `FLOODGATE_SEEDS`
//! and `FLOODGATE_STEPS` take more, or longer ones.

mod bank;
mod buyers;
mod clock;
mod group;
mod house;
mod messages;
mod model;
mod process_checks;
mod processor;
mod store;
mod streams;
mod world;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;

use floodgate_audit::{Acked, audit};
use floodgate_domain::{Answer, BuyerId, OrderStatus};
use floodgate_event_log::Topic;

use bank::Money;
use world::{Faults, PARTITIONS, World};

const SEEDS: u64 = 12;
const STEPS: u64 = 1_500;
/// Nothing that is due comes later than that while processes are well.
const LATE_MS: u64 = 1_000;
/// Calm steps until everything has come to rest: a minute.
const CALM_STEPS: u64 = 1_200;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

/// Says how to take a history again that failed, wherever it did.
struct Seed {
    seed: u64,
    step: u64,
}

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Seed { seed, step } = self;
            eprintln!("seed {seed} failed at step {step}; to take it again:");
            eprintln!("  FLOODGATE_SEED={seed} cargo test --test it simulation");
        }
    }
}

/// What a history came to.
struct History {
    world: World,
    /// Of everything in the log.
    digest: u64,
}

fn live(seed: u64, steps: u64) -> History {
    let mut at = Seed { seed, step: 0 };
    let mut world = World::new(seed);
    for step in 0..steps {
        at.step = step;
        world.step().unwrap_or_else(|wrong| panic!("{wrong}"));
    }
    world.calm_down();
    for step in 0..CALM_STEPS {
        at.step = steps + step;
        world.calm_step().unwrap_or_else(|wrong| panic!("{wrong}"));
    }
    world.judge.look_at_the_rest().unwrap_or_else(|wrong| panic!("{wrong}"));
    is_at_rest(&world);
    for step in 0.. {
        at.step = steps + CALM_STEPS + step;
        assert!(step < 1_000, "processes that are asked to end do not");
        world.calm_step().unwrap_or_else(|wrong| panic!("{wrong}"));
        if world.end() {
            break;
        }
    }
    audited(&world);
    let digest = digest(&world);
    History { world, digest }
}

/// One owner each, everybody ready, everything judged, all money where it belongs.
fn is_at_rest(world: &World) {
    for partition in 0..PARTITIONS {
        assert_eq!(world.owners_of(partition), 1, "owners of partition {partition}");
    }
    assert!(world.all_ready(), "a process is not ready");
    let accounts = world.ground.bank.accounts();
    for (attempt @ (event_id, hold_id, number), money) in &accounts {
        let order = &world.judge.books[event_id].orders[hold_id];
        let is_sold = order.status == OrderStatus::Confirmed && order.attempt == *number;
        let fits = match money {
            Money::Captured => is_sold,
            Money::Held => false,
            Money::Declined | Money::LetGo | Money::Refunded => !is_sold,
        };
        assert!(fits, "{attempt:?}: money {money:?} for {order:?}");
    }
    for (event_id, books) in &world.judge.books {
        let left = books.messages.left(world.ground.clock.now() - LATE_MS);
        assert_eq!(left, None, "announcements of {event_id} that should have gone out");
        let sold = books.orders.iter().filter(|(_, one)| one.status == OrderStatus::Confirmed);
        for (hold_id, order) in sold {
            let money = accounts.get(&(*event_id, *hold_id, order.attempt));
            // What the house gave away was not paid for.
            let owed = (order.buyer != BuyerId::HOUSE).then_some(&Money::Captured);
            assert!(order.settled && money == owed, "{order:?}: {money:?}");
        }
    }
}

/// What buyers were answered is in the log, and the log is as it should be, byte by byte.
fn audited(world: &World) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    for reply in &world.buyers.answers {
        if let Answer::Order(order) = &reply.answer {
            let acked = Acked {
                event_id: reply.event_id.to_string(),
                order_id: order.hold_id.order().to_string(),
                status: order.status.code().to_owned(),
            };
            writeln!(file, "{}", serde_json::to_string(&acked).unwrap()).unwrap();
        }
    }
    let report = audit(&world.log, Some(file.path())).unwrap();
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.orders_in_flight, 0, "money is not at rest\n{report}");
}

fn digest(world: &World) -> u64 {
    let mut hasher = DefaultHasher::new();
    for topic in [Topic::Commands, Topic::Ledger, Topic::DeadLetters] {
        for partition in 0..PARTITIONS {
            for record in world.log.records(topic, partition) {
                (record.offset, record.at.0, &record.key[..], &record.value[..]).hash(&mut hasher);
            }
        }
    }
    hasher.finish()
}

#[test]
fn nothing_breaks_whatever_dies() {
    let one = std::env::var("FLOODGATE_SEED").ok().map(|seed| seed.parse::<u64>().unwrap());
    let seeds = one.map_or(0..setting("FLOODGATE_SEEDS", SEEDS), |seed| seed..seed + 1);
    let steps = setting("FLOODGATE_STEPS", STEPS);
    let mut proof = Proof::default();
    for seed in seeds.clone() {
        proof.add(&live(seed, steps).world);
    }
    eprintln!("{} histories of {steps} steps: {proof:?}", seeds.count());
    if one.is_none() {
        proof.is_enough();
    }
}

#[test]
fn a_seed_is_a_whole_history() {
    let [first, again, other] = [5, 5, 6].map(|seed| live(seed, 300).digest);
    assert_eq!(first, again, "something is drawn from nowhere");
    assert_ne!(first, other);
}

/// What all histories together have seen, so that they prove something.
#[derive(Debug, Default)]
struct Proof {
    faults: Faults,
    warm_takeovers: u32,
    cold_starts: u32,
    steps_back: u32,
    restarts: u32,
    gained_again: u32,
    thrown_out: u32,
    repeated_facts: u64,
    bank_failures: u32,
    states_compared: u32,
    answers_judged: u64,
    answers_late: u64,
    confirmed: usize,
    announced: usize,
    consents: usize,
    blocked: usize,
    given: usize,
    unowned_longest_ms: u64,
}

impl Proof {
    fn add(&mut self, world: &World) {
        let (counts, faults) = (&world.ground.counts, &world.faults);
        self.faults.crashes += faults.crashes;
        self.faults.freezes += faults.freezes;
        self.faults.stops += faults.stops;
        self.faults.moves += faults.moves;
        self.faults.failed_appends += faults.failed_appends;
        self.faults.snapshots_lost += faults.snapshots_lost;
        self.faults.group_failures += faults.group_failures;
        self.faults.replies_lost += faults.replies_lost;
        self.warm_takeovers += counts.warm_takeovers.get();
        self.cold_starts += counts.cold_starts.get();
        self.steps_back += counts.steps_back.get();
        self.restarts += counts.restarts.get();
        self.gained_again += counts.gained_again.get();
        self.thrown_out += world.ground.group.lock().unwrap().thrown_out;
        self.repeated_facts += world.judge.repeated_facts;
        self.bank_failures += world.ground.bank.failures();
        self.states_compared += world.process_checks.compared;
        self.answers_judged += world.judge.judged;
        self.answers_late += world.judge.late;
        self.confirmed += world.judge.confirmed();
        for books in world.judge.books.values() {
            self.announced += books.messages.started();
            self.consents += books.messages.consents();
            self.blocked += books.blocked_count;
            self.given += books.given_count;
        }
        self.unowned_longest_ms = self.unowned_longest_ms.max(world.process_checks.unowned_longest);
    }

    fn is_enough(&self) {
        let rows = [
            ("crashes", u64::from(self.faults.crashes)),
            ("freezes", u64::from(self.faults.freezes)),
            ("stops", u64::from(self.faults.stops)),
            ("moves", u64::from(self.faults.moves)),
            ("failed appends", u64::from(self.faults.failed_appends)),
            ("snapshots lost", u64::from(self.faults.snapshots_lost)),
            ("replies lost", u64::from(self.faults.replies_lost)),
            ("warm takeovers", u64::from(self.warm_takeovers)),
            ("cold starts", u64::from(self.cold_starts)),
            ("steps back", u64::from(self.steps_back)),
            ("restarts", u64::from(self.restarts)),
            ("gained again", u64::from(self.gained_again)),
            ("thrown out", u64::from(self.thrown_out)),
            ("facts of ghosts", self.repeated_facts),
            ("bank failures", u64::from(self.bank_failures)),
            ("states compared", u64::from(self.states_compared)),
            ("answers judged", self.answers_judged / 100),
            ("confirmed", self.confirmed as u64),
            ("announced", self.announced as u64),
            ("consents", self.consents as u64),
            ("blocked", self.blocked as u64),
            ("given", self.given as u64),
        ];
        for (what, count) in rows {
            assert!(count > 5, "too quiet to prove much: {what} {count}");
        }
    }
}
