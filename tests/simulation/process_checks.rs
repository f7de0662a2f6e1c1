//! Watches the processes themselves: who owns, who carries payments, and that what they fold
//! agrees.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use floodgate_event_log::Partition;
use floodgate_runner::supervisor::policy::Share;

use super::model::books::Wrong;
use super::processor::Processor;

/// How long a partition may have no owner that is awake: a session until a death is noticed, one more if
/// the successor sleeps, warm-up, the pause after a failure.
const OWNED_WITHIN_MS: u64 = 12_000;
/// How long a worker may take, awake, to do what its supervisor decided.
const ROLE_WITHIN_MS: u64 = 2_000;
/// At every so many commands, everybody who comes by must have the same state.
const COMPARE_EVERY: u64 = 16;

#[derive(Default)]
pub(crate) struct ProcessChecks {
    unowned_since: BTreeMap<Partition, u64>,
    /// For how long, awake, a process has owned what its supervisor let go of.
    overdue: BTreeMap<(usize, Partition), u64>,
    /// Up to where the state of each worker was looked at.
    looked_at: BTreeMap<(usize, Partition), u64>,
    states: BTreeMap<(Partition, u64), u64>,
    pub(crate) compared: u32,
    pub(crate) unowned_longest: u64,
}

impl ProcessChecks {
    /// Looks at every process that is up, by its place. `passed` is the time since the last look.
    pub(crate) fn look(
        &mut self,
        partitions: u32,
        up: &[(usize, &Processor, bool)],
        (now, passed): (u64, u64),
    ) -> Result<(), Wrong> {
        for partition in 0..partitions {
            let owns = |processor: &Processor| {
                let bench = processor.bench.borrow();
                bench.runners.get(&partition).is_some_and(|one| one.borrow().is_owning())
            };
            if up.iter().any(|(_, processor, is_awake)| *is_awake && owns(processor)) {
                self.unowned_since.remove(&partition);
            }
            let waited = now - *self.unowned_since.entry(partition).or_insert(now);
            self.unowned_longest = self.unowned_longest.max(waited);
            if waited > OWNED_WITHIN_MS {
                return Err(format!("nobody has owned partition {partition} for {waited} ms"));
            }
        }
        for (place, processor, is_awake) in up {
            let named = |wrong| format!("process {place}: {wrong}");
            self.look_at(*place, processor, passed * u64::from(*is_awake)).map_err(named)?;
            self.compare(*place, processor).map_err(named)?;
        }
        Ok(())
    }

    /// A place was left: what comes next is another process.
    pub(crate) fn forget(&mut self, place: usize) {
        self.overdue.retain(|(of, _), _| *of != place);
        self.looked_at.retain(|(of, _), _| *of != place);
    }

    fn look_at(&mut self, place: usize, processor: &Processor, awake: u64) -> Result<(), Wrong> {
        let policy = processor.supervision().policy();
        if policy.has_ended() {
            return Ok(());
        }
        let (bench, shares) = (processor.bench.borrow(), policy.shares());
        if !bench.runners.keys().eq(shares.keys()) {
            return Err(format!("runners {:?} for {shares:?}", bench.runners.keys()));
        }
        for (partition, share) in shares {
            let carries = bench.payments.get(partition).is_some_and(|one| one.borrow().carries);
            if carries != (*share == Share::Owned) && !processor.should_stop {
                return Err(format!("partition {partition} is {share:?}, carries: {carries}"));
            }
            let owns = bench.runners[partition].borrow().is_owning();
            let may_own = match share {
                Share::Owned => true,
                // A process that stops keeps everything until it leaves.
                Share::Lingering { until } => {
                    *until > processor.running_for() || processor.should_stop
                }
                Share::Standby | Share::Stopping { .. } => false,
            };
            let overdue = self.overdue.entry((place, *partition)).or_default();
            *overdue = if owns && !may_own { *overdue + awake } else { 0 };
            if *overdue > ROLE_WITHIN_MS {
                return Err(format!(
                    "partition {partition} is {share:?} and owned for {overdue} ms"
                ));
            }
        }
        Ok(())
    }

    /// The invariants of every engine that moved, and the same state at the same command, whoever folds.
    fn compare(&mut self, place: usize, processor: &Processor) -> Result<(), Wrong> {
        for (&partition, runner) in &processor.bench.borrow().runners {
            let runner = runner.borrow();
            let Some(engine) = runner.worker.as_ref().and_then(|worker| worker.engine()) else {
                self.looked_at.remove(&(place, partition));
                continue;
            };
            let applied = runner.applied();
            if self.looked_at.insert((place, partition), applied) == Some(applied) {
                continue;
            }
            if let Some(violation) = engine.violations().first() {
                return Err(format!("partition {partition} at {applied}: {violation:?}"));
            }
            if applied.is_multiple_of(COMPARE_EVERY) {
                let mut state = Vec::new();
                engine.snapshot(&mut state);
                let mut hasher = DefaultHasher::new();
                state.hash(&mut hasher);
                let digest = hasher.finish();
                self.compared += u32::from(self.states.contains_key(&(partition, applied)));
                if *self.states.entry((partition, applied)).or_insert(digest) != digest {
                    return Err(format!("partition {partition}: two states at {applied}"));
                }
            }
        }
        Ok(())
    }
}
