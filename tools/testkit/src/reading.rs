//! Everything that a log has.

use std::time::{Duration, Instant};

use floodgate_event_log::{Log, Partition, Record, Topic};

/// A reader that gets nothing for so long will not: a slow machine is waited for, a log that lost
/// what it had is not.
const STUCK_AFTER: Duration = Duration::from_secs(60);

/// What a partition of a topic has by now, in order, from its first record on.
///
/// # Panics
/// When the log fails, or gives nothing for a minute before its end.
#[must_use]
pub fn records(log: &dyn Log, topic: Topic, partition: Partition) -> Vec<Record> {
    let end = log.end(topic, partition).expect("a log that answers");
    let first = log.first(topic, partition).expect("a log that answers");
    let mut reader = log.reader(topic, partition, first).expect("a log that answers");
    let mut records = Vec::new();
    let mut heard = Instant::now();
    while reader.position() < end {
        let read = reader.poll(1 << 16, Duration::from_secs(1), &mut records);
        if read.expect("a log that answers") > 0 {
            heard = Instant::now();
        }
        let at = reader.position();
        assert!(heard.elapsed() < STUCK_AFTER, "{topic:?}/{partition} stands at {at} of {end}");
    }
    records
}

/// What every partition of a topic has by now, one partition after the other.
///
/// # Panics
/// As [`records`] does.
#[must_use]
pub fn all_records(log: &dyn Log, topic: Topic) -> Vec<Record> {
    (0..log.partitions(topic)).flat_map(|partition| records(log, topic, partition)).collect()
}
