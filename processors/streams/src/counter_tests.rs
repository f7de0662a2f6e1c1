//! Totals against a plain recount, with restarts.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use floodgate_domain::fact::SeatsKept;
use floodgate_domain::plan::{Category, Labels, Plan, Row, Run, Section, Shape};
use floodgate_domain::wire::encode_fact;
use floodgate_domain::{
    AuthorisedPayment, BuyerId, Currency, Fact, HoldId, NewEvent, PaymentReference, PriceTable,
    SeatId, SeatList,
};
use floodgate_event_log::{
    EmbeddedLog, EmbeddedOptions, NewRecord, Origin, Record, read_dead_letters,
};
use floodgate_transport::Reading;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::*;
use crate::public::{Counts, partition_key};
use crate::publisher::{Publisher, reading};

const SEATS: u32 = 40;
const DAY_MS: u64 = 24 * 3_600_000;

/// A counter that has just started.
struct Started(Reading<Publisher<Counting>>);

impl Started {
    fn turn(&mut self) {
        self.0.turn(LogTime(1), Duration::ZERO).unwrap();
    }
}

fn counter(log: &Arc<EmbeddedLog>, forget_after_ms: u64) -> Started {
    let log = Arc::clone(log) as Arc<dyn Log>;
    Started(reading(&log, Duration::from_millis(forget_after_ms)))
}

fn append(log: &EmbeddedLog, offset: u64, at: u64, event_id: EventId, fact: Fact) {
    let position = FactPosition { offset, index: 0 };
    let record = FactRecord { position, at: LogTime(at), event_id, fact };
    let mut value = Vec::new();
    encode_fact(&record, &mut value);
    log.append(Topic::Ledger, 0, vec![NewRecord::new("e", value)]).wait().unwrap();
}

/// One for each category.
fn prices() -> PriceTable {
    PriceTable::flat(Currency::default(), &[10; 8])
}

fn plan() -> Plan {
    let run = |category| Run {
        category,
        labels: Labels::Numbers { first: 1, step: 1, count: 10 },
        shape: Shape::default(),
        flags: Vec::new(),
    };
    let row = |runs| Row { label: "A".into(), rank: 0, runs };
    let section = |name: &str| Section {
        name: name.into(),
        rows: vec![row(vec![run(0), run(1)])],
        ..Section::default()
    };
    let category = |name: &str| Category { name: name.into(), color: [0; 3] };
    Plan {
        name: "House".into(),
        categories: vec![category("Good"), category("Cheap")],
        sections: vec![section("Left"), section("Right")],
        size: (1, 1),
        focus: None,
    }
}

/// What a seat is, by a model that knows nothing of sections.
#[derive(Clone, Copy, PartialEq)]
enum Is {
    Free,
    Held,
    Sold,
}

fn next_fact(rng: &mut StdRng, seats: &mut [Is]) -> Option<Fact> {
    let seat = rng.random_range(0..SEATS);
    let list = SeatList::try_from(&[seat][..]).unwrap();
    let (hold_id, buyer, amount) = (HoldId(1), BuyerId(1), 5);
    let reference = PaymentReference::parse("pi_test").unwrap();
    let payment = AuthorisedPayment { reference, capture_before: None };
    let is = &mut seats[seat as usize];
    let (fact, then) = match (*is, rng.random_range(0..4)) {
        (Is::Free, 0) => {
            let kept = SeatsKept::Retaken;
            let sold = Fact::OrderConfirmed {
                hold_id,
                buyer,
                seats: list,
                amount,
                attempt: 1,
                kept,
                payment,
            };
            (sold, Is::Sold)
        }
        (Is::Free, _) => {
            let until = LogTime(9);
            (Fact::SeatsHeld { hold_id, buyer, seats: list, amount, until, pay_by: None }, Is::Held)
        }
        (Is::Held, 0) => (Fact::HoldReleased { hold_id, buyer, seats: list }, Is::Free),
        (Is::Held, 1) => {
            let is_unanswered = false;
            (Fact::OrderExpired { hold_id, buyer, seats: list, is_unanswered }, Is::Free)
        }
        (Is::Held, _) => {
            let kept = SeatsKept::Held;
            let sold = Fact::OrderConfirmed {
                hold_id,
                buyer,
                seats: list,
                amount,
                attempt: 1,
                kept,
                payment,
            };
            (sold, Is::Sold)
        }
        (Is::Sold, 0) => {
            (Fact::OrderRefunded { hold_id, buyer, seats: list, amount, why: None }, Is::Free)
        }
        (Is::Sold, _) => return None,
    };
    *is = then;
    Some(fact)
}

fn published(log: &EmbeddedLog) -> Vec<(String, Counts)> {
    let mut reader = log.reader(Topic::Counts, 0, 0).unwrap();
    let mut records = Vec::new();
    while reader.poll(1000, Duration::ZERO, &mut records).unwrap() > 0 {}
    records
        .into_iter()
        .map(|record| {
            let key = String::from_utf8(record.key.to_vec()).unwrap();
            (key, serde_json::from_slice(&record.value).unwrap())
        })
        .collect()
}

#[test]
fn totals_agree_with_a_recount_through_restarts() {
    for seed in 0..8 {
        let mut rng = StdRng::seed_from_u64(seed);
        let folder = tempfile::tempdir().unwrap();
        let log: Arc<EmbeddedLog> =
            Arc::new(EmbeddedLog::open(folder.path(), &EmbeddedOptions::default()).unwrap());
        let mut counting = counter(&log, 30 * DAY_MS);
        let mut seats = vec![Is::Free; SEATS as usize];
        let new = NewEvent { plan: plan(), prices: prices(), ..NewEvent::default() };
        let mut next = Some(Fact::EventCreated(Box::new(new)));
        // The state of every seat after each offset, to recount any published position.
        let mut history = Vec::new();
        while history.len() < 300 {
            let Some(fact) = next.take().or_else(|| next_fact(&mut rng, &mut seats)) else {
                continue;
            };
            append(&log, history.len() as u64, 1, EventId(1), fact);
            history.push(seats.clone());
            match rng.random_range(0..20) {
                0 => counting = counter(&log, 30 * DAY_MS),
                1..6 => counting.turn(),
                _ => {}
            }
        }
        // The first turn takes what is new, the second is quiet and publishes.
        (0..2).for_each(|_| counting.turn());

        let mut last: BTreeMap<String, u64> = BTreeMap::new();
        for (key, counts) in published(&log) {
            let at = &history[counts.as_of.offset as usize];
            let counted = |is: Is| {
                let belongs = |seat: &SeatId| match counts.scope.as_str() {
                    "section" => seat.0 / 20 == counts.index,
                    "category" => seat.0 / 10 % 2 == counts.index,
                    _ => true,
                };
                (0..SEATS).map(SeatId).filter(belongs).filter(|s| at[s.0 as usize] == is).count()
            };
            let expected = [Is::Free, Is::Held, Is::Sold].map(|is| counted(is) as i64);
            assert_eq!([counts.free, counts.held, counts.sold], expected, "seed {seed} {key}");
            let before = last.insert(key.clone(), counts.as_of.offset);
            assert!(before < Some(counts.as_of.offset), "seed {seed}: {key} went back");
        }
        assert_eq!(last.len(), 5, "seed {seed}: event, two sections, two categories");
    }
}

/// Every record of the counts: its key, and whether it is a tombstone.
fn records(log: &EmbeddedLog) -> Vec<(String, bool)> {
    let mut reader = log.reader(Topic::Counts, 0, 0).unwrap();
    let mut records = Vec::new();
    while reader.poll(1000, Duration::ZERO, &mut records).unwrap() > 0 {}
    let entry = |record: Record| {
        // Also a record without a value: where it lies is known of it all the same.
        let event_id = String::from_utf8_lossy(&record.key);
        let event_id = partition_key(event_id.split('/').next().unwrap());
        assert!(record.headers.contains(&event_id), "{record:?}");
        (String::from_utf8(record.key.to_vec()).unwrap(), record.value.is_absent())
    };
    records.into_iter().map(entry).collect()
}

/// Tombstones by event, and where the event's last record of any kind is.
fn tombstones(log: &EmbeddedLog, event_id: EventId) -> (usize, bool) {
    let all = records(log);
    let prefix = event_id.to_string();
    let own: Vec<_> = all.iter().filter(|(key, _)| key.starts_with(&prefix)).collect();
    let ends_there = own.last().is_some_and(|(_, is_tombstone)| *is_tombstone);
    (own.iter().filter(|(_, is_tombstone)| *is_tombstone).count(), ends_there)
}

/// One event whose facts a test appends, and another that only lets time pass.
struct CountedLog {
    log: Arc<EmbeddedLog>,
    next: u64,
    _folder: tempfile::TempDir,
}

const OVER: EventId = EventId(1);
const OTHER: EventId = EventId(2);

impl CountedLog {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = EmbeddedLog::open(folder.path(), &EmbeddedOptions::default()).unwrap();
        let mut counted = CountedLog { log: Arc::new(log), next: 0, _folder: folder };
        for event_id in [OVER, OTHER] {
            let new = NewEvent { plan: plan(), prices: prices(), ..NewEvent::default() };
            counted.append(1, event_id, Fact::EventCreated(Box::new(new)));
            counted.append(1, event_id, Fact::SaleOpened);
        }
        counted
    }

    fn append(&mut self, at: u64, event_id: EventId, fact: Fact) {
        append(&self.log, self.next, at, event_id, fact);
        self.next += 1;
    }

    /// Two seats held, or let go of.
    fn hold(&mut self, at: u64, event_id: EventId, is_held: bool) {
        let seats = SeatList::try_from(&[0_u32, 1][..]).unwrap();
        let (hold_id, buyer, until) = (HoldId(1), BuyerId(1), LogTime(at));
        let fact = match is_held {
            true => Fact::SeatsHeld { hold_id, buyer, seats, amount: 1, until, pay_by: None },
            false => Fact::HoldExpired { hold_id, buyer, seats },
        };
        self.append(at, event_id, fact);
    }

    /// Another counter, which takes what there is and publishes.
    fn count(&self, forget_after_ms: u64) {
        let mut counting = counter(&self.log, forget_after_ms);
        (0..2).for_each(|_| counting.turn());
    }
}

#[test]
fn an_event_that_is_over_is_forgotten_once_when_its_time_has_come() {
    let mut counted = CountedLog::new();
    counted.hold(2, OVER, true);
    counted.append(3, OVER, Fact::SaleClosed);
    // Closed, but somebody may still pay for what they hold.
    counted.hold(3 + 40 * DAY_MS, OTHER, true);
    counted.count(30 * DAY_MS);
    assert_eq!(tombstones(&counted.log, OVER).0, 0, "something is held");
    counted.hold(3 + 41 * DAY_MS, OVER, false);
    counted.hold(3 + 70 * DAY_MS, OTHER, false);
    counted.count(30 * DAY_MS);
    assert_eq!(tombstones(&counted.log, OVER).0, 0, "its last fact is 29 days ago");
    counted.hold(3 + 71 * DAY_MS, OTHER, true);
    for _ in 0..3 {
        counted.count(30 * DAY_MS);
        assert_eq!(tombstones(&counted.log, OVER), (5, true), "each total once, whatever restarts");
    }
    // What comes so late is said nowhere, neither in this run nor in the next.
    let seats = SeatList::try_from(&[9_u32][..]).unwrap();
    let (hold_id, buyer) = (HoldId(4), BuyerId(1));
    counted.append(
        3 + 72 * DAY_MS,
        OVER,
        Fact::OrderRefunded { hold_id, buyer, seats, amount: 1, why: None },
    );
    counted.hold(3 + 73 * DAY_MS, OTHER, false);
    for _ in 0..2 {
        counted.count(30 * DAY_MS);
        assert_eq!(tombstones(&counted.log, OVER), (5, true));
        counted.hold(3 + 200 * DAY_MS, OTHER, true);
        counted.hold(3 + 201 * DAY_MS, OTHER, false);
    }
    assert_eq!(tombstones(&counted.log, OTHER), (0, false), "a sale that is open stays");
}

#[test]
fn a_cancelled_event_is_forgotten_and_a_shorter_time_reaches_those_of_before() {
    let mut counted = CountedLog::new();
    counted.append(2, OVER, Fact::EventCancelled);
    counted.hold(2 + 10 * DAY_MS, OTHER, true);
    for _ in 0..2 {
        counted.count(30 * DAY_MS);
        assert_eq!(tombstones(&counted.log, OVER).0, 0);
    }
    // Nothing has happened since but that the setting is another.
    counted.count(7 * DAY_MS);
    assert_eq!(tombstones(&counted.log, OVER), (5, true));
    counted.count(7 * DAY_MS);
    assert_eq!(tombstones(&counted.log, OVER), (5, true), "known from then on");
}

#[test]
fn records_of_builds_that_forgot_nothing_are_understood() {
    let mut counted = CountedLog::new();
    counted.append(2, OVER, Fact::EventCancelled);
    counted.hold(2 + 40 * DAY_MS, OTHER, true);
    // As an older build had published it: everything, no tombstone, and no word of forgetting.
    counted.count(u64::MAX);
    let last = counted.log.last(Topic::Counts, 0).unwrap().unwrap();
    let headers = last.headers.into_iter().filter(|(name, _)| name.starts_with("ce_"));
    let old = NewRecord { key: last.key, value: last.value, headers: headers.collect() };
    counted.log.append(Topic::Counts, 0, vec![old]).wait().unwrap();
    let before = records(&counted.log).len();
    counted.count(30 * DAY_MS);
    assert_eq!(tombstones(&counted.log, OVER), (5, true));
    assert_eq!(records(&counted.log).len(), before + 5, "nothing else was news");
}

#[test]
fn what_is_no_fact_is_set_aside_once_and_counting_goes_on() {
    let mut counted = CountedLog::new();
    let garbage = vec![NewRecord::new("x", "no fact"), NewRecord::tombstone("x")];
    counted.log.append(Topic::Ledger, 0, garbage).wait().unwrap();
    counted.hold(2, OTHER, true);
    for _ in 0..3 {
        counted.count(30 * DAY_MS);
        let aside = read_dead_letters(&*counted.log, Topic::DeadFacts, 0, (0, 100)).unwrap();
        let origins: Vec<_> = aside.iter().map(|one| Origin::of(one).unwrap()).collect();
        assert_eq!(origins.len(), 2, "{origins:?}");
        assert!(origins.iter().all(|origin| origin.role == "streams"), "{origins:?}");
    }
    let held =
        published(&counted.log).into_iter().rev().find(|(_, counts)| counts.scope == "event");
    assert_eq!(held.unwrap().1.held, 2, "the fact behind it counts");
}
