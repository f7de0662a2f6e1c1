//! What cannot be read or is never taken becomes a dead letter, once; everything else arrives.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use floodgate_domain::FactRecord;
use floodgate_domain::wire::encode_fact;
use floodgate_event_log::{
    Checkpoint, EmbeddedLog, EmbeddedOptions, Log, NewRecord, Offset, Origin, Partition, Topic,
    read_dead_letters,
};
use floodgate_sinks::{Destination, Inspection, Sink, SinkError, SqliteSink, destinations, spawn};
use floodgate_transport::Service;

use crate::history::history;

fn open(folder: &Path) -> Arc<EmbeddedLog> {
    let options = EmbeddedOptions { partitions: 1, ..EmbeddedOptions::default() };
    Arc::new(EmbeddedLog::open(folder, &options).unwrap())
}

fn fact(record: &FactRecord) -> NewRecord {
    let mut value = Vec::new();
    encode_fact(record, &mut value);
    NewRecord::new("event", value)
}

/// A ledger with garbage between its facts: a text, half a fact, a tombstone.
fn append_with_garbage(log: &EmbeddedLog, facts: &[FactRecord]) {
    let half = fact(&facts[5]);
    let half = NewRecord::new("event", half.value[..half.value.len() / 2].to_vec());
    let garbage = [NewRecord::new("x", "not a fact"), half, NewRecord::tombstone("x")];
    let mut records: Vec<_> = facts.iter().map(fact).collect();
    for (at, garbage) in [40, 90, 190].into_iter().zip(garbage) {
        records.insert(at, garbage);
    }
    log.append(Topic::Ledger, 0, records).wait().unwrap();
}

/// Every dead letter: who could not read what.
fn dead_letters(log: &EmbeddedLog) -> Vec<(String, Offset)> {
    let all = read_dead_letters(log, Topic::DeadFacts, 0, (0, usize::MAX)).unwrap();
    let origins = all.iter().map(|one| Origin::of(one).unwrap());
    origins.map(|origin| (origin.role, origin.offset)).collect()
}

/// `views.db` of a folder.
fn tables(folder: &Path) -> Arc<dyn Destination> {
    let settings = floodgate_config::Settings::default().sinks;
    destinations(&settings, folder).unwrap().remove(0)
}

/// Carries until everything in the log is behind the sink.
fn carry(log: &Arc<EmbeddedLog>, to: Arc<dyn Destination>, position: impl Fn() -> Offset) {
    let end = log.end(Topic::Ledger, 0).unwrap();
    let running = spawn(Arc::clone(log) as Arc<dyn Log>, to).unwrap();
    let started = Instant::now();
    while position() < end {
        std::thread::yield_now();
        assert!(started.elapsed() < Duration::from_secs(60), "it stands at {}", position());
    }
    running.stop();
    running.join().unwrap();
}

#[test]
fn garbage_is_set_aside_once_and_harms_no_row() {
    let folder = tempfile::tempdir().unwrap();
    let (log, facts) = (open(folder.path()), history(3));
    append_with_garbage(&log, &facts);
    let views = folder.path().join("views.db");
    let position = || SqliteSink::open(&views).unwrap().checkpoint(0).unwrap().next;
    carry(&log, tables(folder.path()), position);
    let expected: Vec<_> = [40, 90, 190].map(|at| ("sink-sqlite".to_owned(), at)).to_vec();
    assert_eq!(dead_letters(&log), expected);

    // Set back to before the garbage, as after a crash or by hand: read again, and not set aside again.
    SqliteSink::open(&views).unwrap().rewind(0, 30).unwrap();
    assert_eq!(position(), 30);
    carry(&log, tables(folder.path()), position);
    assert_eq!(dead_letters(&log), expected);

    let calm = folder.path().join("calm.db");
    SqliteSink::open(&calm).unwrap().write(0, &facts, Checkpoint::at(200)).unwrap();
    let count = |path: &Path| -> i64 {
        let ask = "SELECT count(*) * 1000000 + sum(reservation_version) FROM reservations";
        rusqlite::Connection::open(path).unwrap().query_row(ask, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(count(&views), count(&calm));
}

#[test]
fn a_file_somebody_carries_into_is_not_set_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("views.db");
    let mut running = SqliteSink::open(&path).unwrap();
    running.write(0, &history(1), Checkpoint::at(200)).unwrap();
    let mut other = SqliteSink::open(&path).unwrap();
    let refused = other.rewind(0, 7);
    assert!(matches!(refused, Err(SinkError::InUse(_))), "{refused:?}");
    drop(running);
    other.rewind(0, 7).unwrap();
    assert_eq!(other.checkpoint(0).unwrap().next, 7);
    other.rewind(0, 100).unwrap();
    assert_eq!(other.checkpoint(0).unwrap().next, 7, "what is not behind it stays");
    SqliteSink::open(&path).unwrap().write(0, &[], Checkpoint::at(8)).unwrap();
}

/// What a sink that is not there took.
#[derive(Debug, Default)]
struct Taken {
    facts: Vec<u64>,
    next: Offset,
    calls: u64,
}

/// Takes everything but two facts, and is away at every seventh call.
#[derive(Debug)]
struct Choosy(Arc<Mutex<Taken>>);

const NEVER: [u64; 2] = [77, 78];

impl Sink for Choosy {
    fn checkpoint(&mut self, _: Partition) -> Result<Checkpoint, SinkError> {
        Ok(Checkpoint::at(self.0.lock().unwrap().next))
    }

    fn write(
        &mut self,
        _: Partition,
        facts: &[FactRecord],
        behind: Checkpoint,
    ) -> Result<(), SinkError> {
        let mut taken = self.0.lock().unwrap();
        taken.calls += 1;
        if taken.calls.is_multiple_of(7) {
            return Err(SinkError::Unavailable("away".into()));
        }
        if facts.iter().any(|fact| NEVER.contains(&fact.position.offset)) {
            return Err(SinkError::Refused("no such character".into()));
        }
        taken.facts.extend(facts.iter().map(|fact| fact.position.offset));
        taken.next = behind.next;
        Ok(())
    }

    fn rewind(&mut self, _: Partition, _: Offset) -> Result<(), SinkError> {
        unreachable!("nobody sets this one back")
    }
}

#[derive(Debug)]
struct ToChoosy(Arc<Mutex<Taken>>);

impl Destination for ToChoosy {
    fn name(&self) -> &'static str {
        "choosy"
    }

    fn open(&self) -> Result<Box<dyn Sink>, SinkError> {
        Ok(Box::new(Choosy(Arc::clone(&self.0))))
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

#[test]
fn what_is_never_taken_keeps_nothing_else_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let (log, facts) = (open(folder.path()), history(4));
    append_with_garbage(&log, &facts);
    let taken = Arc::new(Mutex::new(Taken::default()));
    carry(&log, Arc::new(ToChoosy(Arc::clone(&taken))), || taken.lock().unwrap().next);
    let taken = taken.lock().unwrap();
    let positions = facts.iter().map(|fact| fact.position.offset);
    let expected: Vec<u64> = positions.filter(|at| !NEVER.contains(at)).collect();
    assert_eq!(taken.facts, expected);
    // Offsets in the ledger: the two lie behind the first piece of garbage.
    let mut aside = dead_letters(&log);
    aside.sort_by_key(|(_, offset)| *offset);
    let offsets: Vec<_> = aside.into_iter().map(|(_, offset)| offset).collect();
    assert_eq!(offsets, [40, 78, 79, 90, 190]);
}
