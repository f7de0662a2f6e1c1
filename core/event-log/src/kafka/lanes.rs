//! Appends on their way to the producer: at once where it is quiet, in batches where it is not.
//!
//! Requests are what costs a broker, and every follower of a topic: a fetch returns as soon as
//! there is anything. So the first append after a quiet moment goes out at once, and what comes
//! within the topic's spacing after it goes out together. The spacing is short while there are
//! few records, because then it saves nothing and only makes everybody wait.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rdkafka::error::KafkaError;

use super::RECORD_BYTES_MAX;
use super::clock::BrokerClock;
use super::producer::{Pending, Sender};
use super::settings::KafkaOptions;
use crate::topics::Topic;
use crate::traits::{Ack, LogError, NewRecord, Partition};

/// One append that waits for its batch.
struct Job {
    partition: Partition,
    records: Vec<NewRecord>,
    ack: Ack,
}

/// A batch of so many records says that there is a rush: from here on a request's own cost is
/// shared by enough of them.
const RUSH_RECORDS: usize = 8;
/// How much shorter the spacing is without a rush.
const CALM_SHARE: u32 = 4;

/// How often brokers are looked for where nothing is appended.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The appends to one topic.
struct Lane {
    topic: Topic,
    spacing: Duration,
    jobs: VecDeque<Job>,
    /// When the last batch went, and whether it was one of a rush.
    last: Option<(Instant, bool)>,
}

impl Lane {
    /// When what waits may go; `None` when nothing does.
    fn due(&self, now: Instant) -> Option<Instant> {
        let earliest = self.last.map_or(now, |(last, in_rush)| {
            last + if in_rush { self.spacing } else { self.spacing / CALM_SHARE }
        });
        (!self.jobs.is_empty()).then_some(earliest)
    }

    /// Everything that waits, as one batch.
    fn take(&mut self, now: Instant) -> VecDeque<Job> {
        let records: usize = self.jobs.iter().map(|job| job.records.len()).sum();
        self.last = Some((now, records >= RUSH_RECORDS));
        std::mem::take(&mut self.jobs)
    }
}

struct Waiting {
    lanes: Vec<Lane>,
    is_closed: bool,
}

struct Shared {
    // A plain mutex: held to push a job or to take a lane's jobs, never while sending.
    waiting: Mutex<Waiting>,
    changed: Condvar,
    /// Records appended and not settled yet.
    outstanding: Arc<AtomicUsize>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everybody's way to the producer.
pub(super) struct Appender {
    shared: Arc<Shared>,
    sender: Arc<Sender>,
    thread: Option<JoinHandle<()>>,
    records_max: usize,
}

impl Appender {
    pub(super) fn new(options: &KafkaOptions, clock: Arc<BrokerClock>) -> Result<Self, KafkaError> {
        let lane = |topic: Topic| Lane {
            topic,
            spacing: options.batch_every * topic.patience(),
            jobs: VecDeque::new(),
            last: None,
        };
        let lanes = Topic::ALL.into_iter().map(lane).collect();
        let shared = Arc::new(Shared {
            waiting: Mutex::new(Waiting { lanes, is_closed: false }),
            changed: Condvar::new(),
            outstanding: Arc::default(),
        });
        let sender = Arc::new(Sender::new(options, clock)?);
        let (theirs, sends) = (Arc::clone(&shared), Arc::clone(&sender));
        let thread = std::thread::Builder::new()
            .name("kafka-lanes".to_owned())
            .spawn(move || run(&theirs, &sends))
            .map_err(|_| KafkaError::Canceled)?;
        let records_max = options.queue_records_max;
        Ok(Appender { shared, sender, thread: Some(thread), records_max })
    }

    /// Queues an append for the next batch, or answers at once why not.
    pub(super) fn append(
        &self,
        topic: Topic,
        partition: Partition,
        records: Vec<NewRecord>,
        ack: Ack,
    ) {
        let size = |record: &NewRecord| record.key.len() + record.value.len();
        if let Some(bytes) = records.iter().map(size).find(|&bytes| bytes > RECORD_BYTES_MAX) {
            return ack.complete(Err(LogError::TooLarge { bytes, max: RECORD_BYTES_MAX }));
        }
        // Looked at before the first record, so that an append is refused whole. Relaxed: a rough
        // bound is enough, no other memory depends on it.
        let waiting = self.shared.outstanding.load(Ordering::Relaxed);
        if waiting + records.len() > self.records_max {
            return ack.complete(Err(LogError::Overloaded));
        }
        self.shared.outstanding.fetch_add(records.len(), Ordering::Relaxed);
        let mut waiting = self.shared.lock();
        let Some(lane) = waiting.lanes.iter_mut().find(|lane| lane.topic == topic) else { return };
        let was_empty = lane.jobs.is_empty();
        lane.jobs.push_back(Job { partition, records, ack });
        drop(waiting);
        if was_empty {
            self.shared.changed.notify_one();
        }
    }

    pub(super) fn warm_up(&self) {
        self.sender.warm_up();
    }

    pub(super) fn health(&self) -> Result<(), LogError> {
        self.sender.health()
    }
}

impl Drop for Appender {
    fn drop(&mut self) {
        self.shared.lock().is_closed = true;
        self.shared.changed.notify_one();
        if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join) {
            std::panic::resume_unwind(panic);
        }
        self.sender.flush();
    }
}

/// Sends batch after batch until everything is sent and nobody appends any more.
fn run(shared: &Shared, sender: &Sender) {
    while let Some((topic, jobs)) = next(shared, sender) {
        for Job { partition, records, ack } in jobs {
            let outstanding = Arc::clone(&shared.outstanding);
            let pending = Arc::new(Pending::new(records.len(), outstanding, ack));
            sender.send(topic, partition, &records, &pending);
        }
    }
}

/// The next batch that is due; waits for one, and looks for brokers meanwhile where none was there.
/// `None` at the end.
fn next(shared: &Shared, sender: &Sender) -> Option<(Topic, VecDeque<Job>)> {
    let mut waiting = shared.lock();
    loop {
        let now = Instant::now();
        let is_closed = waiting.is_closed;
        let due = waiting.lanes.iter().filter_map(|lane| lane.due(now)).min();
        let is_ready = |lane: &Lane| lane.due(now).is_some_and(|due| is_closed || due <= now);
        if let Some(lane) = waiting.lanes.iter_mut().find(|lane| is_ready(lane)) {
            return Some((lane.topic, lane.take(now)));
        }
        if is_closed {
            return None;
        }
        let patience = due.map_or(LOOK_EVERY, |due| due.saturating_duration_since(now));
        let timed = shared.changed.wait_timeout(waiting, patience);
        waiting = timed.unwrap_or_else(PoisonError::into_inner).0;
        if due.is_none() && sender.wants_a_look() {
            drop(waiting);
            sender.look();
            waiting = shared.lock();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job() -> Job {
        let ack = Ack::on_failure(|_| {});
        Job { partition: 0, records: vec![NewRecord::new("key", "value")], ack }
    }

    #[test]
    fn a_lane_waits_for_company_only_where_there_is_some() {
        let (now, spacing) = (Instant::now(), Duration::from_millis(40));
        let cases = [(1, spacing / 4), (RUSH_RECORDS - 1, spacing / 4), (RUSH_RECORDS, spacing)];
        for (records, waits) in cases {
            let mut lane =
                Lane { topic: Topic::Commands, spacing, jobs: VecDeque::new(), last: None };
            assert_eq!(lane.due(now), None, "nothing waits");
            lane.jobs.extend(std::iter::repeat_with(job).take(records));
            assert_eq!(lane.due(now), Some(now), "the first of a quiet moment goes at once");
            assert_eq!(lane.take(now).len(), records);
            lane.jobs.push_back(job());
            assert_eq!(lane.due(now), Some(now + waits), "after a batch of {records}");
        }
    }
}
