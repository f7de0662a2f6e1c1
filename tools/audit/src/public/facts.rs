//! Every public fact is the image of one in the ledger, and none is missing between two.

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::{Result, anyhow};
use serde_json::Value;

use floodgate_domain::effects::Visibility;
use floodgate_domain::{FactPosition, FactRecord};
use floodgate_event_log::{Log, LogReader, Record, Topic};
use floodgate_streams::public::FactBody;

use crate::findings::Findings;
use crate::reading::{BATCH, reader_from_start};
use crate::seen::Seen;

const FACTS: &str = "public-facts";
/// What every public fact says, whichever build has written it.
const ALWAYS: [&str; 4] = ["fact", "event_id", "position", "at"];

/// The public facts of one partition, read beside its ledger.
pub(crate) struct PublicFacts {
    reader: Box<dyn LogReader>,
    partition: u32,
    end: u64,
    batch: VecDeque<Record>,
    next: Option<PublicFact>,
    seen: Seen,
    /// Whether what comes next in the ledger has to come next here: from the first record on, unless
    /// the first ones are no longer kept.
    has_begun: bool,
    failure: Option<anyhow::Error>,
}

struct PublicFact {
    position: FactPosition,
    body: Value,
    key: String,
}

impl PublicFacts {
    pub(crate) fn open(log: &dyn Log, partition: u32) -> Result<Self> {
        Ok(PublicFacts {
            reader: reader_from_start(log, Topic::Facts, partition)?,
            partition,
            end: log.end(Topic::Facts, partition)?,
            batch: VecDeque::new(),
            next: None,
            seen: Seen::default(),
            has_begun: log.first(Topic::Facts, partition)? == 0,
            failure: None,
        })
    }

    /// Compares what was published of a fact.
    pub(crate) fn compare(&mut self, fact: &FactRecord, found: &mut Findings) {
        if fact.fact.effects().visibility != Visibility::Public {
            return;
        }
        loop {
            if self.next.is_none() {
                self.next = self.read(found);
            }
            // At its end, what follows is still to be published.
            let Some(next) = &self.next else { return };
            if next.position < fact.position {
                let at = next.position;
                self.next = None;
                found.check(FACTS, false, || format!("{at:?} is no public fact of the ledger"));
                continue;
            }
            if next.position > fact.position {
                let has_begun = self.has_begun;
                return found.check(FACTS, !has_begun, || {
                    format!("{} at {:?} was not published", fact.fact.name(), fact.position)
                });
            }
            let expected = serde_json::to_value(FactBody::of(self.partition, fact));
            let is_same = expected.is_ok_and(|expected| is_image(&next.body, &expected))
                && next.key == fact.event_id.to_string();
            found.check(FACTS, is_same, || {
                format!("{} at {:?} was published in other words", fact.fact.name(), fact.position)
            });
            self.has_begun = true;
            self.next = None;
            return;
        }
    }

    /// What is left follows from nothing.
    pub(crate) fn finish(mut self, found: &mut Findings) -> Result<()> {
        let mut left = usize::from(self.next.is_some());
        while self.read(found).is_some() {
            left += 1;
        }
        found.check(FACTS, left == 0, || {
            format!("{left} public facts of partition {} are none of the ledger", self.partition)
        });
        self.failure.map_or(Ok(()), Err)
    }

    fn read(&mut self, found: &mut Findings) -> Option<PublicFact> {
        loop {
            let record = self.record()?;
            let body: Option<Value> = serde_json::from_slice(&record.value).ok();
            let position = body.as_ref().and_then(|body| position(body, self.partition));
            let (Some(body), Some(position)) = (body, position) else {
                let words = || format!("record {} cannot be read", record.offset);
                found.check(FACTS, false, words);
                continue;
            };
            if let Some(is_same) = self.seen.repeats(position, &record.value) {
                found.check(FACTS, is_same, || format!("{position:?} comes again in other words"));
                continue;
            }
            let key = String::from_utf8_lossy(&record.key).into_owned();
            return Some(PublicFact { position, body, key });
        }
    }

    fn record(&mut self) -> Option<Record> {
        let mut batch = Vec::new();
        while self.batch.is_empty() {
            if self.reader.position() >= self.end || self.failure.is_some() {
                return None;
            }
            match self.reader.poll(BATCH, Duration::from_secs(10), &mut batch) {
                Ok(0) => self.failure = Some(anyhow!("the public facts stopped before their end")),
                Ok(_) => {}
                Err(error) => self.failure = Some(error.into()),
            }
            let end = self.end;
            self.batch.extend(batch.drain(..).filter(|record| record.offset < end));
        }
        self.batch.pop_front()
    }
}

/// Where a public fact says it stands.
fn position(body: &Value, partition: u32) -> Option<FactPosition> {
    let position = body.get("position")?;
    let offset = position.get("offset")?.as_u64()?;
    let index = u16::try_from(position.get("index")?.as_u64()?).ok()?;
    let is_here = position.get("partition")?.as_u64()? == u64::from(partition);
    is_here.then_some(FactPosition { offset, index })
}

/// Whether everything it says is so. An earlier build may have said less.
fn is_image(body: &Value, expected: &Value) -> bool {
    let (Value::Object(body), Value::Object(expected)) = (body, expected) else { return false };
    body.iter().all(|(name, value)| expected.get(name) == Some(value))
        && ALWAYS.iter().all(|name| body.contains_key(*name))
}
