//! A log that is unreachable for a while: views go on where they were; one that stays away ends the
//! process.
#![allow(clippy::unwrap_used)]

use floodgate_domain::wire::encode_fact;
use floodgate_domain::{BuyerId, Fact, FactPosition, LogTime, Place};
use floodgate_event_log::NewRecord;
use floodgate_testkit::{MemoryLog, cut};

use super::*;

const EVENT: EventId = EventId(3);

fn append(log: &MemoryLog, number: u64, fact: Fact) {
    let position = FactPosition { offset: number, index: 0 };
    let record = FactRecord { position, at: LogTime(1), event_id: EVENT, fact };
    let mut value = Vec::new();
    encode_fact(&record, &mut value);
    log.append(Topic::Ledger, 0, vec![NewRecord::new("evt", value)]).wait().unwrap();
}

/// The same visitor comes in once more: whoever folds it twice counts it twice.
fn enter(log: &MemoryLog, number: u64) {
    let (buyer, place, until) = (BuyerId(1), Place(number), LogTime(9));
    append(log, number, Fact::Entered { buyer, place, until, idle_until: None });
}

fn follow(log: &MemoryLog) -> (Arc<Views>, Arc<Group>) {
    let log: Arc<dyn Log> = Arc::new(log.clone());
    Views::follow(&log, |_, _| {}).unwrap()
}

#[test]
fn views_come_through_a_cut() {
    let log = MemoryLog::new(1);
    let (views, following) = follow(&log);
    append(&log, 0, Fact::EventCreated(Box::default()));
    for round in 0..3 {
        let first = 1 + round * 5;
        cut::comes_back(&log, &*following, || (first..first + 5).for_each(|at| enter(&log, at)));
        let entered = || views.get(EVENT).map_or(0, |entry| entry.read().entered_count);
        cut::until("all have entered", || entered() == first + 4);
    }
    following.stop();
    following.join().unwrap();
    assert_eq!(views.get(EVENT).unwrap().read().as_of.position.offset, 15);
}

#[test]
fn a_log_that_stays_away_ends_the_process() {
    let log = MemoryLog::new(1);
    let (_, following) = follow(&log);
    cut::gives_up(&log, following);
}
