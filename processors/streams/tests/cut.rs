//! A log that is unreachable for a while: counts are right and facts published once; one that
//! stays away ends the process.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use floodgate_domain::plan::{Category, Labels, Plan, Row, Run, Section, Shape};
use floodgate_domain::wire::encode_fact;
use floodgate_domain::{
    BuyerId, Currency, EventId, Fact, FactPosition, FactRecord, HoldId, LogTime, NewEvent,
    PriceTable, SeatList,
};
use floodgate_event_log::{Log, NewRecord, Topic};
use floodgate_streams::public::{Counts, FactBody};
use floodgate_streams::{AudienceOptions, NoiseKey, StreamsOptions, spawn};
use floodgate_testkit::{MemoryLog, cut};
use floodgate_transport::{Group, Service};

const SETTINGS: StreamsOptions = StreamsOptions {
    forget_after: Duration::from_secs(3_600),
    audience: AudienceOptions { window_ms: 60_000, threshold: 100 },
    tables: true,
    live: Some(NoiseKey([1; 32])),
};

fn streams(log: &MemoryLog) -> Group {
    let log: Arc<dyn Log> = Arc::new(log.clone());
    spawn(&log, SETTINGS).unwrap()
}

fn append(log: &MemoryLog, number: u64, fact: Fact) {
    let position = FactPosition { offset: number, index: 0 };
    let record = FactRecord { position, at: LogTime(1), event_id: EventId(3), fact };
    let mut value = Vec::new();
    encode_fact(&record, &mut value);
    log.append(Topic::Ledger, 0, vec![NewRecord::new("evt", value)]).wait().unwrap();
}

/// One for each category.
fn prices() -> PriceTable {
    PriceTable::flat(Currency::default(), &[10; 8])
}

fn new_event() -> Fact {
    let labels = Labels::Numbers { first: 1, step: 1, count: 30 };
    let run = Run { category: 0, labels, shape: Shape::default(), flags: Vec::new() };
    let row = Row { label: "A".into(), rank: 0, runs: vec![run] };
    let plan = Plan {
        name: "House".into(),
        categories: vec![Category { name: "All".into(), color: [0; 3] }],
        sections: vec![Section { name: "Floor".into(), rows: vec![row], ..Section::default() }],
        size: (1, 1),
        focus: None,
    };
    Fact::EventCreated(Box::new(NewEvent { plan, prices: prices(), ..NewEvent::default() }))
}

/// One more seat is held.
fn hold(log: &MemoryLog, number: u64) {
    let seats = SeatList::try_from(&[u32::try_from(number).unwrap()][..]).unwrap();
    let (hold_id, buyer, until) = (HoldId(number), BuyerId(1), LogTime(u64::MAX / 2));
    append(log, number, Fact::SeatsHeld { hold_id, buyer, seats, amount: 1, until, pay_by: None });
}

/// Seats held, as the last count of the event says.
fn held(log: &MemoryLog) -> Option<i64> {
    let counts = log.records(Topic::Counts, 0).into_iter().rev();
    let mut counts = counts.map(|record| serde_json::from_slice::<Counts>(&record.value).unwrap());
    counts.find(|counts| counts.scope == "event").map(|counts| counts.held)
}

fn published(log: &MemoryLog) -> Vec<u64> {
    let bodies = log.records(Topic::Facts, 0).into_iter();
    let bodies = bodies.map(|record| serde_json::from_slice::<FactBody>(&record.value).unwrap());
    bodies.map(|body| body.position.unwrap().offset).collect()
}

#[test]
fn counts_and_facts_come_through_a_cut() {
    let log = MemoryLog::new(1);
    let streams = streams(&log);
    append(&log, 0, new_event());
    for round in 0..3 {
        let first = 1 + round * 5;
        cut::comes_back(&log, &streams, || (first..first + 5).for_each(|at| hold(&log, at)));
        let until = i64::try_from(first + 4).unwrap();
        cut::until("all are counted", || held(&log) == Some(until));
        let count = usize::try_from(first + 5).unwrap();
        cut::until("all are published", || published(&log).len() >= count);
    }
    streams.stop();
    streams.join().unwrap();
    assert_eq!(published(&log), (0..=15).collect::<Vec<_>>(), "each once, in order");
}

#[test]
fn a_log_that_stays_away_ends_the_process() {
    let log = MemoryLog::new(1);
    cut::gives_up(&log, Arc::new(streams(&log)));
}
