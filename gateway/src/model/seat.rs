//! Seats as people know them.

use serde::Serialize;
use utoipa::ToSchema;

use floodgate_domain::SeatId;

use crate::views::{EventView, SeatPlace};

/// A seat of an order.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Seat {
    /// The seat's number in the plan.
    pub(crate) seat_id: u32,
    pub(crate) section: String,
    pub(crate) row: String,
    pub(crate) seat: String,
    pub(crate) category: String,
}

impl Seat {
    pub(crate) fn of(view: &EventView, seat: SeatId) -> Self {
        let place = view.place_of(seat).unwrap_or(SeatPlace {
            section: String::new(),
            row: String::new(),
            label: String::new(),
            category: 0,
        });
        let category = view.plan.categories.get(usize::from(place.category));
        Seat {
            seat_id: seat.0,
            section: place.section,
            row: place.row,
            seat: place.label,
            category: category.map(|category| category.name.clone()).unwrap_or_default(),
        }
    }
}
