//! Random sales as tables: the last row of every key is what the facts add up to, whatever is cut off.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::time::Duration;

use floodgate_domain::wire::encode_fact;
use floodgate_domain::{
    BuyerId, EventId, Fact, FactPosition, FactRecord, HoldId, LogTime, OrderView, Refund,
    RefundReason, RefundWhy, SeatId, SeatList, SeatSet, SeatState, StaffId,
};
use floodgate_testkit::{Fate, MemoryLog};
use floodgate_transport::Reading;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;

use super::*;
use crate::public::relay::tests::{Step, history};
use crate::publisher::{Publisher, reading};
use crate::tables::{EventRow, OrderRow, ReservationRow};

fn publisher(log: &MemoryLog) -> Reading<Publisher<Tables>> {
    let log: Arc<dyn Log> = Arc::new(log.clone());
    reading(&log, ())
}

/// Follows everything step by step; `trouble` may cut it off or make the log fail.
fn publish(steps: &[Step], mut trouble: impl FnMut(&MemoryLog) -> bool) -> MemoryLog {
    let log = MemoryLog::new(1);
    let mut publishing = publisher(&log);
    for Step { facts, now } in steps {
        for fact in facts {
            let mut value = Vec::new();
            encode_fact(fact, &mut value);
            log.append(Topic::Ledger, 0, vec![NewRecord::new("e", value)]).wait().unwrap();
        }
        if trouble(&log) {
            publishing = publisher(&log);
        }
        while !publishing.turn(*now, Duration::ZERO).is_ok_and(|tick| tick.read == 0) {}
    }
    log
}

/// The last record of each key, as a compacted topic keeps it.
fn table(log: &MemoryLog, topic: Topic) -> BTreeMap<String, serde_json::Value> {
    let records = log.records(topic, 0).into_iter();
    let rows = records.map(|record| {
        let key = String::from_utf8(record.key.to_vec()).unwrap();
        (key, serde_json::from_slice(&record.value).unwrap())
    });
    rows.collect()
}

fn tables(log: &MemoryLog) -> [BTreeMap<String, serde_json::Value>; 3] {
    TABLES.map(|topic| table(log, topic))
}

/// Seats and orders by brute force: each fact's effects, one after the other, with nothing kept small.
type Seats = BTreeMap<String, (String, Option<String>, Option<i64>)>;
fn by_hand(steps: &[Step]) -> (Seats, BTreeMap<String, OrderView>) {
    let (mut seats, mut orders) = (Seats::new(), BTreeMap::<String, OrderView>::new());
    for fact in steps.iter().flat_map(|step| &step.facts) {
        let effects = fact.fact.effects();
        if let Some(change) = effects.order {
            let key = format!("{}/{}", fact.event_id, change.hold_id.order());
            match orders.get_mut(&key) {
                Some(order) => order.follow(&change),
                None => drop(orders.insert(key, OrderView::begun_by(&change).unwrap())),
            }
        }
        let until = effects.order.and_then(|order| order.until).map(|at| at.0 as i64);
        if let Some(change) = effects.seats {
            for seat in change.seats {
                let until = until.filter(|_| change.to == SeatState::Held);
                let owner = change.owner.map(|owner| owner.to_string());
                let key = format!("{}/{}", fact.event_id, seat.0);
                seats.insert(key, (change.to.code().to_owned(), owner, until));
            }
        } else if let Some(order) = effects.order.filter(|order| order.until.is_some()) {
            let order = &orders[&format!("{}/{}", fact.event_id, order.hold_id.order())];
            for seat in order.seats.iter() {
                seats.get_mut(&format!("{}/{}", fact.event_id, seat.0)).unwrap().2 = until;
            }
        }
    }
    (seats, orders)
}

#[test]
fn the_last_row_of_each_key_is_what_the_facts_add_up_to() {
    for seed in 0..20 {
        let steps = history(seed);
        let (seats, orders) = by_hand(&steps);
        let log = publish(&steps, |_| false);
        let [events, by_order, by_seat] = tables(&log);
        assert_eq!((events.len(), by_order.len()), (2, orders.len()), "seed {seed}");
        let found: Seats = by_seat
            .iter()
            .map(|(key, row)| {
                let row: ReservationRow = serde_json::from_value(row.clone()).unwrap();
                assert_eq!(key, &format!("{}/{}", row.event_id, row.seat_id));
                assert_eq!(row.seat, (row.seat_id + 1).to_string(), "the plan counts from one");
                (key.clone(), (row.status, row.user_id, row.lock_expiry))
            })
            .collect();
        assert_eq!(found, seats, "seed {seed}");
        for (key, row) in by_order {
            let row: OrderRow = serde_json::from_value(row).unwrap();
            let order = &orders[&key];
            let of_order = (order.status.code(), order.amount as i64, order.settled);
            assert_eq!((&*row.status, row.amount, row.settled), of_order, "seed {seed} {key}");
            assert_eq!(row.seat_count as usize, order.seats.iter().count());
            assert!(row.created_at <= row.changed_at && row.currency == "EUR");
        }
        for row in events.into_values() {
            let row: EventRow = serde_json::from_value(row).unwrap();
            assert!((row.seat_count, &*row.currency) == (30, "EUR"), "seed {seed}: {row:?}");
        }
    }
}

#[test]
fn a_row_only_ever_gives_way_to_a_newer_one() {
    let log = publish(&history(3), |_| false);
    for (topic, version) in [
        (Topic::Reservations, "reservation_version"),
        (Topic::Orders, "order_version"),
        (Topic::Events, "event_version"),
    ] {
        let mut last = BTreeMap::new();
        for record in log.records(topic, 0) {
            let row: serde_json::Value = serde_json::from_slice(&record.value).unwrap();
            let version = row[version].as_i64().unwrap();
            let before = last.insert(record.key.clone(), version);
            assert!(before.is_none_or(|before| before < version), "{topic:?} {row}");
        }
        assert!(!last.is_empty());
    }
}

#[test]
fn cut_off_anywhere_the_tables_end_up_the_same() {
    for seed in 0..20 {
        let steps = history(seed);
        let calm = tables(&publish(&steps, |_| false));
        let mut rng = StdRng::seed_from_u64(seed);
        let stormy = publish(&steps, |log| {
            if rng.random_ratio(1, 12) {
                let fate = [Fate::Refused, Fate::WrittenButFailed][rng.random_range(0..2)];
                log.next_fate(TABLES[rng.random_range(0..3)], fate);
            }
            rng.random_ratio(1, 12)
        });
        assert_eq!(tables(&stormy), calm, "seed {seed}");
    }
}

/// An installation that turns tables on after a year, or whose topics are made anew.
#[test]
fn a_topic_that_is_empty_is_filled_from_the_first_fact_on() {
    let steps = history(5);
    let whole = publish(&steps, |_| false);
    let partly = MemoryLog::new(1);
    for topic in [Topic::Ledger, Topic::Events, Topic::Orders] {
        for record in whole.records(topic, 0) {
            let again = NewRecord { key: record.key, value: record.value, headers: record.headers };
            partly.append(topic, 0, vec![again]).wait().unwrap();
        }
    }
    let written = partly.records(Topic::Orders, 0).len();
    let mut publishing = publisher(&partly);
    let now = steps.last().unwrap().now;
    while publishing.turn(now, Duration::ZERO).unwrap().read > 0 {}
    assert_eq!(tables(&partly), tables(&whole));
    assert_eq!(partly.records(Topic::Orders, 0).len(), written, "what is there is not repeated");
}

/// What staff take off sale is of no session, and a refund says why; what they noted is nowhere.
#[test]
fn what_staff_do_by_hand_is_in_the_tables() {
    let (hold_id, buyer, by, note) = (HoldId(1 << 32), BuyerId::HOUSE, StaffId(1), "secret");
    let seats = SeatList::try_from(&[3][..]).unwrap();
    let note = note.to_owned();
    let why = RefundWhy { reason: RefundReason::Goodwill, note: note.clone() };
    let why = Some(Box::new(Refund { why, by }));
    let set = SeatSet::of([SeatId(1)]).unwrap();
    let facts = [
        history(1)[0].facts[0].fact.clone(),
        Fact::SeatsBlocked { seats: set, note: note.clone(), by },
        Fact::SeatsGiven { hold_id, buyer, seats, note, by },
        Fact::OrderRefunded { hold_id, buyer, seats, amount: 0, why },
    ];
    let record = |(offset, fact)| FactRecord {
        position: FactPosition { offset, index: 0 },
        at: LogTime(9),
        event_id: EventId(7),
        fact,
    };
    let facts: Vec<FactRecord> = (0..).zip(facts).map(record).collect();
    let log = publish(&[Step { facts, now: LogTime(9) }], |_| false);
    let [_, orders, reservations] = tables(&log);
    let key = |seat: u32| format!("{}/{seat}", EventId(7));
    let row =
        |seat: u32| (&reservations[&key(seat)]["status"], &reservations[&key(seat)]["session_id"]);
    assert_eq!(row(1), (&json!("not_for_sale"), &json!("")));
    assert_eq!(row(3), (&json!("free"), &json!(hold_id.to_string())));
    let order = orders.values().next().unwrap();
    assert_eq!(
        (&order["status"], &order["refund_reason"]),
        (&json!("refunded"), &json!("goodwill"))
    );
    let all = [&orders, &reservations].map(|rows| format!("{rows:?}"));
    assert!(all.iter().all(|text| !text.contains("secret")), "{all:?}");
}
