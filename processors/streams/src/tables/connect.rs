//! What Kafka Connect needs to take the tables without code: a schema in its own words, and the
//! property files that name it.
//!
//! Since Kafka 4.2 `JsonConverter` takes the schema from its settings (`schema.content`,
//! KIP-1054), so that records stay plain JSON and still arrive as a Struct, as sinks into databases
//! insist on.

use serde_json::{Value, json};

use floodgate_event_log::Topic;

use crate::public::schemas;

/// The property files, by name: one a table and system.
const SYSTEMS: [(&str, Properties); 3] =
    [("jdbc", jdbc), ("opensearch", opensearch), ("iceberg", iceberg)];

type Properties = fn(&Table) -> String;

/// What differs between the tables.
struct Table {
    topic: Topic,
    name: &'static str,
    key: &'static str,
}

const TABLES: [Table; 3] = [
    Table { topic: Topic::Reservations, name: "reservations", key: "event_id,seat_id" },
    Table { topic: Topic::Orders, name: "orders", key: "event_id,order_id" },
    Table { topic: Topic::Events, name: "events", key: "event_id" },
];

/// A JSON Schema of a flat row in the words of Kafka Connect.
#[must_use]
pub fn connect_schema(name: &str, schema: &Value) -> Value {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let properties = schema["properties"].as_object().into_iter().flatten();
    let fields: Vec<Value> = properties
        .map(|(field, about)| {
            let mut made = field_type(about);
            made["field"] = json!(field);
            let is_nullable = about["type"].as_array().is_some();
            made["optional"] = json!(is_nullable || !required.contains(&json!(field)));
            made
        })
        .collect();
    json!({ "type": "struct", "name": name, "version": 1, "optional": false, "fields": fields })
}

fn field_type(about: &Value) -> Value {
    let mut types = match &about["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect::<Vec<_>>(),
    };
    types.retain(|name| *name != "null");
    match (types.first().copied(), about["format"].as_str(), about["x-logical"].as_str()) {
        (_, _, Some("timestamp")) => json!({
            "type": "int64", "name": "org.apache.kafka.connect.data.Timestamp", "version": 1 }),
        (Some("boolean"), _, _) => json!({ "type": "boolean" }),
        (Some("integer"), Some("int32"), _) => json!({ "type": "int32" }),
        (Some("integer"), _, _) => json!({ "type": "int64" }),
        _ => json!({ "type": "string" }),
    }
}

/// Names and contents of everything for Kafka Connect: a schema a table, and a property file for
/// each system that takes it.
#[must_use]
pub fn connect_files() -> Vec<(String, String)> {
    let schemas = schemas();
    let mut files = Vec::new();
    for table in TABLES {
        let found = schemas.iter().find(|(topic, _)| *topic == table.topic);
        let Some((_, schema)) = found else { continue };
        let schema = connect_schema(&format!("floodgate.{}", table.name), schema);
        let pretty = serde_json::to_string_pretty(&schema).unwrap_or_default();
        files.push((format!("{}.schema.json", table.name), pretty + "\n"));
        for (system, properties) in SYSTEMS {
            let head = head(&table, system, &schema);
            files.push((format!("{system}-{}.properties", table.name), head + &properties(&table)));
        }
    }
    files
}

/// What every sink needs: where records are, and what they look like.
fn head(table: &Table, system: &str, schema: &Value) -> String {
    let (name, topic) = (table.name, table.topic.name());
    format!(
        "# The {name} of Floodgate in {system}, by Kafka Connect 4.2 or newer. Made by `floodgate schemas`.\n\
         name=floodgate-{system}-{name}\n\
         topics={topic}\n\
         tasks.max=1\n\
         key.converter=org.apache.kafka.connect.storage.StringConverter\n\
         value.converter=org.apache.kafka.connect.json.JsonConverter\n\
         value.converter.schemas.enable=true\n\
         value.converter.schema.content={schema}\n"
    )
}

/// One row a key, which gives way to the next: the record's own fields are the primary key.
fn jdbc(table: &Table) -> String {
    let Table { name, key, .. } = table;
    format!(
        "connector.class=io.debezium.connector.jdbc.JdbcSinkConnector\n\
         connection.url=jdbc:postgresql://127.0.0.1:5432/analytics\n\
         connection.username=analytics\n\
         connection.password=${{file:/etc/kafka/secrets.properties:password}}\n\
         insert.mode=upsert\n\
         primary.key.mode=record_value\n\
         primary.key.fields={key}\n\
         collection.name.format=floodgate_{name}\n\
         schema.evolution=basic\n"
    )
}

/// One document a key: the record's key is the document's id.
fn opensearch(table: &Table) -> String {
    format!(
        "connector.class=io.aiven.kafka.connect.opensearch.OpensearchSinkConnector\n\
         connection.url=http://127.0.0.1:9200\n\
         key.ignore=false\n\
         schema.ignore=true\n\
         topic.to.external.resource.mapping={topic}:floodgate-{name}\n",
        topic = table.topic.name(),
        name = table.name,
    )
}

/// It appends only: the newest of a row is the one with the greatest version.
fn iceberg(table: &Table) -> String {
    let Table { name, key, .. } = table;
    format!(
        "connector.class=org.apache.iceberg.connect.IcebergSinkConnector\n\
         iceberg.tables=floodgate.{name}\n\
         iceberg.tables.auto-create-enabled=true\n\
         iceberg.tables.default-id-columns={key}\n\
         iceberg.catalog.type=rest\n\
         iceberg.catalog.uri=http://127.0.0.1:8181\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_flat_and_has_a_type_for_each_field() {
        for table in TABLES {
            let found = schemas().into_iter().find(|(topic, _)| *topic == table.topic);
            let (_, schema) = found.expect("a schema");
            let made = connect_schema(table.name, &schema);
            let fields = made["fields"].as_array().expect("fields");
            assert_eq!(fields.len(), schema["properties"].as_object().expect("fields").len());
            for field in fields {
                let kind = field["type"].as_str().unwrap_or_default();
                assert!(["string", "int32", "int64", "boolean"].contains(&kind), "{field}");
            }
            let named = |name: &str| fields.iter().find(|field| field["field"] == name);
            for key in table.key.split(',') {
                assert_eq!(named(key).expect("a key's field")["optional"], false, "{key}");
            }
        }
    }

    #[test]
    fn what_may_be_null_is_optional_and_times_are_timestamps() {
        let (_, schema) = schemas()
            .into_iter()
            .find(|(topic, _)| *topic == Topic::Reservations)
            .expect("a schema");
        let made = connect_schema("reservations", &schema);
        let of = |name: &str| {
            let fields = made["fields"].as_array().expect("fields");
            fields.iter().find(|field| field["field"] == name).expect("a field").clone()
        };
        assert_eq!(of("user_id"), json!({"type": "string", "field": "user_id", "optional": true}));
        assert_eq!(of("seat_id")["type"], "int64");
        assert_eq!(of("redeemed")["type"], "boolean");
        assert_eq!(of("lock_expiry")["name"], "org.apache.kafka.connect.data.Timestamp");
        assert_eq!(
            (&of("lock_expiry")["optional"], &of("changed_at")["optional"]),
            (&json!(true), &json!(false))
        );
    }
}
