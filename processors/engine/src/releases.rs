//! The ledger of privacy: which tables of an event's audience were released, and what they cost.

use std::collections::VecDeque;

use floodgate_domain::ids::LogTime;
use floodgate_domain::release::{
    AudienceRelease, BUDGET_YEAR_MS, RELEASE_EPSILON_MICROS_MIN, YEARLY_EPSILON_MICROS_MAX,
};
use floodgate_domain::wire::{Cursor, WireError, WireWriter};

/// As many as fit into a year's budget at the least they cost.
const KEPT_MAX: usize = (YEARLY_EPSILON_MICROS_MAX / RELEASE_EPSILON_MICROS_MIN) as usize;

/// When a table was released, and what it cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Spent {
    at: LogTime,
    epsilon_micros: u32,
}

/// What one event has released.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Releases {
    /// Those of all time.
    count: u32,
    /// The end of the last window that has its table.
    until: LogTime,
    /// Those of the last 365 days, as of the last one; oldest first.
    of_year: VecDeque<Spent>,
}

impl Releases {
    pub(super) fn next_number(&self) -> u32 {
        self.count.saturating_add(1)
    }

    /// Whether a window comes after all that have a table.
    pub(super) fn follows(&self, release: &AudienceRelease) -> bool {
        release.from >= self.until
    }

    /// What the last 365 days will have cost with this one; `None` where that is too much.
    pub(super) fn spent_with(&self, release: &AudienceRelease, now: LogTime) -> Option<u32> {
        let recent = self.of_year.iter().filter(|spent| is_of_year(spent.at, now));
        let spent: u32 = recent.map(|spent| spent.epsilon_micros).sum();
        let spent = spent.saturating_add(release.epsilon_micros);
        (spent <= YEARLY_EPSILON_MICROS_MAX).then_some(spent)
    }

    pub(super) fn enter(&mut self, release: &AudienceRelease, at: LogTime) {
        self.count = self.next_number();
        self.until = release.until;
        self.of_year.retain(|spent| is_of_year(spent.at, at));
        self.of_year.push_back(Spent { at, epsilon_micros: release.epsilon_micros });
    }

    /// Whether what is kept fits into the budget of any 365 days.
    pub(super) fn are_within_budget(&self) -> bool {
        let kept = &self.of_year;
        kept.iter().all(|end| {
            let within = kept.iter().filter(|one| one.at <= end.at && is_of_year(one.at, end.at));
            let spent: u64 = within.map(|one| u64::from(one.epsilon_micros)).sum();
            spent <= u64::from(YEARLY_EPSILON_MICROS_MAX)
        })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.put_varint(u64::from(self.count));
        out.put_varint(self.until.0);
        out.put_count(self.of_year.len());
        for Spent { at, epsilon_micros } in &self.of_year {
            out.put_varint(at.0);
            out.put_varint(u64::from(*epsilon_micros));
        }
    }

    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Self, WireError> {
        let (count, until) = (cursor.u32()?, cursor.time()?);
        let kept = cursor.usize(KEPT_MAX, "a count of releases")?;
        let one = |_| Ok(Spent { at: cursor.time()?, epsilon_micros: cursor.u32()? });
        let of_year: Result<_, WireError> = (0..kept).map(one).collect();
        Ok(Releases { count, until, of_year: of_year? })
    }
}

fn is_of_year(at: LogTime, now: LogTime) -> bool {
    now < at.plus(BUDGET_YEAR_MS)
}
