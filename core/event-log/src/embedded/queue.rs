//! What waits to be written.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::schema::Slot;
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

    /// Takes the job, or tells its owner why not.
    pub(super) fn push(&self, job: Job) {
        let mut waiting = self.lock();
        if waiting.is_closed {
            drop(waiting);
            return job.ack.tell(Err(LogError::Closed));
        }
        // A single append larger than the bounds may go alone.
        let is_full = waiting.records + job.records.len() > self.records_max
            || waiting.bytes + job.bytes > self.bytes_max;
        if is_full && !waiting.jobs.is_empty() {
            drop(waiting);
            return job.ack.tell(Err(LogError::Overloaded));
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
