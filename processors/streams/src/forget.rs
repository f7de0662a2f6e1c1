//! Which events are over for good, and when their counts may be forgotten.
//!
//! Everything here follows from the facts and their times, so a restart finds the same events at
//! the same position; nothing waits for a clock.

use std::collections::BTreeMap;

use floodgate_domain::{EventId, FactRecord, LogTime, SalePhase, SeatState};

/// Where an event stands.
#[derive(Debug)]
struct Standing {
    phase: SalePhase,
    held: i64,
    /// When something last happened to it.
    last_at: LogTime,
    is_forgotten: bool,
    /// Whether that has been published.
    is_announced: bool,
}

impl Standing {
    /// Nothing more can happen to it by itself. Nobody holds anything of a closed sale any more, and
    /// a cancelled one lets go of everything.
    fn is_over(&self) -> bool {
        match self.phase {
            SalePhase::Cancelled => true,
            SalePhase::Closed => self.held == 0,
            SalePhase::Announced | SalePhase::Presale | SalePhase::Open | SalePhase::Paused => {
                false
            }
        }
    }
}

/// The events of a partition, each with a few words; as many as the engine has.
#[derive(Debug)]
pub(crate) struct Forgetting {
    /// How long after its last fact an event that is over is forgotten.
    after_ms: u64,
    events: BTreeMap<EventId, Standing>,
}

impl Forgetting {
    pub(crate) fn new(after_ms: u64) -> Self {
        Forgetting { after_ms, events: BTreeMap::new() }
    }

    pub(crate) fn set_after(&mut self, after_ms: u64) {
        self.after_ms = after_ms;
    }

    pub(crate) fn after_ms(&self) -> u64 {
        self.after_ms
    }

    /// Follows a fact. `false` when its event is forgotten: nothing is said of it any more, whatever
    /// still happens to it.
    pub(crate) fn fold(&mut self, record: &FactRecord) -> bool {
        let after_ms = self.after_ms;
        let standing = self.events.entry(record.event_id).or_insert(Standing {
            phase: SalePhase::Announced,
            held: 0,
            last_at: record.at,
            is_forgotten: false,
            is_announced: false,
        });
        // By its own time, and not by when somebody looked: so a restart agrees.
        standing.is_forgotten |= is_due(standing, after_ms, record.at);
        if standing.is_forgotten {
            return false;
        }
        standing.last_at = record.at;
        let effects = record.fact.effects();
        standing.phase = effects.phase.unwrap_or(standing.phase);
        if let Some(change) = effects.seats {
            standing.held += change.change_of(SeatState::Held) * change.seats.len() as i64;
        }
        true
    }

    /// Events to be forgotten as of `now` whose readers have not been notified.
    pub(crate) fn due(&self, now: LogTime) -> Vec<EventId> {
        let due = |(_, standing): &(&EventId, &Standing)| {
            let is_forgotten = standing.is_forgotten || is_due(standing, self.after_ms, now);
            is_forgotten && !standing.is_announced
        };
        self.events.iter().filter(due).map(|(event_id, _)| *event_id).collect()
    }

    /// Readers know that these are forgotten.
    pub(crate) fn announced(&mut self, events: &[EventId]) {
        for event_id in events {
            if let Some(standing) = self.events.get_mut(event_id) {
                (standing.is_forgotten, standing.is_announced) = (true, true);
            }
        }
    }
}

fn is_due(standing: &Standing, after_ms: u64, now: LogTime) -> bool {
    standing.is_over() && standing.last_at.0.saturating_add(after_ms) <= now.0
}
