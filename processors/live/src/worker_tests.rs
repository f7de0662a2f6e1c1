//! Totals against a plain recount, with restarts.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use floodgate_log::{EmbeddedLog, EmbeddedOptions, NewRecord};
use floodgate_onsale::fact::SeatsKept;
use floodgate_onsale::plan::{Category, Labels, Plan, Row, Run, Section, Shape};
use floodgate_onsale::wire::encode_fact;
use floodgate_onsale::{BuyerId, EventId, Fact, FactRecord, HoldId, NewEvent, SeatId, SeatList};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::*;
use crate::public::Counts;

const SEATS: u32 = 40;

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
    let is = &mut seats[seat as usize];
    let (fact, then) = match (*is, rng.random_range(0..4)) {
        (Is::Free, 0) => {
            let kept = SeatsKept::Retaken;
            let sold =
                Fact::OrderConfirmed { hold_id, buyer, seats: list, amount, attempt: 1, kept };
            (sold, Is::Sold)
        }
        (Is::Free, _) => {
            let until = LogTime(9);
            (Fact::SeatsHeld { hold_id, buyer, seats: list, amount, until }, Is::Held)
        }
        (Is::Held, 0) => (Fact::HoldReleased { hold_id, buyer, seats: list }, Is::Free),
        (Is::Held, 1) => (Fact::OrderExpired { hold_id, buyer, seats: list }, Is::Free),
        (Is::Held, _) => {
            let kept = SeatsKept::Held;
            let sold =
                Fact::OrderConfirmed { hold_id, buyer, seats: list, amount, attempt: 1, kept };
            (sold, Is::Sold)
        }
        (Is::Sold, 0) => (Fact::OrderRefunded { hold_id, buyer, seats: list, amount }, Is::Free),
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
        let mut counter = Counter::new(Arc::clone(&log) as Arc<dyn Log>, 0).unwrap();
        let mut seats = vec![Is::Free; SEATS as usize];
        let new = NewEvent { plan: plan(), ..NewEvent::default() };
        let mut next = Some(Fact::EventCreated(Box::new(new)));
        // The state of every seat after each offset, to recount any published position.
        let mut history = Vec::new();
        while history.len() < 300 {
            let Some(fact) = next.take().or_else(|| next_fact(&mut rng, &mut seats)) else {
                continue;
            };
            let source = Source { offset: history.len() as u64, index: 0 };
            let record = FactRecord { source, at: LogTime(1), event_id: EventId(1), fact };
            let mut value = Vec::new();
            encode_fact(&record, &mut value);
            log.append(Topic::Ledger, 0, vec![NewRecord::new("e", value)]).wait().unwrap();
            history.push(seats.clone());
            match rng.random_range(0..20) {
                0 => counter = Counter::new(Arc::clone(&log) as Arc<dyn Log>, 0).unwrap(),
                1..6 => counter.turn(Duration::ZERO).unwrap(),
                _ => {}
            }
        }
        // The first turn takes what is new, the second is quiet and publishes.
        (0..2).for_each(|_| counter.turn(Duration::ZERO).unwrap());

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
