//! The follower itself: what it drops, what it sets aside, where it goes on, and when it is over a
//! failure.
#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use floodgate_domain::wire::encode_fact;
use floodgate_domain::{EventId, Fact, FactPosition, FactRecord, Frontier, LogTime};
use floodgate_event_log::{
    Checkpoint, CheckpointError, Log, LogError, NewRecord, Offset, Origin, Partition, Reads,
    RecordMark, Topic, read_dead_letters,
};
use floodgate_testkit::{Fate, MemoryLog, cut};
use floodgate_transport::{
    Batch, FollowError, Follower, FollowerConfig, Handler, Health, Partitions, PollTiming, Reading,
    Service, StartFrom, Tick, Unreadable,
};

fn fact(number: u64) -> NewRecord {
    let record = FactRecord {
        position: FactPosition { offset: number, index: 0 },
        at: LogTime(1),
        event_id: EventId(1),
        fact: Fact::PlacesCalled { below: Frontier(number) },
    };
    let mut value = Vec::new();
    encode_fact(&record, &mut value);
    NewRecord::new("e", value)
}

fn append(log: &MemoryLog, partition: Partition, records: Vec<NewRecord>) {
    log.append(Topic::Ledger, partition, records).wait().unwrap();
}

fn config(log: &MemoryLog, partitions: Partitions, reads: Reads) -> FollowerConfig {
    FollowerConfig {
        name: "test".to_owned(),
        log: Arc::new(log.clone()),
        topic: Topic::Ledger,
        partitions,
        batch_max: 4,
        ready_behind: 10,
        gives_way: false,
        unreadable: Unreadable::SetAside { role: "test".to_owned(), reads },
    }
}

/// What a keeper has taken, in order; and when it fails.
#[derive(Debug, Default)]
struct Kept {
    facts: Vec<(Partition, u64)>,
    next: Vec<Offset>,
    ticks: Vec<Tick>,
    /// Fails to take a batch that has this fact.
    fails_at: Option<u64>,
    /// Says that it has not handed on what it took.
    is_unsettled: bool,
}

/// Keeps what it takes, and goes on where it was.
#[derive(Debug, Clone, Default)]
struct Keeper(Arc<Mutex<Kept>>);

impl Handler for Keeper {
    type Item = FactRecord;

    fn resume_from(
        &mut self,
        _: Partition,
        reached: Option<Offset>,
    ) -> Result<StartFrom, FollowError> {
        Ok(reached.map_or(StartFrom::First, StartFrom::At))
    }

    fn take(&mut self, batch: &mut Batch<'_, FactRecord>) -> Result<(), FollowError> {
        let mut kept = self.0.lock().unwrap();
        let numbers = batch.items.iter().map(|fact| fact.position.offset);
        if numbers.clone().any(|number| kept.fails_at == Some(number)) {
            return Err(FollowError::Store("the shelf is broken".into()));
        }
        kept.facts.extend(numbers.map(|number| (batch.partition, number)));
        kept.next.push(batch.next);
        Ok(())
    }

    fn tick(&mut self, tick: Tick) -> Result<(), FollowError> {
        self.0.lock().unwrap().ticks.push(tick);
        Ok(())
    }

    fn is_settled(&self) -> bool {
        !self.0.lock().unwrap().is_unsettled
    }

    fn poll_timing(&self) -> PollTiming {
        PollTiming {
            wait: Duration::from_millis(5),
            rest: Duration::from_secs(3600),
            patience: Duration::ZERO,
        }
    }
}

impl Keeper {
    fn numbers(&self) -> Vec<u64> {
        self.0.lock().unwrap().facts.iter().map(|(_, number)| *number).collect()
    }
}

fn turn<H: Handler>(reading: &mut Reading<H>) -> Result<Tick, FollowError> {
    reading.turn(LogTime(7), Duration::ZERO)
}

#[test]
fn repetitions_are_dropped_and_garbage_is_passed_over() {
    let log = MemoryLog::new(1);
    append(&log, 0, vec![fact(1), fact(2), NewRecord::new("x", "no fact"), fact(2), fact(1)]);
    append(&log, 0, vec![fact(3), NewRecord::tombstone("x"), fact(3)]);
    let keeper = Keeper::default();
    let mut reading = Reading::new(config(&log, Partitions::One(0), Reads::Once), keeper.clone());
    let first = turn(&mut reading).unwrap();
    assert_eq!((first.now, first.read, first.has_more, first.behind), (LogTime(7), 4, true, 4));
    let second = turn(&mut reading).unwrap();
    assert_eq!((second.read, second.has_more, second.behind), (4, true, 0));
    assert_eq!(turn(&mut reading).unwrap().read, 0);
    assert_eq!(keeper.numbers(), [1, 2, 3]);
    // Positions go past what is no item.
    assert_eq!(keeper.0.lock().unwrap().next, [4, 8]);
    let aside = read_dead_letters(&log, Topic::DeadFacts, 0, (0, 10)).unwrap();
    let offsets: Vec<_> = aside.iter().map(|one| Origin::of(one).unwrap().offset).collect();
    assert_eq!(offsets, [2, 6]);
}

#[test]
fn nobody_goes_past_garbage_that_could_not_be_set_aside() {
    let log = MemoryLog::new(1);
    append(&log, 0, vec![fact(1), NewRecord::new("x", "no fact"), fact(2)]);
    for (reads, goes_on) in [(Reads::FromTheFirst, true), (Reads::Once, false)] {
        let keeper = Keeper::default();
        let mut reading = Reading::new(config(&log, Partitions::One(0), reads), keeper.clone());
        log.next_fate(Topic::DeadFacts, Fate::Refused);
        let first = turn(&mut reading);
        assert_eq!(first.is_ok(), goes_on, "{reads:?}: {first:?}");
        while !turn(&mut reading).is_ok_and(|tick| tick.read == 0) {}
        assert_eq!(keeper.numbers(), [1, 2], "{reads:?}");
    }
    // Who begins with the first record each time sets it aside at the next start.
    assert_eq!(log.records(Topic::DeadFacts, 0).len(), 1);
}

#[test]
fn a_failure_is_over_once_what_came_before_it_is_handed_on() {
    let log = MemoryLog::new(2);
    append(&log, 0, (1..=6).map(fact).collect());
    append(&log, 1, (1..=2).map(fact).collect());
    let keeper = Keeper::default();
    let mut reading =
        Reading::new(config(&log, Partitions::All, Reads::FromTheFirst), keeper.clone());
    keeper.0.lock().unwrap().fails_at = Some(5);
    assert!(turn(&mut reading).is_ok());
    let failed = turn(&mut reading);
    assert!(failed.is_err_and(|error| error.to_string() == "the shelf is broken"));
    assert!(!reading.has_recovered());
    assert!(turn(&mut reading).is_err(), "it is tried again");
    keeper.0.lock().unwrap().fails_at = None;
    keeper.0.lock().unwrap().is_unsettled = true;
    turn(&mut reading).unwrap();
    assert!(!reading.has_recovered(), "not all is handed on");
    keeper.0.lock().unwrap().is_unsettled = false;
    assert!(reading.has_recovered());
    let kept = keeper.0.lock().unwrap().facts.clone();
    let of = |partition| {
        let ours = kept.iter().filter(move |(at, _)| *at == partition);
        ours.map(|(_, number)| *number).collect::<Vec<_>>()
    };
    assert_eq!((of(0), of(1)), (vec![1, 2, 3, 4, 5, 6], vec![1, 2]), "each once");
}

#[test]
fn a_cut_log_loses_and_doubles_nothing() {
    let log = MemoryLog::new(1);
    append(&log, 0, (1..=3).map(fact).collect());
    let keeper = Keeper::default();
    let theirs = keeper.clone();
    let config = config(&log, Partitions::One(0), Reads::FromTheFirst);
    let follower = Follower::spawn(config, move || theirs).unwrap();
    let mut next = 4;
    for _ in 0..3 {
        cut::comes_back(&log, &follower, || append(&log, 0, (next..next + 5).map(fact).collect()));
        next += 5;
    }
    cut::until("everything is read", || keeper.numbers().len() as u64 == next - 1);
    follower.stop();
    follower.join().unwrap();
    assert_eq!(keeper.numbers(), (1..next).collect::<Vec<_>>());
}

/// Fails for good, or falls over.
#[derive(Debug)]
struct Hopeless {
    panics: bool,
}

impl Handler for Hopeless {
    type Item = FactRecord;

    fn resume_from(&mut self, _: Partition, _: Option<Offset>) -> Result<StartFrom, FollowError> {
        assert!(!self.panics, "as the test wants it");
        Err(LogError::Closed.into())
    }

    fn take(&mut self, _: &mut Batch<'_, FactRecord>) -> Result<(), FollowError> {
        Ok(())
    }

    fn poll_timing(&self) -> PollTiming {
        PollTiming { wait: Duration::ZERO, rest: Duration::ZERO, patience: Duration::ZERO }
    }
}

#[test]
fn what_nothing_brings_back_has_failed() {
    for (panics, reason) in [(false, "the log is closed"), (true, "it panicked")] {
        let log = MemoryLog::new(1);
        let config = config(&log, Partitions::One(0), Reads::Once);
        let follower = Follower::spawn(config, move || Hopeless { panics }).unwrap();
        cut::until("it has failed", || matches!(follower.health(), Health::Failed { .. }));
        assert_eq!(follower.health(), Health::failed(reason));
        let ended = follower.join();
        assert_eq!(ended.map_err(|error| error.to_string()), Err(format!("test: {reason}")));
        assert_eq!(follower.join(), Ok(()), "an error is reported once");
    }
}

/// Goes on from what another log had.
#[derive(Debug)]
struct Stored(Checkpoint, Keeper);

impl Handler for Stored {
    type Item = FactRecord;

    fn resume_from(
        &mut self,
        _: Partition,
        reached: Option<Offset>,
    ) -> Result<StartFrom, FollowError> {
        Ok(reached.map_or(StartFrom::Behind(self.0), StartFrom::At))
    }

    fn take(&mut self, batch: &mut Batch<'_, FactRecord>) -> Result<(), FollowError> {
        self.1.take(batch)
    }

    fn poll_timing(&self) -> PollTiming {
        self.1.poll_timing()
    }
}

#[test]
fn a_store_that_is_further_than_the_log_takes_nothing_of_it() {
    let log = MemoryLog::new(1);
    append(&log, 0, (0..3).map(fact).collect());
    let keeper = Keeper::default();
    let config = config(&log, Partitions::All, Reads::Once);
    let mut reading = Reading::new(config.clone(), Stored(Checkpoint::at(5), keeper.clone()));
    let error = reading.turn(LogTime(1), Duration::ZERO).unwrap_err();
    let FollowError::Mismatched(CheckpointError::Beyond { next: 5, end: 3, .. }) = error else {
        panic!("{error:?}");
    };
    assert!(error.to_string().contains("up to 5, and it ends at 3"), "{error}");
    // Records of this log that come to lie before where the store is would be passed over.
    append(&log, 0, (3..9).map(fact).collect());
    assert!(matches!(reading.turn(LogTime(2), Duration::ZERO), Err(FollowError::Mismatched(_))));
    assert_eq!(keeper.0.lock().unwrap().facts, []);
    // At the end of the log is within it.
    let mut reading = Reading::new(config, Stored(Checkpoint::at(9), keeper));
    reading.turn(LogTime(3), Duration::ZERO).unwrap();
}

#[test]
fn a_store_goes_on_behind_the_record_it_read_and_behind_no_other() {
    let (here, elsewhere) = (MemoryLog::new(1), MemoryLog::new(1));
    append(&here, 0, (0..9).map(fact).collect());
    append(&elsewhere, 0, (0..9).map(|number| fact(number * 2)).collect());
    let records = here.records(Topic::Ledger, 0);
    for record in &records {
        let checkpoint = Checkpoint::behind(record);
        let keeper = Keeper::default();
        let config_here = config(&here, Partitions::All, Reads::Once);
        Reading::new(config_here, Stored(checkpoint, keeper.clone()))
            .turn(LogTime(1), Duration::ZERO)
            .unwrap();
        let config = config(&elsewhere, Partitions::All, Reads::Once);
        let turned =
            Reading::new(config, Stored(checkpoint, keeper)).turn(LogTime(1), Duration::ZERO);
        // The first record of both is the same, so nothing is known against going on behind it.
        let expected =
            RecordMark::of(&elsewhere.records(Topic::Ledger, 0)[checkpoint.next as usize - 1]);
        assert_eq!(turned.is_ok(), checkpoint.mark == Some(expected), "{checkpoint:?}");
        if checkpoint.next > 1 {
            let error = turned.unwrap_err().to_string();
            assert!(error.contains("is not the one that was read"), "{error}");
        }
    }
}

/// What was read by this process is looked at too, whenever it starts over.
#[test]
fn a_log_that_is_made_anew_under_a_follower_is_noticed() {
    let log = MemoryLog::new(1);
    append(&log, 0, (0..3).map(fact).collect());
    let keeper = Keeper::default();
    let mut reading = Reading::new(config(&log, Partitions::All, Reads::Once), keeper.clone());
    reading.turn(LogTime(1), Duration::ZERO).unwrap();
    log.make_anew();
    append(&log, 0, (10..15).map(fact).collect());
    log.cut();
    reading.turn(LogTime(2), Duration::ZERO).unwrap_err();
    log.restore();
    let error = reading.turn(LogTime(3), Duration::ZERO).unwrap_err();
    assert!(matches!(error, FollowError::Mismatched(CheckpointError::Replaced { .. })), "{error}");
    assert_eq!(keeper.numbers(), [0, 1, 2]);
}

#[test]
fn what_folds_a_topic_that_keeps_everything_needs_its_beginning() {
    let log = MemoryLog::new(1);
    append(&log, 0, (0..9).map(fact).collect());
    log.trim(Topic::Ledger, 0, 4);
    let keeper = Keeper::default();
    let mut reading = Reading::new(config(&log, Partitions::All, Reads::Once), keeper.clone());
    let error = reading.turn(LogTime(1), Duration::ZERO).unwrap_err();
    assert!(
        matches!(error, FollowError::Mismatched(CheckpointError::Gone { first: 4, .. })),
        "{error}"
    );
    assert!(keeper.numbers().is_empty());
}
