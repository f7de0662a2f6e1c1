//! What every log must do, as functions to run against each backend.
//!
//! Each takes a fresh log, except [`survives_reopening`], which opens one twice. All panic where
//! a promise is broken.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use floodgate_domain::LogTime;

use crate::dead_letters::{DeadLetters, Origin, Reads, read_dead_letters};
use crate::topics::Topic;
use crate::traits::{Log, LogError, NewRecord, Record};

/// Longer than any healthy log takes; only a broken one waits so long.
const LONG: Duration = Duration::from_secs(30);

fn record(text: &str) -> NewRecord {
    NewRecord::new(Bytes::from_static(b"key"), text.as_bytes().to_vec())
}

/// Reads until `count` records from `from` are there.
fn read(log: &dyn Log, topic: Topic, partition: u32, from: u64, count: usize) -> Vec<Record> {
    let mut reader = log.reader(topic, partition, from).expect("a reader");
    let mut records = Vec::new();
    while records.len() < count {
        let read = reader.poll(count - records.len(), LONG, &mut records).expect("a poll");
        assert!(read > 0, "only {} of {count} records came", records.len());
    }
    assert_eq!(reader.position(), records.last().map_or(from, |last| last.offset + 1));
    records
}

/// Everything a log promises about its records, on partitions of its own choice.
pub fn keeps_the_contract(log: &Arc<dyn Log>) {
    acknowledged_is_readable(&**log);
    offsets_and_times_only_grow(&**log);
    everything_comes_back(&**log);
    readers_follow(log);
    many_writers_lose_nothing(log);
    nonsense_is_refused(&**log);
    dead_letters_are_written_once(log);
}

fn dead_letters_are_written_once(log: &Arc<dyn Log>) {
    let dead_letters =
        |role: &str, reads| DeadLetters::new(Arc::clone(log), Topic::Ledger, role, reads);
    let garbage = vec![record("garbage"), NewRecord::tombstone("gone")];
    let first = log.append(Topic::Ledger, 0, garbage).wait().expect("room").first;
    let garbage = read(&**log, Topic::Ledger, 0, first, 2);
    for _ in 0..2 {
        for (role, reads) in [("streams", Reads::FromTheFirst), ("sink-a", Reads::Once)] {
            // A start of its own each time, which meets each record twice.
            let mut theirs = dead_letters(role, reads);
            for record in garbage.iter().chain(&garbage) {
                theirs.set_aside(0, record, "no fact").expect("a dead letter");
            }
        }
    }
    let set_aside =
        read_dead_letters(&**log, Topic::DeadFacts, 0, (0, usize::MAX)).expect("dead letters");
    assert_eq!(set_aside.len(), 4, "one a role and record");
    for (dead_letter, (role, at)) in
        set_aside.iter().zip([("streams", 0), ("streams", 1), ("sink-a", 0)])
    {
        let origin = Origin::of(dead_letter).expect("an origin");
        assert_eq!((origin.topic, origin.partition), (Topic::Ledger, 0));
        assert_eq!((origin.offset, &*origin.role), (first + at, role));
        assert_eq!(origin.reason, "no fact");
        assert_eq!(dead_letter.value, garbage[at as usize].value, "as it was, absent or not");
    }
    // Whoever reads from the first record again and again forgets what the topic has forgotten.
    let old = Record { offset: 77, at: LogTime(1), ..garbage[0].clone() };
    dead_letters("streams", Reads::FromTheFirst)
        .set_aside(0, &old, "no fact")
        .expect("nothing to do");
    dead_letters("sink-a", Reads::Once).set_aside(0, &old, "no fact").expect("a dead letter");
    let set_aside =
        read_dead_letters(&**log, Topic::DeadFacts, 0, (0, usize::MAX)).expect("dead letters");
    assert_eq!(set_aside.len(), 5);
    assert_eq!(read_dead_letters(&**log, Topic::DeadFacts, 0, (2, 1)).expect("one").len(), 1);
}

fn acknowledged_is_readable(log: &dyn Log) {
    let before = log.end(Topic::Commands, 0).expect("an end");
    let appended =
        log.append(Topic::Commands, 0, vec![record("a"), record("b")]).wait().expect("room");
    assert_eq!(appended.first, before, "offsets are consecutive");
    assert_eq!(log.end(Topic::Commands, 0).expect("an end"), before + 2);
    let last = log.last(Topic::Commands, 0).expect("a read").expect("a record");
    assert_eq!((last.offset, &last.value[..]), (before + 1, &b"b"[..]));
    assert!(log.last(Topic::Audience, 0).expect("a read").is_none(), "an empty topic has no last");
    assert_eq!(log.end(Topic::Audience, 0).expect("an end"), 0);
}

fn offsets_and_times_only_grow(log: &dyn Log) {
    let from = log.end(Topic::Ledger, 0).expect("an end");
    // Without waiting in between: two appends of one thread keep their order.
    let appends: Vec<_> = (0..200)
        .map(|number| log.append(Topic::Ledger, 0, vec![record(&number.to_string())]))
        .collect();
    for append in appends {
        append.wait().expect("room");
    }
    let records = read(log, Topic::Ledger, 0, from, 200);
    for (number, pair) in records.windows(2).enumerate() {
        assert_eq!(pair[0].offset + 1, pair[1].offset);
        assert!(pair[0].at <= pair[1].at, "time went back at {number}");
    }
    for (number, record) in records.iter().enumerate() {
        assert_eq!(&record.value[..], number.to_string().as_bytes(), "appending keeps its order");
    }
}

fn everything_comes_back(log: &dyn Log) {
    let headers = vec![
        ("ce_type".to_owned(), Bytes::from_static(b"a.b.v1")),
        ("empty".to_owned(), Bytes::new()),
    ];
    let odd =
        NewRecord { key: Bytes::from_static(b"\x00\xff"), value: Bytes::new().into(), headers };
    let large = NewRecord::new(Bytes::from_static(b"large"), vec![7; 300_000]);
    let gone = NewRecord { headers: odd.headers.clone(), ..NewRecord::tombstone("gone") };
    let sent = log.append(Topic::DeadLetters, 0, vec![odd.clone(), large.clone(), gone.clone()]);
    let first = sent.wait().expect("room").first;
    let back = read(log, Topic::DeadLetters, 0, first, 3);
    for (back, sent) in back.iter().zip([&odd, &large, &gone]) {
        assert_eq!(
            (&back.key, &back.value, &back.headers),
            (&sent.key, &sent.value, &sent.headers)
        );
    }
    let last = log.last(Topic::DeadLetters, 0).expect("a read").expect("a record");
    let absent = [&back[0], &back[1], &back[2], &last].map(|record| record.value.is_absent());
    assert_eq!(absent, [false, false, true, true], "no bytes are not the same as nothing at all");
}

fn readers_follow(log: &Arc<dyn Log>) {
    let from = log.end(Topic::Counts, 0).expect("an end");
    let mut reader = log.reader(Topic::Counts, 0, from).expect("a reader");
    let mut records = Vec::new();
    let quiet = reader.poll(10, Duration::from_millis(20), &mut records).expect("a poll");
    assert_eq!(quiet, 0, "nothing comes of nothing");
    let writer = Arc::clone(log);
    let appending = std::thread::spawn(move || {
        writer.append(Topic::Counts, 0, vec![record("later")]).wait().expect("room")
    });
    while records.is_empty() {
        reader.poll(10, LONG, &mut records).expect("a poll");
    }
    let appended = appending.join().expect("no panic");
    assert_eq!((records[0].offset, records[0].at), (appended.first, appended.at));
}

fn many_writers_lose_nothing(log: &Arc<dyn Log>) {
    let from = log.end(Topic::Commands, 1).expect("an end");
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let log = Arc::clone(log);
            std::thread::spawn(move || {
                let appends: Vec<_> = (0..250)
                    .map(|number| {
                        let text = format!("{writer}/{number}");
                        log.append(Topic::Commands, 1, vec![record(&text)])
                    })
                    .collect();
                appends.into_iter().map(|append| append.wait().expect("room").first).collect()
            })
        })
        .collect();
    let acknowledged: Vec<Vec<u64>> =
        writers.into_iter().map(|w| w.join().expect("no panic")).collect();
    let records = read(&**log, Topic::Commands, 1, from, 1000);
    let mut next: HashMap<String, u64> = HashMap::new();
    for record in &records {
        let text = String::from_utf8_lossy(&record.value).into_owned();
        let (writer, number) = text.split_once('/').expect("writer/number");
        let expected = next.entry(writer.to_owned()).or_default();
        assert_eq!(number, expected.to_string(), "writer {writer} was reordered");
        let place = acknowledged[writer.parse::<usize>().expect("a number")][*expected as usize];
        assert_eq!(place, record.offset, "an acknowledgement named another offset");
        *expected += 1;
    }
}

fn nonsense_is_refused(log: &dyn Log) {
    let beyond = log.partitions(Topic::Commands);
    let lost = log.append(Topic::Commands, beyond, vec![record("x")]).wait();
    assert!(matches!(lost, Err(LogError::UnknownPartition { .. })), "{lost:?}");
    assert!(log.reader(Topic::Commands, beyond, 0).is_err());
    let end = log.end(Topic::Commands, 0).expect("an end");
    let huge = NewRecord::new(Bytes::new(), vec![0; 64 << 20]);
    let refused = log.append(Topic::Commands, 0, vec![record("x"), huge]).wait();
    assert!(matches!(refused, Err(LogError::TooLarge { .. })), "{refused:?}");
    assert_eq!(log.end(Topic::Commands, 0).expect("an end"), end, "all or nothing");
    assert!(log.health().is_ok());
}

/// What was acknowledged before is there after; offsets go on, times do not go back.
pub fn survives_reopening(open: impl Fn() -> Arc<dyn Log>) {
    let log = open();
    let records = vec![record("kept"), NewRecord::tombstone("gone"), record("")];
    let appended = log.append(Topic::Ledger, 0, records).wait().expect("room");
    drop(log);
    let log = open();
    let kept = read(&*log, Topic::Ledger, 0, appended.first, 3);
    assert_eq!((&kept[0].value[..], kept[2].at), (&b"kept"[..], appended.at));
    let absent = [&kept[0], &kept[1], &kept[2]].map(|record| record.value.is_absent());
    assert_eq!(absent, [false, true, false], "a tombstone is one after reopening, and only it");
    let next = log.append(Topic::Ledger, 0, vec![record("next")]).wait().expect("room");
    assert_eq!(next.first, appended.first + 3);
    assert!(next.at >= appended.at);
}
