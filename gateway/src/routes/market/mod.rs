//! Products of events for sale: what is on offer, and who says so. Orders are in `orders`.

mod account;
mod delivery;
mod keys;
mod live;
mod orders;
mod pay;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::EventId;
use floodgate_people::ProductOffer;

use super::Routes;
use crate::extract::{Advertiser, Artist, EventPath, Idempotent, Manager, Operator, Staff};
use crate::model::contact::malformed;
use crate::model::market::{ProductAnswer, ProductList, ProductOfferBody};
use crate::people::PeopleDesk;
use crate::problem::ApiError;
use crate::staff::StaffRole;
use crate::views::Views;

/// The most a year of a product may cost, in minor units: a slip of the keyboard is no price.
const AMOUNT_MAX: u64 = 100_000_000;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(offer))
        .merge(account::routes())
        .merge(delivery::routes())
        .merge(keys::routes())
        .merge(live::routes())
        .merge(orders::routes())
}

fn named(views: &Views, event_id: EventId) -> (String, String) {
    let entry = views.get(event_id);
    let details = entry.map(|entry| entry.read().details.clone());
    details.map(|details| (details.name.clone(), details.artist.clone())).unwrap_or_default()
}

/// What is on sale, each with its label. Managers and artists also see what is not yet.
#[utoipa::path(get, path = "/v1/products", operation_id = "listProducts", tag = "Advertisers",
    security(("staff" = ["manager", "operator", "artist", "advertiser"])),
    responses((status = 200, body = ProductList)))]
pub(crate) async fn list(
    State(people): State<PeopleDesk>,
    State(views): State<Arc<Views>>,
    staff: Staff<(Manager, Operator, Artist, Advertiser)>,
) -> Result<Json<ProductList>, ApiError> {
    let sees_all = matches!(staff.role, StaffRole::Manager | StaffRole::Artist);
    let offers = people.look(|work| work.product_offers()).await?;
    let shown = offers.iter().filter(|offer| sees_all || offer.is_on_sale());
    let products = shown.map(|offer| ProductAnswer::of(offer, named(&views, offer.event_id)));
    Ok(Json(ProductList { products: products.collect() }))
}

/// Says whether a product of an event may be sold: a manager for the house, who also names the price,
/// and an artist. It is on sale while both say yes.
#[utoipa::path(put, path = "/v1/events/{event_id}/product", operation_id = "offerProduct",
    tag = "Advertisers", security(("staff" = ["manager", "artist"])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body(content = ProductOfferBody, example = json!({"approved": true, "amount": 50_000})),
    responses((status = 200, body = ProductAnswer)))]
pub(crate) async fn offer(
    State(people): State<PeopleDesk>,
    State(views): State<Arc<Views>>,
    staff: Staff<(Manager, Artist)>,
    path: EventPath,
    Idempotent { body, .. }: Idempotent<ProductOfferBody>,
) -> Result<Json<ProductAnswer>, ApiError> {
    let is_manager = staff.role == StaffRole::Manager;
    if body.amount.is_some_and(|amount| !is_manager || !(1..=AMOUNT_MAX).contains(&amount)) {
        let fix = format!("a manager names it, from 1 to {AMOUNT_MAX}");
        return Err(malformed("amount", fix));
    }
    let currency = path.entry.read().prices.currency.as_str().to_owned();
    let (event_id, id, kind) = (path.event_id, staff.id, body.kind.into());
    let set = people.with(move |work| {
        let before = work.product_offer((event_id, kind))?;
        let new = ProductOffer { event_id, kind, amount: 0, currency, manager: None, artist: None };
        let mut offer = before.unwrap_or(new);
        let says = body.approved.then_some(id);
        if is_manager {
            offer.manager = says;
            offer.amount = body.amount.unwrap_or(offer.amount);
        } else {
            offer.artist = says;
        }
        work.set_product_offer(&offer)?;
        Ok(offer)
    });
    Ok(Json(ProductAnswer::of(&set.await?, named(&views, event_id))))
}
