//! Everything a person has, over all events: orders that run, tickets, and what became of the rest.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Routes;
use crate::extract::Persona;
use crate::model::{EventSummary, MyEvent, MyOrders, Order};
use crate::views::{EventView, Views};

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(list))
}

/// Events shown: those with the newest start. Whoever has tickets for more of them is a shop.
const EVENTS_MAX: usize = 200;
/// Orders of one event, the newest first; the limits of a sale allow fewer.
const ORDERS_MAX: usize = 20;

/// What this device's person has at all events: their orders with their status, and tickets that
/// were given to them. Events that start last come first.
#[utoipa::path(get, path = "/v1/me/orders", operation_id = "listMyOrders", tag = "Fans",
    responses((status = 200, body = MyOrders)))]
pub(crate) async fn list(State(views): State<Arc<Views>>, persona: Persona) -> Json<MyOrders> {
    let all = views.all();
    let found = all.iter().filter_map(|(_, entry)| {
        let view = entry.read();
        Some((view.details.starts_at, of_event(&view, &persona)?))
    });
    let mut found: Vec<_> = found.collect();
    found.sort_by_key(|(starts_at, _)| std::cmp::Reverse(*starts_at));
    found.truncate(EVENTS_MAX);
    Json(MyOrders { events: found.into_iter().map(|(_, event)| event).collect() })
}

fn of_event(view: &EventView, persona: &Persona) -> Option<MyEvent> {
    let of = |buyer| view.orders_of(buyer).take(ORDERS_MAX);
    let orders: Vec<_> =
        persona.all().iter().copied().flat_map(of).copied().take(ORDERS_MAX).collect();
    let given = persona.all().iter().flat_map(|buyer| view.tickets.received_by(*buyer));
    let given = given.filter(|(hold_id, _)| orders.iter().all(|order| order.hold_id != *hold_id));
    let mut received: Vec<String> =
        given.map(|(hold_id, _)| hold_id.order().to_string()).take(ORDERS_MAX).collect();
    received.sort_unstable();
    received.dedup();
    if orders.is_empty() && received.is_empty() {
        return None;
    }
    Some(MyEvent {
        event: EventSummary::of(view),
        orders: orders.iter().map(|order| Order::of(view, order, view.as_of.into())).collect(),
        received,
        as_of: view.as_of.into(),
    })
}
