//! Dials of events, as a settings file turns them.

use std::collections::BTreeSet;

use serde::Deserialize;

/// Entries of a file: each becomes a command for each event it concerns.
const ENTRIES_MAX: usize = 64;
/// Bytes of a message and of a reason.
const WORDS_BYTES_MAX: usize = 500;

/// One `[[tune]]`: dials of one event, or of all.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tune {
    /// An event's id, or `*`.
    pub event: String,
    pub pace_per_minute: Option<u32>,
    pub shoppers_max: Option<u32>,
    pub puzzle_level: Option<u8>,
    pub phase: Option<TunePhase>,
    pub message: Option<String>,
    #[serde(default)]
    pub reason: String,
}

/// Where a file may turn a sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TunePhase {
    Open,
    Pause,
    Close,
}

impl Tune {
    fn names_an_event(&self) -> bool {
        let digits = self.event.strip_prefix("evt_");
        let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        self.event == "*" || digits.is_some_and(|text| text.len() == 13 && are_digits(text))
    }

    fn turns_anything(&self) -> bool {
        self.pace_per_minute.is_some()
            || self.shoppers_max.is_some()
            || self.puzzle_level.is_some()
            || self.phase.is_some()
            || self.message.is_some()
    }
}

/// What is wrong with the entries, as (key, value, bound and fix).
pub(crate) fn violations(entries: &[Tune]) -> Vec<(&'static str, String, &'static str)> {
    let mut found = Vec::new();
    if entries.len() > ENTRIES_MAX {
        found.push(("tune", format!("{} entries", entries.len()), "at most 64 entries"));
    }
    let mut events = BTreeSet::new();
    for entry in entries {
        let Tune { event, puzzle_level, message, reason, .. } = entry;
        let message_bytes = message.as_ref().map_or(0, String::len);
        let rows = [
            (entry.names_an_event(), "tune.event", "an event's id (evt_…) or \"*\""),
            (events.insert(event), "tune.event", "named by one entry only"),
            (
                entry.turns_anything(),
                "tune",
                "with one of pace_per_minute, shoppers_max, puzzle_level, phase, message",
            ),
            (puzzle_level.is_none_or(|level| level <= 12), "tune.puzzle_level", "between 0 and 12"),
            (message_bytes <= WORDS_BYTES_MAX, "tune.message", "at most 500 bytes long"),
            (reason.len() <= WORDS_BYTES_MAX, "tune.reason", "at most 500 bytes long"),
        ];
        let broken = rows.into_iter().filter(|row| !row.0);
        found.extend(broken.map(|(_, key, fix)| (key, format!("(event {event})"), fix)));
    }
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::path::Path;

    use super::*;
    use crate::load_text;

    fn load(text: &str) -> Result<Vec<Tune>, String> {
        let loaded = load_text(Some((Path::new("my.toml"), text)), [], &[]);
        loaded.map(|loaded| loaded.settings.tune).map_err(|error| error.to_string())
    }

    const EVENT: &str = "event = \"evt_0000000000001\"";

    #[test]
    fn entries_stand_beside_sections() {
        let text = format!(
            "[server]\nlisten = \"127.0.0.1:1\"\n[[tune]]\n{EVENT}\nphase = \"pause\"\n\
             [[tune]]\nevent = \"*\"\nshoppers_max = 0\nreason = \"why\"\n"
        );
        let tunes = load(&text).unwrap();
        assert_eq!((tunes.len(), tunes[0].phase), (2, Some(TunePhase::Pause)));
        assert_eq!((tunes[1].shoppers_max, tunes[1].reason.as_str()), (Some(0), "why"));
        assert_eq!(load("").unwrap(), []);
    }

    #[test]
    fn mistakes_name_the_key_and_the_fix() {
        let rows = [
            (format!("[[tune]]\n{EVENT}\n"), "with one of"),
            (format!("[[tune]]\n{EVENT}\npace = 1\n"), "unknown field `pace`"),
            (format!("[[tune]]\n{EVENT}\npace_per_minute = -1\n"), "-1"),
            (format!("[[tune]]\n{EVENT}\npuzzle_level = 13\n"), "between 0 and 12"),
            (format!("[[tune]]\n{EVENT}\nphase = \"cancel\"\n"), "cancel"),
            (format!("[[tune]]\n{EVENT}\nmessage = \"{}\"\n", "x".repeat(501)), "500 bytes"),
            ("[[tune]]\nmessage = \"x\"\n".to_owned(), "missing field `event`"),
            ("[[tune]]\nevent = \"evening\"\nmessage = \"x\"\n".to_owned(), "an event's id"),
            (format!("[[tune]]\n{EVENT}\nmessage = \"x\"\n").repeat(2), "one entry only"),
            ("[tune]\nmessage = \"x\"\n".to_owned(), "tune.message"),
            ("tune = 5\n".to_owned(), "tune"),
            ("tun = []\n".to_owned(), "`tun`"),
        ];
        for (text, expected) in rows {
            let error = load(&text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
