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

/// Reads RFC 3339 in UTC.
pub(crate) fn parse(text: &str) -> Option<LogTime> {
    let at = humantime::parse_rfc3339_weak(text).ok()?;
    let since_epoch = at.duration_since(UNIX_EPOCH).ok()?;
    u64::try_from(since_epoch.as_millis()).ok().map(LogTime)
}
