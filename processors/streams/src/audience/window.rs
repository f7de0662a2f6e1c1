//! Fixed windows of log time: ISO weeks, or whatever else the settings say.

use std::time::UNIX_EPOCH;

use floodgate_domain::LogTime;

use crate::public::time_text;

const DAY_MS: u64 = 24 * 3_600_000;
const WEEK_MS: u64 = 7 * DAY_MS;
/// Windows count from a Monday: 29 December 1969, three days before the clock begins.
const FIRST_MONDAY_MS: u64 = 3 * DAY_MS;

/// Windows of one length, next to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Windows {
    length_ms: u64,
}

impl Windows {
    pub(crate) fn new(length_ms: u64) -> Self {
        Windows { length_ms: length_ms.max(1) }
    }

    /// The window an instant is in.
    pub(crate) fn of(self, at: LogTime) -> u64 {
        at.0.saturating_add(FIRST_MONDAY_MS) / self.length_ms
    }

    pub(crate) fn start(self, window: u64) -> LogTime {
        let since_monday = window.saturating_mul(self.length_ms);
        LogTime(since_monday.saturating_sub(FIRST_MONDAY_MS))
    }

    /// The first instant after it.
    pub(crate) fn end(self, window: u64) -> LogTime {
        self.start(window.saturating_add(1))
    }

    /// `2026-W48` for weeks, else its first instant.
    pub(crate) fn name(self, window: u64) -> String {
        let start = self.start(window);
        if self.length_ms == WEEK_MS { iso_week(start) } else { time_text(start) }
    }
}

/// The week of a Monday, by ISO 8601: it belongs to the year its Thursday is in.
fn iso_week(monday: LogTime) -> String {
    let thursday = monday.plus(FIRST_MONDAY_MS);
    let text = time_text(thursday);
    let year = text.get(..4).unwrap_or("1970");
    let first = humantime::parse_rfc3339(&format!("{year}-01-01T00:00:00Z")).ok();
    let first = first.and_then(|first| first.duration_since(UNIX_EPOCH).ok());
    let into_year = u128::from(thursday.0) - first.map_or(0, |first| first.as_millis());
    format!("{year}-W{:02}", into_year / u128::from(WEEK_MS) + 1)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::SystemTime;

    use super::*;

    fn at(text: &str) -> LogTime {
        let instant: SystemTime = humantime::parse_rfc3339(text).unwrap();
        LogTime(instant.duration_since(UNIX_EPOCH).unwrap().as_millis() as u64)
    }

    #[test]
    fn weeks_are_those_of_the_calendar() {
        let weeks = Windows::new(WEEK_MS);
        for (day, week) in [
            ("1970-01-01", "1970-W01"),
            ("1970-01-05", "1970-W02"),
            ("2020-12-31", "2020-W53"),
            ("2021-01-03", "2020-W53"),
            ("2021-01-04", "2021-W01"),
            ("2024-12-29", "2024-W52"),
            ("2024-12-30", "2025-W01"),
            ("2026-11-23", "2026-W48"),
            ("2026-11-29", "2026-W48"),
            ("2026-12-31", "2026-W53"),
            ("2027-01-03", "2026-W53"),
            ("2027-01-04", "2027-W01"),
        ] {
            let noon = at(&format!("{day}T12:00:00Z"));
            assert_eq!(weeks.name(weeks.of(noon)), week, "{day}");
        }
        let window = weeks.of(at("2026-11-24T12:00:00Z"));
        assert_eq!(weeks.start(window), at("2026-11-23T00:00:00Z"));
        assert_eq!(weeks.end(window), at("2026-11-30T00:00:00Z"));
        assert_eq!(weeks.of(LogTime(weeks.end(window).0 - 1)), window);
        assert_eq!(weeks.of(weeks.end(window)), window + 1);
    }

    #[test]
    fn other_windows_are_named_by_their_start() {
        let minutes = Windows::new(60_000);
        let window = minutes.of(at("2026-11-24T12:34:56.789Z"));
        assert_eq!(minutes.name(window), "2026-11-24T12:34:00.000Z");
        let days = Windows::new(DAY_MS);
        assert_eq!(days.name(days.of(at("2026-11-24T23:59:59Z"))), "2026-11-24T00:00:00.000Z");
    }
}
