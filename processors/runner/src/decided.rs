//! Counters of what was decided, by command and outcome.

use std::collections::HashMap;

use metrics::Counter;

use floodgate_domain::{Answer, Envelope, Reply};

/// Handles found once: looking one up by its labels costs as much as a decision. As many as there
/// are commands and refusal codes.
#[derive(Default)]
pub(crate) struct Decided {
    counters: HashMap<(&'static str, &'static str), Counter>,
}

impl std::fmt::Debug for Decided {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Decided")
    }
}

impl Decided {
    /// One more decision.
    pub(crate) fn note(&mut self, envelope: &Envelope, reply: &Reply) {
        let outcome = match &reply.answer {
            Answer::Refused(refusal) => refusal.code(),
            _ => "done",
        };
        let command = envelope.command.name();
        let counter = self.counters.entry((command, outcome)).or_insert_with(|| {
            metrics::counter!("floodgate_commands_decided_total", "command" => command, "outcome" => outcome)
        });
        counter.increment(1);
    }
}
