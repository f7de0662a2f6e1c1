//! Counts and phase of an event.

use serde::Serialize;
use utoipa::ToSchema;

use floodgate_domain::{EventStatus, Reply};

use super::answer::LogPosition;
use crate::time;
use crate::views::{EventView, SeatsByState};

/// Counts of one price category.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct CategoryStatus {
    /// Index in the plan.
    pub(crate) category: u8,
    pub(crate) name: String,
    pub(crate) color: String,
    /// Current price of one seat, all fees included, in minor units; absent when not for sale.
    pub(crate) price: Option<u32>,
    pub(crate) free: u32,
    pub(crate) held: u32,
    pub(crate) sold: u32,
}

impl CategoryStatus {
    pub(crate) fn all(view: &EventView) -> Vec<Self> {
        let now = time::now();
        let rows = view.plan.categories.iter().zip(&view.by_category).zip(0_u8..);
        rows.map(|((category, &SeatsByState { free, held, sold }), number)| {
            let [red, green, blue] = category.color;
            CategoryStatus {
                category: number,
                name: category.name.clone(),
                color: format!("#{red:02x}{green:02x}{blue:02x}"),
                price: view.price(number, now),
                free,
                held,
                sold,
            }
        })
        .collect()
    }
}

/// Phase and counts of an event: `getEventStatus`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct StatusAnswer {
    pub(crate) event_id: String,
    /// announced, presale, open, paused, sold_out, closed or cancelled.
    pub(crate) phase: &'static str,
    pub(crate) capacity: u32,
    pub(crate) free: u32,
    pub(crate) held: u32,
    pub(crate) sold: u32,
    pub(crate) shoppers: u32,
    pub(crate) shoppers_max: u32,
    /// eventual: folded from the stream, as of `as_of`. strong: decided in the log.
    #[schema(example = "strong")]
    pub(crate) consistency: &'static str,
    /// Only with eventual consistency.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) categories: Vec<CategoryStatus>,
    pub(crate) as_of: LogPosition,
}

impl StatusAnswer {
    pub(crate) fn eventual(view: &EventView) -> Self {
        let SeatsByState { free, held, sold } = view.counts;
        StatusAnswer {
            event_id: view.id.to_string(),
            phase: view.phase_text(),
            capacity: view.capacity(),
            free,
            held,
            sold,
            shoppers: view.shoppers,
            shoppers_max: view.policy.shoppers_max,
            consistency: "eventual",
            categories: CategoryStatus::all(view),
            as_of: view.as_of.into(),
        }
    }

    pub(crate) fn strong(reply: &Reply, status: &EventStatus) -> Self {
        let nothing_left = status.free + status.held == 0;
        let is_sold_out = nothing_left && status.phase.sells();
        StatusAnswer {
            event_id: reply.event_id.to_string(),
            phase: if is_sold_out { "sold_out" } else { status.phase.code() },
            capacity: status.capacity,
            free: status.free,
            held: status.held,
            sold: status.sold,
            shoppers: status.shoppers,
            shoppers_max: status.shoppers_max,
            consistency: "strong",
            categories: Vec::new(),
            as_of: reply.into(),
        }
    }
}
