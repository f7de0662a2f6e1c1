//! The dataflow: changes of cells in, totals of the cells that moved out, one window at a time.
//!
//! Timely's time is the window. Changes of a window are added up while it is open; once nothing
//! more can come, the totals it changed come out, exactly once.

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

use floodgate_domain::EventId;

use super::cell::Cell;

/// A cell of an event.
pub(crate) type CellKey = (EventId, Cell);

/// The total of a cell when a window was over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Total {
    pub(crate) window: u64,
    pub(crate) key: CellKey,
    pub(crate) count: i64,
}

type Closed = Rc<RefCell<Vec<Total>>>;

/// The running dataflow. Belongs to the thread that made it.
pub(crate) struct CellsDataflow {
    worker: Worker,
    input: InputHandleVec<u64, (CellKey, i64)>,
    probe: ProbeHandle<u64>,
    closed: Closed,
}

impl std::fmt::Debug for CellsDataflow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CellsDataflow at {}", self.input.time())
    }
}

impl CellsDataflow {
    pub(crate) fn new() -> Self {
        let allocator = Allocator::Thread(Thread::default());
        let mut worker = Worker::new(WorkerConfig::default(), allocator, None);
        let mut input = InputHandleVec::new();
        let probe = ProbeHandle::new();
        let closed = Closed::default();
        let seen = Rc::clone(&closed);
        worker.dataflow::<u64, _, _>(|scope| {
            input
                .to_stream(scope)
                .unary_frontier(Pipeline, "cells", |_capability, _info| {
                    #[expect(clippy::mutable_key_type, reason = "a capability hashes by its time")]
                    let mut open = HashMap::new();
                    // As many as cells: a few thousand an event.
                    let mut totals: HashMap<CellKey, i64> = HashMap::new();
                    move |(input, frontier), output| {
                        input.for_each_stamp(|capability, batches| {
                            if let Some(held) = capability.retain_least(output.output_index()) {
                                let changes: &mut BTreeMap<CellKey, i64> =
                                    open.entry(held).or_default();
                                for (key, change) in batches.flat_map(std::mem::take) {
                                    *changes.entry(key).or_default() += change;
                                }
                            }
                        });
                        for (held, changes) in &mut open {
                            // A window is whole once nothing of it can come any more.
                            if frontier.less_equal(held.time()) {
                                continue;
                            }
                            let mut session = output.session(held);
                            for (key, change) in std::mem::take(changes) {
                                let count = totals.entry(key).or_default();
                                *count += change;
                                session.give(Total { window: *held.time(), key, count: *count });
                            }
                        }
                        open.retain(|held, _| frontier.less_equal(held.time()));
                    }
                })
                .container::<Vec<_>>()
                .inspect(move |total| seen.borrow_mut().push(*total))
                .probe_with(&probe);
        });
        CellsDataflow { worker, input, probe, closed }
    }

    /// A change of the open window.
    pub(crate) fn add(&mut self, key: CellKey, change: i64) {
        self.input.send((key, change));
    }

    /// Opens a later window and gives what the one before moved, in the order of its keys.
    pub(crate) fn open(&mut self, window: u64) -> Vec<Total> {
        self.input.advance_to(window);
        while self.probe.less_than(self.input.time()) {
            self.worker.step();
        }
        let mut closed = std::mem::take(&mut *self.closed.borrow_mut());
        closed.sort_unstable();
        closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_come_out_once_and_whole() {
        let mut dataflow = CellsDataflow::new();
        let all = (EventId(1), Cell::All);
        let other = (EventId(2), Cell::All);
        assert_eq!(dataflow.open(10), []);
        (0..5).for_each(|_| dataflow.add(all, 1));
        dataflow.add(all, -1);
        dataflow.add(other, 1);
        let total = |window, key, count| Total { window, key, count };
        assert_eq!(dataflow.open(11), [total(10, all, 4), total(10, other, 1)]);
        assert_eq!(dataflow.open(13), [], "nothing moved");
        dataflow.add(all, 3);
        assert_eq!(dataflow.open(90), [total(13, all, 7)]);
    }
}
