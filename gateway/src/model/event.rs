//! Events: in a list, in full, and to be created.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::LogPosition;
use super::policy::PolicyPatch;
use super::price::PriceEntry;
use super::status::CategoryStatus;
use super::venue::PlanUpload;
use crate::time;
use crate::views::EventView;

/// An event in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct EventSummary {
    #[schema(example = "evt_0000000000001")]
    pub(crate) event_id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) starts_at: Option<String>,
    pub(crate) venue_id: String,
    pub(crate) venue_name: String,
    /// announced, open, paused, sold_out, closed or cancelled.
    pub(crate) phase: &'static str,
    pub(crate) capacity: u32,
    pub(crate) free: u32,
    pub(crate) currency: String,
    /// Cheapest current price of one seat, all fees included, in minor units.
    pub(crate) price_from: Option<u32>,
    pub(crate) as_of: LogPosition,
}

impl EventSummary {
    pub(crate) fn of(view: &EventView) -> Self {
        let now = time::now();
        let categories = 0..view.plan.categories.len() as u8;
        EventSummary {
            event_id: view.id.to_string(),
            name: view.name.clone(),
            description: view.description.clone(),
            starts_at: time::text_if_set(view.starts_at),
            venue_id: view.venue_id.to_string(),
            venue_name: view.plan.name.clone(),
            phase: view.phase_text(),
            capacity: view.capacity(),
            free: view.counts.free,
            currency: view.prices.currency.as_str().to_owned(),
            price_from: categories.filter_map(|category| view.price(category, now)).min(),
            as_of: view.as_of.into(),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventList {
    pub(crate) events: Vec<EventSummary>,
    /// Pass as `after` for the next page; absent at the end.
    pub(crate) next: Option<String>,
}

/// An event in full.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventDetail {
    #[serde(flatten)]
    pub(crate) summary: EventSummary,
    pub(crate) categories: Vec<CategoryStatus>,
    pub(crate) policy: PolicyPatch,
}

impl EventDetail {
    pub(crate) fn of(view: &EventView) -> Self {
        EventDetail {
            summary: EventSummary::of(view),
            categories: CategoryStatus::all(view),
            policy: PolicyPatch::of(&view.policy),
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateEvent {
    #[schema(example = "An evening")]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) description: String,
    /// RFC 3339, with any offset.
    #[schema(format = DateTime)]
    pub(crate) starts_at: Option<String>,
    pub(crate) plan: PlanUpload,
    #[schema(example = "EUR")]
    pub(crate) currency: String,
    /// By category name.
    pub(crate) prices: BTreeMap<String, PriceEntry>,
    #[serde(default)]
    pub(crate) policy: PolicyPatch,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Created {
    pub(crate) event_id: String,
    pub(crate) venue_id: String,
    pub(crate) seats: u32,
    /// What was noticed when reading the plan.
    #[schema(value_type = Object)]
    pub(crate) report: serde_json::Value,
    pub(crate) as_of: LogPosition,
}
