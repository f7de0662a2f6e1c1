//! How fast orders come, against the first ten minutes.

use floodgate_domain::release::LIVE_EPSILON_MICROS;
use floodgate_people::ProductKind;
use serde_json::Value;

use super::concurrency::LOOKED_AT_MAX;
use super::{Holds, LabelPrivacy, Product, ProductLabel, epsilon, label};

pub(super) const VELOCITY: Product = Product {
    is_record: |record| record.get("kind").and_then(Value::as_str) == Some("velocity"),
    looked_at_max: Some(LOOKED_AT_MAX),
    file: "velocity",
    columns: &[
        ("product_id", Holds::Text),
        ("event_id", Holds::Text),
        ("artist", Holds::Text),
        ("from", Holds::Time),
        ("until", Holds::Time),
        ("index", Holds::Number),
        ("margin", Holds::Number),
        ("threshold", Holds::Number),
        ("epsilon_micros", Holds::Number),
    ],
    label: |event_id, name| ProductLabel {
        segmentation_criteria: "Orders of the event that were confirmed.",
        audience_count: "none: an index, 100 for the first ten minutes of the sale",
        geography: "none",
        refresh_cadence: "a record for each ten minutes, for a month from the opening on",
        source_lookback_window: "the ten minutes, and the first ones",
        data_sources: "orders of the event",
        inclusion_methodology: "observed",
        purpose: "none: nobody is asked for anything, and nothing of anybody is in it",
        privacy: LabelPrivacy {
            unit: "an order",
            mechanism: "discrete Laplace noise on both counts of orders",
            epsilon_per_table: epsilon(LIVE_EPSILON_MICROS),
            // It grows with the orders of somebody, which a sale limits.
            epsilon_per_365_days: None,
            delta: 0.0,
        },
        ..label(
            ProductKind::Velocity.product_id(event_id),
            format!("How fast tickets of {name} sell"),
        )
    },
};
