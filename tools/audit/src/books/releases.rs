//! Tables of an audience that were released, kept from the facts alone.

use floodgate_domain::{Fact, LogTime};

use super::crowd::Finding;

const BUDGET: &str = "budget-kept";
/// What a year may cost, and how long it is: written here once more, since the rules say so.
const YEARLY_MICROS: u64 = 6_000_000;
const YEAR_MS: u64 = 365 * 24 * 3_600_000;

#[derive(Debug, Default)]
pub(crate) struct ReleaseBook {
    /// When each was, and what it cost: of all time.
    all: Vec<(LogTime, u32)>,
    pub(crate) until: LogTime,
}

impl ReleaseBook {
    pub(crate) fn next_number(&self) -> usize {
        self.all.len() + 1
    }

    /// What 365 days up to now will have cost with one more.
    pub(crate) fn spent_with(&self, epsilon_micros: u32, now: LogTime) -> u64 {
        let recent = self.all.iter().filter(|(at, _)| now.0 < at.0.saturating_add(YEAR_MS));
        let before: u64 = recent.map(|(_, cost)| u64::from(*cost)).sum();
        before + u64::from(epsilon_micros)
    }

    pub(crate) fn is_within_budget(&self, epsilon_micros: u32, now: LogTime) -> bool {
        self.spent_with(epsilon_micros, now) <= YEARLY_MICROS
    }

    /// Enters a fact; `None` for facts about anything else.
    pub(crate) fn enter(&mut self, fact: &Fact, at: LogTime) -> Option<Finding> {
        let Fact::AudienceReleased { number, spent_micros, release } = fact else { return None };
        let spent = self.spent_with(release.epsilon_micros, at);
        let adds_up = spent == u64::from(*spent_micros) && spent <= YEARLY_MICROS;
        let is_next = *number as usize == self.next_number();
        let comes_after = release.from >= self.until && release.until <= at;
        self.all.push((at, release.epsilon_micros));
        self.until = release.until;
        let words = format!("table {number} at {}: a year has cost {spent}", at.0);
        Some((BUDGET, adds_up && is_next && comes_after, words))
    }
}
