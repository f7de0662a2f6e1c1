//! How many wait and how many shop, to the minute.

use floodgate_domain::release::LIVE_EPSILON_MICROS;
use floodgate_people::ProductKind;
use serde_json::Value;

use super::{Holds, LabelPrivacy, Product, ProductLabel, epsilon, label};

/// Records of a partition that are looked at: a week of minutes of twenty events.
pub(super) const LOOKED_AT_MAX: u64 = 200_000;

pub(super) const CONCURRENCY: Product = Product {
    is_record: |record| record.get("kind").and_then(Value::as_str) == Some("concurrency"),
    looked_at_max: Some(LOOKED_AT_MAX),
    file: "concurrency",
    columns: &[
        ("product_id", Holds::Text),
        ("event_id", Holds::Text),
        ("artist", Holds::Text),
        ("from", Holds::Time),
        ("until", Holds::Time),
        ("waiting", Holds::Perhaps),
        ("shopping", Holds::Perhaps),
        ("margin", Holds::Number),
        ("threshold", Holds::Number),
        ("epsilon_micros", Holds::Number),
    ],
    label: |event_id, name| ProductLabel {
        segmentation_criteria: "Waits for the ticket shop of the event, or is in it.",
        audience_count: "in each record, with noise; never below the threshold",
        geography: "none",
        refresh_cadence: "a record a minute while the sale runs",
        source_lookback_window: "the minute",
        data_sources: "the waiting room and the shop of the event",
        inclusion_methodology: "observed",
        purpose: "none: nobody is asked for anything, and nothing of anybody is in it",
        privacy: LabelPrivacy {
            unit: "a place or a visit in one minute",
            mechanism: "discrete Laplace noise; each is one in one number of a minute",
            epsilon_per_table: epsilon(LIVE_EPSILON_MICROS),
            // It grows with the minutes that somebody is there.
            epsilon_per_365_days: None,
            delta: 0.0,
        },
        ..label(
            ProductKind::Concurrency.product_id(event_id),
            format!("Who waits and shops for {name}, to the minute"),
        )
    },
};
