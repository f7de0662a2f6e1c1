//! The table of an event as of a release: cohorts in, counts with their noise out.
//!
//! A fold over facts and nothing else, so that what is published is one function of the ledger;
//! what the attack on it attacks is this.

use std::collections::HashMap;

use floodgate_domain::effects::{CohortMove, ReleaseMove};
use floodgate_domain::release::CELLS_PER_PERSON_MAX;
use floodgate_domain::{AudienceRelease, EventId, FactRecord, LogTime, Region};
use floodgate_privacy::Scale;

use super::cell::Cell;
use super::dataflow::{CellKey, CellsDataflow};
use super::publication_rule::PublicationRule;

/// What a release publishes of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) event_id: EventId,
    pub(super) number: u32,
    pub(super) spent_micros: u32,
    pub(super) release: AudienceRelease,
    pub(super) at: LogTime,
    /// How far 95 of 100 noises are from zero at most.
    pub(super) margin: u64,
    pub(super) cells: Vec<(Cell, u64)>,
}

/// Cohorts of one partition, and the tables that are made of them.
#[derive(Debug)]
pub(super) struct Tables {
    threshold: u64,
    /// Every cell that can be: a list that depends on nobody.
    cells: Vec<Cell>,
    /// How many cells the noise is made for. Four, except where an attack has to find that it is not.
    noise_for: u32,
    dataflow: CellsDataflow,
    /// Counts as of the last release of any event; as many as cells that somebody was ever in.
    counts: HashMap<CellKey, i64>,
    epoch: u64,
}

impl Tables {
    pub(super) fn new(threshold: u64) -> Self {
        Tables {
            threshold: threshold.max(1),
            cells: Cell::all(),
            noise_for: CELLS_PER_PERSON_MAX,
            dataflow: CellsDataflow::new(),
            counts: HashMap::new(),
            epoch: 0,
        }
    }

    /// With fewer countries, for runs by the thousand, and noise for another number of cells.
    pub(super) fn to_attack(threshold: u64, regions: &[Region], noise_for: u32) -> Self {
        Tables { cells: Cell::all_of(regions), noise_for, ..Tables::new(threshold) }
    }

    /// Takes every fact, once and in order; a release leads to its table.
    pub(super) fn take(&mut self, fact: &FactRecord) -> Option<Table> {
        let effects = fact.fact.effects();
        if let Some(CohortMove { cohort, change }) = effects.cohort {
            for cell in Cell::of(cohort) {
                self.dataflow.add((fact.event_id, cell), i64::from(change));
            }
        }
        effects.release.map(|release| self.table(fact, release))
    }

    fn table(&mut self, fact: &FactRecord, of: ReleaseMove<'_>) -> Table {
        self.epoch += 1;
        for total in self.dataflow.open(self.epoch) {
            self.counts.insert(total.key, total.count);
        }
        let ReleaseMove { number, spent_micros, release } = of;
        // Without a scale there is no noise, and without noise nothing is published.
        let scale = Scale::of(self.noise_for, release.epsilon_micros);
        let rule = scale.map(|scale| PublicationRule { threshold: self.threshold, scale });
        let said = |cell: &Cell| {
            let count = self.counts.get(&(fact.event_id, *cell)).copied().unwrap_or(0);
            Some((*cell, rule?.publishes(count, *cell, &release.seed)?))
        };
        Table {
            event_id: fact.event_id,
            number,
            spent_micros,
            release: *release,
            at: fact.at,
            margin: scale.map_or(0, Scale::margin_95),
            cells: self.cells.iter().filter_map(said).collect(),
        }
    }
}
