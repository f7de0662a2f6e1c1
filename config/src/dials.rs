//! Changes of dials, as in a settings file: `[[dials]]`, one for an event or for all.

use std::collections::BTreeSet;

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use toml::{Table, Value};

use floodgate_domain::EventId;
use floodgate_domain::dials::{DialChange, DialEntry, DialError, Plain};

/// Entries of a file: each becomes a command for each event it concerns.
const ENTRIES_MAX: usize = 64;

/// Reads all entries. The names, bounds and words of the dials are those of the domain's table.
pub(crate) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<DialEntry>, D::Error> {
    let tables = Vec::<Table>::deserialize(deserializer)?;
    if tables.len() > ENTRIES_MAX {
        let count = tables.len();
        return Err(D::Error::custom(format!("[[dials]]: {count} entries; at most {ENTRIES_MAX}")));
    }
    let mut events = BTreeSet::new();
    let mut entries = Vec::with_capacity(tables.len());
    for table in tables {
        let entry = entry(table).map_err(D::Error::custom)?;
        if !events.insert(entry.event_id) {
            let event = text_of(entry.event_id);
            let message = format!("[[dials]] event = \"{event}\": an event has one entry only");
            return Err(D::Error::custom(message));
        }
        entries.push(entry);
    }
    Ok(entries)
}

fn entry(mut table: Table) -> Result<DialEntry, String> {
    let wrong = "[[dials]] event must be an event's id (evt_…) or \"*\"";
    let event_id = match table.remove("event") {
        Some(Value::String(text)) if text == "*" => None,
        Some(Value::String(text)) => Some(text.parse::<EventId>().map_err(|_| wrong)?),
        _ => return Err(wrong.to_owned()),
    };
    let named = |error: DialError| format!("[[dials]] event = \"{}\": {error}", text_of(event_id));
    let mut change = DialChange::default();
    for (name, value) in &table {
        change.set(name, plain(value).as_ref()).map_err(named)?;
    }
    change.check().map_err(named)?;
    Ok(DialEntry { event_id, change })
}

fn text_of(event_id: Option<EventId>) -> String {
    event_id.map_or_else(|| "*".to_owned(), |event_id| event_id.to_string())
}

fn plain(value: &Value) -> Option<Plain> {
    match value {
        Value::Integer(number) => u64::try_from(*number).ok().map(Plain::Number),
        Value::String(text) => Some(Plain::Text(text.clone())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::path::Path;

    use floodgate_domain::PhaseDial;

    use super::*;
    use crate::load_text;

    fn load(text: &str) -> Result<Vec<DialEntry>, String> {
        let loaded = load_text(Some((Path::new("my.toml"), text)), [], &[]);
        loaded.map(|loaded| loaded.settings.dials).map_err(|error| error.to_string())
    }

    const EVENT: &str = "event = \"evt_0000000000001\"";

    #[test]
    fn entries_stand_beside_sections() {
        let text = format!(
            "[server]\nlisten = \"127.0.0.1:1\"\n[[dials]]\n{EVENT}\nphase = \"pause\"\n\
             [[dials]]\nevent = \"*\"\nshoppers_max = 0\nreason = \"why\"\n"
        );
        let paused = DialChange { phase: Some(PhaseDial::Pause), ..DialChange::default() };
        let emptied =
            DialChange { shoppers_max: Some(0), reason: "why".to_owned(), ..DialChange::default() };
        let expected = [
            DialEntry { event_id: Some(EventId(1)), change: paused },
            DialEntry { event_id: None, change: emptied },
        ];
        assert_eq!(load(&text).unwrap(), expected);
        assert_eq!(load("").unwrap(), []);
    }

    #[test]
    fn mistakes_name_the_dial_its_bound_and_the_fix() {
        let one = |rest: &str| format!("[[dials]]\n{EVENT}\n{rest}\n");
        let rows = [
            (one(""), "dials none is named; name pace_per_minute, shoppers_max"),
            (one("pace = 1"), "pace is no dial; there are pace_per_minute, shoppers_max"),
            (one("pace_per_minute = -1"), "pace_per_minute must be a whole number between 0 and"),
            (one("pace_per_minute = \"1\""), "pace_per_minute must be a whole number between 0"),
            (one("puzzle_level = 13"), "puzzle_level must be a whole number between 0 and 12"),
            (one("phase = \"cancel\""), "phase must be one of presale, open, pause, close"),
            (one("phase = 1"), "phase must be one of presale, open, pause, close"),
            (one(&format!("message = \"{}\"", "x".repeat(501))), "a text of at most 500 bytes"),
            (
                one(&format!("reason = \"{}\"", "x".repeat(501))),
                "reason must be a text of at most 500",
            ),
            (one("puzzle_level = 13"), "event = \"evt_0000000000001\""),
            ("[[dials]]\nmessage = \"x\"\n".to_owned(), "an event's id"),
            ("[[dials]]\nevent = \"evening\"\nmessage = \"x\"\n".to_owned(), "an event's id"),
            (one("message = \"x\"").repeat(2), "one entry only"),
            ("[dials]\nmessage = \"x\"\n".to_owned(), "dials.message"),
            ("dials = 5\n".to_owned(), "dials"),
            ("dial = []\n".to_owned(), "`dial`"),
        ];
        for (text, expected) in rows {
            let error = load(&text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
        let many = (1..=65).map(|number| {
            format!("[[dials]]\nevent = \"{}\"\npuzzle_level = 1\n", EventId(number))
        });
        assert!(load(&many.collect::<String>()).unwrap_err().contains("at most 64"));
    }
}
