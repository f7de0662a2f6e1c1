//! What each kind of product is: its label, the topic of its records, the columns of its files.
//! A kind is a file here, with its line in [`product`].

mod cohorts;
mod concurrency;
mod velocity;

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use floodgate_domain::{EventId, LogTime};
use floodgate_people::ProductKind;

use super::sheet::{Sheet, SheetColumn};
use crate::time;

/// A kind, as far as gateways know it.
pub(crate) struct Product {
    /// Whether a record of the topic is of this kind.
    pub(crate) is_record: fn(&Map<String, Value>) -> bool,
    /// Records looked at for one answer, the newest; `None` for all.
    pub(crate) looked_at_max: Option<u64>,
    /// What the file is called, before its ending.
    pub(crate) file: &'static str,
    /// The columns of its files: fields of a record.
    pub(crate) columns: &'static [(&'static str, Holds)],
    pub(crate) label: fn(EventId, &str) -> ProductLabel,
}

/// What is in a column.
#[derive(Clone, Copy)]
pub(crate) enum Holds {
    Text,
    Number,
    /// A number that may be absent.
    Perhaps,
    Time,
}

#[must_use]
pub(crate) fn product(kind: ProductKind) -> &'static Product {
    match kind {
        ProductKind::Cohorts => &cohorts::COHORTS,
        ProductKind::Concurrency => &concurrency::CONCURRENCY,
        ProductKind::Velocity => &velocity::VELOCITY,
    }
}

impl Product {
    /// Records as a table; what a record lacks is empty.
    pub(crate) fn sheet(&self, records: &[Map<String, Value>]) -> Sheet {
        let column = |(name, holds): &(&'static str, Holds)| {
            let texts = records.iter().map(|record| record.get(*name).and_then(Value::as_str));
            let numbers = records.iter().map(|record| record.get(*name).and_then(Value::as_i64));
            let at = |text: Option<&str>| text.and_then(|text| time::parse(text).ok());
            match holds {
                Holds::Text => {
                    let texts = texts.map(|text| text.unwrap_or_default().to_owned());
                    SheetColumn::Text(name, texts.collect())
                }
                Holds::Number => {
                    SheetColumn::Number(name, numbers.map(|number| number.unwrap_or(0)).collect())
                }
                Holds::Perhaps => SheetColumn::Perhaps(name, numbers.collect()),
                Holds::Time => SheetColumn::Time(
                    name,
                    texts.map(|text| at(text).unwrap_or(LogTime(0))).collect(),
                ),
            }
        };
        Sheet(self.columns.iter().map(column).collect())
    }
}

/// The fields of the IAB Tech Lab's Data Transparency Standard 1.2, as far as they say anything here.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProductLabel {
    data_transparency_standard: &'static str,
    segment_name: String,
    segment_id: String,
    segment_taxonomy: LabelTaxonomy,
    segmentation_criteria: &'static str,
    precision_level: &'static str,
    audience_count: &'static str,
    geography: &'static str,
    /// None: there is nobody to match.
    id_types: [&'static str; 0],
    audience_expansion: bool,
    device_expansion: bool,
    refresh_cadence: &'static str,
    source_lookback_window: &'static str,
    data_sources: &'static str,
    inclusion_methodology: &'static str,
    provenance: &'static str,
    /// What the people agreed to, by name.
    purpose: &'static str,
    privacy: LabelPrivacy,
    terms: &'static str,
}

/// Ids of the IAB's Audience Taxonomy.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LabelTaxonomy {
    name: &'static str,
    version: &'static str,
    ids: [u32; 1],
}

/// What is promised to the people in it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LabelPrivacy {
    unit: &'static str,
    mechanism: &'static str,
    /// Of each record of which somebody is a part.
    epsilon_per_table: f64,
    /// Of all of them together, where there is a limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    epsilon_per_365_days: Option<f64>,
    delta: f64,
}

fn epsilon(micros: u32) -> f64 {
    f64::from(micros) / 1e6
}

/// What all of them say alike.
fn label(id: String, name: String) -> ProductLabel {
    ProductLabel {
        data_transparency_standard: "1.2",
        segment_name: name,
        segment_id: id,
        // Purchase intent: concerts.
        segment_taxonomy: LabelTaxonomy {
            name: "IAB Audience Taxonomy",
            version: "1.1",
            ids: [783],
        },
        segmentation_criteria: "",
        precision_level: "aggregate",
        audience_count: "",
        geography: "",
        id_types: [],
        audience_expansion: false,
        device_expansion: false,
        refresh_cadence: "",
        source_lookback_window: "",
        data_sources: "",
        inclusion_methodology: "",
        provenance: "first party",
        purpose: "",
        privacy: LabelPrivacy {
            unit: "",
            mechanism: "",
            epsilon_per_table: 0.0,
            epsilon_per_365_days: None,
            delta: 0.0,
        },
        terms: "Tables may be used and passed on. Nobody may try to find out who is in them.",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn labels_say_what_they_are_asked() {
        for kind in ProductKind::ALL {
            let label = (product(kind).label)(EventId(5), "Evening");
            let label = serde_json::to_value(&label).expect("it serialises");
            assert_eq!(label["segment_id"], kind.product_id(EventId(5)));
            let empty = |value: &Value| value == "";
            assert!(!label.as_object().is_some_and(|all| all.values().any(empty)), "{label}");
            assert!(label["privacy"]["epsilon_per_table"].as_f64() > Some(0.0), "{label}");
            assert!(!empty(&label["privacy"]["unit"]) && !empty(&label["privacy"]["mechanism"]));
        }
    }

    #[test]
    fn a_file_has_a_line_a_record_and_no_formulas() {
        let cell = json!({ "product_id": "evt/w/all", "artist": "=1+\"x\"", "count": 104,
            "released_at": "2026-11-23T00:00:03.000Z" });
        let Value::Object(cell) = cell else { panic!("an object") };
        let text = product(ProductKind::Cohorts).sheet(&[cell]).csv().expect("a file");
        let text = String::from_utf8(text).expect("text");
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert!(lines[0].starts_with("product_id,release_id,event_id,artist,window,from,"));
        let line = "evt/w/all,,,\"'=1+\"\"x\"\"\",,";
        assert!(lines[1].starts_with(line) && lines[1].contains(",104,"), "{}", lines[1]);
        assert_eq!(lines[2..], [""]);
    }
}
