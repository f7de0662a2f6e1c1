//! Instants as people and machines write them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use floodgate_domain::LogTime;

/// The wall clock, in the log's unit.
pub(crate) fn now() -> LogTime {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    LogTime(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}

/// RFC 3339 in UTC with milliseconds.
pub(crate) fn text(at: LogTime) -> String {
    // Year 9999 is where the form ends.
    let at = UNIX_EPOCH + Duration::from_millis(at.0.min(253_402_300_799_999));
    humantime::format_rfc3339_millis(at).to_string()
}

/// The same, but nothing for the instant that stands for never.
pub(crate) fn text_if_set(at: LogTime) -> Option<String> {
    (at.0 != 0).then(|| text(at))
}

/// Why a text is no instant, and what would be.
const NO_ZONE: &str =
    "no zone: end it with Z for UTC or with the offset, such as 2027-06-01T20:00:00+02:00";
const NO_INSTANT: &str = "not RFC 3339: such as 2027-06-01T18:00:00Z or 2027-06-01T20:00:00+02:00";
const TOO_EARLY: &str = "before 1970, when the log's time begins";

/// Reads RFC 3339 with any offset. Never guesses a zone: an hour more or less is another evening.
pub(crate) fn parse(text: &str) -> Result<LogTime, &'static str> {
    let has_time = text.contains(['T', 't', ' ', ':']);
    let Ok(at) = text.parse::<jiff::Timestamp>() else {
        let is_local = has_time && text.parse::<jiff::civil::DateTime>().is_ok();
        return Err(if is_local { NO_ZONE } else { NO_INSTANT });
    };
    u64::try_from(at.as_millisecond()).map(LogTime).map_err(|_| TOO_EARLY)
}

/// Whether a text names a time zone of the IANA database.
pub(crate) fn is_zone(name: &str) -> bool {
    !name.is_empty() && name.len() <= 64 && jiff::tz::db().get(name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_offset_is_taken_and_brought_to_utc() {
        for (written, utc) in [
            ("2027-06-01T18:00:00Z", "2027-06-01T18:00:00.000Z"),
            ("2027-06-01T19:00:00+01:00", "2027-06-01T18:00:00.000Z"),
            ("2027-06-01t23:30:00.25+05:30", "2027-06-01T18:00:00.250Z"),
            ("2027-01-01T00:30:00+14:00", "2026-12-31T10:30:00.000Z"),
            ("2026-12-31T20:00:00-09:30", "2027-01-01T05:30:00.000Z"),
            ("2027-06-01T18:00:00-00:00", "2027-06-01T18:00:00.000Z"),
            ("2027-06-01 18:00:00z", "2027-06-01T18:00:00.000Z"),
        ] {
            assert_eq!(parse(written).map(text).as_deref(), Ok(utc), "{written}");
        }
    }

    #[test]
    fn without_a_zone_it_is_refused_with_the_fix() {
        for written in ["2027-06-01T18:00:00", "2027-06-01 18:00", "2027-06-01T18:00:00.5"] {
            assert_eq!(parse(written), Err(NO_ZONE), "{written}");
        }
        for written in ["", "2027-06-01", "tomorrow", "2027-13-01T18:00:00Z", "1700000000"] {
            assert_eq!(parse(written), Err(NO_INSTANT), "{written}");
        }
        assert_eq!(parse("1969-12-31T23:59:59Z"), Err(TOO_EARLY));
    }
}
