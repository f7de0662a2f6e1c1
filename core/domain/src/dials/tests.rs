//! The table as a whole: every entry is sound, and says what is wrong in its own words.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::policy::Policy;

/// A value within the bounds of a dial, and the furthest one.
fn samples(dial: &Dial) -> Vec<DialValue> {
    match dial.kind {
        DialKind::Number { min, max, .. } | DialKind::Duration { min_ms: min, max_ms: max } => {
            vec![DialValue::Number(min), DialValue::Number(max)]
        }
        DialKind::Text { bytes_max } => {
            vec![DialValue::Text(String::new()), DialValue::Text("x".repeat(bytes_max))]
        }
        DialKind::Phase => PhaseDial::TURNED.map(DialValue::Phase).to_vec(),
    }
}

#[test]
fn every_entry_is_sound() {
    assert!(DIALS.is_sorted_by(|one, next| one.wire < next.wire), "the log has them ascending");
    for dial in &DIALS {
        assert!(dial.wire > 0 && dial.what.ends_with('.'), "{dial:?}");
        let is_name = dial.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        assert!(is_name && dial.name != "reason" && dial.name != "event", "{dial:?}");
        let is_text = matches!(dial.kind, DialKind::Text { .. });
        for value in samples(dial) {
            // Its type takes all that its bounds allow, in and out of every form.
            let mut change = DialChange::default();
            assert!(dial.set(&mut change, &value), "{dial:?} cannot hold {value:?}");
            assert_eq!(change.turned().count(), 1, "{dial:?}");
            assert_eq!(dial.of(&change), Some(value.clone()));
            assert_eq!(change.check(), Ok(()));
            let plain = dial.plain(&value);
            assert_eq!(dial.read(Some(&plain)), Ok(value.clone()));
            let flag = match plain {
                Plain::Number(number) => number.to_string(),
                Plain::Text(text) => text,
            };
            assert_eq!(dial.parse(&flag), Ok(value.clone()));
            if let Acts::Rule(rule) = dial.acts {
                let mut policy = Policy::default();
                (rule.follow)(&mut policy, &value);
                assert_eq!(dial.of_policy(&policy), Some(value));
            }
        }
        assert!(dial.read(None).is_err());
        assert!(dial.read(Some(&Plain::Number(u64::MAX))).is_err(), "{dial:?}");
        assert_eq!(dial.parse("no such value").is_ok(), is_text, "{dial:?}");
    }
}

#[test]
fn mistakes_name_the_field_its_bound_and_the_fix() {
    let text = |text: &str| Some(Plain::Text(text.to_owned()));
    let long = text(&"x".repeat(501));
    let no_dial = format!("is no dial; there are {}", Dial::names());
    let rows = [
        ("puzzle_level", Some(Plain::Number(13)), "must be a whole number between 0 and 12"),
        ("puzzle_level", text("3"), "must be a whole number between 0 and 12"),
        ("pace_per_minute", None, "must be a whole number between 0 and 16777216"),
        ("phase", text("cancel"), "must be one of presale, open, pause, close"),
        ("message", long.clone(), "must be a text of at most 500 bytes"),
        ("reason", long, "must be a text of at most 500 bytes"),
        ("reason", Some(Plain::Number(1)), "must be a text of at most 500 bytes"),
        ("capacity", Some(Plain::Number(1)), &no_dial),
    ];
    for (field, given, fix) in rows {
        let error = DialChange::default().set(field, given.as_ref()).unwrap_err();
        assert_eq!((error.field.as_str(), error.fix.as_str()), (field, fix));
    }
    let idle = DialChange { reason: "only".to_owned(), ..DialChange::default() };
    let error = idle.check().unwrap_err().to_string();
    assert!(error.starts_with("dials none is named; name pace_per_minute, "), "{error}");
    for change in [
        DialChange { puzzle_level: Some(13), ..DialChange::default() },
        DialChange { puzzle_level: Some(1), reason: "x".repeat(501), ..DialChange::default() },
    ] {
        assert!(change.check().is_err(), "{change:?}");
    }
}

#[test]
fn durations_are_written_as_people_do() {
    let dial = Dial {
        name: "length",
        what: "How long.",
        kind: DialKind::Duration { min_ms: 10_000, max_ms: 3_600_000 },
        acts: Acts::Room,
        wire: 1,
        get: |_| None,
        put: |_, _| false,
    };
    for (text, ms) in [("10s", 10_000), ("1m 30s", 90_000), ("1h", 3_600_000)] {
        let value = DialValue::Number(ms);
        assert_eq!(dial.parse(text), Ok(value.clone()));
        assert_eq!(dial.plain(&value), Plain::Text(text.to_owned()));
    }
    for text in ["9s", "61m", "90", "", "1 fortnight", "99999999999999999999h"] {
        let error = dial.parse(text).unwrap_err();
        let expected = "length must be a duration between 10s and 1h, such as 90s or 5m";
        assert_eq!(error.to_string(), expected, "{text}");
    }
    assert!(dial.read(Some(&Plain::Number(20_000))).is_err(), "no dial counts in raw milliseconds");
}

#[test]
fn changes_add_up() {
    let mut standing = DialChange { pace_per_minute: Some(5), ..DialChange::default() };
    let later = DialChange {
        puzzle_level: Some(3),
        message: Some("hello".to_owned()),
        reason: "why".to_owned(),
        origin: 9,
        ..DialChange::default()
    };
    standing.take_over(&later);
    let expected = DialChange {
        pace_per_minute: Some(5),
        puzzle_level: Some(3),
        message: Some("hello".to_owned()),
        ..DialChange::default()
    };
    assert_eq!(standing, expected, "the dials alone");
}
