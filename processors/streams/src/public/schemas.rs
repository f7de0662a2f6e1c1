//! JSON Schemas and the AsyncAPI document, from the bodies themselves.

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use floodgate_event_log::Topic;

use crate::tables::{EventRow, OrderRow, ReservationRow};

use super::{AudienceCell, Counts, FactBody, LiveBody, Notification, PARTITION_KEY, WindowBody};

const ABOUT: &str = "\
CloudEvents 1.0 in binary mode. A position is (partition, offset, index) and grows within a \
partition: keep the last one, drop what is not greater, and every fact is seen once, however \
often it is delivered. Messages and cells are known by ce_id instead. The partition of a \
record is the one that Kafka's default partitioner (murmur2) computes of its key up to the \
first slash: facts, counts and cells of an event lie in one partition, that of the event's \
id, which ce_partitionkey repeats where the key says more. New fields may appear; those that \
are here keep their meaning.";

/// The public topics with their schemas: JSON Schema, draft 2020-12.
#[must_use]
pub fn schemas() -> Vec<(Topic, Value)> {
    let generator = || SchemaSettings::draft2020_12().into_generator();
    let of = |topic: Topic, schema: schemars::Schema| (topic, named(topic, schema.to_value()));
    vec![
        of(Topic::Facts, generator().into_root_schema_for::<FactBody>()),
        of(Topic::Counts, generator().into_root_schema_for::<Counts>()),
        of(Topic::Notifications, generator().into_root_schema_for::<Notification>()),
        of(Topic::Audience, generator().into_root_schema_for::<AudienceCell>()),
        of(Topic::Reservations, generator().into_root_schema_for::<ReservationRow>()),
        of(Topic::Orders, generator().into_root_schema_for::<OrderRow>()),
        of(Topic::Events, generator().into_root_schema_for::<EventRow>()),
        of(Topic::Windows, generator().into_root_schema_for::<WindowBody>()),
        of(Topic::Live, generator().into_root_schema_for::<LiveBody>()),
    ]
}

/// Readers must take fields they do not know, so none of the schemas forbids them.
fn named(topic: Topic, mut schema: Value) -> Value {
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("$id".into(), json!(format!("/schemas/{}.json", topic.name())));
    }
    schema
}

/// The public topics as an AsyncAPI 3.0 document.
#[must_use]
pub fn asyncapi() -> Value {
    let (mut channels, mut operations, mut messages) = (json!({}), json!({}), json!({}));
    let mut shared = json!({});
    for (topic, schema) in schemas() {
        let name = topic.short_name();
        let schema = embedded(name, schema, &mut shared);
        messages[name] = json!({
            "name": name,
            "contentType": "application/json",
            "headers": headers(topic),
            "payload": { "schemaFormat": "application/schema+json;version=draft-2020-12", "schema": schema },
            "bindings": { "kafka": { "key": { "type": "string", "description": key_of(topic) } } },
        });
        channels[name] = json!({
            "address": topic.name(),
            "description": about(topic),
            "messages": { name: { "$ref": format!("#/components/messages/{name}") } },
        });
        operations[format!("read_{name}")] = json!({
            "action": "receive",
            "channel": { "$ref": format!("#/channels/{name}") },
            "summary": about(topic),
        });
    }
    // The topic of the counts is compacted, and forgets events that are over by tombstones.
    let forgotten = "counts_forgotten";
    messages[forgotten] = json!({
        "name": forgotten,
        "summary": "A record without a value: the event is over, its key is to be forgotten.",
        "headers": headers(Topic::Counts),
        "payload": { "type": "null" },
        "bindings": { "kafka": { "key": { "type": "string", "description": key_of(Topic::Counts) } } },
    });
    channels[Topic::Counts.short_name()]["messages"][forgotten] =
        json!({ "$ref": format!("#/components/messages/{forgotten}") });
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Floodgate topics",
            "version": "1",
            "license": { "name": "MIT OR Apache-2.0" },
            "description": ABOUT,
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": { "messages": messages, "schemas": shared },
    })
}

/// A schema as a part of the document: in there a reference begins at the document's root, so what
/// the schema calls its own definitions is moved to where references find it.
fn embedded(topic: &str, mut schema: Value, shared: &mut Value) -> Value {
    fn point(value: &mut Value, topic: &str) {
        match value {
            Value::Object(fields) => {
                let own = fields.get("$ref").and_then(Value::as_str);
                let moved = own.and_then(|own| own.strip_prefix("#/$defs/"));
                if let Some(moved) = moved.map(|name| place(topic, name)) {
                    fields.insert("$ref".into(), json!(format!("#/components/schemas/{moved}")));
                }
                fields.values_mut().for_each(|value| point(value, topic));
            }
            Value::Array(items) => items.iter_mut().for_each(|value| point(value, topic)),
            _ => {}
        }
    }
    fn place(topic: &str, name: &str) -> String {
        format!("{topic}.{name}")
    }
    point(&mut schema, topic);
    if let Some(fields) = schema.as_object_mut() {
        // An identity of its own would make the references begin there.
        fields.remove("$id");
        if let Some(Value::Object(own)) = fields.remove("$defs") {
            for (name, definition) in own {
                shared[place(topic, &name)] = definition;
            }
        }
    }
    schema
}

fn headers(topic: Topic) -> Value {
    let names = ["ce_specversion", "ce_type", "ce_source", "ce_id", "ce_subject", "ce_time"];
    let mut properties: serde_json::Map<_, _> =
        names.iter().map(|name| ((*name).to_owned(), json!({ "type": "string" }))).collect();
    let says_more = [Topic::Counts, Topic::Audience, Topic::Reservations, Topic::Orders];
    if says_more.contains(&topic) || matches!(topic, Topic::Windows | Topic::Live) {
        // Records of earlier versions are without it.
        let about = "The event id: what the partition is computed from.";
        properties.insert(PARTITION_KEY.into(), json!({ "type": "string", "description": about }));
    }
    json!({ "type": "object", "properties": properties, "required": names })
}

fn key_of(topic: Topic) -> &'static str {
    match topic {
        Topic::Facts | Topic::Events => "event id",
        Topic::Reservations => {
            "event id, then /N for the seat; the partition is that of the event id, and not of the \
             whole key"
        }
        Topic::Orders => {
            "event id, then /ord_…; the partition is that of the event id, and not of the whole key"
        }
        Topic::Counts => {
            "event id, then /section/N or /category/N; the partition is that of the event id, and \
             not of the whole key"
        }
        Topic::Windows => {
            "event id, then /window/MS, when it begins; the partition is that of the event id, and \
             not of the whole key"
        }
        Topic::Live => {
            "product id: event, kind, begin; the partition is that of the event id, and not of the \
             whole key"
        }
        Topic::Audience => {
            "product id: event, window, cell; the partition is that of the event id, and not of the \
             whole key"
        }
        _ => "user id, or event id when it is for everybody",
    }
}

fn about(topic: Topic) -> &'static str {
    match topic {
        Topic::Facts => "What happened: every hold, order, payment and phase.",
        Topic::Counts => "Free, held and sold by event, section and category, as of a position.",
        Topic::Reservations => "Tables: the current state of each seat that was ever touched.",
        Topic::Orders => "Tables: an order a row, from its hold on.",
        Topic::Events => "Tables: an event a row, with what it says of itself, and its phase.",
        Topic::Windows => {
            "What happened in each ten seconds of a sale, and since its beginning, as of a position."
        }
        Topic::Live => {
            "About how many wait and shop, to the minute, and how fast orders come, with noise."
        }
        Topic::Audience => {
            "About how many people who agreed are in a cohort of an event, a week at a time, with noise."
        }
        _ => "Messages for people: their turn, a hold about to end, an order's news, an event's.",
    }
}
