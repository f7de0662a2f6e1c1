//! Recent records of one partition in memory, and who waits for the next ones.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::traits::{Offset, Record};

/// Records kept: a reader may be a second behind the fastest writer without touching the file.
const RECORDS_MAX: usize = 1 << 18;
/// Bytes kept, whichever comes first.
const BYTES_MAX: usize = 32 << 20;

/// Records that became durable together.
#[derive(Debug)]
struct Batch {
    records: Vec<Record>,
    bytes: usize,
}

#[derive(Debug)]
struct Recent {
    batches: VecDeque<Arc<Batch>>,
    /// The oldest record in memory, or the end.
    first: Offset,
    end: Offset,
    records: usize,
    bytes: usize,
    is_closed: bool,
}

/// The tail of one partition.
#[derive(Debug)]
pub(super) struct Tail {
    // A plain mutex: held to add a batch or to clone a few handles.
    recent: Mutex<Recent>,
    grown: Condvar,
}

/// What a look at the tail gave.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// So many records were copied.
    Found(usize),
    /// Nothing new in time.
    Quiet,
    /// The position is older than memory; the file has it, up to this end.
    Behind {
        end: Offset,
    },
    Closed,
}

impl Tail {
    pub(super) fn starting_at(end: Offset) -> Self {
        let recent = Recent {
            batches: VecDeque::new(),
            first: end,
            end,
            records: 0,
            bytes: 0,
            is_closed: false,
        };
        Tail { recent: Mutex::new(recent), grown: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds durable records and wakes whoever waits.
    pub(super) fn publish(&self, records: Vec<Record>) {
        let Some(last) = records.last() else { return };
        let end = last.offset + 1;
        let bytes = records.iter().map(|record| record.key.len() + record.value.len()).sum();
        let mut recent = self.lock();
        recent.records += records.len();
        recent.bytes += bytes;
        recent.batches.push_back(Arc::new(Batch { records, bytes }));
        recent.end = end;
        while recent.batches.len() > 1
            && (recent.records > RECORDS_MAX || recent.bytes > BYTES_MAX)
            && let Some(oldest) = recent.batches.pop_front()
        {
            recent.records -= oldest.records.len();
            recent.bytes -= oldest.bytes;
            recent.first += oldest.records.len() as u64;
        }
        drop(recent);
        self.grown.notify_all();
    }

    pub(super) fn end(&self) -> Offset {
        self.lock().end
    }

    pub(super) fn first(&self) -> Offset {
        self.lock().first
    }

    pub(super) fn last(&self) -> Option<Record> {
        self.lock().batches.back().and_then(|batch| batch.records.last().cloned())
    }

    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.grown.notify_all();
    }

    /// Copies up to `max` records from `position` on, waiting up to `wait` for the first.
    pub(super) fn look(
        &self,
        position: Offset,
        max: usize,
        wait: Duration,
        into: &mut Vec<Record>,
    ) -> Look {
        let recent = self.lock();
        let (recent, _) = self
            .grown
            .wait_timeout_while(recent, wait, |now| now.end <= position && !now.is_closed)
            .unwrap_or_else(PoisonError::into_inner);
        if recent.end <= position {
            return if recent.is_closed { Look::Closed } else { Look::Quiet };
        }
        if position < recent.first {
            return Look::Behind { end: recent.end };
        }
        // Batches are in order of offset: skip to the one that has the position.
        let starts_behind = |batch: &Arc<Batch>| {
            batch.records.first().is_some_and(|record| record.offset > position)
        };
        let after = recent.batches.partition_point(|batch| !starts_behind(batch));
        let mut batches = Vec::new();
        let mut count = 0;
        for batch in recent.batches.iter().skip(after.saturating_sub(1)) {
            batches.push(Arc::clone(batch));
            count += batch.records.len();
            if count >= max * 2 {
                break;
            }
        }
        drop(recent);
        let before = into.len();
        let records = batches.iter().flat_map(|batch| &batch.records);
        into.extend(records.filter(|record| record.offset >= position).take(max).cloned());
        Look::Found(into.len() - before)
    }
}
