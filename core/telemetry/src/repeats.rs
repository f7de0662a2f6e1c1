//! The same complaint again and again says nothing new, and hides what does: in an outage everybody
//! who tries has the same one, every few seconds.

use std::collections::HashMap;
use std::fmt::{Debug, Write};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// The same line is written this often at most.
const SAID_EVERY: Duration = Duration::from_secs(30);
/// Lines that are remembered; more than differ within that time.
const LINES_MAX: usize = 1024;
/// Fields that differ each time although the line is the same.
const VOLATILE: [&str; 2] = ["pause", "ms"];

/// Leaves out warnings and errors that were written a moment ago, and counts them.
#[derive(Debug, Default)]
pub(crate) struct Repeats(Mutex<HashMap<u64, Instant>>);

impl<S: Subscriber> Layer<S> for Repeats {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        // The others say what happened, and each happened.
        if *event.metadata().level() > Level::WARN {
            return true;
        }
        let mut text = Text(String::with_capacity(128));
        event.record(&mut text);
        let mut line = DefaultHasher::new();
        event.metadata().callsite().hash(&mut line);
        text.0.hash(&mut line);
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = is_due(&mut lines, line.finish(), Instant::now());
        if !is_due {
            metrics::counter!("floodgate_log_lines_repeated_total").increment(1);
        }
        is_due
    }
}

/// Whether a line is to be written now.
fn is_due(lines: &mut HashMap<u64, Instant>, line: u64, now: Instant) -> bool {
    let is_recent = |said: &Instant| now.saturating_duration_since(*said) < SAID_EVERY;
    if lines.get(&line).is_some_and(is_recent) {
        return false;
    }
    if lines.len() >= LINES_MAX {
        lines.retain(|_, said| is_recent(said));
    }
    // Where so many differ, what is forgotten is only that it was said.
    if lines.len() < LINES_MAX {
        lines.insert(line, now);
    }
    true
}

/// The fields of a line, one after the other.
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if !VOLATILE.contains(&field.name()) {
            // A text takes whatever is written to it.
            let _ = write!(self.0, "{}={value:?};", field.name());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_written_once_in_a_while_and_another_at_once() {
        let (mut lines, start) = (HashMap::new(), Instant::now());
        assert!(is_due(&mut lines, 1, start));
        assert!(is_due(&mut lines, 2, start), "another line");
        assert!(!is_due(&mut lines, 1, start + SAID_EVERY / 2));
        assert!(is_due(&mut lines, 1, start + SAID_EVERY), "it is still so");
        assert!(!is_due(&mut lines, 1, start + SAID_EVERY * 3 / 2));
    }

    #[test]
    fn what_is_remembered_is_bounded_and_new_lines_are_written() {
        let (mut lines, start) = (HashMap::new(), Instant::now());
        let all = 0..LINES_MAX as u64 + 9;
        assert!(all.clone().all(|line| is_due(&mut lines, line, start)));
        assert_eq!(lines.len(), LINES_MAX);
        let later = start + SAID_EVERY;
        assert!(all.clone().all(|line| is_due(&mut lines, line, later)));
        assert_eq!(lines.len(), LINES_MAX);
    }
}
