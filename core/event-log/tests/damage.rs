//! Damage at rest: whatever bit of the file is flipped, wherever it ends too early, what is read is what
//! was written, or an error that says where it is not.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use floodgate_event_log::{EmbeddedLog, EmbeddedOptions, Log, LogError, NewRecord, Record, Topic};
use rand::rngs::SmallRng;
use rand::{Rng, RngExt, SeedableRng};

const PARTITIONS: u32 = 2;
/// As many as a few seconds allow; every one opens a file anew.
const FLIPS: usize = 600;
const CUTS: usize = 40;

fn options() -> EmbeddedOptions {
    EmbeddedOptions { partitions: PARTITIONS, ..EmbeddedOptions::default() }
}

/// The seed that is asked for, or any.
fn seed() -> u64 {
    std::env::var("FLOODGATE_SEED").map_or_else(|_| rand::random(), |seed| seed.parse().unwrap())
}

/// What each partition holds: offset, time, key, value and headers of every record.
type Content = BTreeMap<(&'static str, u32), Vec<String>>;

fn text(record: &Record) -> String {
    let Record { offset, at, key, value, headers } = record;
    format!("{offset} {} {key:?} {:?} {headers:?}", at.0, value.bytes())
}

/// Everything that can be read, or why not.
fn content(log: &EmbeddedLog) -> Result<Content, LogError> {
    let mut content = Content::new();
    for topic in Topic::ALL.into_iter().filter(|topic| *topic != Topic::Replies) {
        for partition in 0..PARTITIONS {
            let (first, end) = (log.first(topic, partition)?, log.end(topic, partition)?);
            let mut reader = log.reader(topic, partition, first)?;
            let mut records = Vec::new();
            while reader.position() < end {
                reader.poll(7, Duration::ZERO, &mut records)?;
            }
            content.insert((topic.name(), partition), records.iter().map(text).collect());
        }
    }
    Ok(content)
}

/// A log with records of many sizes, among them tombstones, empty ones and some with headers.
fn write_log(folder: &Path, random: &mut SmallRng) -> Content {
    let log = EmbeddedLog::open(folder, &options()).unwrap();
    for number in 0..240_u32 {
        let topics = [Topic::Commands, Topic::Ledger, Topic::Facts, Topic::DeadLetters];
        let topic = topics[random.random_range(0..topics.len())];
        let mut value = vec![0; [0, 20, 120, 900, 6_000][random.random_range(0..5)]];
        random.fill_bytes(&mut value);
        let record = match number % 11 {
            0 => NewRecord::tombstone(format!("key {number}")),
            1 => NewRecord {
                headers: vec![("origin".to_owned(), value.clone().into())],
                ..NewRecord::new(vec![0xff, 0xfe], value)
            },
            _ => NewRecord::new(format!("key {number}"), value),
        };
        log.append(topic, number % PARTITIONS, vec![record]).wait().unwrap();
    }
    content(&log).unwrap()
}

fn assert_same(found: &Content, written: &Content, what: &str) {
    for (place, written) in written {
        let found = &found[place];
        let (known, all) = (written.len(), found.len());
        let same = found.iter().zip(written).take_while(|(found, written)| found == written);
        let same = same.count();
        assert!(found == written, "{what}: {place:?}, {all} of {known}, other from {same} on");
    }
}

/// What came of a damaged file.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Detected,
    Harmless,
}

fn outcome(bytes: &[u8], written: &Content, what: &str) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("log.db"), bytes).unwrap();
    // Readers beside a server go another way than the server.
    let reading = EmbeddedLog::open_read_only(folder.path());
    let read = reading.map_err(|error| error.to_string());
    let read = read.and_then(|log| content(&log).map_err(|error| error.to_string()));
    if let Ok(read) = &read {
        assert_same(read, written, &format!("{what}, beside a server"));
    }
    let Ok(log) = EmbeddedLog::open(folder.path(), &options()) else { return Outcome::Detected };
    let found = content(&log);
    match found {
        Ok(found) => {
            assert_same(&found, written, what);
            Outcome::Harmless
        }
        Err(LogError::Damaged { .. } | LogError::Backend(_)) => Outcome::Detected,
        Err(error) => panic!("{what}: {error}"),
    }
}

#[test]
fn a_flipped_bit_is_detected_or_harmless() {
    let seed = seed();
    println!("seed {seed}");
    let mut random = SmallRng::seed_from_u64(seed);
    let folder = tempfile::tempdir().unwrap();
    let written = write_log(folder.path(), &mut random);
    let bytes = std::fs::read(folder.path().join("log.db")).unwrap();
    let (mut detected, mut in_use) = (0, 0);
    for _ in 0..FLIPS {
        let (at, bit) = (random.random_range(0..bytes.len()), random.random_range(0..8));
        // Free space is zero throughout, and most of a file as small as this one.
        let is_in_use = usize::from(bytes[at] != 0);
        in_use += is_in_use;
        let mut bytes = bytes.clone();
        bytes[at] ^= 1 << bit;
        let what = format!("seed {seed}: bit {bit} of byte {at}");
        let is_detected = outcome(&bytes, &written, &what) == Outcome::Detected;
        detected += is_in_use * usize::from(is_detected);
    }
    // Pages of no partition, and what moved records left behind, are the rest.
    assert!(detected * 2 > in_use, "seed {seed}: only {detected} of {in_use} were detected");
}

#[test]
fn a_file_that_ends_too_early_is_detected() {
    let seed = seed();
    let mut random = SmallRng::seed_from_u64(seed);
    let folder = tempfile::tempdir().unwrap();
    let written = write_log(folder.path(), &mut random);
    let bytes = std::fs::read(folder.path().join("log.db")).unwrap();
    for _ in 0..CUTS {
        let size = random.random_range(1..bytes.len());
        let what = format!("seed {seed}: {size} of {} bytes", bytes.len());
        assert_eq!(outcome(&bytes[..size], &written, &what), Outcome::Detected, "{what}");
    }
}

#[test]
fn the_error_names_the_record_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let log = EmbeddedLog::open(folder.path(), &options()).unwrap();
    for value in ["first", "second", "third"] {
        log.append(Topic::Commands, 1, vec![NewRecord::new("key", value)]).wait().unwrap();
    }
    drop(log);
    let file = rusqlite::Connection::open(folder.path().join("log.db")).unwrap();
    file.execute("UPDATE \"floodgate.commands.v1/1\" SET at = at + 1 WHERE \"offset\" = 1", [])
        .unwrap();
    drop(file);
    let log = EmbeddedLog::open(folder.path(), &options()).unwrap();
    let mut reader = log.reader(Topic::Commands, 1, 0).unwrap();
    let mut records = Vec::new();
    let error = reader.poll(10, Duration::ZERO, &mut records).unwrap_err();
    assert!(matches!(error, LogError::Damaged { offset: 1, .. }), "{error:?}");
    let says = error.to_string();
    assert!(says.contains("record 1 of floodgate.commands.v1/1 is damaged"), "{says}");
    assert!(says.contains("floodgate log repair"), "{says}");
    // What lies before it can still be read.
    let mut reader = log.reader(Topic::Commands, 1, 0).unwrap();
    assert_eq!(reader.poll(1, Duration::ZERO, &mut records).unwrap(), 1);
}

/// A folder as a killed process leaves it: most records are in the write-ahead log alone.
fn killed(folder: &Path, random: &mut SmallRng) -> tempfile::TempDir {
    write_log(folder, random);
    let log = EmbeddedLog::open(folder, &options()).unwrap();
    for number in 0..60_u32 {
        let mut value = vec![0; random.random_range(1..900)];
        random.fill_bytes(&mut value);
        let record = NewRecord::new(format!("key {number}"), value);
        log.append(Topic::Commands, number % PARTITIONS, vec![record]).wait().unwrap();
    }
    // While it is open, as it lies there.
    let copy = tempfile::tempdir().unwrap();
    for name in ["log.db", "log.db-wal", "log.end"] {
        std::fs::copy(folder.join(name), copy.path().join(name)).unwrap();
    }
    copy
}

/// What is wrong, if anything is; nothing may be appended then.
fn what_is_wrong(folder: &Path, written: &Content, what: &str) -> Option<String> {
    let beside = EmbeddedLog::open_read_only(folder).map(|log| log.health());
    let log = match EmbeddedLog::open(folder, &options()) {
        Ok(log) => log,
        Err(error) => return Some(error.to_string()),
    };
    let health = log.health();
    if matches!(health, Err(LogError::Missing { .. })) {
        let is_seen = matches!(beside, Ok(Err(LogError::Missing { .. })));
        assert!(is_seen, "{what}: {beside:?}");
        let refused = log.append(Topic::Commands, 0, vec![NewRecord::new("key", "value")]).wait();
        assert!(matches!(refused, Err(LogError::Missing { .. })), "{what}: {refused:?}");
    }
    let found = content(&log).map(|found| assert!(found == *written || health.is_err(), "{what}"));
    health.and(found).err().map(|error| error.to_string())
}

#[test]
fn records_do_not_vanish_with_the_end_of_the_write_ahead_log() {
    let seed = seed();
    println!("seed {seed}");
    let mut random = SmallRng::seed_from_u64(seed);
    let folder = tempfile::tempdir().unwrap();
    let killed = killed(folder.path(), &mut random);
    let whole = std::fs::read(killed.path().join("log.db-wal")).unwrap();
    let file = std::fs::read(killed.path().join("log.db")).unwrap();
    let written = content(&EmbeddedLog::open_read_only(killed.path()).unwrap()).unwrap();
    let mut detected = 0;
    for round in 0..CUTS * 3 {
        let copy = tempfile::tempdir().unwrap();
        std::fs::write(copy.path().join("log.db"), &file).unwrap();
        let end = "log.end";
        std::fs::copy(killed.path().join(end), copy.path().join(end)).unwrap();
        let mut wal = whole.clone();
        let at = random.random_range(0..wal.len());
        match round % 3 {
            0 => wal.truncate(at),
            1 => wal[at] ^= 1 << random.random_range(0..8),
            _ => wal.clear(),
        }
        std::fs::write(copy.path().join("log.db-wal"), wal).unwrap();
        let what = format!("seed {seed}, round {round}, byte {at}");
        let wrong = what_is_wrong(copy.path(), &written, &what);
        detected += usize::from(wrong.is_some());
        if let Some(wrong) = wrong {
            assert!(wrong.contains("log.db") || wrong.contains("damaged"), "{what}: {wrong}");
        }
    }
    assert!(detected > CUTS * 2, "seed {seed}: only {detected} were detected");
}

#[test]
fn whoever_goes_on_without_what_is_missing_says_so() {
    let mut random = SmallRng::seed_from_u64(1);
    let folder = tempfile::tempdir().unwrap();
    let killed = killed(folder.path(), &mut random);
    std::fs::remove_file(killed.path().join("log.db-wal")).unwrap();
    let wrong = what_is_wrong(killed.path(), &Content::new(), "no write-ahead log").unwrap();
    assert!(wrong.contains("--accept-loss"), "{wrong}");
    floodgate_event_log::embedded::forget_acknowledged(killed.path()).unwrap();
    let log = EmbeddedLog::open(killed.path(), &options()).unwrap();
    log.append(Topic::Commands, 0, vec![NewRecord::new("key", "value")]).wait().unwrap();
    drop(log);
    assert!(EmbeddedLog::open(killed.path(), &options()).unwrap().health().is_ok());
}
