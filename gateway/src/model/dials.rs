//! Dials as JSON and in OpenAPI: names, types, bounds and texts are those of the domain's table.

use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use floodgate_domain::dials::{DIALS, Dial, DialError, DialKind, Plain, REASON, REASON_KIND};
use floodgate_domain::{DialChange, PhaseDial, SalePhase};

use crate::problem::{ApiError, Code};

/// Dials to set, and why; absent ones stay as they are.
#[derive(Debug)]
pub(crate) struct ChangeBody(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for ChangeBody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields)
    }
}

/// Reads the fields as they stand, each at most once.
struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = ChangeBody;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of dials")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ChangeBody, A::Error> {
        let mut fields: Vec<(String, Value)> = Vec::new();
        while let Some((name, value)) = map.next_entry()? {
            if fields.iter().any(|(before, _)| *before == name) {
                return Err(A::Error::custom(format!("`{name}` is there twice")));
            }
            // One field too many shows a mistake as well as a thousand would.
            if fields.len() <= DIALS.len() + 1 {
                fields.push((name, value));
            }
        }
        Ok(ChangeBody(fields))
    }
}

impl ChangeBody {
    /// The requested change; all errors are reported at once.
    pub(crate) fn change(&self) -> Result<DialChange, ApiError> {
        let mut change = DialChange::default();
        let set = self.0.iter().map(|(name, value)| change.set(name, plain(value).as_ref()));
        let errors: Vec<DialError> = set.filter_map(Result::err).collect();
        let error = if errors.is_empty() { change.check().err() } else { None };
        let mut errors = errors.into_iter().chain(error).peekable();
        if errors.peek().is_none() {
            return Ok(change);
        }
        let problem = ApiError::new(Code::MalformedBody);
        Err(errors.fold(problem, |problem, error| problem.field(error.field, error.fix)))
    }
}

impl From<DialError> for ApiError {
    fn from(error: DialError) -> Self {
        ApiError::new(Code::MalformedBody).field(error.field, error.fix)
    }
}

fn plain(value: &Value) -> Option<Plain> {
    match value {
        Value::Number(number) => number.as_u64().map(Plain::Number),
        Value::String(text) => Some(Plain::Text(text.clone())),
        _ => None,
    }
}

/// Dials with their values; absent ones were not set.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(transparent)]
pub(crate) struct DialValues(Map<String, Value>);

impl DialValues {
    pub(crate) fn of(change: &DialChange) -> Self {
        let turned = change.turned().map(|(dial, value)| {
            let value = match dial.plain(&value) {
                Plain::Number(number) => json!(number),
                Plain::Text(text) => json!(text),
            };
            (dial.name.to_owned(), value)
        });
        DialValues(turned.collect())
    }

    /// All dials with their values; the phase is the sale's own.
    pub(crate) fn standing(standing: &DialChange, phase: SalePhase) -> Self {
        let mut values = DialValues::of(standing);
        values.0.insert("phase".to_owned(), json!(phase.code()));
        values
    }

    pub(crate) fn take(&mut self, dial: &Dial) -> Value {
        self.0.remove(dial.name).unwrap_or(Value::Null)
    }
}

/// A dial and its value.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DialAnswer {
    #[schema(example = "pace_per_minute")]
    name: &'static str,
    /// What it does, in one sentence.
    what: &'static str,
    /// number, duration, text or choice.
    #[schema(example = "number")]
    kind: &'static str,
    /// The valid values, in words.
    #[schema(example = "a whole number between 0 and 16777216")]
    bound: String,
    /// The unit of a number.
    #[serde(skip_serializing_if = "str::is_empty")]
    #[schema(example = "places a minute")]
    unit: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    minimum: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum: Option<u64>,
    /// The possible values, if there are only a few.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    choices: Vec<&'static str>,
    /// A number, or a text.
    value: Value,
}

impl DialAnswer {
    pub(crate) fn all(values: &mut DialValues) -> Vec<Self> {
        let answers = DIALS.iter().map(|dial| {
            let (minimum, maximum) = match dial.kind {
                DialKind::Number { min, max, .. } => (Some(min), Some(max)),
                DialKind::Duration { .. } | DialKind::Text { .. } | DialKind::Phase => (None, None),
            };
            DialAnswer {
                name: dial.name,
                what: dial.what,
                kind: dial.kind.name(),
                bound: dial.kind.bound(),
                unit: dial.kind.unit(),
                minimum,
                maximum,
                choices: choices(dial.kind),
                value: values.take(dial),
            }
        });
        answers.collect()
    }
}

fn choices(kind: DialKind) -> Vec<&'static str> {
    match kind {
        DialKind::Phase => PhaseDial::TURNED.map(PhaseDial::code).to_vec(),
        DialKind::Number { .. } | DialKind::Duration { .. } | DialKind::Text { .. } => Vec::new(),
    }
}

/// The schema of a dial's values, with its description and its bounds in words.
fn property(what: &str, kind: DialKind) -> ObjectBuilder {
    let property =
        ObjectBuilder::new().description(Some(format!("{what} It is {}.", kind.bound())));
    match kind {
        DialKind::Number { min, max, .. } => {
            property.schema_type(Type::Integer).minimum(Some(min as f64)).maximum(Some(max as f64))
        }
        DialKind::Duration { .. } => property.schema_type(Type::String).examples([json!("90s")]),
        DialKind::Text { .. } => property.schema_type(Type::String),
        DialKind::Phase => property.schema_type(Type::String).enum_values(Some(choices(kind))),
    }
}

fn properties() -> ObjectBuilder {
    DIALS.iter().fold(ObjectBuilder::new(), |object, dial| {
        object.property(dial.name, property(dial.what, dial.kind))
    })
}

impl PartialSchema for ChangeBody {
    fn schema() -> RefOr<Schema> {
        let about =
            "Dials to turn; what is absent stays as it is. All of them are turned, or none.";
        let object = properties().property("reason", property(REASON, REASON_KIND));
        let closed = AdditionalProperties::FreeForm(false);
        object.additional_properties(Some(closed)).description(Some(about)).into()
    }
}

impl ToSchema for ChangeBody {
    fn name() -> std::borrow::Cow<'static, str> {
        "DialChange".into()
    }
}

impl PartialSchema for DialValues {
    fn schema() -> RefOr<Schema> {
        // A sale can be in more phases than a dial can set.
        let phase = ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("Of a change, what it was turned to; else the phase of the sale."));
        let about = "Dials by name with their values; one that was not turned is absent.";
        properties().property("phase", phase).description(Some(about)).into()
    }
}

impl ToSchema for DialValues {
    fn name() -> std::borrow::Cow<'static, str> {
        "Dials".into()
    }
}
