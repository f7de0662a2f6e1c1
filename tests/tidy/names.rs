//! One type name has one meaning, and names and prose are plain.

use std::collections::BTreeMap;

use super::{expect_none, files, read, shown};

/// Names that several types may have, and why.
const SHARED_NAMES: [(&str, &str); 0] = [];

/// Words of a dialect, and what the field says instead.
const WORDS: [(&str, &str); 23] = [
    ("told", "published, recorded, notified, answered, reported"),
    ("tell", "publish, record, notify, answer, report, say"),
    ("tells", "publishes, records, notifies, answers, reports, says"),
    ("telling", "publishing, recording, notifying, answering"),
    ("untold", "unanswered, unreported"),
    ("teller", "relay"),
    ("he", "they"),
    ("him", "them"),
    ("his", "their"),
    ("himself", "themselves"),
    ("she", "they"),
    ("her", "their"),
    ("hers", "theirs"),
    ("herself", "themselves"),
    ("life", "run, process, how long it is valid"),
    ("lives", "runs, is kept, is valid"),
    ("lived", "was valid; long-lived is `long`"),
    ("letter", "dead letter"),
    ("letters", "dead letters"),
    ("wish", "request, desired"),
    ("wishes", "requests, wants"),
    ("lasting", "long, streaming"),
    ("carrier", "payment worker"),
];

/// Where such a word is meant as everybody means it.
const MEANT: [(&str, &str, &str); 7] = [
    ("core/domain/src/cohort.rs", "letter", "a country is two letters of the alphabet"),
    ("core/domain/src/cohort.rs", "letters", "a country is two letters of the alphabet"),
    ("config/src/settings.rs", "told", "to tell people apart is plain English"),
    ("core/seating/", "letter", "rows are named by letters of the alphabet"),
    ("core/seating/", "letters", "rows are named by letters of the alphabet"),
    ("core/domain/src/price.rs", "letters", "a currency is three letters of the alphabet"),
    ("processors/streams/src/public/audience.rs", "letters", "a country is two letters"),
];

/// Type names that say too little or another thing, and what they are called instead.
const TYPE_NAMES: [(&str, &str); 23] = [
    ("Asked", "Context, ChallengeState"),
    ("Beginning", "RecoveredFrom"),
    ("Book", "OpenPayments"),
    ("Carrier", "PaymentWorker"),
    ("Crowd", "WaitingLine"),
    ("House", "SeatMap"),
    ("Later", "BoxFuture"),
    ("Letters", "DeadLetters"),
    ("LogPlaces", "PlaceReservations"),
    ("Mark", "RecordFingerprint"),
    ("Named", "RequestKey"),
    ("Nothing", "what is absent"),
    ("Owners", "Supervisor"),
    ("Parking", "DeadLetters"),
    ("Past", "RecoveredState"),
    ("RoomDials", "DialChange"),
    ("RoomTuned", "DialsSet"),
    ("Source", "FactPosition"),
    ("Teller", "Relay"),
    ("Told", "AckTarget, CountsPosition"),
    ("Tune", "DialChange"),
    ("Watch", "Notifier"),
    ("Wish", "DesiredRole, Idempotent"),
];

/// What people read: code, pages, settings, scripts.
const READ: [&str; 13] = [
    ".rs", ".js", ".mjs", ".html", ".md", ".toml", ".yml", ".py", ".sql", "/test", "/servers",
    "/check", "/run",
];

fn is_test(path: &str) -> bool {
    path.contains("/tests/")
        || path.starts_with("tests/")
        || path.ends_with("tests.rs")
        || path.contains("web-test/")
}

/// The name of the type that a line defines, and whether other files may use it.
fn defined_type(line: &str) -> Option<(&str, bool)> {
    let line = line.trim_start();
    let (is_public, rest) = match line.strip_prefix("pub") {
        Some(rest) => match rest.strip_prefix('(') {
            Some(rest) => {
                let (within, rest) = rest.split_once(')')?;
                (within == "crate", rest)
            }
            None => (true, rest),
        },
        None => (false, line),
    };
    let keywords = ["struct ", "enum ", "trait ", "type ", "union "];
    let rest = rest.trim_start();
    let name = keywords.iter().find_map(|keyword| rest.strip_prefix(keyword))?;
    let end = name.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(name.len());
    (end > 0).then(|| (&name[..end], is_public))
}

/// The lines of a file before the tests at its end, numbered.
fn without_tests(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines: Vec<&str> = text.lines().collect();
    let tests = lines.windows(2).position(|pair| {
        pair[0].trim() == "#[cfg(test)]" && pair[1].contains("mod ") && pair[1].ends_with('{')
    });
    let end = tests.unwrap_or(lines.len());
    lines.into_iter().take(end).enumerate().map(|(number, line)| (number + 1, line))
}

#[test]
fn a_type_name_has_one_meaning() {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in files(&[".rs"]) {
        let (name, text) = (shown(&path), read(&path));
        if is_test(&name) {
            continue;
        }
        for (number, line) in without_tests(&text) {
            if let Some((type_name, true)) = defined_type(line) {
                places.entry(type_name.to_owned()).or_default().push(format!("{name}:{number}"));
            }
        }
    }
    let is_shared = |name: &str| SHARED_NAMES.iter().any(|(shared, _)| *shared == name);
    let findings: Vec<String> = places
        .iter()
        .filter(|(name, places)| places.len() > 1 && !is_shared(name))
        .flat_map(|(name, places)| {
            places.iter().map(move |place| {
                let others = places.iter().filter(|other| *other != place);
                let others: Vec<&str> = others.map(String::as_str).collect();
                format!("{place} `{name}` is also defined in {}", others.join(", "))
            })
        })
        .collect();
    expect_none(&findings);
}

#[test]
fn types_say_what_they_are() {
    let mut findings = Vec::new();
    for path in files(&[".rs"]) {
        for (number, line) in read(&path).lines().enumerate() {
            let Some((name, _)) = defined_type(line) else { continue };
            if let Some((_, instead)) = TYPE_NAMES.iter().find(|(banned, _)| *banned == name) {
                findings.push(format!("{}:{} `{name}`: {instead}", shown(&path), number + 1));
            }
        }
    }
    expect_none(&findings);
}

/// The words of a line, with `camelCase`, `snake_case` and punctuation taken apart.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut before_is_lower = false;
    for c in line.chars() {
        if !c.is_alphabetic() || (c.is_uppercase() && before_is_lower) {
            words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
        }
        if c.is_alphabetic() {
            word.extend(c.to_lowercase());
        }
        before_is_lower = c.is_lowercase();
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

#[test]
fn names_and_prose_are_plain() {
    let mut findings = Vec::new();
    for path in files(&READ) {
        let name = shown(&path);
        if name.starts_with("tests/tidy/") {
            continue;
        }
        let is_meant = |word: &str| {
            MEANT.iter().any(|(start, meant, _)| name.starts_with(start) && *meant == word)
        };
        for (number, line) in read(&path).lines().enumerate() {
            let words = words(line);
            let mut before = "";
            for word in &words {
                let is_dead_letter = before == "dead" && word.starts_with("letter");
                let found = WORDS.iter().find(|(banned, _)| banned == word);
                if let Some((_, instead)) = found
                    && !is_dead_letter
                    && !is_meant(word)
                {
                    let text = line.trim();
                    findings.push(format!("{name}:{} `{word}` ({instead}): {text}", number + 1));
                }
                before = word;
            }
        }
    }
    expect_none(&findings);
}

#[test]
fn words_are_taken_apart_as_people_read_them() {
    let of = |line: &str| words(line).join(" ");
    assert_eq!(of("fn tell_the_log(dlq: DeadLetters)"), "fn tell the log dlq dead letters");
    assert_eq!(of("toldToEnd; this HTTP_Wish"), "told to end this http wish");
    assert_eq!(defined_type("pub(crate) struct Wish<T>(T);"), Some(("Wish", true)));
    assert_eq!(defined_type("    pub(super) enum Step {"), Some(("Step", false)));
    assert_eq!(defined_type("type Key = u8;"), Some(("Key", false)));
    assert_eq!(defined_type("let type_name = 1;"), None);
}
