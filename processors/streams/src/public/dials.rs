//! Dials that were changed, as other teams read them: names and types are those of the domain.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use floodgate_domain::DialChange;
use floodgate_domain::dials::{DIALS, DialKind, Plain};

/// By name, each with its new value; a dial that was not turned is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DialsBody(pub Map<String, Value>);

impl From<&DialChange> for DialsBody {
    fn from(change: &DialChange) -> Self {
        let turned = change.turned().map(|(dial, value)| {
            let value = match dial.plain(&value) {
                Plain::Number(number) => json!(number),
                Plain::Text(text) => json!(text),
            };
            (dial.name.to_owned(), value)
        });
        DialsBody(turned.collect())
    }
}

impl JsonSchema for DialsBody {
    fn schema_name() -> Cow<'static, str> {
        "Dials".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let properties = DIALS.iter().map(|dial| {
            let kind = match dial.kind {
                DialKind::Number { .. } => "integer",
                DialKind::Duration { .. } | DialKind::Text { .. } | DialKind::Phase => "string",
            };
            (dial.name.to_owned(), json!({ "type": kind, "description": dial.what }))
        });
        let properties: Map<String, Value> = properties.collect();
        json_schema!({
            "type": "object",
            "description": "By name, each with its new value; a dial that was not turned is absent.",
            "properties": properties,
        })
    }
}
