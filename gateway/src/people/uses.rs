//! When something was last used, to the hour: noted in memory, and written once an hour at most.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use floodgate_domain::LogTime;

const HOUR_MS: u64 = 3_600_000;
/// Noted in one hour; what comes after is written with its next use.
const NOTED_MAX: usize = 200_000;
/// Written at once: a transaction of some milliseconds.
const WRITTEN_MAX: usize = 500;

/// What was used in this hour.
#[derive(Debug, Default)]
pub(crate) struct Uses(Mutex<Hour>);

#[derive(Debug, Default)]
struct Hour {
    number: u64,
    /// By number, whether it has been written.
    seen: HashMap<u64, bool>,
}

impl Uses {
    /// The beginning of the hour.
    pub(crate) fn hour(now: LogTime) -> LogTime {
        LogTime(now.0 / HOUR_MS * HOUR_MS)
    }

    pub(crate) fn note(&self, number: u64, now: LogTime) {
        let hour = now.0 / HOUR_MS;
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.number != hour {
            *noted = Hour { number: hour, seen: HashMap::new() };
        }
        if noted.seen.len() < NOTED_MAX {
            noted.seen.entry(number).or_insert(false);
        }
    }

    /// Some that have yet to be written; they count as written from now on.
    pub(crate) fn unwritten(&self) -> Vec<u64> {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let open = noted.seen.iter_mut().filter(|(_, written)| !**written).take(WRITTEN_MAX);
        let found = open.map(|(number, written)| {
            *written = true;
            *number
        });
        found.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_written_once_an_hour() {
        let uses = Uses::default();
        for at in 0..1_000 {
            uses.note(at % 3, LogTime(at));
        }
        let mut first = uses.unwritten();
        first.sort_unstable();
        assert_eq!(first, [0, 1, 2]);
        uses.note(1, LogTime(5_000));
        assert!(uses.unwritten().is_empty());
        uses.note(1, LogTime(HOUR_MS + 1));
        assert_eq!(uses.unwritten(), [1]);
        assert_eq!(Uses::hour(LogTime(HOUR_MS + 1)), LogTime(HOUR_MS));
    }
}
