//! What the types of requests and answers alone do not say: the form of streams, and the bounds of
//! a sale's rules, which are those of the domain's table.

use serde_json::{Value, json};

use floodgate_domain::bounds::RULES;
use floodgate_domain::dials::{DIALS, DialKind};

/// Adds what the types alone do not say: bounds of rules, and the form of streams.
pub(super) fn complete(schemas: &mut Value) {
    without_null_defaults(schemas);
    schemas["StreamEvent"] = stream_event();
    rules(schemas);
}

/// A field that may be absent has no default of null: generators would make it one that must be there.
fn without_null_defaults(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.get("default") == Some(&Value::Null) {
                fields.remove("default");
            }
            fields.values_mut().for_each(without_null_defaults);
        }
        Value::Array(items) => items.iter_mut().for_each(without_null_defaults),
        _ => {}
    }
}

/// An event of a stream, as its lines say it.
fn stream_event() -> Value {
    let text = |about: &str| json!({ "type": "string", "description": about });
    json!({
        "type": "object",
        "description": "One event of a stream of the form text/event-stream (WHATWG HTML, section \
            9.2), each of its fields a line. Lines that begin with a colon keep the connection open.",
        "required": ["event"],
        "properties": {
            "event": text("What it is; `reconnect` asks to connect again."),
            "data": text("JSON of the type that the call names, or what the call describes."),
            "id": text("Send the last one as Last-Event-ID when connecting again."),
            "retry": {
                "type": "integer", "description": "Milliseconds to wait before connecting again.",
            },
        },
    })
}

/// Adds to each rule of `PolicyPatch` what it may be.
fn rules(schemas: &mut Value) {
    let rules = RULES.iter().map(|rule| (rule.name, rule.kind));
    let dials = DIALS.iter().map(|dial| (dial.name, dial.kind));
    let properties = &mut schemas["PolicyPatch"]["properties"];
    for (name, kind) in rules.chain(dials) {
        let Some(property) = properties.get_mut(name) else { continue };
        let before = property["description"].as_str().unwrap_or_default();
        let gap = if before.is_empty() { "" } else { " " };
        property["description"] = json!(format!("{before}{gap}It is {}.", kind.bound()));
        match kind {
            DialKind::Number { min, max, .. } => {
                property["minimum"] = json!(min);
                property["maximum"] = json!(max);
            }
            DialKind::Duration { .. } => property["examples"] = json!(["90s"]),
            DialKind::Text { .. } | DialKind::Phase => {}
        }
    }
}
