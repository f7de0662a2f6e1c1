//! What a replay decides, compared with what the ledger says.
//!
//! A command decided again must lead to the facts that were published of it. Where it does not, the
//! commands, the snapshot or the ledger are not what they were, or this build decides otherwise
//! than the one before it; everything decided after that would be wrong, and nothing about it would
//! look wrong. So the partition stops.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::time::Duration;

use floodgate_domain::wire::decode_fact;
use floodgate_domain::{FactPosition, FactRecord};
use floodgate_event_log::{Log, LogError, Offset, Partition, Record, Topic};

use crate::error::RunnerError;
use crate::readers::Reader;
use crate::tail::fact_position;

/// Facts read at once.
const BATCH_MAX: usize = 4_096;
/// How long records that are there may take to come.
const READ_WITHIN: Duration = Duration::from_secs(10);
/// Looking for the first fact, the ledger is asked so far before its end at first.
const STEP_MIN: u64 = 64;

/// Goes through the ledger beside a replay.
#[derive(Debug)]
pub(crate) struct Comparison {
    partition: Partition,
    ledger: Reader,
    /// The furthest position seen; what replaced owners repeat lies before it.
    seen: Option<FactPosition>,
    /// The last fact of the ledger when the replay began.
    tail: FactPosition,
    ahead: VecDeque<FactRecord>,
    records: Vec<Record>,
}

impl Comparison {
    /// Begins where the facts of command `next` are, or at the oldest fact that is kept. `None`
    /// where no fact is to be compared.
    pub(crate) fn begin(
        log: &dyn Log,
        partition: Partition,
        next: Offset,
        tail: Option<FactPosition>,
    ) -> Result<Option<Self>, RunnerError> {
        let Some(tail) = tail.filter(|tail| tail.offset >= next) else { return Ok(None) };
        let first = log.first(Topic::Ledger, partition)?;
        let from = first_of(log, partition, next, first)?;
        let mut comparison = Comparison {
            partition,
            ledger: Reader(log.reader(Topic::Ledger, partition, from)?),
            seen: None,
            tail,
            ahead: VecDeque::new(),
            records: Vec::new(),
        };
        comparison.skip_before(next, from == first && first > 0)?;
        Ok(Some(comparison))
    }

    /// Compares a fact the replay led to with the next one of the ledger.
    pub(crate) fn check(&mut self, decided: &FactRecord) -> Result<(), RunnerError> {
        if decided.position > self.tail || Some(decided.position) <= self.seen {
            return Ok(());
        }
        let Some(published) = self.next()? else { return Ok(()) };
        if published == *decided {
            return Ok(());
        }
        let what = match published.position.cmp(&decided.position) {
            Ordering::Less => "holds a fact that does not follow from its command",
            Ordering::Equal => "holds another fact than its command leads to",
            Ordering::Greater => "lacks a fact that its command leads to",
        };
        Err(self.diverged(published.position.min(decided.position), what))
    }

    /// Everything before command `next` was decided again. `true` once nothing is left to compare;
    /// an error if the ledger holds more than was decided.
    pub(crate) fn is_over(&mut self, next: Offset) -> Result<bool, RunnerError> {
        if next <= self.tail.offset {
            return Ok(false);
        }
        match self.next()? {
            None => Ok(true),
            Some(fact) => {
                let what = "holds a fact that does not follow from its command";
                Err(self.diverged(fact.position, what))
            }
        }
    }

    fn diverged(&self, position: FactPosition, what: &'static str) -> RunnerError {
        RunnerError::Diverged { partition: self.partition, position, what }
    }

    /// The next fact that is no repetition; `None` at the tail.
    fn next(&mut self) -> Result<Option<FactRecord>, RunnerError> {
        loop {
            if Some(self.tail) <= self.seen {
                return Ok(None);
            }
            while let Some(fact) = self.ahead.pop_front() {
                if Some(fact.position) > self.seen {
                    self.seen = Some(fact.position);
                    return Ok(Some(fact));
                }
            }
            self.read()?;
        }
    }

    /// Facts of commands before `next` are not compared. A ledger that was trimmed begins in the
    /// middle, perhaps of a command's facts, so the rest of that one is passed over as well.
    fn skip_before(&mut self, next: Offset, is_trimmed: bool) -> Result<(), RunnerError> {
        let before = |offset: Offset| {
            offset.checked_sub(1).map(|offset| FactPosition { offset, index: u16::MAX })
        };
        while let Some(fact) = self.next()? {
            let position = fact.position;
            if position.offset < next {
                continue;
            }
            self.seen = match position.index {
                _ if !is_trimmed => before(next),
                0 => before(position.offset),
                _ => {
                    self.seen = before(position.offset + 1);
                    return Ok(());
                }
            };
            self.ahead.push_front(fact);
            break;
        }
        Ok(())
    }

    fn read(&mut self) -> Result<(), RunnerError> {
        self.records.clear();
        if self.ledger.0.poll(BATCH_MAX, READ_WITHIN, &mut self.records)? == 0 {
            let late = format!("the facts of partition {} did not come in time", self.partition);
            return Err(RunnerError::Log(LogError::Backend(late)));
        }
        // What is no fact was never published by an owner.
        self.ahead.extend(self.records.iter().filter_map(|one| decode_fact(&one.value).ok()));
        Ok(())
    }
}

/// An offset of the ledger before which there are no facts of command `next` or later ones. Steps
/// back from the end, since a snapshot lies near it.
fn first_of(
    log: &dyn Log,
    partition: Partition,
    next: Offset,
    first: Offset,
) -> Result<Offset, RunnerError> {
    let end = log.end(Topic::Ledger, partition)?;
    let mut step = STEP_MIN;
    while next > 0 && end.saturating_sub(step) > first {
        let at = end - step;
        let mut found = Vec::new();
        let mut reader = log.reader(Topic::Ledger, partition, at)?;
        if reader.poll(1, READ_WITHIN, &mut found)? == 0 {
            let late = format!("fact {at} of partition {partition} did not come in time");
            return Err(RunnerError::Log(LogError::Backend(late)));
        }
        for record in &found {
            if fact_position(record)?.is_some_and(|position| position.offset < next) {
                return Ok(at);
            }
        }
        step *= 4;
    }
    Ok(first)
}
