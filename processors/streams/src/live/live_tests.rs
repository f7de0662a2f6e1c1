//! A rush as advertisers see it: with noise that is the same every time, and nothing small.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use floodgate_domain::wire::encode_fact;
use floodgate_domain::{Fact, Frontier, Place};
use floodgate_testkit::{Fate, MemoryLog};
use floodgate_transport::Reading;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::*;
use crate::public::relay::tests::history;
use crate::publisher::{Publisher, reading};

const KEY: NoiseKey = NoiseKey([7; SEED_BYTES]);
const START: u64 = 1_000 * MINUTE_MS;

fn publisher(log: &MemoryLog, key: NoiseKey) -> Reading<Publisher<Live>> {
    let log: Arc<dyn Log> = Arc::new(log.clone());
    reading(&log, key)
}

/// Facts of one event, at these times.
fn facts(all: Vec<(u64, Fact)>) -> Vec<FactRecord> {
    let one = |(offset, (at, fact))| FactRecord {
        position: FactPosition { offset, index: 0 },
        at: LogTime(START + at),
        event_id: EventId(1),
        fact,
    };
    (0..).zip(all).map(one).collect()
}

fn append(log: &MemoryLog, fact: &FactRecord) {
    let mut value = Vec::new();
    encode_fact(fact, &mut value);
    log.append(Topic::Ledger, 0, vec![NewRecord::new("e", value)]).wait().unwrap();
}

fn bodies(log: &MemoryLog) -> Vec<LiveBody> {
    let records = log.records(Topic::Live, 0).into_iter();
    records.map(|record| serde_json::from_slice(&record.value).unwrap()).collect()
}

fn publish(
    facts: &[FactRecord],
    key: NoiseKey,
    mut trouble: impl FnMut(&MemoryLog) -> bool,
) -> Vec<LiveBody> {
    let log = MemoryLog::new(1);
    let mut publishing = publisher(&log, key);
    for fact in facts {
        append(&log, fact);
        if trouble(&log) {
            publishing = publisher(&log, key);
        }
        while !publishing.turn(fact.at, Duration::ZERO).is_ok_and(|tick| tick.read == 0) {}
    }
    bodies(&log)
}

/// A thousand places, of which `called` are called after a minute; another fact after each minute.
fn line(called: u64, minutes: u64) -> Vec<FactRecord> {
    let mut all = vec![
        (0, Fact::EventCreated(Box::default())),
        (1, Fact::PlacesReserved { first: Place(0), count: 1_000 }),
        (MINUTE_MS, Fact::PlacesCalled { below: Frontier(called) }),
    ];
    all.extend(
        (2..minutes)
            .map(|minute| (minute * MINUTE_MS, Fact::PlacesCalled { below: Frontier(called) })),
    );
    facts(all)
}

#[test]
fn each_minute_says_how_many_waited_at_its_end() {
    let found = publish(&line(600, 5), KEY, |_| false);
    let waiting: Vec<u64> = found.iter().map(|body| body.waiting.unwrap()).collect();
    assert_eq!(waiting.len(), 4, "{found:?}");
    for (said, is) in waiting.iter().zip([1_000_u64, 400, 400, 400]) {
        assert!(said.abs_diff(is) < 150, "{said}, not {is}");
    }
    assert!(waiting[1..].iter().any(|said| *said != waiting[1]), "noise of its own each minute");
    let first = &found[0];
    assert_eq!(first.product_id, format!("{}/concurrency/{}", EventId(1), first.from));
    assert_eq!((first.shopping, first.index, first.margin), (None, None, 30));
}

#[test]
fn nobody_is_said_where_few_are() {
    // Ten wait: a noise of 90 and more comes once in 16,000.
    assert_eq!(publish(&line(990, 30), KEY, |_| false)[1..], []);
}

#[test]
fn the_same_key_says_the_same_and_another_one_something_else() {
    let facts = line(500, 8);
    assert_eq!(publish(&facts, KEY, |_| false), publish(&facts, KEY, |_| false));
    let other = publish(&facts, NoiseKey([8; SEED_BYTES]), |_| false);
    assert_ne!(publish(&facts, KEY, |_| false), other);
}

#[test]
fn a_gap_is_filled_for_an_hour() {
    let mut all = line(500, 3);
    let mut late = all[3].clone();
    (late.at, late.position.offset) = (LogTime(START + 500 * MINUTE_MS), 4);
    all.push(late);
    let found = publish(&all, KEY, |_| false);
    assert_eq!(found.len() as u64, 2 + MINUTES_MAX);
}

#[test]
fn cut_off_anywhere_it_says_the_same() {
    let mut said = 0;
    for seed in 0..12 {
        let mut facts: Vec<FactRecord> = history(seed).into_iter().flat_map(|s| s.facts).collect();
        // So many that they are spoken of.
        for fact in &mut facts {
            if let Fact::PlacesReserved { count, .. } = &mut fact.fact {
                *count = 5_000;
            }
        }
        let calm = publish(&facts, KEY, |_| false);
        let mut rng = StdRng::seed_from_u64(seed);
        let mut stormy = publish(&facts, KEY, |log| {
            if rng.random_ratio(1, 12) {
                let fate = [Fate::Refused, Fate::WrittenButFailed][rng.random_range(0..2)];
                log.next_fate(Topic::Live, fate);
            }
            rng.random_ratio(1, 12)
        });
        stormy.dedup_by(|one, other| one.product_id == other.product_id);
        assert_eq!(stormy, calm, "seed {seed}");
        said += calm.len();
    }
    assert!(said > 100, "{said}");
}

/// A room whose sale opens now, with so many orders in each step.
fn room(orders: &[u64]) -> Room {
    let mut room = Room::opened(LogTime(START));
    for (step, count) in (0_u64..).zip(orders) {
        let at = LogTime(START + step * room::STEP_MS + 5);
        (0..*count).for_each(|_| room.ordered(at));
    }
    room
}

#[test]
fn an_index_is_measured_against_the_first_ten_minutes() {
    let mut room = room(&[10_000, 5_000, 0]);
    let mut said = Vec::new();
    while let Some(step) = room.next_step(LogTime(START + 3 * room::STEP_MS)) {
        said.extend(velocity(KEY, EventId(1), &room, step));
    }
    let indices: Vec<u64> = said.iter().map(|body| body.index.unwrap()).collect();
    assert_eq!(indices[0], 100);
    assert!(indices[1].abs_diff(50) <= 1 && indices[2] <= 1, "{indices:?}");
    assert_eq!((said.len(), said[0].margin), (3, 1));
}

#[test]
fn a_sale_that_began_with_few_orders_has_no_index() {
    let mut room = room(&[20, 9_000]);
    while let Some(step) = room.next_step(LogTime(START + 2 * room::STEP_MS)) {
        assert_eq!(velocity(KEY, EventId(1), &room, step), None);
    }
    assert!(room.first_step.is_some());
}
