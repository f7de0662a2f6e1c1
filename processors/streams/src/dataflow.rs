//! The dataflow: differences in, changed totals out, one epoch per batch.
//!
//! One timely worker runs in the caller's thread. A batch is sent at one epoch; when the
//! probe has passed it, every total that the batch changed has come out exactly once.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use timely::WorkerConfig;
use timely::communication::Allocator;
use timely::communication::allocator::Thread;
use timely::dataflow::channels::pact::Pipeline;
use timely::dataflow::operators::{Inspect, Operator, Probe};
use timely::dataflow::{InputHandleVec, ProbeHandle};
use timely::worker::Worker;

use crate::deltas::{Amounts, TotalKey};

/// Totals that changed in one epoch.
type Changed = Rc<RefCell<Vec<(TotalKey, Amounts)>>>;

/// The running dataflow. Belongs to the thread that made it.
pub(crate) struct CountsDataflow {
    worker: Worker,
    input: InputHandleVec<u64, (TotalKey, Amounts)>,
    probe: ProbeHandle<u64>,
    changed: Changed,
}

impl CountsDataflow {
    pub(crate) fn new() -> Self {
        let allocator = Allocator::Thread(Thread::default());
        let mut worker = Worker::new(WorkerConfig::default(), allocator, None);
        let mut input = InputHandleVec::new();
        let probe = ProbeHandle::new();
        let changed = Changed::default();
        let seen = Rc::clone(&changed);
        worker.dataflow::<u64, _, _>(|scope| {
            input
                .to_stream(scope)
                .unary_frontier(Pipeline, "totals", |_capability, _info| {
                    #[expect(clippy::mutable_key_type, reason = "a capability hashes by its time")]
                    let mut waiting = HashMap::new();
                    let mut totals: HashMap<TotalKey, Amounts> = HashMap::new();
                    move |(input, frontier), output| {
                        input.for_each_stamp(|capability, batches| {
                            if let Some(held) = capability.retain_least(output.output_index()) {
                                let queue: &mut Vec<Vec<(TotalKey, Amounts)>> =
                                    waiting.entry(held).or_default();
                                queue.extend(batches.map(std::mem::take));
                            }
                        });
                        for (held, batches) in &mut waiting {
                            // An epoch is whole once nothing of it can come any more.
                            if frontier.less_equal(held.time()) {
                                continue;
                            }
                            let epoch = add_up(batches.drain(..).flatten());
                            let mut session = output.session(held);
                            for (key, change) in epoch {
                                let total = totals.entry(key).or_default();
                                (0..3).for_each(|at| total[at] += change[at]);
                                session.give((key, *total));
                            }
                        }
                        waiting.retain(|_, batches| !batches.is_empty());
                    }
                })
                .container::<Vec<_>>()
                .inspect(move |total| seen.borrow_mut().push(*total))
                .probe_with(&probe);
        });
        CountsDataflow { worker, input, probe, changed }
    }

    /// Sends a batch as one epoch and gives the totals it changed, in the order of their keys.
    pub(crate) fn epoch(
        &mut self,
        differences: Vec<(TotalKey, Amounts)>,
    ) -> Vec<(TotalKey, Amounts)> {
        let epoch = *self.input.time();
        differences.into_iter().for_each(|difference| self.input.send(difference));
        self.input.advance_to(epoch + 1);
        while self.probe.less_than(self.input.time()) {
            self.worker.step();
        }
        let mut changed = std::mem::take(&mut *self.changed.borrow_mut());
        changed.sort_unstable_by_key(|(key, _)| *key);
        changed
    }
}

/// One change a key, without those that cancelled out.
fn add_up(differences: impl Iterator<Item = (TotalKey, Amounts)>) -> BTreeMap<TotalKey, Amounts> {
    let mut sums: BTreeMap<TotalKey, Amounts> = BTreeMap::new();
    for (key, change) in differences {
        let sum = sums.entry(key).or_default();
        (0..3).for_each(|at| sum[at] += change[at]);
    }
    sums.retain(|_, sum| *sum != [0; 3]);
    sums
}
