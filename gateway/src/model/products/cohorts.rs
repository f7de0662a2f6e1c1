//! Weekly tables of the people who agreed to be counted.

use floodgate_domain::release::{RELEASE_EPSILON_MICROS_MAX, YEARLY_EPSILON_MICROS_MAX};
use floodgate_people::ProductKind;

use super::{Holds, LabelPrivacy, Product, ProductLabel, epsilon, label};

pub(super) const COHORTS: Product = Product {
    is_record: |_| true,
    // A table comes once a week.
    looked_at_max: None,
    file: "audience",
    columns: &[
        ("product_id", Holds::Text),
        ("release_id", Holds::Text),
        ("event_id", Holds::Text),
        ("artist", Holds::Text),
        ("window", Holds::Text),
        ("from", Holds::Time),
        ("until", Holds::Time),
        ("released_at", Holds::Time),
        ("cell", Holds::Text),
        ("age", Holds::Text),
        ("region", Holds::Text),
        ("count", Holds::Number),
        ("margin", Holds::Number),
        ("threshold", Holds::Number),
        ("epsilon_micros", Holds::Number),
        ("spent_micros", Holds::Number),
    ],
    label: |event_id, name| ProductLabel {
        segmentation_criteria: "Was in the ticket shop of the event, and agreed to be counted.",
        audience_count: "in the tables, with noise; never below the threshold",
        geography: "country, as stated",
        refresh_cadence: "a table a week of the sale, six within any 365 days",
        source_lookback_window: "since the sale of the event opened",
        data_sources: "stated by the person on the tickets page",
        inclusion_methodology: "declared",
        purpose: "audience",
        privacy: LabelPrivacy {
            unit: "a device at one event",
            mechanism: "discrete Laplace noise, at most 4 cells a person",
            epsilon_per_table: epsilon(RELEASE_EPSILON_MICROS_MAX),
            epsilon_per_365_days: Some(epsilon(YEARLY_EPSILON_MICROS_MAX)),
            delta: 0.0,
        },
        ..label(
            ProductKind::Cohorts.product_id(event_id),
            format!("People of {name}, by age band and country"),
        )
    },
};
