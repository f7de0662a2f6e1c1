//! The engine over the commands again: its facts must be those of the log, byte by byte.

use floodgate_domain::wire::encode_fact;
use floodgate_domain::{Envelope, FactRecord, LogTime};
use floodgate_engine::{Engine, EngineLimits, NewerVersion};

use crate::findings::Findings;
use crate::published::PublishedFact;

/// The engine, and what it decided last.
pub(super) struct Replay {
    engine: Engine,
    facts: Vec<FactRecord>,
    bytes: Vec<u8>,
}

impl Replay {
    pub(super) fn new() -> Self {
        let engine = Engine::new(EngineLimits::default());
        Replay { engine, facts: Vec::new(), bytes: Vec::new() }
    }

    /// Decides one command again and compares; returns what it led to that is not published.
    pub(super) fn step(
        &mut self,
        (offset, at, envelope): (u64, LogTime, &Envelope),
        published: &[PublishedFact],
        is_whole: bool,
        found: &mut Findings,
    ) -> Result<&[FactRecord], NewerVersion> {
        self.facts.clear();
        self.engine.step(offset, at, envelope, &mut self.facts)?;
        for (at, fact) in self.facts.iter().enumerate() {
            let known = published.get(at);
            if known.is_none() && !is_whole {
                continue;
            }
            self.bytes.clear();
            encode_fact(fact, &mut self.bytes);
            let is_same = known.is_some_and(|known| known.bytes == self.bytes);
            found.check("replay-byte-equal", is_same, || {
                format!("the fact at {:?} differs or is missing", fact.position)
            });
        }
        let left = published.len().saturating_sub(self.facts.len());
        for _ in 0..left {
            found.check("replay-byte-equal", false, || {
                format!("a fact at offset {offset} follows from no command")
            });
        }
        let pending = if is_whole { self.facts.len() } else { published.len() };
        Ok(self.facts.get(pending..).unwrap_or_default())
    }
}
