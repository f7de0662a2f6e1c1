//! The texts of a body: composed, and without characters that nobody sees. One rule for every field
//! of every body, whatever its type; a seating plan's text alone is left to its reader, which knows
//! its lines.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use floodgate_domain::text::{Lines, plain};

use crate::problem::{ApiError, Code};

/// Texts that may go over several lines.
const OF_MANY_LINES: [&str; 5] = ["description", "message", "reason", "text", "venue_address"];
/// A plan as a text.
const PLAN_TEXT: &str = "content";

/// Reads a body; a text that no one may send is refused with its path.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let malformed = |error: serde_json::Error| {
        let path = format!("line {} column {}", error.line(), error.column());
        ApiError::new(Code::MalformedBody).field(path, error.to_string())
    };
    let body: T = serde_json::from_slice(bytes).map_err(malformed)?;
    // JSON has no bare control characters, so that these are plain as they stand.
    if bytes.iter().all(|&byte| byte.is_ascii() && byte != b'\\') {
        return Ok(body);
    }
    let mut value: Value = serde_json::from_slice(bytes).map_err(malformed)?;
    if compose(&mut value, "", "")? {
        return serde_json::from_value(value).map_err(malformed);
    }
    Ok(body)
}

/// Composes every text; says whether any was changed.
fn compose(value: &mut Value, path: &str, name: &str) -> Result<bool, ApiError> {
    match value {
        Value::String(text) if name != PLAN_TEXT => {
            let lines = if OF_MANY_LINES.contains(&name) { Lines::Many } else { Lines::One };
            let composed = as_plain(text, lines, path)?;
            let is_changed = composed != *text;
            *text = composed;
            Ok(is_changed)
        }
        Value::Array(items) => {
            let mut is_changed = false;
            for (item, at) in items.iter_mut().zip(0..) {
                is_changed |= compose(item, &format!("{path}[{at}]"), name)?;
            }
            Ok(is_changed)
        }
        Value::Object(fields) => compose_fields(fields, path),
        _ => Ok(false),
    }
}

fn compose_fields(fields: &mut Map<String, Value>, path: &str) -> Result<bool, ApiError> {
    let mut is_changed = false;
    for (name, mut value) in std::mem::take(fields) {
        let within = if path.is_empty() { path.to_owned() } else { format!("{path}.") };
        let composed = as_plain(&name, Lines::One, &format!("{within}{}", name.escape_debug()))?;
        let path = format!("{within}{composed}");
        is_changed |= compose(&mut value, &path, &composed)? || composed != name;
        if fields.insert(composed, value).is_some() {
            let fix = "two fields look alike; send one of them";
            return Err(ApiError::new(Code::MalformedBody).field(path, fix));
        }
    }
    Ok(is_changed)
}

fn as_plain(text: &str, lines: Lines, path: &str) -> Result<String, ApiError> {
    let refuse = |unfit: floodgate_domain::text::UnfitCharacter| {
        ApiError::new(Code::MalformedBody).field(path, unfit.to_string())
    };
    plain(text, lines).map(std::borrow::Cow::into_owned).map_err(refuse)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn read(body: &str) -> Result<Value, String> {
        parse::<Value>(body.as_bytes()).map_err(|error| format!("{error:?}"))
    }

    #[test]
    fn every_text_is_composed_names_of_fields_too() {
        let read = read(r#"{"name":"Cafe\u0301","prices":{"Re\u0301gion":[1,{"a":"e\u0301"}]}}"#);
        let composed = serde_json::json!({"name": "Café", "prices": {"Région": [1, {"a": "é"}]}});
        assert_eq!(read.unwrap(), composed);
    }

    #[test]
    fn what_nobody_sees_is_refused_with_its_field() {
        for (body, field) in [
            (r#"{"name":"a\u0000b"}"#, "\"name\""),
            (r#"{"name":"a\u200bb"}"#, "\"name\""),
            (r#"{"name":"a\nb"}"#, "\"name\""),
            (r#"{"description":"a\u0000"}"#, "\"description\""),
            (r#"{"plan":{"format":"c\u0007sv"}}"#, "\"plan.format\""),
            (r#"{"seats":["A",{"row":"\u200d"}]}"#, "\"seats[1].row\""),
            (r#"{"prices":{"Stalls\u200b":1}}"#, "prices.Stalls"),
            (r#"{"prices":{"é":1,"e\u0301":2}}"#, "\"prices.é\""),
        ] {
            let error = read(body).unwrap_err();
            assert!(error.contains(field), "{body}: {error}");
        }
    }

    #[test]
    fn lines_are_for_what_has_lines_and_a_plan_is_left_to_its_reader() {
        let body = r#"{"description":"a\nb","message":"a\tb","plan":{"content":"a\nb\u0000"}}"#;
        assert_eq!(read(body).unwrap()["plan"]["content"], "a\nb\0");
    }
}
