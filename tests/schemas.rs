//! The public topics keep their word: files as generated, and nothing that would break a reader.

use floodgate_streams::public::{asyncapi, schemas};
use floodgate_streams::tables::connect_files;
use serde_json::{Value, json};

fn read(path: &str) -> Value {
    let path = format!("{}/docs/schemas/{path}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!("{path}: {error}; run `floodgate schemas --out docs/schemas`")
    });
    serde_json::from_str(&text).unwrap()
}

#[test]
fn the_files_are_those_of_this_build() {
    for (topic, schema) in schemas() {
        let name = format!("{}.json", topic.name());
        assert_eq!(read(&name), schema, "{name}: run `floodgate schemas --out docs/schemas`");
    }
    assert_eq!(read("asyncapi.json"), asyncapi(), "run `floodgate schemas --out docs/schemas`");
    for (name, content) in connect_files() {
        let path = format!("{}/docs/schemas/connect/{name}", env!("CARGO_MANIFEST_DIR"));
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(found, content, "{name}: run `floodgate schemas --out docs/schemas`");
    }
}

#[test]
fn references_of_the_topics_lead_somewhere() {
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let documents = schemas().into_iter().map(|(_, schema)| schema).chain([asyncapi()]);
    for document in documents {
        let mut found = Vec::new();
        references(&document, &mut found);
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }
}

/// What a reader of `before` would trip over in `after`.
fn breaks(path: &str, before: &Value, after: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (name, field) in before["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        match after["properties"].get(name) {
            None => found.push(format!("{path} is gone")),
            Some(now) => found.extend(breaks(&path, field, now)),
        }
    }
    let words = |value: &Value| -> Vec<String> {
        match value {
            Value::Array(all) => all.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect(),
            Value::String(one) => vec![one.clone()],
            _ => Vec::new(),
        }
    };
    // A reader was promised these types; a new one would surprise it.
    let (was, is) = (words(&before["type"]), words(&after["type"]));
    if is.iter().any(|kind| !was.contains(kind)) {
        found.push(format!("{path} was {was:?} and is {is:?}"));
    }
    // What was always there must stay there.
    let stays = words(&after["required"]);
    for name in words(&before["required"]) {
        if !stays.contains(&name) {
            found.push(format!("{path}.{name} is not always there any more"));
        }
    }
    for (name, definition) in before["$defs"].as_object().into_iter().flatten() {
        found.extend(breaks(&format!("{path}#{name}"), definition, &after["$defs"][name]));
    }
    found
}

#[test]
fn readers_of_the_first_version_can_read_this_one() {
    for (topic, schema) in schemas() {
        let first = read(&format!("v1/{}.json", topic.name()));
        let found = breaks(topic.name(), &first, &schema);
        assert!(found.is_empty(), "{found:#?}");
    }
}

#[test]
fn every_kind_of_break_is_noticed() {
    let before = json!({ "type": "object", "required": ["a"],
        "properties": { "a": { "type": "string" }, "b": { "type": "integer" } } });
    assert!(breaks("t", &before, &before).is_empty());
    let mut more = before.clone();
    more["properties"]["c"] = json!({ "type": "string" });
    assert!(breaks("t", &before, &more).is_empty(), "new fields harm nobody");
    for (pointer, value) in [
        ("/properties/b/type", json!("string")),
        ("/required", json!([])),
        ("/properties", json!({ "a": { "type": "string" } })),
    ] {
        let mut after = before.clone();
        *after.pointer_mut(pointer).unwrap() = value;
        assert_eq!(breaks("t", &before, &after).len(), 1, "{pointer}");
    }
}
