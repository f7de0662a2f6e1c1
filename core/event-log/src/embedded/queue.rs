//! What waits to be written.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::slot::Slot;
use crate::traits::{Ack, LogError, NewRecord};

/// One append: its records become durable together or not at all.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) slot: Slot,
    pub(super) records: Vec<NewRecord>,
    pub(super) bytes: usize,
    pub(super) ack: Ack,
}

#[derive(Debug, Default)]
struct Waiting {
    jobs: Vec<Job>,
    records: usize,
    bytes: usize,
    is_closed: bool,
    /// After a group that was not written: why nothing is taken, and until when.
    refused: Option<(LogError, Instant)>,
}

/// Bounded by records and bytes: what does not fit is refused at once, never awaited.
#[derive(Debug)]
pub(super) struct Queue {
    // A plain mutex: held for a push or a swap, never across a write.
    waiting: Mutex<Waiting>,
    not_empty: Condvar,
    records_max: usize,
    bytes_max: usize,
}

impl Queue {
    pub(super) fn new(records_max: usize, bytes_max: usize) -> Self {
        Queue {
            waiting: Mutex::new(Waiting::default()),
            not_empty: Condvar::new(),
            records_max,
            bytes_max,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the job, or answers at once why not.
    pub(super) fn push(&self, job: Job) {
        let mut waiting = self.lock();
        if waiting.is_closed {
            drop(waiting);
            return job.ack.complete(Err(LogError::Closed));
        }
        waiting.refused.take_if(|(_, until)| *until <= Instant::now());
        if let Some((error, _)) = &waiting.refused {
            let error = error.clone();
            drop(waiting);
            return job.ack.complete(Err(error));
        }
        // A single append larger than the bounds may go alone.
        let is_full = waiting.records + job.records.len() > self.records_max
            || waiting.bytes + job.bytes > self.bytes_max;
        if is_full && !waiting.jobs.is_empty() {
            drop(waiting);
            return job.ack.complete(Err(LogError::Overloaded));
        }
        waiting.records += job.records.len();
        waiting.bytes += job.bytes;
        let was_empty = waiting.jobs.is_empty();
        waiting.jobs.push(job);
        drop(waiting);
        if was_empty {
            self.not_empty.notify_one();
        }
    }

    /// Refuses what waits and what comes until then. What was appended behind a group that was not
    /// written must not be written either: whoever published the group would go on behind it, and
    /// never fill the gap.
    pub(super) fn refuse(&self, error: &LogError, until: Instant) {
        let mut waiting = self.lock();
        waiting.refused = Some((error.clone(), until));
        (waiting.records, waiting.bytes) = (0, 0);
        let jobs = std::mem::take(&mut waiting.jobs);
        drop(waiting);
        jobs.into_iter().for_each(|job| job.ack.complete(Err(error.clone())));
    }

    /// Moves everything that waits into `jobs`, waiting up to `patience` for something.
    /// `false` once the queue is closed and empty.
    pub(super) fn take(&self, patience: Duration, jobs: &mut Vec<Job>) -> bool {
        let waiting = self.lock();
        let (mut waiting, _) = self
            .not_empty
            .wait_timeout_while(waiting, patience, |now| now.jobs.is_empty() && !now.is_closed)
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut waiting.jobs, jobs);
        (waiting.records, waiting.bytes) = (0, 0);
        !(waiting.is_closed && jobs.is_empty())
    }

    /// No further pushes; what waits is still taken.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.not_empty.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topics::Topic;
    use crate::traits::PendingAppend;

    fn append(queue: &Queue) -> PendingAppend {
        let slot = super::super::slot::slot_of(Topic::Ledger, 0, 1).expect("there is one");
        let (ack, append) = PendingAppend::channel();
        queue.push(Job { slot, records: vec![NewRecord::new("key", "value")], bytes: 8, ack });
        append
    }

    #[test]
    fn nothing_is_written_behind_what_was_not() {
        let queue = Queue::new(10, 1000);
        let mut waits = append(&queue);
        let soon = Instant::now() + Duration::from_millis(50);
        queue.refuse(&LogError::DiskFull, soon);
        assert!(matches!(waits.try_outcome(), Some(Err(LogError::DiskFull))), "it was behind it");
        let mut taken = loop {
            let mut comes = append(&queue);
            match comes.try_outcome() {
                Some(refused) => assert!(matches!(refused, Err(LogError::DiskFull))),
                None => break comes,
            }
        };
        assert!(Instant::now() >= soon, "taken too early");
        let mut jobs = Vec::new();
        assert!(queue.take(Duration::ZERO, &mut jobs) && jobs.len() == 1);
        drop(jobs);
        assert!(matches!(taken.try_outcome(), Some(Err(LogError::Closed))));
    }
}
