//! When somebody may be disturbed: quiet hours by the clock on their wall, and how many messages a
//! week. Pure functions of the moment and the zone.
//!
//! Clocks that are set forward or back make some wall times happen never or twice. What counts is
//! what the wall says at each instant: a message waits until the first instant that is not quiet.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};

/// From when until when nobody is written to; the end is not quiet any more. The same twice is
/// never.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietHours {
    pub from: Time,
    pub until: Time,
}

impl Default for QuietHours {
    /// From ten in the evening until eight in the morning.
    fn default() -> Self {
        QuietHours { from: Time::constant(22, 0, 0, 0), until: Time::constant(8, 0, 0, 0) }
    }
}

impl QuietHours {
    fn is_quiet(self, wall: Time) -> bool {
        if self.from <= self.until {
            (self.from..self.until).contains(&wall)
        } else {
            wall >= self.from || wall < self.until
        }
    }

    /// `None` if a person in that zone may be written to now; otherwise the first instant when they
    /// may.
    #[must_use]
    pub fn held_until(self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let is_quiet = |at: Timestamp| self.is_quiet(zone.to_datetime(at).time());
        if !is_quiet(now) {
            return None;
        }
        // It ends when the wall shows `until`, on one of these days, perhaps twice on one of them;
        // or in the moment when the clock is set, and jumps over `until` or away from it. A zone
        // may leave out a whole day.
        let today = zone.to_datetime(now).date();
        let days = (-1..=3).filter_map(|days| today.checked_add(Span::new().days(days)).ok());
        let by_wall = days.flat_map(|day| {
            let shown = zone.to_ambiguous_timestamp(day.to_datetime(self.until));
            [shown.earlier().ok(), shown.later().ok()].into_iter().flatten()
        });
        let by_change = zone.following(now).take(4).map(|change| change.timestamp());
        by_wall.chain(by_change).filter(|&at| at > now && !is_quiet(at)).min()
    }
}

/// A week by the calendar of a person: ISO 8601, from Monday on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PersonWeek {
    /// The year to which most of its days belong.
    pub year: i16,
    /// 1 to 53.
    pub week: i8,
}

impl PersonWeek {
    /// The week in which an instant lies for somebody in a zone.
    #[must_use]
    pub fn of(at: Timestamp, zone: &TimeZone) -> Self {
        let date = zone.to_datetime(at).date().iso_week_date();
        PersonWeek { year: date.year(), week: date.week() }
    }

    /// When the week that contains `at` began for somebody in a zone: what was sent since then
    /// counts.
    #[must_use]
    pub fn start(at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        monday(at, zone, 0)
    }

    /// When the next one begins.
    #[must_use]
    pub fn end(at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        monday(at, zone, 7)
    }
}

/// The first instant of a Monday, so many days after this week's.
fn monday(at: Timestamp, zone: &TimeZone, days: i64) -> Option<Timestamp> {
    let today = zone.to_datetime(at).date();
    let since = i64::from(today.weekday().to_monday_zero_offset());
    let monday = today.checked_add(Span::new().days(days - since)).ok()?;
    monday
        .to_zoned(zone.clone())
        .and_then(|at| at.start_of_day())
        .ok()
        .map(|at: Zoned| at.timestamp())
}

/// `None` if one more message fits into this week; otherwise the beginning of the next.
#[must_use]
pub fn capped_until(
    sent_this_week: u32,
    per_week: u32,
    now: Timestamp,
    zone: &TimeZone,
) -> Option<Timestamp> {
    if sent_this_week < per_week { None } else { PersonWeek::end(now, zone) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    fn hours(from: &str, until: &str) -> QuietHours {
        QuietHours { from: from.parse().unwrap(), until: until.parse().unwrap() }
    }

    #[test]
    fn messages_wait_for_the_morning_of_the_person() {
        let usual = ("22:00", "08:00");
        for (name, (from, until), now, held) in [
            ("Europe/Berlin", usual, "2026-11-27T20:59:59Z", None),
            ("Europe/Berlin", usual, "2026-11-27T21:00:00Z", Some("2026-11-28T07:00:00Z")),
            ("Europe/Berlin", usual, "2026-11-28T06:59:59Z", Some("2026-11-28T07:00:00Z")),
            ("Europe/Berlin", usual, "2026-11-28T07:00:00Z", None),
            ("Asia/Kolkata", usual, "2026-11-27T21:00:00Z", Some("2026-11-28T02:30:00Z")),
            ("America/New_York", usual, "2026-11-27T21:00:00Z", None),
            // The night in which the clock is set forward is an hour shorter, the other an hour
            // longer.
            ("Europe/Berlin", usual, "2026-03-28T21:00:00Z", Some("2026-03-29T06:00:00Z")),
            ("Europe/Berlin", usual, "2026-10-24T20:00:00Z", Some("2026-10-25T07:00:00Z")),
            // The wall jumps from 02:00 to 03:00: at 03:00 it is not quiet any more.
            (
                "Europe/Berlin",
                ("22:00", "02:30"),
                "2026-03-29T00:30:00Z",
                Some("2026-03-29T01:00:00Z"),
            ),
            // It shows 02:30 twice: it is quiet until the first, and again until the second.
            (
                "Europe/Berlin",
                ("22:00", "02:30"),
                "2026-10-24T23:00:00Z",
                Some("2026-10-25T00:30:00Z"),
            ),
            ("Europe/Berlin", ("22:00", "02:30"), "2026-10-25T00:45:00Z", None),
            (
                "Europe/Berlin",
                ("22:00", "02:30"),
                "2026-10-25T01:10:00Z",
                Some("2026-10-25T01:30:00Z"),
            ),
            // Quiet by day, never, and a day that Samoa left out.
            (
                "Europe/Berlin",
                ("09:00", "17:00"),
                "2026-11-27T10:00:00Z",
                Some("2026-11-27T16:00:00Z"),
            ),
            ("Europe/Berlin", ("08:00", "08:00"), "2026-11-27T02:00:00Z", None),
            ("Pacific/Apia", usual, "2011-12-30T09:00:00Z", Some("2011-12-30T18:00:00Z")),
        ] {
            let held: Option<Timestamp> = held.map(|at| at.parse().unwrap());
            let found = hours(from, until).held_until(now.parse().unwrap(), &zone(name));
            assert_eq!(found, held, "{name} {from}–{until} {now}");
        }
    }

    const ZONES: [&str; 8] = [
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "Africa/Casablanca",
        "Asia/Kathmandu",
        "America/St_Johns",
        "UTC",
    ];

    proptest! {
        /// Step by step through the minutes: none before the answer is free, and the answer is.
        #[test]
        fn the_first_free_minute_is_found(
            zone_index in 0..ZONES.len(),
            minute in 21_000_000_i64..30_000_000,
            near_change in any::<bool>(),
            from in 0_i8..48,
            until in 0_i8..48,
        ) {
            let zone = zone(ZONES[zone_index]);
            let mut now = Timestamp::from_second(minute * 60).unwrap();
            if near_change && let Some(change) = zone.following(now).next() {
                now = change.timestamp() - SignedDuration::from_mins(minute % 1440);
            }
            let time = |half_hours: i8| Time::constant(half_hours / 2, half_hours % 2 * 30, 0, 0);
            let quiet = QuietHours { from: time(from), until: time(until) };
            let is_free = |at: Timestamp| !quiet.is_quiet(zone.to_datetime(at).time());
            let minutes = (0..3 * 1440).map(|step| now + SignedDuration::from_mins(step));
            let expected = minutes.into_iter().find(|&at| is_free(at)).unwrap();
            prop_assert_eq!(quiet.held_until(now, &zone).unwrap_or(now), expected);
        }

        /// A week is between its ends, and ends where the next begins.
        #[test]
        fn weeks_follow_each_other(
            zone_index in 0..ZONES.len(),
            minute in 21_000_000_i64..30_000_000,
        ) {
            let zone = zone(ZONES[zone_index]);
            let now = Timestamp::from_second(minute * 60).unwrap();
            let start = PersonWeek::start(now, &zone).unwrap();
            let end = PersonWeek::end(now, &zone).unwrap();
            prop_assert!(start <= now && now < end);
            prop_assert_eq!(PersonWeek::start(end, &zone), Some(end));
            prop_assert_eq!(PersonWeek::of(start, &zone), PersonWeek::of(now, &zone));
            prop_assert!(PersonWeek::of(end, &zone) > PersonWeek::of(now, &zone));
        }
    }

    #[test]
    fn a_full_week_ends_on_monday_in_the_zone_of_the_person() {
        let now: Timestamp = "2026-01-01T12:00:00Z".parse().unwrap();
        let berlin = zone("Europe/Berlin");
        assert_eq!(PersonWeek::of(now, &berlin), PersonWeek { year: 2026, week: 1 });
        assert_eq!(capped_until(2, 3, now, &berlin), None);
        assert_eq!(capped_until(3, 3, now, &berlin), Some("2026-01-04T23:00:00Z".parse().unwrap()));
        let auckland = zone("Pacific/Auckland");
        assert_eq!(
            capped_until(0, 0, now, &auckland),
            Some("2026-01-04T11:00:00Z".parse().unwrap())
        );
    }
}
