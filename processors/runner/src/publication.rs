//! Publishing facts: in order, bounded, and never with a gap.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;

use floodgate_domain::wire::encode_fact;
use floodgate_domain::{EventId, FactPosition, FactRecord};
use floodgate_event_log::{Log, LogError, NewRecord, Partition, PendingAppend, Topic};

/// Batches of facts whose outcome is not known yet. At a thousand commands a batch this is
/// tens of thousands of facts; more would only grow the work of a failure.
const UNSETTLED_MAX: usize = 32;

/// Publishes the facts of one partition.
#[derive(Debug)]
pub(crate) struct Publication {
    log: Arc<dyn Log>,
    partition: Partition,
    /// The position of the last fact that was in the log when this incarnation began: facts up
    /// to here are not published again.
    tail: Option<FactPosition>,
    waiting: Vec<NewRecord>,
    /// Batches in order, from the first whose outcome is open; `None` has arrived.
    unsettled: VecDeque<Option<PendingAppend>>,
    /// Why this incarnation must end. Nothing is sent any more: behind what did not arrive it would
    /// leave a gap.
    failed: Option<LogError>,
    /// Batches published and settled, for those who wait for durability.
    sent: u64,
    settled: u64,
    /// The key of the last event, made once for a run of facts.
    key: (EventId, Bytes),
}

impl Publication {
    /// Starts behind `tail`.
    pub(crate) fn new(log: Arc<dyn Log>, partition: Partition, tail: Option<FactPosition>) -> Self {
        Publication {
            log,
            partition,
            tail,
            waiting: Vec::new(),
            unsettled: VecDeque::new(),
            failed: None,
            sent: 0,
            settled: 0,
            key: (EventId(0), Bytes::new()),
        }
    }

    /// Whether the fact was published by an earlier incarnation.
    fn is_known(&self, position: FactPosition) -> bool {
        self.tail.is_some_and(|tail| position <= tail)
    }

    /// Whether any fact of this command, or of a later one, may already be published.
    pub(crate) fn knows_command(&self, offset: u64) -> bool {
        self.tail.is_some_and(|tail| offset <= tail.offset)
    }

    /// Adds a fact to the next batch, unless it is in the log already.
    pub(crate) fn add(&mut self, fact: &FactRecord) {
        if self.is_known(fact.position) {
            return;
        }
        if self.key.0 != fact.event_id || self.key.1.is_empty() {
            self.key = (fact.event_id, Bytes::from(fact.event_id.to_string()));
        }
        let mut value = Vec::with_capacity(64);
        encode_fact(fact, &mut value);
        self.waiting.push(NewRecord::new(self.key.1.clone(), value));
    }

    /// Sends what was added as one append, unless an earlier one did not arrive.
    pub(crate) fn send(&mut self) {
        if self.waiting.is_empty() || self.settle().is_err() {
            return;
        }
        let batch = std::mem::take(&mut self.waiting);
        self.unsettled.push_back(Some(self.log.append(Topic::Ledger, self.partition, batch)));
        self.sent += 1;
    }

    /// Takes note of outcomes; waits only when too many are open. An error means that this
    /// incarnation must end: later batches may or may not be in the log.
    pub(crate) fn settle(&mut self) -> Result<(), LogError> {
        self.look()?;
        while self.unsettled.len() > UNSETTLED_MAX {
            self.wait_for_first()?;
        }
        Ok(())
    }

    /// Looks at every batch, not only at the first: one that a full log refused at once stands behind
    /// others that are still on their way.
    fn look(&mut self) -> Result<(), LogError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        for batch in &mut self.unsettled {
            match batch.as_mut().and_then(PendingAppend::try_outcome) {
                None => {}
                Some(Ok(_)) => *batch = None,
                Some(Err(error)) => {
                    *batch = None;
                    self.failed = Some(error.clone());
                    return Err(error);
                }
            }
        }
        while self.unsettled.pop_front_if(|batch| batch.is_none()).is_some() {
            self.settled += 1;
        }
        Ok(())
    }

    fn wait_for_first(&mut self) -> Result<(), LogError> {
        if let Some(Some(append)) = self.unsettled.pop_front()
            && let Err(error) = append.wait()
        {
            self.failed = Some(error.clone());
            return Err(error);
        }
        self.settled += 1;
        self.look()
    }

    /// Whether every outcome is known. Never waits.
    pub(crate) fn is_settled(&mut self) -> Result<bool, LogError> {
        self.look()?;
        Ok(self.unsettled.is_empty())
    }

    /// Waits for every outcome.
    pub(crate) fn settle_all(&mut self) -> Result<(), LogError> {
        while !self.is_settled()? {
            self.wait_for_first()?;
        }
        Ok(())
    }

    /// Whether nothing is on its way any more, whatever came of it: before the tail is read again,
    /// nothing of this incarnation may be. Whether it arrived is what the tail will say.
    pub(crate) fn is_quiet(&mut self) -> bool {
        let is_open = |batch: &mut Option<PendingAppend>| match batch {
            Some(append) => append.try_outcome().is_none(),
            None => false,
        };
        self.unsettled.retain_mut(is_open);
        self.unsettled.is_empty()
    }

    /// Waits until nothing is on its way.
    pub(crate) fn abandon(mut self) {
        for append in self.unsettled.drain(..).flatten() {
            let _ = append.wait();
        }
    }

    /// Whether a batch of this incarnation is durable; `None` while it has sent none.
    pub(crate) fn has_arrived(&self) -> Option<bool> {
        (self.sent > 0).then_some(self.settled > 0)
    }

    /// Everything sent so far, as a mark for [`Publication::has_settled`].
    pub(crate) fn mark(&self) -> u64 {
        self.sent
    }

    /// Whether everything sent up to the mark is durable.
    pub(crate) fn has_settled(&self, mark: u64) -> bool {
        self.settled >= mark
    }
}
