//! The public topics of a seeded run, as the real streams publish them; every flip is found.

use std::sync::Arc;
use std::time::Duration;

use floodgate_audit::{AuditOptions, AuditReport, audit_with};
use floodgate_domain::effects::Visibility;
use floodgate_domain::{FactRecord, SeatState};
use floodgate_event_log::{Log, NewRecord, Record, Topic};
use floodgate_streams::{AudienceOptions, StreamsOptions, spawn};
use floodgate_testkit::{MemoryLog, cut};
use floodgate_transport::Service;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::run::{Stored, run};

const OPTIONS: StreamsOptions = StreamsOptions {
    forget_after: Duration::from_secs(3_600),
    audience: AudienceOptions { window_ms: 60_000, threshold: 10 },
    tables: true,
    live: None,
};
const FLIPS: u64 = 200;
const LENGTH: usize = 400;

/// A stored run with what the streams published of it, in a dozen publications.
fn published(stored: &Stored) -> MemoryLog {
    let log = MemoryLog::new(1);
    let shared: Arc<dyn Log> = Arc::new(log.clone());
    let streams = spawn(&shared, OPTIONS).unwrap();
    let whole = stored.log();
    append_all(&log, Topic::Commands, &whole.records(Topic::Commands, 0));
    let facts = whole.records(Topic::Ledger, 0);
    let mut count = 0;
    for part in facts.chunks(facts.len().div_ceil(12)) {
        // At once: whoever counts sees all of them, and says as of which one it counted.
        append_all(&log, Topic::Ledger, part);
        count += part.len();
        let last = stored.facts[count - 1].position;
        let as_of = format!("\"offset\":{},\"index\":{}", last.offset, last.index);
        let is_news = net_sold(&stored.facts[count - part.len()..count]) != 0;
        cut::until("all are counted", || {
            let counts = log.records(Topic::Counts, 0);
            !is_news
                || counts
                    .last()
                    .is_some_and(|one| String::from_utf8_lossy(&one.value).contains(&as_of))
        });
        cut::until("windows are published", || {
            let windows = log.records(Topic::Windows, 0);
            !is_news
                || windows
                    .last()
                    .is_some_and(|one| String::from_utf8_lossy(&one.value).contains(&as_of))
        });
        let visible = visible(&stored.facts[..count]);
        cut::until("all are published", || log.records(Topic::Facts, 0).len() >= visible);
    }
    streams.stop();
    streams.join().unwrap();
    log
}

/// How many more seats are sold than before: whoever counts has something to say then.
fn net_sold(facts: &[FactRecord]) -> i64 {
    let moves = facts.iter().filter_map(|one| one.fact.effects().seats);
    moves.map(|change| change.change_of(SeatState::Sold) * change.seats.len() as i64).sum()
}

fn visible(facts: &[FactRecord]) -> usize {
    facts.iter().filter(|one| one.fact.effects().visibility == Visibility::Public).count()
}

fn append_all(log: &MemoryLog, topic: Topic, records: &[Record]) {
    let all = records.iter().cloned().map(|Record { key, value, headers, .. }| NewRecord {
        key,
        value,
        headers,
    });
    log.append(topic, 0, all.collect()).wait().unwrap();
}

/// The stored run with other records in one of the public topics.
fn with(stored: &Stored, (topic, records): (Topic, &[Record]), log: &MemoryLog) -> MemoryLog {
    let altered = stored.log();
    for other in [Topic::Facts, Topic::Counts, Topic::Windows] {
        let kept = log.records(other, 0);
        append_all(&altered, other, if other == topic { records } else { &kept });
    }
    altered
}

fn own_rules(log: &MemoryLog) -> AuditReport {
    audit_with(log, AuditOptions { replay: false, ..AuditOptions::default() }).unwrap()
}

#[test]
fn what_was_published_is_what_happened() {
    let stored = run(3, LENGTH);
    let log = published(&stored);
    let clean = with(&stored, (Topic::Facts, &log.records(Topic::Facts, 0)), &log);
    let report = own_rules(&clean);
    assert!(report.is_clean(), "{report}");
    let checked = |name: &str| report.invariants[name].checked as usize;
    assert_eq!(checked("public-facts"), visible(&stored.facts) + 1);
    assert_eq!(checked("public-counts"), log.records(Topic::Counts, 0).len());
    let windows = log.records(Topic::Windows, 0).len();
    assert!(windows > 12, "{windows}");
    assert_eq!(checked("public-windows"), windows);
}

#[test]
fn every_flipped_bit_in_a_public_topic_is_found() {
    let stored = run(3, LENGTH);
    let log = published(&stored);
    for seed in 0..FLIPS {
        let mut rng = StdRng::seed_from_u64(seed);
        let topic = [Topic::Facts, Topic::Counts, Topic::Windows][seed as usize % 3];
        let mut records = log.records(topic, 0);
        let at = rng.random_range(0..records.len());
        let record = &mut records[at];
        let of_key = rng.random_ratio(1, 8);
        let mut bytes = if of_key { record.key.to_vec() } else { record.value.to_vec() };
        let byte = rng.random_range(0..bytes.len());
        bytes[byte] ^= 1 << rng.random_range(0..8);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if of_key {
            record.key = bytes.into();
        } else {
            record.value = bytes.into();
        }
        let report = own_rules(&with(&stored, (topic, &records), &log));
        assert!(report.violations > 0, "seed {seed}: {} {at}, byte {byte}: {text}", topic.name());
    }
}

#[test]
fn public_facts_that_are_missing_or_out_of_order_are_found() {
    let stored = run(4, LENGTH);
    let log = published(&stored);
    let facts = log.records(Topic::Facts, 0);
    let violations =
        |records: &[Record]| own_rules(&with(&stored, (Topic::Facts, records), &log)).violations;
    let mut rng = StdRng::seed_from_u64(4);
    for _ in 0..20 {
        let at = rng.random_range(0..facts.len() - 1);
        let mut missing = facts.clone();
        missing.remove(at);
        assert!(violations(&missing) > 0, "{at} is missing");
        let mut swapped = facts.clone();
        swapped.swap(at, at + 1);
        assert!(violations(&swapped) > 0, "{at} and the next are swapped");
        // After a crash the same record may come again, and readers drop it.
        let mut twice = facts.clone();
        twice.insert(at + 1, facts[at].clone());
        assert_eq!(violations(&twice), 0, "{at} comes twice");
    }
    // What is behind the last one is still to be published.
    assert_eq!(violations(&facts[..facts.len() - 5]), 0);
}
