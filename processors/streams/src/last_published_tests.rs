//! Public topics beside a ledger that is not theirs: nothing is published, and the reason is said.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use floodgate_domain::plan::{Category, Labels, Plan, Row, Run, Section, Shape};
use floodgate_domain::wire::encode_fact;
use floodgate_domain::{Currency, EventId, Fact, LogTime, NewEvent, Place, PriceTable};
use floodgate_event_log::NewRecord;
use floodgate_testkit::MemoryLog;
use floodgate_transport::{Handler, Reading};

use super::*;
use crate::AudienceOptions;
use crate::counter::Counting;
use crate::live::{Live, NoiseKey};
use crate::public::Relay;
use crate::publisher::reading;
use crate::tables::Tables;
use crate::windows::WindowPublication;

const TOPICS: [Topic; 5] =
    [Topic::Facts, Topic::Counts, Topic::Windows, Topic::Live, Topic::Events];

/// One for each category.
fn prices() -> PriceTable {
    PriceTable::flat(Currency::default(), &[10; 8])
}

fn plan() -> Plan {
    let run = Run {
        category: 0,
        labels: Labels::Numbers { first: 1, step: 1, count: 3 },
        shape: Shape::default(),
        flags: Vec::new(),
    };
    let row = Row { label: "A".into(), rank: 0, runs: vec![run] };
    Plan {
        name: "House".into(),
        categories: vec![Category { name: "All".into(), color: [0; 3] }],
        sections: vec![Section { name: "Floor".into(), rows: vec![row], ..Section::default() }],
        size: (1, 1),
        focus: None,
    }
}

/// A log whose ledger has an event created at each of these minutes, and a line at the first.
fn ledger(minutes: &[f64]) -> MemoryLog {
    let log = MemoryLog::new(1);
    let fact = |offset: u64, index, minute: f64, fact| {
        let position = FactPosition { offset, index };
        let at = LogTime((minute * 60_000.0) as u64);
        let record = FactRecord { position, at, event_id: EventId(offset + 1), fact };
        let mut value = Vec::new();
        encode_fact(&record, &mut value);
        NewRecord::new("e", value)
    };
    let created = |(offset, minute): (u64, &f64)| {
        let (plan, prices) = (plan(), prices());
        let new = NewEvent { plan, prices, ..NewEvent::default() };
        fact(offset, 0, *minute, Fact::EventCreated(Box::new(new)))
    };
    let mut records: Vec<NewRecord> = (0..).zip(minutes).map(created).collect();
    if let Some(first) = minutes.first() {
        // So many wait that they are spoken of.
        let reserved = Fact::PlacesReserved { first: Place(0), count: 1_000 };
        records.insert(1, fact(0, 1, *first, reserved));
    }
    log.append(Topic::Ledger, 0, records).wait().unwrap();
    log
}

fn run<H: Handler>(mut reading: Reading<H>) -> Result<(), FollowError> {
    for turn in 0..10 {
        reading.turn(LogTime(turn), Duration::ZERO)?;
    }
    Ok(())
}

fn relay(log: &Arc<dyn Log>) -> Result<(), FollowError> {
    run(reading::<Relay>(log, AudienceOptions::default()))
}

fn count(log: &Arc<dyn Log>) -> Result<(), FollowError> {
    run(reading::<Counting>(log, Duration::from_secs(1_000)))
}

fn tally(log: &Arc<dyn Log>) -> Result<(), FollowError> {
    run(reading::<WindowPublication>(log, ()))
}

fn tabulate(log: &Arc<dyn Log>) -> Result<(), FollowError> {
    run(reading::<Tables>(log, ()))
}

fn measure(log: &Arc<dyn Log>) -> Result<(), FollowError> {
    run(reading::<Live>(log, NoiseKey([3; 32])))
}

#[test]
fn public_topics_of_another_ledger_take_nothing() {
    let old = ledger(&[1.0, 2.0, 3.0, 4.0]);
    let shared: Arc<dyn Log> = Arc::new(old.clone());
    relay(&shared).unwrap();
    count(&shared).unwrap();
    tally(&shared).unwrap();
    measure(&shared).unwrap();
    tabulate(&shared).unwrap();
    let rows: [(&str, &[f64], Option<&str>); 5] = [
        ("the same", &[1.0, 2.0, 3.0, 4.0], None),
        ("the same and more", &[1.0, 2.0, 3.0, 4.0, 5.0], None),
        ("an older copy", &[1.0, 2.0], Some("and it ends at 3")),
        ("empty", &[], Some("and it ends at 0")),
        ("another one", &[1.0, 2.0, 3.0, 4.1, 5.0], Some("record 4 of")),
    ];
    for (what, minutes, reason) in rows {
        let log = ledger(minutes);
        for topic in TOPICS {
            let records = old.records(topic, 0).into_iter();
            let records = records.map(|one| NewRecord {
                headers: one.headers,
                ..NewRecord::new(one.key, one.value)
            });
            log.append(topic, 0, records.collect()).wait().unwrap();
        }
        let before = TOPICS.map(|topic| log.records(topic, 0).len());
        assert!(before.iter().all(|count| *count > 0));
        let shared: Arc<dyn Log> = Arc::new(log.clone());
        let outcomes = [relay, count, tally, measure, tabulate].map(|publish| publish(&shared));
        for outcome in outcomes {
            let error = outcome.err().map(|error| error.to_string());
            match reason {
                None => assert_eq!(error, None, "{what}"),
                Some(reason) => assert!(error.is_some_and(|it| it.contains(reason)), "{what}"),
            }
        }
        let after = TOPICS.map(|topic| log.records(topic, 0).len());
        assert_eq!(after == before, minutes.len() <= 4 || reason.is_some(), "{what}: {after:?}");
    }
}
