//! Releases of an audience's table, and what each costs in privacy.
//!
//! The claim is for one device, one event and any 365 days: whatever was published of them, whoever
//! sees all of it can be at most `exp(6)` times as sure that the device was counted as before.

use crate::ids::LogTime;

/// The rules of the engine that know them first.
pub const SINCE_RULES: u32 = 5;
/// What one release of an event's table costs at most, in millionths of ε.
pub const RELEASE_EPSILON_MICROS_MAX: u32 = 1_000_000;
/// And at least: so that no more than sixty of them are within a year, and have to be kept in mind.
pub const RELEASE_EPSILON_MICROS_MIN: u32 = 100_000;
/// What all releases of an event may cost within a year, in millionths of ε.
pub const YEARLY_EPSILON_MICROS_MAX: u32 = 6_000_000;
/// What a live number costs whoever is one in it: noise of the scale 10. It is no release, and not in
/// the ledger; `docs/audience.md` says what it adds up to.
pub const LIVE_EPSILON_MICROS: u32 = 100_000;
/// A year of the ledger: any 365 days, so that no turn of a calendar's year doubles what is spent.
pub const BUDGET_YEAR_MS: u64 = 365 * 24 * 3_600_000;
/// Cells that one person is counted in at most, by one each.
pub const CELLS_PER_PERSON_MAX: u32 = 4;

/// One table that is made from the log as of this command, and never again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AudienceRelease {
    /// The window it is for: its first instant, and the first one after it.
    pub from: LogTime,
    pub until: LogTime,
    pub epsilon_micros: u32,
    /// What all noise of the table is drawn from: random, and in the log, so that it is drawn once.
    pub seed: [u8; 32],
}

impl AudienceRelease {
    /// Whether any event may have it.
    #[must_use]
    pub fn can_be(&self) -> bool {
        let costs = RELEASE_EPSILON_MICROS_MIN..=RELEASE_EPSILON_MICROS_MAX;
        self.from < self.until && costs.contains(&self.epsilon_micros)
    }
}

// Whoever has the seed can take the noise off: it stays out of log lines.
impl std::fmt::Debug for AudienceRelease {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let AudienceRelease { from, until, epsilon_micros, .. } = self;
        write!(f, "AudienceRelease {}..{} at {epsilon_micros}", from.0, until.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_has_a_window_and_a_price() {
        let good = AudienceRelease {
            from: LogTime(5),
            until: LogTime(6),
            epsilon_micros: RELEASE_EPSILON_MICROS_MAX,
            seed: [9; 32],
        };
        assert!(good.can_be());
        for epsilon_micros in [0, RELEASE_EPSILON_MICROS_MIN - 1, RELEASE_EPSILON_MICROS_MAX + 1] {
            assert!(!AudienceRelease { epsilon_micros, ..good }.can_be(), "{epsilon_micros}");
        }
        assert!(!AudienceRelease { until: LogTime(5), ..good }.can_be());
        assert_eq!(format!("{good:?}"), "AudienceRelease 5..6 at 1000000");
    }
}
