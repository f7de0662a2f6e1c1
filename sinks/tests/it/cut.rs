//! A log or destination that is unreachable for a while loses and doubles nothing; one that stays away ends
//! the process.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use floodgate_domain::FactRecord;
use floodgate_domain::wire::encode_fact;
use floodgate_event_log::{Checkpoint, Log, NewRecord, Offset, Partition, Topic};
use floodgate_sinks::{Destination, Inspection, Sink, SinkError, spawn};
use floodgate_testkit::{MemoryLog, cut};
use floodgate_transport::{Health, Service};

use crate::history::history;

/// What a shelf has, as a database would: facts and the position behind them.
#[derive(Debug, Clone, Default)]
struct Shelf {
    taken: Arc<Mutex<(Vec<u64>, Offset)>>,
    is_away: Arc<AtomicBool>,
}

impl Shelf {
    fn reached(&self) -> Result<(), SinkError> {
        match self.is_away.load(Ordering::Acquire) {
            true => Err(SinkError::Unavailable("the shelf is away".into())),
            false => Ok(()),
        }
    }

    fn count(&self) -> usize {
        self.taken.lock().unwrap().0.len()
    }
}

impl Sink for Shelf {
    fn checkpoint(&mut self, _: Partition) -> Result<Checkpoint, SinkError> {
        self.reached()?;
        Ok(Checkpoint::at(self.taken.lock().unwrap().1))
    }

    fn write(
        &mut self,
        _: Partition,
        facts: &[FactRecord],
        behind: Checkpoint,
    ) -> Result<(), SinkError> {
        self.reached()?;
        let mut taken = self.taken.lock().unwrap();
        taken.0.extend(facts.iter().map(|fact| fact.position.offset));
        taken.1 = behind.next;
        Ok(())
    }

    fn rewind(&mut self, _: Partition, _: Offset) -> Result<(), SinkError> {
        unreachable!("nobody sets this one back")
    }
}

impl Destination for Shelf {
    fn name(&self) -> &'static str {
        "shelf"
    }

    fn open(&self) -> Result<Box<dyn Sink>, SinkError> {
        self.reached()?;
        Ok(Box::new(self.clone()))
    }

    fn exists(&self) -> bool {
        true
    }

    fn clear(&self) -> Result<(), SinkError> {
        unreachable!("nobody empties this one")
    }

    fn inspect(&self) -> Result<Inspection, SinkError> {
        unreachable!("nobody examines this one")
    }
}

fn append(log: &MemoryLog, facts: &[FactRecord]) {
    let record = |fact: &FactRecord| {
        let mut value = Vec::new();
        encode_fact(fact, &mut value);
        NewRecord::new("event", value)
    };
    log.append(Topic::Ledger, 0, facts.iter().map(record).collect()).wait().unwrap();
}

fn carried(log: &MemoryLog, shelf: &Shelf) -> Arc<dyn Service> {
    Arc::new(spawn(Arc::new(log.clone()), Arc::new(shelf.clone())).unwrap())
}

#[test]
fn a_log_and_a_shelf_that_are_away_for_a_while_lose_nothing() {
    let (log, shelf, facts) = (MemoryLog::new(1), Shelf::default(), history(1));
    let (first, rest) = facts.split_at(60);
    let (second, third) = rest.split_at(60);
    // It is away when the sink starts: that is no other failure than any.
    shelf.is_away.store(true, Ordering::Release);
    let sink = carried(&log, &shelf);
    append(&log, first);
    cut::until(
        "the shelf is missed",
        || matches!(sink.health(), Health::Degraded { reason, .. } if reason == "the shelf is away"),
    );
    shelf.is_away.store(false, Ordering::Release);
    cut::comes_back(&log, &*sink, || append(&log, second));
    cut::until("they are there", || shelf.count() == 120);
    shelf.is_away.store(true, Ordering::Release);
    append(&log, third);
    cut::until("the shelf is missed again", || sink.health().reason().is_some());
    shelf.is_away.store(false, Ordering::Release);
    cut::until("it is ready again", || sink.health().is_ready());
    sink.stop();
    sink.join().unwrap();
    let positions: Vec<u64> = facts.iter().map(|fact| fact.position.offset).collect();
    assert_eq!(shelf.taken.lock().unwrap().0, positions, "each once, in order");
}

#[test]
fn a_log_that_stays_away_ends_the_process() {
    let (log, shelf) = (MemoryLog::new(1), Shelf::default());
    cut::gives_up(&log, carried(&log, &shelf));
}
