//! The engine over the commands again: its facts must be those of the log, byte by byte.

use std::time::Duration;

use anyhow::{Context, Result, anyhow};

use floodgate_domain::FactPosition;
use floodgate_domain::wire::{decode_command, decode_fact, encode_fact};
use floodgate_engine::{Engine, EngineLimits};
use floodgate_event_log::{Log, LogReader, Record, Topic};

use crate::ledger::Ledger;
use crate::{BATCH, each_record, reader_from_start};

/// Compares up to `facts_end`. What follows from later commands is entered into the books: the
/// commands are durable, so their outcomes are fixed, and were perhaps answered, though their facts
/// are still to be published.
pub(super) fn compare(
    log: &dyn Log,
    partition: u32,
    (commands_end, facts_end): (u64, u64),
    ledger: &mut Ledger,
) -> Result<()> {
    let mut published = Published {
        reader: reader_from_start(log, Topic::Ledger, partition)?,
        end: facts_end,
        batch: Vec::new(),
        next: 0,
        last: None,
        failure: None,
    };
    let mut engine = Engine::new(EngineLimits::default());
    let (mut facts, mut bytes) = (Vec::new(), Vec::new());
    let mut beyond = None;
    each_record(log, Topic::Commands, partition, commands_end, |record| {
        let Ok(envelope) = decode_command(&record.value) else { return };
        if beyond.is_some() {
            return;
        }
        facts.clear();
        if let Err(newer) = engine.step(record.offset, record.at, &envelope, &mut facts) {
            beyond = Some(newer);
            return;
        }
        for fact in &facts {
            let Some(known) = published.next() else {
                ledger.take_pending(fact);
                continue;
            };
            bytes.clear();
            encode_fact(fact, &mut bytes);
            let same = known.value[..] == bytes[..];
            ledger.check("replay-byte-equal", same, || {
                format!("the fact at {:?} of partition {partition} differs", fact.position)
            });
        }
    })?;
    if let Some(newer) = beyond {
        return Err(newer).with_context(|| format!("partition {partition} cannot be audited"));
    }
    let mut left = 0;
    while published.next().is_some() {
        left += 1;
    }
    ledger.check("replay-byte-equal", left == 0, || {
        format!("{left} facts of partition {partition} follow from no command")
    });
    published.failure.map_or(Ok(()), Err)
}

/// The published facts before an end, each once.
struct Published {
    reader: Box<dyn LogReader>,
    end: u64,
    batch: Vec<Record>,
    next: usize,
    last: Option<FactPosition>,
    failure: Option<anyhow::Error>,
}

impl Published {
    fn next(&mut self) -> Option<&Record> {
        while self.next >= self.batch.len() {
            if self.reader.position() >= self.end || self.failure.is_some() {
                return None;
            }
            self.batch.clear();
            self.next = 0;
            match self.reader.poll(BATCH, Duration::from_secs(10), &mut self.batch) {
                Ok(0) => self.failure = Some(anyhow!("the facts stopped before their end")),
                Ok(_) => {}
                Err(error) => self.failure = Some(error.into()),
            }
            // What a running server published since belongs to what is pending, and what a
            // ghost repeated was seen before.
            let (end, last) = (self.end, &mut self.last);
            self.batch.retain(|record| record.offset < end && is_new(last, record));
        }
        self.next += 1;
        self.batch.get(self.next - 1)
    }
}

/// Whether a published fact is later than every one before it; `last` follows.
fn is_new(last: &mut Option<FactPosition>, record: &Record) -> bool {
    // What cannot be read is kept, and will differ.
    let Ok(fact) = decode_fact(&record.value) else { return true };
    let is_new = last.is_none_or(|last| last < fact.position);
    if is_new {
        *last = Some(fact.position);
    }
    is_new
}
