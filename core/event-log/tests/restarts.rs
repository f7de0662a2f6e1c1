//! A broker that goes away and comes back: every client comes back too, and says so by itself.
//!
//! Alone, because every other test would lose its broker too: `FLOODGATE_TEST_RESTART=1` runs it, after
//! `scripts/servers up kafka`. `FLOODGATE_ROUNDS` sets how often the broker goes away.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use floodgate_event_log::kafka::{TopicPlan, apply};
use floodgate_event_log::{KafkaLog, KafkaOptions, Log, Membership, NewRecord, Topic};

const PARTITIONS: u32 = 6;
/// As many as a gateway and a processor have between them, three times over.
const READERS: usize = 36;
/// Far more than it takes once the broker answers again, on a machine full of other work.
const BACK_WITHIN: Duration = Duration::from_secs(60);

/// How the broker goes away.
#[derive(Debug, Clone, Copy)]
enum Away {
    Stopped,
    Killed,
    Frozen,
}

fn servers(word: &str) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/servers");
    let status = Command::new(script).args([word, "kafka"]).status().unwrap();
    assert!(status.success(), "scripts/servers {word} kafka");
}

fn signal(signal: &str) {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.servers/kafka.pid");
    let pid = std::fs::read_to_string(file).unwrap();
    let sent = Command::new("kill").args([signal, pid.trim()]).status().unwrap();
    assert!(sent.success(), "kill {signal} {pid}");
}

impl Away {
    fn and_back(self) {
        match self {
            Away::Stopped => servers("down"),
            Away::Killed => {
                signal("-KILL");
                servers("down");
            }
            Away::Frozen => {
                signal("-STOP");
                // As long as a machine that is moved, or whose disk hangs.
                std::thread::park_timeout(Duration::from_secs(8));
                return signal("-CONT");
            }
        }
        servers("up");
    }
}

/// Looks until something is so: how long that took, or what is still missing.
fn until<T: std::fmt::Debug>(missing: impl Fn() -> Option<T>) -> Result<Duration, T> {
    let started = Instant::now();
    while let Some(missing) = missing() {
        if started.elapsed() > BACK_WITHIN {
            return Err(missing);
        }
        std::thread::park_timeout(Duration::from_millis(20));
    }
    Ok(started.elapsed())
}

/// What the clients of a process have seen.
struct Seen {
    stop: AtomicBool,
    read: Vec<AtomicU64>,
    owned: Mutex<BTreeSet<u32>>,
}

fn follow(log: &KafkaLog, seen: &Seen, number: usize) {
    let partition = number as u32 % PARTITIONS;
    let mut reader = log.reader(Topic::Commands, partition, 0).unwrap();
    let mut records = Vec::new();
    while !seen.stop.load(Ordering::Acquire) {
        reader.poll(64, Duration::from_millis(100), &mut records).unwrap();
        seen.read[number].store(reader.position(), Ordering::Release);
    }
    let offsets: Vec<u64> = records.iter().map(|record| record.offset).collect();
    assert!(offsets.windows(2).all(|pair| pair[0] < pair[1]), "{offsets:?}");
}

fn belong(log: &KafkaLog, seen: &Seen) {
    let mut member = log.membership(1);
    member.join().unwrap();
    while !seen.stop.load(Ordering::Acquire) {
        let change = member.poll(Duration::from_millis(100)).unwrap();
        let mut owned = seen.owned.lock().unwrap();
        owned.extend(change.gained);
        owned.retain(|partition| !change.lost.contains(partition));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_client_comes_back() {
    if std::env::var_os("FLOODGATE_TEST_RESTART").is_none() {
        return;
    }
    let rounds = std::env::var("FLOODGATE_ROUNDS").map_or(3, |rounds| rounds.parse().unwrap());
    let brokers = std::env::var("FLOODGATE_TEST_KAFKA").unwrap();
    let prefix = format!("t{:08x}.", rand::random::<u32>());
    let options = KafkaOptions { brokers, prefix, ..KafkaOptions::default() };
    apply(&options, &TopicPlan::all(PARTITIONS, PARTITIONS, 1)).await.unwrap();
    tokio::task::spawn_blocking(move || {
        let log = KafkaLog::open(&options).unwrap();
        let read = (0..READERS).map(|_| AtomicU64::new(0)).collect();
        let seen = Seen { stop: AtomicBool::new(false), read, owned: Mutex::default() };
        std::thread::scope(|scope| {
            for number in 0..READERS {
                let (log, seen) = (&log, &seen);
                scope.spawn(move || follow(log, seen, number));
            }
            scope.spawn(|| belong(&log, &seen));
            // A failure must not wait for threads that never end.
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                (0..rounds).filter(|&round| !restart(&log, &seen, round)).count()
            }));
            seen.stop.store(true, Ordering::Release);
            assert_eq!(outcome.unwrap(), 0, "rounds after which somebody stayed away");
        });
    })
    .await
    .unwrap();
}

fn record() -> NewRecord {
    NewRecord::new("key", "value")
}

/// Whether everybody came back.
fn restart(log: &KafkaLog, seen: &Seen, round: u64) -> bool {
    let away = [Away::Stopped, Away::Killed, Away::Frozen][round as usize % 3];
    away.and_back();
    // Nothing is appended: health is what is so now, and not what the last append met.
    let well = until(|| log.health().err());
    let owned = until(|| {
        Some(seen.owned.lock().unwrap().len()).filter(|&owned| owned < PARTITIONS as usize)
    });
    let append = |partition| log.append(Topic::Commands, partition, vec![record()]).wait();
    let appended: Result<Vec<_>, _> = (0..PARTITIONS).map(append).collect();
    let ends: Vec<_> = appended.iter().flatten().map(|appended| appended.first + 1).collect();
    let behind = |number: usize| {
        ends.get(number % PARTITIONS as usize)
            .is_none_or(|&end| seen.read[number].load(Ordering::Acquire) < end)
    };
    let read = until(|| {
        let late: Vec<usize> = (0..READERS).filter(|&number| behind(number)).collect();
        Some(late).filter(|late| !late.is_empty())
    });
    let appended = appended.map(|_| ());
    eprintln!(
        "round {round}, {away:?}: well {well:?}, appended {appended:?}, owned {owned:?}, read {read:?}"
    );
    well.is_ok() && appended.is_ok() && owned.is_ok() && read.is_ok()
}
