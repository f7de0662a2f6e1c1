//! One file per group of routes. Each is registered once, here, with its entry in the document.

mod announcements;
mod around;
mod availability;
mod bundle;
mod changes;
mod codes;
mod cohort;
mod contacts;
mod details;
mod dials;
mod door;
mod event_page;
mod events;
mod failures;
mod find_people;
mod follow;
mod holds;
mod house;
mod inbox;
mod insight;
mod lean;
mod line;
mod log;
mod market;
mod markup;
mod my_orders;
mod notify;
mod orders;
mod pages;
mod parameters;
mod passkeys;
mod payments;
mod pictures;
mod problems;
mod providers;
mod queue;
mod redemptions;
mod refused_page;
mod respond;
mod returns;
mod revocations;
mod sale;
mod search;
mod shop;
mod sign_in;
mod staff;
mod staff_sessions;
mod status;
mod system;
mod tickets;
mod transfers;
mod unsubscribe;
mod venues;
mod webhooks;

use std::sync::LazyLock;

use axum::{Router, middleware};
use bytes::Bytes;
use tower_http::compression::CompressionLayer;
use utoipa_axum::router::OpenApiRouter;

use crate::openapi::{complete, frame};
use crate::problem::{ApiError, Code};
use crate::state::GatewayState;

/// Routes and what the document says of them.
type Routes = OpenApiRouter<GatewayState>;

/// Every route of the gateway: a group that is added is a line here.
fn table() -> Routes {
    // Large answers are worth compressing; those to commands fit into one packet as they are, and
    // streams would be held back by a compressor.
    let large = Routes::new()
        .merge(events::routes())
        .merge(availability::routes())
        .merge(venues::routes())
        .merge(search::routes())
        .merge(pages::routes())
        .merge(event_page::routes())
        .merge(line::routes())
        .merge(insight::routes())
        .merge(problems::routes())
        .merge(system::routes())
        .layer(CompressionLayer::new());
    Routes::with_openapi(frame())
        .merge(large)
        .merge(sale::routes())
        .merge(queue::routes())
        .merge(door::routes())
        .merge(notify::routes())
        .merge(details::routes())
        .merge(pictures::routes())
        .merge(dials::routes())
        .merge(changes::routes())
        .merge(shop::routes())
        .merge(codes::routes())
        .merge(cohort::routes())
        .merge(holds::routes())
        .merge(orders::routes())
        .merge(my_orders::routes())
        .merge(house::routes())
        .merge(tickets::routes())
        .merge(transfers::routes())
        .merge(redemptions::routes())
        .merge(revocations::routes())
        .merge(status::routes())
        .merge(staff::routes())
        .merge(staff_sessions::routes())
        .merge(providers::routes())
        .merge(passkeys::routes())
        .merge(contacts::routes())
        .merge(follow::routes())
        .merge(inbox::routes())
        .merge(unsubscribe::routes())
        .merge(sign_in::routes())
        .merge(find_people::routes())
        .merge(returns::routes())
        .merge(failures::routes())
        .merge(log::routes())
        .merge(announcements::routes())
        .merge(webhooks::routes())
        .merge(market::routes())
        .merge(payments::routes())
}

/// The OpenAPI document as it is served. It follows from the code alone, so it is made once.
#[must_use]
pub fn openapi() -> Bytes {
    static DOCUMENT: LazyLock<Bytes> =
        LazyLock::new(|| Bytes::from(complete(&table().into_openapi()).to_string()));
    DOCUMENT.clone()
}

/// The whole gateway as a service.
pub fn app(state: GatewayState) -> Router {
    insight::begin_counting();
    let (routes, _) = table().split_for_parts();
    routes
        .fallback(async || ApiError::new(Code::NotFound))
        .method_not_allowed_fallback(async || ApiError::new(Code::MethodNotAllowed))
        .layer(middleware::from_fn_with_state(state.clone(), around::around))
        .with_state(state)
}

#[cfg(test)]
mod tests;
