//! Random sales, published with and without trouble: every message once, whatever is cut off.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use floodgate_domain::plan::{Category, Labels, Plan, Row, Run, Section, Shape};
use floodgate_domain::wire::encode_fact;
use floodgate_domain::{
    Actor, Answer, AuthorisedPayment, BuyerId, Cohort, Command, CommandId, Currency, Envelope,
    EventId, Fact, Frontier, GatewayId, HoldId, LineOrder, NewEvent, PaymentMethod,
    PaymentReference, PhaseDial, Place, Policy, PriceTable, SeatList, StaffId,
};
use floodgate_engine::{Engine, EngineLimits};
use floodgate_testkit::{Fate, MemoryLog};
use floodgate_transport::Reading;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::*;
use crate::publisher::{Publisher, reading};

/// Three, so that messages of one moment go to several partitions and a crash may come between.
const PARTITIONS: u32 = 3;
const EVENTS: [EventId; 2] = [EventId(3), EventId(4)];
const START: u64 = 1_000_000;

/// What happened at one moment, and what the world's clock said then.
pub(crate) struct Step {
    pub(crate) facts: Vec<FactRecord>,
    pub(crate) now: LogTime,
}

pub(crate) fn new_event() -> NewEvent {
    let run = Run {
        category: 0,
        labels: Labels::Numbers { first: 1, step: 1, count: 30 },
        shape: Shape::default(),
        flags: Vec::new(),
    };
    let row = Row { label: "A".into(), rank: 0, runs: vec![run] };
    let section = Section { name: "Floor".into(), rows: vec![row], ..Section::default() };
    NewEvent {
        plan: Plan {
            name: "House".into(),
            categories: vec![Category { name: "All".into(), color: [0; 3] }],
            sections: vec![section],
            size: (1, 1),
            focus: None,
        },
        prices: PriceTable::flat(Currency(*b"EUR"), &[5000]),
        policy: policy(),
        ..NewEvent::default()
    }
}

fn policy() -> Policy {
    Policy {
        hold_ms: 90_000,
        retry_ms: 20_000,
        payment_ms: 60_000,
        extension_ms: 150_000,
        holds_per_buyer_max: 2,
        shoppers_max: 6,
        ..Policy::default()
    }
}

/// A sale of two events in one partition: their holds have the same numbers.
struct Sale {
    engine: Engine,
    now: u64,
    offset: u64,
    holds: Vec<(EventId, HoldId)>,
    called: u64,
}

impl Sale {
    fn new() -> Self {
        let engine = Engine::new(EngineLimits {
            outcomes_max: 1000,
            events_max: 4,
            ..EngineLimits::default()
        });
        Sale { engine, now: START, offset: 0, holds: Vec::new(), called: 0 }
    }

    fn ask(&mut self, event_id: EventId, actor: Actor, command: Command) -> Step {
        let envelope = Envelope {
            command_id: CommandId(0),
            fingerprint: 0,
            event_id,
            actor,
            reply_to: GatewayId(0),
            command,
        };
        let mut facts = Vec::new();
        let reply =
            self.engine.step(self.offset, LogTime(self.now), &envelope, &mut facts).unwrap();
        self.offset += 1;
        if let Answer::Order(order) = reply.answer {
            self.holds.push((event_id, order.hold_id));
        }
        Step { facts, now: LogTime(self.now) }
    }

    fn next(&mut self, rng: &mut StdRng) -> Step {
        self.now += rng.random_range(0..9_000);
        let event_id = EVENTS[rng.random_range(0..2)];
        let buyer = Actor::Buyer(BuyerId(rng.random_range(1..9)));
        let (system, staff) = (Actor::System, Actor::Staff(StaffId(1)));
        let place = Place(rng.random_range(0..60));
        let hold = self.holds.get(rng.random_range(0..self.holds.len().max(1))).copied();
        let (of, hold_id) = hold.unwrap_or((event_id, HoldId(0)));
        let attempt = rng.random_range(1..3);
        let method = PaymentMethod::parse("pm_x").unwrap();
        let reference = PaymentReference::parse("pi_x").unwrap();
        let payment = AuthorisedPayment { reference, capture_before: None };
        let (event_id, actor, command) = match rng.random_range(0..20) {
            0 => (event_id, buyer, Command::Enter { place }),
            1..=3 => (event_id, buyer, Command::AwaitTurn { place }),
            4 => {
                self.called += rng.random_range(0..3);
                (event_id, system, Command::CallPlaces { below: Frontier(self.called) })
            }
            5..=8 => {
                let seat = rng.random_range(0..30);
                let seats = SeatList::try_from(&[seat][..]).unwrap();
                (event_id, buyer, Command::HoldSeats { seats, accessible: false })
            }
            9 => (of, buyer, Command::ExtendHold { hold_id }),
            10 => (of, buyer, Command::ReleaseHold { hold_id }),
            11 | 12 => {
                (of, buyer, Command::StartPurchase { hold_id, method, despite_unanswered: false })
            }
            13 => (of, system, Command::PaymentAuthorised { hold_id, attempt, payment }),
            14 => (of, system, Command::PaymentDeclined { hold_id, attempt }),
            15 => (of, system, Command::PaymentCaptured { hold_id, attempt }),
            16 => (of, staff, Command::RefundOrder { hold_id, why: None }),
            17 => (event_id, buyer, Command::ShareCohort { cohort: Cohort::new(None, None) }),
            18 => self.changed_terms(rng, event_id),
            _ => (event_id, system, Command::Tick),
        };
        self.ask(event_id, actor, command)
    }

    fn changed_terms(&self, rng: &mut StdRng, event_id: EventId) -> (EventId, Actor, Command) {
        let price = 5000 + rng.random_range(0..2);
        let rules = Policy { shoppers_max: rng.random_range(6..8), ..policy() };
        let command = match rng.random_range(0..5) {
            0 => Command::turn_phase(PhaseDial::Pause, ""),
            1 => Command::SetPolicy(Box::new(rules)),
            2 => {
                let hold_ms = 90_000 + rng.random_range(0..2);
                Command::SetPolicy(Box::new(Policy { hold_ms, ..rules }))
            }
            3 => Command::SetPrices(Box::new(PriceTable::flat(Currency(*b"EUR"), &[price]))),
            _ => Command::turn_phase(PhaseDial::Open, ""),
        };
        (event_id, Actor::Staff(StaffId(1)), command)
    }
}

pub(crate) fn history(seed: u64) -> Vec<Step> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut sale = Sale::new();
    let staff = Actor::Staff(StaffId(1));
    let mut steps = Vec::new();
    for event_id in EVENTS {
        let create = Command::CreateEvent(Box::new(new_event()));
        steps.push(sale.ask(event_id, staff, create));
        steps.push(sale.ask(event_id, Actor::System, Command::ReservePlaces { count: 60 }));
        steps.push(sale.ask(event_id, staff, Command::turn_phase(PhaseDial::Open, "")));
        let no_queue = Policy { pass_required: false, ..policy() };
        steps.push(sale.ask(event_id, staff, Command::SetPolicy(Box::new(no_queue))));
    }
    steps.extend((0..400).map(|_| sale.next(&mut rng)));
    steps
}

fn relay(log: &MemoryLog) -> Reading<Publisher<Relay>> {
    let log: Arc<dyn Log> = Arc::new(log.clone());
    reading(&log, AudienceOptions::default())
}

/// Relays that follow everything step by step; `trouble` may cut one off or make the log fail.
fn publish(steps: &[Step], mut trouble: impl FnMut(&MemoryLog) -> bool) -> MemoryLog {
    let log = MemoryLog::new(PARTITIONS);
    let new = || relay(&log);
    let mut relay = new();
    for Step { facts, now } in steps {
        for fact in facts {
            let mut value = Vec::new();
            encode_fact(fact, &mut value);
            log.append(Topic::Ledger, 0, vec![NewRecord::new("e", value)]).wait().unwrap();
        }
        if trouble(&log) {
            relay = new();
        }
        // After an error the next turn begins again.
        while !relay.turn(*now, Duration::ZERO).is_ok_and(|tick| tick.read == 0) {}
    }
    log
}

/// Messages by their name, and how often each was written.
fn messages(log: &MemoryLog) -> BTreeMap<String, (Notification, usize)> {
    let mut messages = BTreeMap::new();
    for record in (0..PARTITIONS).flat_map(|at| log.records(Topic::Notifications, at)) {
        let header = record.headers.iter().find(|(name, _)| name == "ce_id").unwrap();
        let id = String::from_utf8(header.1.to_vec()).unwrap();
        let message: Notification = serde_json::from_slice(&record.value).unwrap();
        let (first, count) = messages.entry(id).or_insert((message.clone(), 0));
        assert_eq!(*first, message, "one name, two messages");
        *count += 1;
    }
    messages
}

/// The positions of messages of a kind.
fn published(log: &MemoryLog, kind: &str) -> BTreeSet<(u64, u16)> {
    let messages = messages(log);
    let of_kind = messages.values().filter(|(message, _)| message.kind == kind);
    of_kind.map(|(message, _)| (message.position.offset, message.position.index)).collect()
}

fn position(fact: &FactRecord) -> (u64, u16) {
    (fact.position.offset, fact.position.index)
}

/// Whoever asked, by brute force: for each request, everything is searched for its answer.
fn turns_by_hand(facts: &[&FactRecord]) -> BTreeSet<(u64, u16)> {
    let mut turns = BTreeSet::new();
    for (at, request) in facts.iter().enumerate() {
        let Fact::TurnAwaited { place: wanted, .. } = request.fact else { continue };
        let mut called = false;
        for (other, fact) in facts.iter().enumerate() {
            if fact.event_id != request.event_id {
                continue;
            }
            match fact.fact {
                Fact::PlacesCalled { below }
                    if below.has_called(LineOrder::AS_GIVEN.rank(wanted)) =>
                {
                    called = true;
                }
                Fact::Entered { place, .. } if place == wanted && other > at => break,
                _ => {}
            }
            if called && other >= at {
                turns.insert(position(request));
                break;
            }
        }
    }
    turns
}

/// Holds about to end, by brute force: each is followed until it ends or has been announced.
fn endings_by_hand(steps: &[Step]) -> BTreeSet<(u64, u16)> {
    // What there is to see, in order: facts, and the quiet after each step.
    let mut seen: Vec<(LogTime, LogTime, Option<&FactRecord>)> = Vec::new();
    for Step { facts, now } in steps {
        seen.extend(facts.iter().map(|fact| (fact.at, *now, Some(fact))));
        seen.push((*now, *now, None));
    }
    let mut endings = BTreeSet::new();
    for (at, (_, _, fact)) in seen.iter().enumerate() {
        let Some(begin) = fact else { continue };
        let (Fact::SeatsHeld { hold_id, until, .. }
        | Fact::HoldExtended { hold_id, until, .. }
        | Fact::OrderDeclined { hold_id, until, .. }) = begin.fact
        else {
            continue;
        };
        let due = until.0 - 60_000.min((until.0 - begin.at.0) / 2);
        for (time, now, fact) in &seen[at + 1..] {
            if time.0 >= due {
                let in_time = until > *time.max(now);
                endings.extend(in_time.then(|| position(begin)));
                break;
            }
            if fact.is_some_and(|f| f.event_id == begin.event_id && ends(&f.fact) == Some(hold_id))
            {
                break;
            }
        }
    }
    endings
}

/// The hold that a fact gives another end, or none.
fn ends(fact: &Fact) -> Option<HoldId> {
    match fact {
        Fact::HoldExtended { hold_id, .. }
        | Fact::HoldReleased { hold_id, .. }
        | Fact::HoldExpired { hold_id, .. }
        | Fact::PurchaseStarted { hold_id, .. }
        | Fact::OrderDeclined { hold_id, .. }
        | Fact::OrderConfirmed { hold_id, .. }
        | Fact::OrderExpired { hold_id, .. }
        | Fact::OrderCancelled { hold_id, .. } => Some(*hold_id),
        _ => None,
    }
}

#[test]
fn without_trouble_everything_is_published_once() {
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for seed in 0..20 {
        let steps = history(seed);
        let facts: Vec<&FactRecord> = steps.iter().flat_map(|step| &step.facts).collect();
        let log = publish(&steps, |_| false);
        for (id, (message, count)) in messages(&log) {
            assert_eq!(count, 1, "seed {seed}: {id} was published {count} times");
            *kinds.entry(message.kind).or_default() += 1;
        }
        assert_eq!(published(&log, "your_turn"), turns_by_hand(&facts), "seed {seed}");
        assert_eq!(published(&log, "hold_ending"), endings_by_hand(&steps), "seed {seed}");
        for (kind, name) in [
            ("hold_made", "SeatsHeld"),
            ("hold_extended", "HoldExtended"),
            ("hold_released", "HoldReleased"),
            ("hold_expired", "HoldExpired"),
            ("order_payment_pending", "PurchaseStarted"),
            ("order_declined", "OrderDeclined"),
            ("order_confirmed", "OrderConfirmed"),
            ("order_settled", "OrderSettled"),
            ("order_expired", "OrderExpired"),
            ("order_refunded", "OrderRefunded"),
            ("event_open", "SaleOpened"),
            ("event_paused", "SalePaused"),
            ("event_announced", "EventCreated"),
        ] {
            let happened = facts.iter().filter(|fact| fact.fact.name() == name);
            let happened: BTreeSet<_> = happened.map(|fact| position(fact)).collect();
            assert_eq!(published(&log, kind), happened, "seed {seed}: {kind}");
        }
    }
    let expected = ["your_turn", "hold_ending", "event_rules_changed", "event_prices_changed"];
    for kind in expected {
        assert!(kinds.get(kind).is_some_and(|&count| count > 5), "too little of {kind}: {kinds:?}");
    }
}

#[test]
fn whatever_is_cut_off_is_published_all_the_same() {
    for seed in 0..40 {
        let steps = history(seed);
        let calm = publish(&steps, |_| false);
        let mut rng = StdRng::seed_from_u64(seed);
        let mut starts = 1;
        let log = publish(&steps, |log| {
            let fate = [Fate::Refused, Fate::WrittenButFailed][rng.random_range(0..2)];
            match rng.random_range(0..40) {
                0 => log.next_fate(Topic::Notifications, fate),
                1 => log.next_fate(Topic::Facts, fate),
                // The first of several partitions is written, the next is not.
                2 => {
                    log.next_fate(Topic::Notifications, Fate::Durable);
                    log.next_fate(Topic::Notifications, fate);
                }
                3 => {}
                _ => return false,
            }
            starts += 1;
            true
        });
        let (messages, calm_messages) = (messages(&log), messages(&calm));
        assert!(messages.keys().eq(calm_messages.keys()), "seed {seed}, {starts} starts");
        for (id, (message, count)) in messages {
            assert_eq!(calm_messages[&id].0, message, "seed {seed}");
            // Each start may repeat what the one before did not see acknowledged.
            assert!(
                count <= starts,
                "seed {seed}: {id} was published {count} times in {starts} starts"
            );
        }
        assert_eq!(public_facts(&log), public_facts(&calm), "seed {seed}");
    }
}

/// Facts as a careful reader has them: what is not greater than the last is dropped.
fn public_facts(log: &MemoryLog) -> Vec<FactBody> {
    let mut last = None;
    let mut facts = Vec::new();
    for record in log.records(Topic::Facts, 0) {
        let body: FactBody = serde_json::from_slice(&record.value).unwrap();
        let position = body.position.map(|position| (position.offset, position.index));
        if last < position {
            last = position;
            facts.push(body);
        }
    }
    facts
}

#[test]
fn a_restart_in_the_quiet_repeats_nothing() {
    for seed in 0..10 {
        let steps = history(seed);
        let log = publish(&steps, |_| false);
        let count =
            |topic| -> usize { (0..PARTITIONS).map(|at| log.records(topic, at).len()).sum() };
        let before = (count(Topic::Notifications), count(Topic::Facts));
        let end = steps.last().unwrap().now;
        // Long after: what had to be announced in its last minute is over.
        for later in [600_000, 700_000] {
            let mut relay = relay(&log);
            while relay.turn(end.plus(later), Duration::ZERO).unwrap().read > 0 {}
        }
        assert_eq!((count(Topic::Notifications), count(Topic::Facts)), before, "seed {seed}");
    }
}

#[test]
fn cohorts_are_in_no_public_fact() {
    let steps = history(1);
    let happened = steps.iter().flat_map(|step| &step.facts);
    let shared = happened.filter(|fact| matches!(fact.fact, Fact::CohortJoined { .. })).count();
    assert!(shared > 0);
    let log = publish(&steps, |_| false);
    for record in log.records(Topic::Facts, 0) {
        let text = String::from_utf8(record.value.to_vec()).unwrap();
        assert!(!text.contains("cohort"), "{text}");
    }
}
