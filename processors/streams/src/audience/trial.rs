//! The real path for those who attack it: facts in, what is published out, without a log.

use floodgate_domain::release::CELLS_PER_PERSON_MAX;
use floodgate_domain::{Cohort, FactRecord, Region};

use super::cell::Cell;
use super::table::Tables;

/// The tables of one event, made as they are for its topic.
#[derive(Debug)]
pub struct Trial {
    tables: Tables,
}

/// What is wrong with the noise on purpose, so that an attack has something to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Plant {
    #[default]
    Nothing,
    /// As if a person were in two cells at most.
    HalfNoise,
}

impl Trial {
    /// Cells of these countries alone: those of others would be nothing but noise in every run.
    #[must_use]
    pub fn new(threshold: u64, regions: &[Region], plant: Plant) -> Self {
        let noise_for = match plant {
            Plant::Nothing => CELLS_PER_PERSON_MAX,
            Plant::HalfNoise => CELLS_PER_PERSON_MAX / 2,
        };
        Trial { tables: Tables::to_attack(threshold, regions, noise_for) }
    }

    /// Takes every fact, once and in order. A release says what it publishes of the cells of `whose`;
    /// `None` for a cell that is not.
    pub fn take(&mut self, fact: &FactRecord, whose: Cohort) -> Option<Vec<Option<u64>>> {
        let table = self.tables.take(fact)?;
        let said = |cell: Cell| {
            let found = table.cells.iter().find(|(one, _)| *one == cell);
            found.map(|(_, count)| *count)
        };
        Some(Cell::of(whose).map(said).collect())
    }
}
