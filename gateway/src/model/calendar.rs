//! An event as an entry of a calendar (RFC 5545).

use floodgate_domain::{LogTime, SalePhase};

use crate::views::EventView;

/// A line is at most this long, in bytes, without its end.
const LINE_BYTES_MAX: usize = 75;

/// The entry of an event that says when it starts, as text/calendar. Its number is the revision, so
/// that a calendar that has it takes over what changed.
pub(crate) fn calendar(view: &EventView) -> Option<String> {
    let details = &view.details;
    let starts_at = details.starts_at?;
    let is_cancelled = view.phase == SalePhase::Cancelled;
    let place = [&details.venue_name, &details.venue_address];
    let place: Vec<_> = place.into_iter().filter(|text| !text.is_empty()).cloned().collect();
    let mut entry = Entry(String::with_capacity(512));
    entry.line("BEGIN", "VCALENDAR");
    entry.line("VERSION", "2.0");
    entry.line("PRODID", "-//Floodgate//Floodgate//EN");
    entry.line("METHOD", "PUBLISH");
    entry.line("BEGIN", "VEVENT");
    entry.line("UID", &format!("{}@floodgate", view.id));
    entry.line("SEQUENCE", &(view.details_revision + u32::from(is_cancelled)).to_string());
    entry.line("DTSTAMP", &utc(view.as_of.at));
    entry.line("DTSTART", &utc(starts_at));
    if let Some(ends_at) = details.ends_at {
        entry.line("DTEND", &utc(ends_at));
    }
    entry.text("SUMMARY", &title(&details.name, &details.artist));
    if !place.is_empty() {
        entry.text("LOCATION", &place.join("\n"));
    }
    let doors = details.doors_at.map(|at| format!("Doors: {}", local(at, &details.time_zone)));
    let age = details.age_min.map(|age| format!("From the age of {age}."));
    let about = Some(details.description.clone()).filter(|text| !text.is_empty());
    let phase = |name: &str, at: Option<LogTime>| {
        at.map(|at| format!("{name}: {}", local(at, &details.time_zone)))
    };
    let presale = phase("Presale with a code", details.presale_at);
    let sale = phase("On sale", details.opens_at);
    let words: Vec<_> = [doors, presale, sale, age, about].into_iter().flatten().collect();
    if !words.is_empty() {
        entry.text("DESCRIPTION", &words.join("\n"));
    }
    entry.line("STATUS", if is_cancelled { "CANCELLED" } else { "CONFIRMED" });
    entry.line("END", "VEVENT");
    entry.line("END", "VCALENDAR");
    Some(entry.0)
}

fn title(name: &str, artist: &str) -> String {
    if artist.is_empty() || name.contains(artist) {
        name.to_owned()
    } else {
        format!("{artist}: {name}")
    }
}

/// An instant of a log lies within the range of both.
fn stamp(at: LogTime) -> jiff::Timestamp {
    let ms = i64::try_from(at.0).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(ms).unwrap_or(jiff::Timestamp::MAX)
}

fn utc(at: LogTime) -> String {
    stamp(at).strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// As a clock at the venue shows it, with its zone.
fn local(at: LogTime, time_zone: &str) -> String {
    let zone = jiff::tz::db().get(time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
    stamp(at).to_zoned(zone).strftime("%Y-%m-%d %H:%M %Z").to_string()
}

struct Entry(String);

impl Entry {
    /// A text, with what means something in the form escaped (section 3.3.11).
    fn text(&mut self, name: &str, text: &str) {
        let mut escaped = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '\\' | ';' | ',' => escaped.extend(['\\', c]),
                '\n' => escaped.push_str("\\n"),
                c if c.is_control() => {}
                c => escaped.push(c),
            }
        }
        self.line(name, &escaped);
    }

    /// A line, folded where it is too long (section 3.1), never within a character.
    fn line(&mut self, name: &str, value: &str) {
        let mut bytes = 0;
        for c in name.chars().chain([':']).chain(value.chars()) {
            if bytes + c.len_utf8() > LINE_BYTES_MAX {
                self.0.push_str("\r\n ");
                bytes = 1;
            }
            self.0.push(c);
            bytes += c.len_utf8();
        }
        self.0.push_str("\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped_and_long_lines_folded_between_characters() {
        let mut entry = Entry(String::new());
        entry.text("SUMMARY", "a; b, c\\ d\r\ne");
        assert_eq!(entry.0, "SUMMARY:a\\; b\\, c\\\\ d\\ne\r\n");
        let mut entry = Entry(String::new());
        entry.text("DESCRIPTION", &"ü".repeat(100));
        assert!(entry.0.lines().all(|line| line.len() <= LINE_BYTES_MAX), "{}", entry.0);
        let unfolded = entry.0.replace("\r\n ", "");
        assert_eq!(unfolded, format!("DESCRIPTION:{}\r\n", "ü".repeat(100)));
    }

    #[test]
    fn doors_are_said_as_the_venue_s_clock_shows_them() {
        let at = LogTime(1_811_952_000_000);
        assert_eq!(local(at, "Europe/Berlin"), "2027-06-02 18:00 CEST");
        assert_eq!(local(at, "America/Sao_Paulo"), "2027-06-02 13:00 -03");
        assert_eq!(local(at, ""), "2027-06-02 16:00 UTC");
        assert_eq!(utc(at), "20270602T160000Z");
    }
}
