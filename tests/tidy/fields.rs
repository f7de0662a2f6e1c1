//! A page reads no field that the API does not have.
//!
//! Two rules over the pages' scripts. Our scripts name their own things in camelCase, so every
//! name with an underscore is a field of the API. And a variable named for what it holds, such as
//! `queue`, is read only by the fields that the document gives that object.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{expect_none, files, read, shown};

/// What the scripts call things with underscores that are no fields: states of the page (phases and
/// statuses are values of the API, and name functions here).
const OWN_NAMES: [&str; 1] = ["sold_out"];

/// Variables and fields, and the objects they hold.
const HOLDERS: [(&str, &[&str]); 16] = [
    ("event", &["EventDetail", "FoundEvent"]),
    ("queue", &["Queue"]),
    ("me", &["Me"]),
    ("order", &["Order"]),
    ("first", &["Order"]),
    ("next", &["Order"]),
    ("action", &["Action"]),
    ("payment", &["OrderPayment"]),
    ("policy", &["PolicyPatch"]),
    ("as_of", &["LogPosition"]),
    ("ticket", &["Ticket"]),
    ("asks", &["PuzzleChallenge"]),
    ("payment", &["OrderPayment"]),
    ("offer", &["PaymentForm"]),
    ("plan", &["SeatingPlan"]),
    ("run", &["PlanRun"]),
];

/// What the language gives any value, as far as the scripts use it on those.
const OF_THE_LANGUAGE: [&str; 3] = ["length", "map", "push"];

#[test]
fn pages_read_only_fields_the_api_has() {
    let document: Value = serde_json::from_slice(&floodgate_gateway::openapi()).unwrap();
    let schemas = Schemas::of(&document);
    for (_, names) in HOLDERS {
        for name in names {
            assert!(schemas.0.contains_key(*name), "the document has no object {name}");
        }
    }
    let (mut findings, mut count) = (Vec::new(), 0);
    for path in files(&[".js"]) {
        let name = shown(&path);
        if name.starts_with("gateway/web/js/") {
            let found = schemas.findings(&read(&path));
            count += 1;
            findings.extend(found.into_iter().map(|found| format!("{name}: {found}")));
        }
    }
    assert!(count > 30, "only {count} scripts were looked at");
    expect_none(&findings);
}

/// The fields of each object of the document.
struct Schemas(BTreeMap<String, BTreeSet<String>>);

impl Schemas {
    fn of(document: &Value) -> Self {
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let fields = |(name, schema): (&String, &Value)| {
            let mut fields = BTreeSet::new();
            collect(schema, schemas, &mut fields);
            (name.clone(), fields)
        };
        Schemas(schemas.iter().map(fields).collect())
    }

    fn has(&self, field: &str) -> bool {
        self.0.values().any(|fields| fields.contains(field))
    }

    /// Names of the API in a script that the document does not have.
    fn findings(&self, script: &str) -> Vec<String> {
        let tokens = tokens(script);
        let token = |at: usize| tokens.get(at).map_or("", |(_, token)| token.as_str());
        let mut findings = Vec::new();
        for (at, (line, name)) in tokens.iter().enumerate() {
            if is_of_the_api(name) && !self.has(name) && !OWN_NAMES.contains(&name.as_str()) {
                findings.push(format!("{line}: the API has no field {name}"));
            }
            let Some((holder, objects)) = HOLDERS.iter().find(|(holder, _)| holder == name) else {
                continue;
            };
            let has = |field: &str| objects.iter().any(|object| self.0[*object].contains(field));
            let is_read = [".", "?."].contains(&token(at + 1));
            let field = token(at + 2);
            if is_read && !has(field) && !OF_THE_LANGUAGE.contains(&field) {
                findings.push(format!("{line}: {holder} has no field {field}"));
            }
            for field in taken_apart(&tokens, at) {
                if !has(field) {
                    findings.push(format!("{line}: {holder} has no field {field}"));
                }
            }
        }
        findings
    }
}

/// All fields of a schema, those of its parts included.
fn collect(schema: &Value, all: &serde_json::Map<String, Value>, fields: &mut BTreeSet<String>) {
    let named = schema["$ref"].as_str().and_then(|at| at.rsplit('/').next());
    if let Some(named) = named.and_then(|name| all.get(name)) {
        collect(named, all, fields);
    }
    for parts in ["allOf", "oneOf", "anyOf"] {
        for part in schema[parts].as_array().into_iter().flatten() {
            collect(part, all, fields);
        }
    }
    fields.extend(schema["properties"].as_object().into_iter().flatten().map(|(k, _)| k.clone()));
}

fn is_of_the_api(name: &str) -> bool {
    let has_inner = name.trim_matches('_').contains('_');
    has_inner && name.chars().all(|c| c == '_' || c.is_ascii_lowercase() || c.is_ascii_digit())
}

/// The fields in `const { a, b: c, d = 1 } = holder;`, where `holder` is at `at`.
fn taken_apart(tokens: &[(usize, String)], at: usize) -> Vec<&str> {
    let token = |at: usize| tokens[at].1.as_str();
    let is_whole = tokens.get(at + 1).is_none_or(|(_, next)| next == ";");
    if at < 2 || !is_whole || token(at - 1) != "=" || token(at - 2) != "}" {
        return Vec::new();
    }
    let Some(open) = (0..at - 2).rev().find(|&open| token(open) == "{") else { return Vec::new() };
    let starts = |inside: &usize| ["{", ","].contains(&token(inside - 1));
    (open + 1..at - 2).filter(starts).map(token).collect()
}

/// Words and marks of a script with their lines. Comments and texts are left out, but for what
/// stands in `${}`.
fn tokens(script: &str) -> Vec<(usize, String)> {
    let letters: Vec<char> = script.chars().collect();
    let (mut tokens, mut at, mut line) = (Vec::new(), 0, 1);
    // How deep the braces are where each `${` began.
    let (mut depth, mut templates) = (0_usize, Vec::new());
    let is_word = |letter: char| letter.is_alphanumeric() || ['_', '$', '#'].contains(&letter);
    while let Some(&letter) = letters.get(at) {
        let next = letters.get(at + 1).copied().unwrap_or(' ');
        let start = at;
        match letter {
            '/' if next == '/' => {
                at = (at..letters.len()).find(|&at| letters[at] == '\n').unwrap_or(letters.len());
            }
            '/' if next == '*' => {
                let ends = |at: &usize| letters[*at] == '*' && letters.get(at + 1) == Some(&'/');
                at = (at + 2..letters.len()).find(ends).map_or(letters.len(), |at| at + 2);
            }
            '\'' | '"' => at = end_of_text(&letters, at + 1, letter),
            '`' => at = template(&letters, at + 1, depth, &mut templates),
            '}' if templates.last() == Some(&depth) => {
                templates.pop();
                at = template(&letters, at + 1, depth, &mut templates);
            }
            '?' if next == '.' => {
                tokens.push((line, "?.".to_owned()));
                at += 2;
            }
            letter if is_word(letter) => {
                at = (at..letters.len()).find(|&at| !is_word(letters[at])).unwrap_or(letters.len());
                tokens.push((line, letters[start..at].iter().collect()));
            }
            letter => {
                depth = depth + usize::from(letter == '{') - usize::from(letter == '}');
                if !letter.is_whitespace() {
                    tokens.push((line, letter.to_string()));
                }
                at += 1;
            }
        }
        line += letters[start..at].iter().filter(|&&letter| letter == '\n').count();
    }
    tokens
}

fn end_of_text(letters: &[char], start: usize, mark: char) -> usize {
    let mut at = start;
    while at < letters.len() && letters[at] != mark {
        at += if letters[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(letters.len())
}

/// Behind the end of a template, or behind its next `${`, whose depth is noted.
fn template(letters: &[char], start: usize, depth: usize, templates: &mut Vec<usize>) -> usize {
    let mut at = start;
    while at < letters.len() && letters[at] != '`' {
        if letters[at] == '$' && letters.get(at + 1) == Some(&'{') {
            templates.push(depth);
            return at + 2;
        }
        at += if letters[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(letters.len())
}

#[test]
fn unknown_fields_are_found_however_they_are_read() {
    let document = serde_json::json!({ "components": { "schemas": {
        "Queue": { "properties": { "frontier": {}, "next_poll_ms": {} } },
        "EventDetail": { "allOf": [{ "$ref": "#/components/schemas/Queue" },
            { "properties": { "policy": {} } }] },
    }}});
    let mut schemas = Schemas::of(&document);
    for (_, names) in HOLDERS {
        for name in names {
            schemas.0.entry((*name).to_owned()).or_default();
        }
    }
    let rows = [
        ("say(page.queue.frontier, event.policy, queue?.next_poll_ms)", 0),
        ("page.queue?.last_place", 2),
        ("event.frontier; event.name", 1),
        ("const { frontier, next_poll_ms: ms, pace = 0 } = queue;", 1),
        ("const { queue } = page; const { anything } = other;", 0),
        ("`${queue.frontier} and ${ { a: queue.pace } } queue.pace`", 1),
        ("// queue.pace\n/* queue.pace */ 'queue.pace' \"it's\\\" queue.pace\"", 0),
        ("send({ hold_id: 1 }); const NOT_FOR_SALE = 3; sold_out()", 1),
    ];
    for (script, count) in rows {
        let found = schemas.findings(script);
        assert_eq!(found.len(), count, "{script}: {found:?}");
    }
}
