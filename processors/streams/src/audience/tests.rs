//! Random people come and go: no record counts few, none is lost, none says two things.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use floodgate_domain::wire::decode_command;
use floodgate_domain::{AgeBand, Fact};
use floodgate_event_log::{NewRecord, Record};
use floodgate_testkit::{Fate, MemoryLog};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;

use super::*;
use crate::public::partition_key;

const SETTINGS: AudienceOptions = AudienceOptions { window_ms: 60_000, threshold: 12 };
const START: u64 = 1_764_000_000_000;

fn fact(number: u64, at: u64, event_id: u64, fact: Fact) -> FactRecord {
    let position = FactPosition { offset: number, index: 0 };
    FactRecord { position, at: LogTime(at), event_id: EventId(event_id), fact }
}

/// Ten minutes of people of two events who join, change their minds and leave; and of others.
fn history(rng: &mut StdRng) -> Vec<FactRecord> {
    let cohort = |rng: &mut StdRng| {
        let age = [None, Some(AgeBand::From18), Some(AgeBand::From25)][rng.random_range(0..3)];
        let region = ["", "CH", "DE"][rng.random_range(0..3)].parse().ok();
        Cohort::new(age, region)
    };
    let mut sharing: Vec<(u64, Cohort)> = Vec::new();
    let mut now = START;
    let mut facts = Vec::new();
    while now < START + 600_000 {
        now += rng.random_range(0..1_200);
        let number = facts.len() as u64;
        let next = match rng.random_range(0..10) {
            0 => fact(number, now, 1, Fact::TimeMarked),
            1..=3 if !sharing.is_empty() => {
                let (event_id, cohort) = sharing.swap_remove(rng.random_range(0..sharing.len()));
                fact(number, now, event_id, Fact::CohortLeft { cohort })
            }
            _ => {
                let (event_id, cohort) = (rng.random_range(1..3), cohort(rng));
                sharing.push((event_id, cohort));
                fact(number, now, event_id, Fact::CohortJoined { cohort })
            }
        };
        facts.push(next);
    }
    // Something later, so that the last window is over for certain.
    facts.push(fact(facts.len() as u64, now + 120_000, 1, Fact::TimeMarked));
    facts
}

fn audience(log: &MemoryLog) -> Audience {
    Audience::new(Arc::new(log.clone()), 0, SETTINGS).unwrap()
}

/// Lets one run after the other take the facts; `ends` says when one is cut off.
fn feed(log: &MemoryLog, facts: &[FactRecord], mut ends: impl FnMut(&MemoryLog) -> bool) {
    'runs: loop {
        let mut process = audience(log);
        for fact in facts {
            if ends(log) || process.take(fact).is_err() {
                continue 'runs;
            }
        }
        return;
    }
}

fn cells(log: &MemoryLog) -> Vec<AudienceCell> {
    let records = log.records(Topic::Audience, 0);
    records.iter().map(|record| serde_json::from_slice(&record.value).unwrap()).collect()
}

/// Counted by hand: how many people are in a cell of an event before an instant.
fn people(facts: &[FactRecord], cell: &AudienceCell, until: LogTime) -> u64 {
    let belongs = |cohort: Cohort| {
        let age = cohort.age().map(|age| age.code().to_owned());
        let region = cohort.region().map(|region| region.to_string());
        (cell.age.is_none() || cell.age == age) && (cell.region.is_none() || cell.region == region)
    };
    let before = facts.iter().filter(|fact| fact.at < until);
    let of_event = before.filter(|fact| fact.event_id.to_string() == cell.event_id);
    let count: i64 = of_event
        .map(|fact| match fact.fact {
            Fact::CohortJoined { cohort } if belongs(cohort) => 1,
            Fact::CohortLeft { cohort } if belongs(cohort) => -1,
            _ => 0,
        })
        .sum();
    u64::try_from(count).unwrap()
}

fn instant(text: &str) -> LogTime {
    let instant = humantime::parse_rfc3339(text).unwrap();
    let since = instant.duration_since(std::time::UNIX_EPOCH).unwrap();
    LogTime(u64::try_from(since.as_millis()).unwrap())
}

#[test]
fn no_record_counts_few_and_none_names_anybody() {
    let mut records = 0;
    for seed in 0..30 {
        let facts = history(&mut StdRng::seed_from_u64(seed));
        let log = MemoryLog::new(1);
        feed(&log, &facts, |_| false);
        let mut last: BTreeMap<String, u64> = BTreeMap::new();
        for (cell, record) in cells(&log).iter().zip(log.records(Topic::Audience, 0)) {
            let count = people(&facts, cell, instant(&cell.until));
            let context = format!("seed {seed}: {cell:?} of {count} people");
            assert!(count >= SETTINGS.threshold && cell.count > 0, "{context}");
            assert_eq!(cell.count, count / 10 * 10, "{context}");
            let key = String::from_utf8(record.key.to_vec()).unwrap();
            assert_eq!(key, cell.product_id, "{context}");
            assert!(record.headers.contains(&partition_key(&cell.event_id)), "{context}");
            assert_eq!(key.split('/').next(), Some(&*cell.event_id), "{context}");
            // The difference of two records of a cell is about many people, too.
            let series =
                format!("{} {} {:?} {:?}", cell.event_id, cell.cell, cell.age, cell.region);
            if let Some(before) = last.insert(series, count) {
                assert!(before.abs_diff(count) >= SETTINGS.threshold, "{context}, {before} before");
            }
            records += 1;
            only_what_may_be_said(&record);
        }
    }
    assert!(records > 100, "only {records} records in all");
}

/// The whole record, headers and key included, against a list of what may be in it.
fn only_what_may_be_said(record: &Record) {
    let body: BTreeMap<String, Value> = serde_json::from_slice(&record.value).unwrap();
    let allowed = [
        "product_id",
        "event_id",
        "window",
        "from",
        "until",
        "cell",
        "age",
        "region",
        "count",
        "threshold",
    ];
    for name in body.keys() {
        assert!(allowed.contains(&name.as_str()), "{name} may not be said");
    }
    let headers = record.headers.iter().map(|(_, value)| String::from_utf8_lossy(value));
    let mut all = String::from_utf8(record.value.to_vec()).unwrap();
    headers.for_each(|header| all.push_str(&header));
    for personal in ["byr_", "ord_", "hld_", "user", "seat"] {
        assert!(!all.contains(personal), "{personal} in {all}");
    }
}

#[test]
fn restarts_and_failures_change_nothing() {
    for seed in 0..30 {
        let mut rng = StdRng::seed_from_u64(seed);
        let facts = history(&mut rng);
        let calm = MemoryLog::new(1);
        feed(&calm, &facts, |_| false);

        let log = MemoryLog::new(1);
        let mut runs = 0;
        feed(&log, &facts, |log| {
            if runs < 12 && rng.random_range(0..80) == 0 {
                runs += 1;
                let fates = [None, Some(Fate::Refused), Some(Fate::WrittenButFailed)];
                match fates[rng.random_range(0..3)] {
                    Some(fate) => log.next_fate(Topic::Audience, fate),
                    None => return true,
                }
            }
            false
        });
        assert_eq!(cells(&log), cells(&calm), "seed {seed}, {runs} troubles");
    }
}

#[test]
fn a_window_cut_short_is_finished() {
    let facts = history(&mut StdRng::seed_from_u64(4));
    let whole = MemoryLog::new(1);
    feed(&whole, &facts, |_| false);
    let records = whole.records(Topic::Audience, 0);
    assert!(records.len() > 10);
    for kept in 0..=records.len() {
        let log = MemoryLog::new(1);
        for Record { key, value, headers, .. } in records[..kept].iter().cloned() {
            log.append(Topic::Audience, 0, vec![NewRecord { key, value, headers }]).wait().unwrap();
        }
        feed(&log, &facts, |_| false);
        assert_eq!(cells(&log), cells(&whole), "after {kept} records");
    }
}

#[test]
fn a_quiet_partition_is_asked_for_the_time_once_a_window_with_news_is_over() {
    let log = MemoryLog::new(1);
    let mut process = audience(&log);
    let windows = Windows::new(SETTINGS.window_ms);
    let cohort = Cohort::new(None, None);
    let end = windows.end(windows.of(LogTime(START)));
    let marks = |log: &MemoryLog| log.records(Topic::Commands, 0).len();

    process.take(&fact(0, START, 1, Fact::TimeMarked)).unwrap();
    process.mark_time_if_due(end.plus(60_000));
    assert_eq!(marks(&log), 0, "nobody joined: nobody waits for anything");
    for number in 1..=20 {
        process.take(&fact(number, START, 7, Fact::CohortJoined { cohort })).unwrap();
    }
    process.mark_time_if_due(end);
    assert_eq!(marks(&log), 0, "the clocks may differ a little");
    process.mark_time_if_due(end.plus(MARK_AFTER_MS));
    process.mark_time_if_due(end.plus(MARK_AFTER_MS + 1));
    assert_eq!(marks(&log), 1);
    process.mark_time_if_due(end.plus(MARK_AFTER_MS + MARK_AGAIN_MS));
    assert_eq!(marks(&log), 2, "the first was lost, or came too early");
    let mark = decode_command(&log.records(Topic::Commands, 0)[0].value).unwrap();
    assert_eq!((mark.event_id, mark.command), (EventId(7), Command::MarkTime));
    assert_eq!(cells(&log), [], "and nothing is said before the log says so");

    process.take(&fact(21, end.0, 7, Fact::TimeMarked)).unwrap();
    process.mark_time_if_due(end.plus(3_600_000));
    assert_eq!(marks(&log), 2);
    let published = cells(&log);
    assert_eq!(published.len(), 1);
    assert_eq!((published[0].cell.as_str(), published[0].count), ("all", 20));
}
