//! Random people come and go: no record counts few, none is lost, none says two things.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use floodgate_domain::wire::decode_command;
use floodgate_domain::{AgeBand, Cohort, Fact, FactPosition};
use floodgate_event_log::{NewRecord, Record};
use floodgate_privacy::{Scale, noise};
use floodgate_testkit::{Fate, MemoryLog};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;

use super::*;
use crate::public::partition_key;

const SETTINGS: AudienceOptions = AudienceOptions { window_ms: 60_000, threshold: 60 };
const START: u64 = 1_764_000_000_000;

fn fact(number: u64, at: u64, event_id: u64, fact: Fact) -> FactRecord {
    let position = FactPosition { offset: number, index: 0 };
    FactRecord { position, at: LogTime(at), event_id: EventId(event_id), fact }
}

fn released(at: u64, number: u32, seed: u8) -> Fact {
    let windows = Windows::new(SETTINGS.window_ms);
    let window = windows.of(LogTime(at)) - 1;
    let release = AudienceRelease {
        from: windows.start(window),
        until: windows.end(window),
        epsilon_micros: 1_000_000,
        seed: [seed; 32],
    };
    Fact::AudienceReleased { number, spent_micros: 1_000_000 * number, release: Box::new(release) }
}

/// Ten minutes of people of two events who join, change their minds and leave; of others, and of
/// tables that are made of them.
fn history(rng: &mut StdRng) -> Vec<FactRecord> {
    let cohort = |rng: &mut StdRng| {
        let age = [None, Some(AgeBand::From18), Some(AgeBand::From25)][rng.random_range(0..3)];
        let region = ["", "CH", "DE"][rng.random_range(0..3)].parse().ok();
        Cohort::new(age, region)
    };
    let mut sharing: Vec<(u64, Cohort)> = Vec::new();
    let (mut now, mut number) = (START, 0);
    let mut facts = Vec::new();
    while now < START + 600_000 {
        now += rng.random_range(0..1_200);
        let next = match rng.random_range(0..160) {
            0..20 => (1, Fact::TimeMarked),
            20..22 => {
                number += 1;
                (rng.random_range(1..3), released(now, number, rng.random()))
            }
            22..64 if !sharing.is_empty() => {
                let (event_id, cohort) = sharing.swap_remove(rng.random_range(0..sharing.len()));
                (event_id, Fact::CohortLeft { cohort })
            }
            _ => {
                let (event_id, cohort) = (rng.random_range(1..3), cohort(rng));
                sharing.push((event_id, cohort));
                (event_id, Fact::CohortJoined { cohort })
            }
        };
        facts.push(fact(facts.len() as u64, now, next.0, next.1));
    }
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

/// What all records have to say, counted from the ledger without the dataflow.
fn expected(facts: &[FactRecord]) -> Vec<(String, u64)> {
    let scale = Scale::of(4, 1_000_000).unwrap();
    let mut counts: BTreeMap<(EventId, Cell), i64> = BTreeMap::new();
    let mut all = Vec::new();
    for fact in facts {
        match &fact.fact {
            Fact::CohortJoined { cohort } => Cell::of(*cohort)
                .for_each(|cell| *counts.entry((fact.event_id, cell)).or_default() += 1),
            Fact::CohortLeft { cohort } => Cell::of(*cohort)
                .for_each(|cell| *counts.entry((fact.event_id, cell)).or_default() -= 1),
            Fact::AudienceReleased { number, release, .. } => {
                for cell in Cell::all() {
                    let count = counts.get(&(fact.event_id, cell)).copied().unwrap_or(0);
                    let said = count + noise(&release.seed, cell.to_string().as_bytes(), scale);
                    if said >= SETTINGS.threshold as i64 {
                        all.push((format!("{}/{number} {cell}", fact.event_id), said as u64));
                    }
                }
            }
            _ => {}
        }
    }
    all
}

#[test]
fn what_is_published_follows_from_the_ledger_and_names_nobody() {
    let mut records = 0;
    for seed in 0..3 {
        let facts = history(&mut StdRng::seed_from_u64(seed));
        let log = MemoryLog::new(1);
        feed(&log, &facts, |_| false);
        let said: Vec<(String, u64)> = cells(&log)
            .iter()
            .map(|cell| {
                let parts = cell.product_id.splitn(3, '/').collect::<Vec<_>>();
                (format!("{} {}", cell.release_id, parts[2]), cell.count)
            })
            .collect();
        assert_eq!(said, expected(&facts), "seed {seed}");
        for (cell, record) in cells(&log).iter().zip(log.records(Topic::Audience, 0)) {
            let key = String::from_utf8(record.key.to_vec()).unwrap();
            assert_eq!(key, cell.product_id);
            assert!(record.headers.contains(&partition_key(&cell.event_id)), "{key}");
            assert_eq!((cell.margin, cell.epsilon_micros), (12, 1_000_000));
            only_what_may_be_said(&record);
            records += 1;
        }
    }
    assert!(records > 30, "only {records} records in all");
}

/// The whole record, headers and key included, against a list of what may be in it.
fn only_what_may_be_said(record: &Record) {
    let body: BTreeMap<String, Value> = serde_json::from_slice(&record.value).unwrap();
    let allowed = [
        "product_id",
        "release_id",
        "released_at",
        "margin",
        "epsilon_micros",
        "spent_micros",
        "artist",
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
    for seed in 0..6 {
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
fn a_release_cut_short_is_finished() {
    let facts = history(&mut StdRng::seed_from_u64(4));
    let whole = MemoryLog::new(1);
    feed(&whole, &facts, |_| false);
    let records = whole.records(Topic::Audience, 0);
    assert!(records.len() > 3);
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
fn who_has_left_is_in_no_table_after() {
    let cohort = Cohort::new(Some(AgeBand::From25), "CH".parse().ok());
    let mut facts: Vec<FactRecord> =
        (0..90).map(|at| fact(at, START + at, 1, Fact::CohortJoined { cohort })).collect();
    facts.push(fact(90, START + 70_000, 1, released(START + 70_000, 1, 5)));
    facts.extend((91..181).map(|at| fact(at, START + 80_000, 1, Fact::CohortLeft { cohort })));
    // The same window as before, or a later one: what counts is what the log says by now.
    facts.push(fact(181, START + 130_000, 1, released(START + 130_000, 2, 6)));
    let log = MemoryLog::new(1);
    feed(&log, &facts, |_| false);
    let releases: BTreeSet<String> = cells(&log).into_iter().map(|cell| cell.release_id).collect();
    assert_eq!(releases, BTreeSet::from([format!("{}/1", EventId(1))]));
}

/// Whom the log was asked for a table, and of which window.
fn asked(log: &MemoryLog) -> Vec<(u64, u64)> {
    let commands = log.records(Topic::Commands, 0);
    let windows = Windows::new(SETTINGS.window_ms);
    let asked = commands.iter().map(|record| {
        let envelope = decode_command(&record.value).unwrap();
        let Command::ReleaseAudience(release) = envelope.command else { panic!("{envelope:?}") };
        assert_eq!(release.until, windows.end(windows.of(release.from)));
        (envelope.event_id.0, windows.of(release.from) - windows.of(LogTime(START)))
    });
    asked.collect()
}

#[test]
fn a_table_is_asked_for_once_a_window_of_a_sale_is_over() {
    let log = MemoryLog::new(1);
    let mut process = audience(&log);
    let windows = Windows::new(SETTINGS.window_ms);
    let end = |at: u64| windows.end(windows.of(LogTime(START)) + at);
    let again = schedule::ASK_AGAIN_MS;
    let (due, cohort) = (end(0).plus(schedule::ASK_AFTER_MS), Cohort::new(None, None));
    process.take(&fact(0, START, 7, Fact::CohortJoined { cohort })).unwrap();
    process.ask_if_due(due);
    process.take(&fact(1, START, 7, Fact::SaleOpened)).unwrap();
    process.ask_if_due(due);
    assert_eq!(asked(&log), [], "by rules that do not know it");
    process.take(&fact(2, START, 7, Fact::EngineVersionSet { version: 5 })).unwrap();
    process.ask_if_due(LogTime(due.0 - 1));
    assert_eq!(asked(&log), [], "the clocks may differ a little");
    // Nobody of event 8 has joined: that a table is made says nothing.
    process.take(&fact(3, START, 8, Fact::PresaleOpened)).unwrap();
    process.ask_if_due(due);
    process.ask_if_due(due.plus(1));
    assert_eq!(asked(&log), [(7, 0), (8, 0)]);
    process.ask_if_due(due.plus(again));
    assert_eq!(asked(&log)[2..], [(7, 0), (8, 0)], "the first was lost, or came too early");

    let made = |number, at: LogTime| released(at.0, number, 0);
    process.take(&fact(4, end(0).0, 7, made(1, end(0)))).unwrap();
    process.take(&fact(5, end(0).0 + 5, 8, Fact::EventCancelled)).unwrap();
    process.take(&fact(6, end(1).0 + 5, 7, Fact::SaleClosed)).unwrap();
    // Windows that were missed get none but the last, and that is the one the sale closed in.
    process.ask_if_due(end(9));
    assert_eq!(asked(&log)[4..], [(7, 2)]);
    process.take(&fact(7, end(2).0, 7, made(2, end(2)))).unwrap();
    process.ask_if_due(end(20));
    assert_eq!(asked(&log).len(), 5);
}

#[test]
fn what_the_budget_does_not_allow_is_not_asked_for() {
    let log = MemoryLog::new(1);
    let mut process = audience(&log);
    let windows = Windows::new(SETTINGS.window_ms);
    let end = |at: u64| windows.end(windows.of(LogTime(START)) + at);
    process.take(&fact(0, START, 7, Fact::EngineVersionSet { version: 5 })).unwrap();
    process.take(&fact(1, START, 7, Fact::SaleOpened)).unwrap();
    for at in 0..6 {
        process.ask_if_due(end(at).plus(20_000));
        assert_eq!(asked(&log).len() as u64, at + 1);
        let made = released(end(at).0 + 20_000, at as u32 + 1, 0);
        process.take(&fact(2 + at, end(at).0 + 20_000, 7, made)).unwrap();
    }
    process.ask_if_due(end(7).plus(20_000));
    assert_eq!(asked(&log).len(), 6);
    process.ask_if_due(end(0).plus(20_000 + floodgate_domain::release::BUDGET_YEAR_MS));
    assert_eq!(asked(&log).len(), 7);
}
