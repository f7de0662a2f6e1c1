//! What the engine's ledger of privacy allows in a year: asked for every week, until it says no.

use anyhow::{bail, ensure};
use floodgate_domain::plan::{Category, Labels, Row, Run, Section, SectionKind, Shape};
use floodgate_domain::release::{BUDGET_YEAR_MS, RELEASE_EPSILON_MICROS_MAX, SINCE_RULES};
use floodgate_domain::{
    Answer, AudienceRelease, Command, CommandId, Currency, Envelope, EventDetails, EventId, Fact,
    FactRecord, LogTime, NewEvent, PhaseDial, Plan, PriceTable, Refusal,
};
use floodgate_engine::{Engine, EngineLimits};

const WEEK_MS: u64 = 7 * 24 * 3_600_000;
const EVENT: EventId = EventId(1);

/// A table that was allowed, and what the year has cost with it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) release: AudienceRelease,
    pub(super) spent_micros: u32,
}

/// All tables of a year.
pub(super) fn entries() -> anyhow::Result<Vec<Entry>> {
    let mut engine = Engine::new(EngineLimits::default());
    let mut facts: Vec<FactRecord> = Vec::new();
    let mut offset = 0;
    let mut ask = |at: u64, command: Command| -> anyhow::Result<Answer> {
        let envelope = Envelope::system(CommandId::NONE, EVENT, command);
        let reply = engine.step(offset, LogTime(at), &envelope, &mut facts)?;
        offset += 1;
        Ok(reply.answer)
    };
    let start = 10 * BUDGET_YEAR_MS;
    ask(start, Command::EngineVersion { version: SINCE_RULES })?;
    let made = ask(start, Command::CreateEvent(Box::new(event())))?;
    ensure!(!matches!(made, Answer::Refused(_)), "the event: {made:?}");
    ask(start, Command::turn_phase(PhaseDial::Open, ""))?;
    for week in 1..=BUDGET_YEAR_MS / WEEK_MS {
        let until = LogTime(start + week * WEEK_MS);
        let from = LogTime(until.0 - WEEK_MS);
        let epsilon_micros = RELEASE_EPSILON_MICROS_MAX;
        let release = AudienceRelease { from, until, epsilon_micros, seed: [0; 32] };
        match ask(until.0, Command::ReleaseAudience(Box::new(release)))? {
            Answer::Refused(Refusal::PrivacyBudgetSpent) => break,
            Answer::Refused(refusal) => bail!("the ledger: {}", refusal.code()),
            _ => {}
        }
    }
    let entry = |record: &FactRecord| match &record.fact {
        Fact::AudienceReleased { spent_micros, release, .. } => {
            Some(Entry { release: **release, spent_micros: *spent_micros })
        }
        _ => None,
    };
    let entries: Vec<Entry> = facts.iter().filter_map(entry).collect();
    ensure!(!entries.is_empty(), "the ledger allowed nothing");
    Ok(entries)
}

/// The smallest there is: one seat.
fn event() -> NewEvent {
    let labels = Labels::Numbers { first: 1, step: 1, count: 1 };
    let run = Run { category: 0, labels, shape: Shape::default(), flags: Vec::new() };
    let row = Row { label: "A".into(), rank: 0, runs: vec![run] };
    let kind = SectionKind::Seated;
    let section = Section { name: "Hall".into(), kind, rows: vec![row] };
    let plan = Plan {
        name: "Hall".into(),
        categories: vec![Category { name: "Seat".into(), color: [0; 3] }],
        sections: vec![section],
        size: (10, 10),
        focus: None,
    };
    let prices = PriceTable::flat(Currency(*b"EUR"), &[100]);
    NewEvent { details: EventDetails::named("Trial"), plan, prices, ..NewEvent::default() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_ledger_allows_six_tables() {
        let spent: Vec<u32> = entries().unwrap().iter().map(|entry| entry.spent_micros).collect();
        assert_eq!(spent, [1, 2, 3, 4, 5, 6].map(|tables| tables * 1_000_000));
    }
}
