//! Moments in words: by the clock of the venue, and by that of the reader where it shows another
//! time. Each with the name of its zone, since one that is left out is taken for the reader's own.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::civil::{DateTime, Weekday};
use jiff::tz::TimeZone;

use floodgate_domain::LogTime;

use crate::courier::Language;

const ENGLISH_MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const GERMAN_MONTHS: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];

/// The wall clock, in the log's unit.
pub(crate) fn wall_clock() -> LogTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    LogTime(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// `Saturday 28 November 2026, 20:00 (Europe/Berlin, CET)`, and for somebody elsewhere
/// `; where you are: …`.
#[must_use]
pub fn moment(at: Timestamp, venue: &TimeZone, reader: &TimeZone, language: Language) -> String {
    let there = at_place(at, venue, language);
    if venue.to_datetime(at) == reader.to_datetime(at) {
        return there;
    }
    let here = at_place(at, reader, language);
    match language {
        Language::English => format!("{there}; where you are: {here}"),
        Language::German => format!("{there}; bei Ihnen: {here}"),
    }
}

/// What is near is said by the clock of the reader alone: `14:05 (Europe/Berlin, CET)`.
#[must_use]
pub fn clock(at: Timestamp, reader: &TimeZone) -> String {
    let wall = reader.to_datetime(at);
    format!("{} {}", hours(wall), zone_name(at, reader))
}

fn at_place(at: Timestamp, zone: &TimeZone, language: Language) -> String {
    let wall = zone.to_datetime(at);
    let month = usize::try_from(wall.month() - 1).unwrap_or_default();
    let (day, year) = (wall.day(), wall.year());
    let weekday = weekday(wall.weekday(), language);
    let date = match language {
        Language::English => format!("{weekday} {day} {} {year}", ENGLISH_MONTHS[month]),
        Language::German => format!("{weekday}, {day}. {} {year}", GERMAN_MONTHS[month]),
    };
    format!("{date}, {} {}", hours(wall), zone_name(at, zone))
}

fn hours(wall: DateTime) -> String {
    format!("{:02}:{:02}", wall.hour(), wall.minute())
}

/// The name, and what the clock is called there now: twice a year two instants show the same hour.
fn zone_name(at: Timestamp, zone: &TimeZone) -> String {
    let info = zone.to_offset_info(at);
    let abbreviation = info.abbreviation();
    match zone.iana_name() {
        Some(name) if name != abbreviation => format!("({name}, {abbreviation})"),
        _ => format!("({abbreviation})"),
    }
}

fn weekday(day: Weekday, language: Language) -> &'static str {
    let names = match language {
        Language::English => {
            ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
        }
        Language::German => {
            ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"]
        }
    };
    names[usize::try_from(day.to_monday_zero_offset()).unwrap_or_default()]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    #[test]
    fn moments_are_said_by_the_clock_of_the_venue_and_of_the_reader() {
        let at: Timestamp = "2026-11-28T19:00:00Z".parse().unwrap();
        let berlin = zone("Europe/Berlin");
        for (reader, language, words) in [
            (
                "Europe/Berlin",
                Language::English,
                "Saturday 28 November 2026, 20:00 (Europe/Berlin, CET)",
            ),
            // The same clock under another name.
            (
                "Europe/Paris",
                Language::German,
                "Samstag, 28. November 2026, 20:00 (Europe/Berlin, CET)",
            ),
            (
                "America/New_York",
                Language::English,
                "Saturday 28 November 2026, 20:00 (Europe/Berlin, CET); where you are: \
                 Saturday 28 November 2026, 14:00 (America/New_York, EST)",
            ),
            (
                "Asia/Tokyo",
                Language::German,
                "Samstag, 28. November 2026, 20:00 (Europe/Berlin, CET); bei Ihnen: \
                 Sonntag, 29. November 2026, 04:00 (Asia/Tokyo, JST)",
            ),
        ] {
            assert_eq!(moment(at, &berlin, &zone(reader), language), words);
        }
        assert_eq!(clock(at, &TimeZone::UTC), "19:00 (UTC)");
    }

    #[test]
    fn an_hour_that_comes_twice_has_two_names() {
        let berlin = zone("Europe/Berlin");
        let at = |text: &str| clock(text.parse().unwrap(), &berlin);
        assert_eq!(at("2026-10-25T00:30:00Z"), "02:30 (Europe/Berlin, CEST)");
        assert_eq!(at("2026-10-25T01:30:00Z"), "02:30 (Europe/Berlin, CET)");
    }
}
