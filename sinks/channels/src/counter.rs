//! The people store, for many workers at once: what waits is done together, in one transaction.
//!
//! A transaction costs a sync of the disk, and a file takes one writer at a time. So whoever comes
//! while another works queues up, and the next who has the turn does the work of all: with sixteen
//! workers a sync carries sixteen messages. Each still waits until its own work is durable.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use floodgate_people::{People, PeopleError, Work};

/// Work that may be done more than once: when one of several fails, each is done by itself.
type Job = Arc<dyn Fn(&mut Work<'_>) -> Result<(), PeopleError> + Send + Sync>;

/// What became of a job; `None` while it waits.
type JobOutcome = Arc<Mutex<Option<Result<(), PeopleError>>>>;

/// A door to the store.
pub(crate) struct PeopleCounter {
    people: People,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// As many as there are workers.
    waiting: VecDeque<(Job, JobOutcome)>,
    is_busy: bool,
}

impl fmt::Debug for PeopleCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PeopleCounter({:?})", self.people)
    }
}

impl PeopleCounter {
    pub(crate) fn new(people: People) -> Self {
        PeopleCounter { people, state: Mutex::default(), changed: Condvar::new() }
    }

    pub(crate) fn people(&self) -> &People {
        &self.people
    }

    /// Does work in a transaction, with that of others who wait; returns once it is durable.
    pub(crate) fn with<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Work<'_>) -> Result<T, PeopleError> + Send + Sync + 'static,
    ) -> Result<T, PeopleError> {
        let found = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&found);
        let job: Job = Arc::new(move |store| {
            let value = work(store)?;
            *lock(&slot) = Some(value);
            Ok(())
        });
        let outcome = JobOutcome::default();
        lock(&self.state).waiting.push_back((job, Arc::clone(&outcome)));
        self.wait_for(&outcome)?;
        let value = lock(&found).take();
        value.ok_or_else(|| PeopleError::Damaged("work was done and left nothing".to_owned()))
    }

    /// Waits until a job is done, or does it and all others that wait.
    fn wait_for(&self, outcome: &JobOutcome) -> Result<(), PeopleError> {
        let mut state = lock(&self.state);
        loop {
            if let Some(done) = lock(outcome).take() {
                return done;
            }
            if !state.is_busy {
                break;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.is_busy = true;
        let jobs = std::mem::take(&mut state.waiting);
        drop(state);
        let turn = Turn(self);
        self.run(jobs);
        drop(turn);
        lock(outcome).take().unwrap_or(Ok(()))
    }

    fn run(&self, jobs: VecDeque<(Job, JobOutcome)>) {
        let together = self.people.with(|work| jobs.iter().try_for_each(|(job, _)| job(work)));
        for (job, outcome) in jobs {
            let done = match &together {
                Ok(()) => Ok(()),
                // One that fails must not take the others along.
                Err(_) => self.people.with(|work| job(work)),
            };
            *lock(&outcome) = Some(done);
        }
    }
}

/// Whose turn it is; over in any case, so that nobody waits for ever.
struct Turn<'a>(&'a PeopleCounter);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        lock(&self.0.state).is_busy = false;
        self.0.changed.notify_all();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use floodgate_domain::{BuyerId, EventId};
    use floodgate_people::PeopleLocation;

    use super::*;

    #[test]
    fn many_at_once_are_each_done_once_and_one_that_fails_fails_alone() {
        let folder = tempfile::tempdir().unwrap();
        let place = PeopleLocation::File(folder.path().join("people.db"));
        let counter = Arc::new(PeopleCounter::new(People::new(place, &[9; 32])));
        let work = |number: u64| {
            let counter = Arc::clone(&counter);
            move || {
                counter.with(move |work| {
                    work.set_waiting(EventId(1), BuyerId(number), true)?;
                    match number % 7 {
                        3 => Err(PeopleError::Damaged("as it should".to_owned())),
                        _ => Ok(number),
                    }
                })
            }
        };
        let threads: Vec<_> = (0..32).map(|number| std::thread::spawn(work(number))).collect();
        for (number, thread) in (0..).zip(threads) {
            let done = thread.join().unwrap();
            assert_eq!(done.ok(), (number % 7 != 3).then_some(number));
        }
    }
}
