//! Numbers for advertisers, as the real streams publish them of a rush; every flip, gap and other
//! noise is found, and so are facts that were left out.

use std::sync::Arc;
use std::time::Duration;

use floodgate_audit::{AuditOptions, Check, audit_with};
use floodgate_domain::fact::{LeaveReason, SeatsKept};
use floodgate_domain::wire::{encode_command, encode_fact};
use floodgate_domain::{
    BuyerId, Command, CommandId, Envelope, EventId, Fact, FactPosition, FactRecord, Frontier,
    HoldId, LogTime, Place,
};
use floodgate_event_log::{Log, NewRecord, Record, Topic};
use floodgate_streams::{AudienceOptions, NoiseKey, StreamsOptions, spawn};
use floodgate_testkit::{MemoryLog, cut};
use floodgate_transport::Service;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::fixtures::{new_event, payment, policy};

const KEY: NoiseKey = NoiseKey([5; 32]);
const EVENTS: [EventId; 2] = [EventId(7), EventId(8)];
const FLIPS: u64 = 120;

/// A rush over half an hour: many wait, many shop, many buy.
fn facts(seed: u64) -> Vec<FactRecord> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut at = 40 * 60_000 + 17;
    let mut facts = Vec::new();
    let mut add = |at: u64, event_id, fact| {
        let position = FactPosition { offset: facts.len() as u64, index: 0 };
        facts.push(FactRecord { position, at: LogTime(at), event_id, fact });
    };
    for event_id in EVENTS {
        add(at, event_id, Fact::EventCreated(Box::new(new_event(policy()))));
        add(at + 1, event_id, Fact::PlacesReserved { first: Place(0), count: 5_000 });
        add(at + 2, event_id, Fact::SaleOpened);
    }
    for number in 0..3_000_u64 {
        at += rng.random_range(0..1_200);
        let event_id = EVENTS[usize::from(rng.random_ratio(1, 4))];
        let buyer = BuyerId(number);
        let fact = match rng.random_range(0..10) {
            0..4 => {
                let place = Place(number);
                Fact::Entered { buyer, place, until: LogTime(at + 1), idle_until: None }
            }
            4 => Fact::ShopperLeft { buyer, reason: LeaveReason::ByChoice },
            5 => Fact::PlacesCalled { below: Frontier(number) },
            _ => Fact::OrderConfirmed {
                hold_id: HoldId(number),
                buyer,
                seats: [1_u32].as_slice().try_into().unwrap(),
                amount: 1,
                attempt: 1,
                kept: SeatsKept::Held,
                payment: payment(),
            },
        };
        add(at, event_id, fact);
    }
    add(at + 200_000, EVENTS[0], Fact::PlacesReserved { first: Place(5_000), count: 5_000 });
    facts
}

/// These facts in a log, each after a command of its own.
fn log(facts: &[FactRecord]) -> MemoryLog {
    let log = MemoryLog::new(1);
    for fact in facts {
        log.set_time(fact.at);
        let (mut command, mut value) = (Vec::new(), Vec::new());
        let envelope = Envelope::system(CommandId::NONE, fact.event_id, Command::Tick);
        encode_command(&envelope, &mut command);
        encode_fact(fact, &mut value);
        drop(log.append(Topic::Commands, 0, vec![NewRecord::new("e", command)]));
        drop(log.append(Topic::Ledger, 0, vec![NewRecord::new("e", value)]));
    }
    log
}

/// What the real streams say of them, cut off twice on the way.
fn published(facts: &[FactRecord], key: NoiseKey) -> Vec<Record> {
    let log = MemoryLog::new(1);
    let shared: Arc<dyn Log> = Arc::new(log.clone());
    let options = StreamsOptions {
        forget_after: Duration::from_secs(3_600),
        audience: AudienceOptions::default(),
        tables: false,
        live: Some(key),
    };
    for part in facts.chunks(facts.len() / 3) {
        let streams = spawn(&shared, options).unwrap();
        for fact in part {
            let mut value = Vec::new();
            encode_fact(fact, &mut value);
            drop(log.append(Topic::Ledger, 0, vec![NewRecord::new("e", value)]));
        }
        cut::until("some is published", || !log.records(Topic::Live, 0).is_empty());
        if part.len() < facts.len() / 3 {
            let last = format!("0-{}-0-", facts.len() - 1);
            cut::until("all is published", || {
                let records = log.records(Topic::Live, 0);
                records.last().is_some_and(|record| id(record).starts_with(&last))
            });
        }
        streams.stop();
        streams.join().unwrap();
    }
    log.records(Topic::Live, 0)
}

fn id(record: &Record) -> String {
    let header = record.headers.iter().find(|(name, _)| name == "ce_id");
    header.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).unwrap_or_default()
}

/// What the rule says of records beside facts.
fn check(facts: &[FactRecord], records: &[Record], noise: Option<NoiseKey>) -> Check {
    let log = log(facts);
    let records = records.iter().cloned().map(|Record { key, value, headers, .. }| NewRecord {
        key,
        value,
        headers,
    });
    log.append(Topic::Live, 0, records.collect()).wait().unwrap();
    let options = AuditOptions { replay: false, noise, ..AuditOptions::default() };
    let report = audit_with(&log, options).unwrap();
    report.invariants.get("public-live").copied().unwrap_or_default()
}

#[test]
fn what_is_said_of_a_rush_is_so() {
    for seed in 0..4 {
        let facts = facts(seed);
        let records = published(&facts, KEY);
        let indices =
            records.iter().filter(|one| String::from_utf8_lossy(&one.value).contains("\"index\""));
        assert!(records.len() > 40 && indices.count() > 1, "{}", records.len());
        let all = Check { checked: records.len() as u64, violations: 0 };
        assert_eq!(check(&facts, &records, Some(KEY)), all, "seed {seed}");
        assert_eq!(check(&facts, &records, None), all, "seed {seed}, without the key");
        // The same again, as a second process writes it; the last still to come.
        let twice = [&records[..], &records[..]].concat();
        assert_eq!(check(&facts, &twice, Some(KEY)), all);
        let closed = id(records.last().unwrap()).split('-').nth(1).unwrap().to_owned();
        let of_last = |one: &&Record| id(one).split('-').nth(1) != Some(closed.as_str());
        let earlier: Vec<Record> = records.iter().filter(of_last).cloned().collect();
        assert_eq!(check(&facts, &earlier, Some(KEY)).violations, 0);
    }
}

#[test]
fn what_is_not_so_is_found() {
    let facts = facts(3);
    let records = published(&facts, KEY);
    let broken = |records: &[Record], key| check(&facts, records, key).violations > 0;
    assert!(broken(&published(&facts, NoiseKey([6; 32])), Some(KEY)), "noise of another key");
    let mut rng = StdRng::seed_from_u64(9);
    for seed in 0..FLIPS {
        let mut altered = records.clone();
        let at = rng.random_range(0..altered.len());
        let of_key = rng.random_ratio(1, 8);
        let record = &mut altered[at];
        let mut bytes = if of_key { record.key.to_vec() } else { record.value.to_vec() };
        let byte = rng.random_range(0..bytes.len());
        bytes[byte] ^= 1 << rng.random_range(0..8);
        if of_key {
            record.key = bytes.into();
        } else {
            record.value = bytes.into();
        }
        assert!(broken(&altered, Some(KEY)), "flip {seed} in record {at}, byte {byte}");
    }
    for _ in 0..20 {
        let mut missing = records.clone();
        missing.remove(rng.random_range(0..records.len() - 8));
        assert!(broken(&missing, Some(KEY)));
    }
    // Without the key: what no noise explains.
    let text = String::from_utf8_lossy(&records[0].value).into_owned();
    let waiting = text.split("\"waiting\":").nth(1).unwrap().split([',', '}']).next().unwrap();
    let far = text.replace(waiting, &(waiting.parse::<u64>().unwrap() + 400).to_string());
    let mut altered = records.clone();
    altered[0].value = far.into_bytes().into();
    assert!(broken(&altered, None));
}

#[test]
fn facts_that_were_not_counted_are_found() {
    let whole = facts(4);
    for name in ["Entered", "OrderConfirmed", "SaleOpened", "PlacesCalled", "ShopperLeft"] {
        // Some that the publisher did not take for what they are; an index is too coarse for one.
        let mut other = whole.clone();
        let missed = other.iter_mut().filter(|fact| fact.fact.name() == name).take(100);
        missed.for_each(|fact| fact.fact = Fact::TimeMarked);
        let records = published(&other, KEY);
        assert!(check(&whole, &records, Some(KEY)).violations > 0, "{name}");
    }
}
