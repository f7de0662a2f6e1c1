//! The engine over the commands again: its facts must be those of the log, byte by byte.

use std::time::Duration;

use anyhow::Result;

use floodgate_log::{Log, Topic};
use floodgate_onsale::wire::{decode_command, encode_fact};
use floodgate_onsale::{Engine, EngineLimits};

use super::ledger::Ledger;
use super::{BATCH, each_record, reader_from_start};

/// Compares up to `facts_end`. What follows from later commands is entered into the books: the
/// commands are durable, so their outcomes are fixed, and were perhaps told, though their facts
/// are still to be published.
pub(super) fn compare(
    log: &dyn Log,
    partition: u32,
    (commands_end, facts_end): (u64, u64),
    ledger: &mut Ledger,
) -> Result<()> {
    let mut published = reader_from_start(log, Topic::Facts, partition)?;
    let mut engine = Engine::new(EngineLimits::default());
    let (mut facts, mut bytes) = (Vec::new(), Vec::new());
    let mut batch = Vec::new();
    let mut next = 0;
    let mut failure = None;
    each_record(log, Topic::Commands, partition, commands_end, |record| {
        let Ok(envelope) = decode_command(&record.value) else { return };
        facts.clear();
        engine.step(record.offset, record.at, &envelope, &mut facts);
        for fact in &facts {
            if published.position() >= facts_end && next >= batch.len() {
                ledger.take_pending(fact);
                continue;
            }
            if next >= batch.len() {
                batch.clear();
                next = 0;
                if let Err(error) = published.poll(BATCH, Duration::from_secs(1), &mut batch) {
                    failure.get_or_insert(error);
                    return;
                }
                // What a running server published since belongs to what is pending here.
                batch.retain(|record: &floodgate_log::Record| record.offset < facts_end);
            }
            bytes.clear();
            encode_fact(fact, &mut bytes);
            let same = batch.get(next).is_some_and(|record| record.value == bytes);
            next += 1;
            ledger.check("replay-byte-equal", same, || {
                format!("the fact at {:?} of partition {partition} differs", fact.source)
            });
        }
    })?;
    let left = facts_end.saturating_sub(published.position()) + (batch.len() - next) as u64;
    ledger.check("replay-byte-equal", left == 0, || {
        format!("{left} facts of partition {partition} follow from no command")
    });
    failure.map_or(Ok(()), |error| Err(error.into()))
}
