//! Events: in a list, in full, and to be created.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::LogPosition;
use super::details::{Details, DetailsPatch};
use super::look::LookPatch;
use super::policy::PolicyPatch;
use super::price::PriceEntry;
use super::status::CategoryStatus;
use super::venue::{PlanReport, PlanUpload};
use crate::time;
use crate::views::EventView;

/// An event in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct EventSummary {
    #[schema(example = "evt_0000000000001")]
    pub(crate) event_id: String,
    #[serde(flatten)]
    pub(crate) details: Details,
    pub(crate) venue_id: String,
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
            details: Details::of(&view.details, &view.plan.name),
            venue_id: view.venue_id.to_string(),
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
    /// How often what it says of itself was changed; send it with a change of yours.
    pub(crate) revision: u32,
    pub(crate) categories: Vec<CategoryStatus>,
    pub(crate) policy: PolicyPatch,
}

impl EventDetail {
    pub(crate) fn of(view: &EventView) -> Self {
        EventDetail {
            summary: EventSummary::of(view),
            revision: view.details_revision,
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
    pub(crate) description: Option<String>,
    /// Who is on stage.
    pub(crate) artist: Option<String>,
    pub(crate) venue_name: Option<String>,
    /// May have several lines.
    pub(crate) venue_address: Option<String>,
    /// Name in the IANA time zone database.
    #[schema(example = "Europe/Berlin")]
    pub(crate) time_zone: Option<String>,
    /// RFC 3339, with any offset; so are the other instants.
    #[schema(format = DateTime)]
    pub(crate) doors_at: Option<String>,
    #[schema(format = DateTime)]
    pub(crate) starts_at: Option<String>,
    #[schema(format = DateTime)]
    pub(crate) ends_at: Option<String>,
    /// When the event was or is announced.
    #[schema(format = DateTime)]
    pub(crate) announced_at: Option<String>,
    /// When the presale begins by itself; must lie ahead.
    #[schema(format = DateTime)]
    pub(crate) presale_at: Option<String>,
    /// When the sale opens by itself; must lie ahead.
    #[schema(format = DateTime)]
    pub(crate) opens_at: Option<String>,
    /// When the sale closes by itself; must lie ahead.
    #[schema(format = DateTime)]
    pub(crate) closes_at: Option<String>,
    /// Nobody younger is let in.
    #[schema(maximum = 99)]
    pub(crate) age_min: Option<u8>,
    /// Colours of its pages; a logo is uploaded once the event is there.
    pub(crate) look: Option<LookPatch>,
    pub(crate) plan: PlanUpload,
    #[schema(example = "EUR")]
    pub(crate) currency: String,
    /// By category name.
    pub(crate) prices: BTreeMap<String, PriceEntry>,
    #[serde(default)]
    pub(crate) policy: PolicyPatch,
}

impl CreateEvent {
    /// What the event says of itself, taken out of the request.
    pub(crate) fn take_details(&mut self) -> DetailsPatch {
        let some = |field: &mut Option<String>| Some(field.take());
        DetailsPatch {
            revision: None,
            name: Some(std::mem::take(&mut self.name)),
            description: some(&mut self.description),
            artist: some(&mut self.artist),
            venue_name: some(&mut self.venue_name),
            venue_address: some(&mut self.venue_address),
            time_zone: some(&mut self.time_zone),
            doors_at: some(&mut self.doors_at),
            starts_at: some(&mut self.starts_at),
            ends_at: some(&mut self.ends_at),
            announced_at: some(&mut self.announced_at),
            presale_at: some(&mut self.presale_at),
            opens_at: some(&mut self.opens_at),
            closes_at: some(&mut self.closes_at),
            age_min: Some(self.age_min.take()),
            picture: None,
            look: self.look.take().map(Some),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Created {
    pub(crate) event_id: String,
    pub(crate) venue_id: String,
    pub(crate) seats: u32,
    /// What was noticed when reading the plan.
    pub(crate) report: PlanReport,
    pub(crate) as_of: LogPosition,
}
