//! What commands lead to, for whoever has lost a part of the ledger.

use floodgate_domain::wire::decode_command;
use floodgate_domain::{FactPosition, FactRecord};
use floodgate_engine::{Engine, EngineLimits, NewerVersion};
use floodgate_event_log::Record;

/// Folds commands from the first one on.
#[derive(Debug)]
pub struct Derivation {
    engine: Engine,
    facts: Vec<FactRecord>,
}

impl Default for Derivation {
    fn default() -> Self {
        Derivation { engine: Engine::new(EngineLimits::default()), facts: Vec::new() }
    }
}

impl Derivation {
    /// Folds the next command; the facts it led to, in order. What is no command leads to none.
    pub fn take(&mut self, record: &Record) -> Result<&[FactRecord], NewerVersion> {
        self.facts.clear();
        if let Ok(envelope) = decode_command(&record.value) {
            self.engine.step(record.offset, record.at, &envelope, &mut self.facts)?;
        }
        Ok(&self.facts)
    }
}

/// The facts of a gap: those that lie between the facts before and behind it.
#[must_use]
pub fn lies_between(
    position: FactPosition,
    after: Option<FactPosition>,
    before: Option<FactPosition>,
) -> bool {
    after.is_none_or(|after| position > after) && before.is_none_or(|before| position < before)
}
