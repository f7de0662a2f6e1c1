//! Orders of tables: bought, listed, ended; and the tables themselves, for those who paid.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::{EventId, PaymentMethod};
use floodgate_people::{NewProductOrder, ProductOrder, ProductState};

use super::super::Routes;
use super::pay::advance;
use crate::commands::command_id;
use crate::extract::{Advertiser, Artist, EventPath, Idempotent, Manager, Query, Segments, Staff};
use crate::model::contact::malformed;
use crate::model::market::{
    BuyProductBody, EarnedAnswer, EndProductBody, EndReason, ProductOrderAnswer, ProductOrderList,
    ProductTables, csv, is_delivered,
};
use crate::payments::PaymentProvider;
use crate::people::PeopleDesk;
use crate::problem::{ApiError, Code};
use crate::staff::StaffRole;
use crate::time;
use crate::views::audience::{AudienceTables, NotRead};

pub(super) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(buy))
        .routes(routes!(list))
        .routes(routes!(end))
        .routes(routes!(tables))
}

fn numbered(text: &str) -> Result<u32, ApiError> {
    let fix = || ApiError::new(Code::InvalidId).field("product_order", "a number");
    text.parse().map_err(|_| fix())
}

/// Buys a year of an event's tables. The order is paid at once: authorised, confirmed, captured. The
/// same request under the same key is the same order, and goes on where the first was cut off.
#[utoipa::path(post, path = "/v1/events/{event_id}/product/orders", operation_id = "buyProduct",
    tag = "Advertisers", security(("staff" = ["advertiser"])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = BuyProductBody, responses((status = 201, body = ProductOrderAnswer)))]
pub(crate) async fn buy(
    State(people): State<PeopleDesk>,
    State(payments): State<PaymentProvider>,
    staff: Staff<Advertiser>,
    path: EventPath,
    Idempotent { key, body }: Idempotent<BuyProductBody>,
) -> Result<Response, ApiError> {
    if PaymentMethod::parse(&body.payment_method).is_none() {
        let fix = "a token of the provider: up to 64 printable characters".to_owned();
        return Err(malformed("payment_method", fix));
    }
    // Another body under the same key is another name: it never gets what this one got.
    let event_id = path.event_id;
    let id = command_id(staff.actor(), event_id, &key.name);
    let name = format!("{id}-{:08x}", key.fingerprint);
    let method = body.payment_method;
    let new = NewProductOrder { name, staff: staff.id, event_id, method };
    let ordered = people.with(move |work| work.order_product(&new, time::now())).await?;
    let ordered = ordered.ok_or_else(|| ApiError::new(Code::NotOnSale))?;
    let order = advance((&people, &payments), ordered).await?;
    let answer = ProductOrderAnswer::of(&order, time::now());
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

/// Orders, the newest first: an advertiser's own; all of them, and what they earned, for managers and
/// artists.
#[utoipa::path(get, path = "/v1/product-orders", operation_id = "listProductOrders",
    tag = "Advertisers", security(("staff" = ["manager", "artist", "advertiser"])),
    responses((status = 200, body = ProductOrderList)))]
pub(crate) async fn list(
    State(people): State<PeopleDesk>,
    staff: Staff<(Manager, Artist, Advertiser)>,
) -> Result<Json<ProductOrderList>, ApiError> {
    let of = (staff.role == StaffRole::Advertiser).then_some(staff.id);
    let (orders, now) = (people.look(move |work| work.product_orders(of)).await?, time::now());
    let mut earned: BTreeMap<(EventId, String), u64> = BTreeMap::new();
    for order in orders.iter().filter(|order| order.state == ProductState::Paid) {
        *earned.entry((order.event_id, order.currency.clone())).or_default() += order.amount;
    }
    let earned = earned.into_iter().map(|((event_id, currency), amount)| {
        let event_id = event_id.to_string();
        EarnedAnswer { event_id, currency, amount }
    });
    Ok(Json(ProductOrderList {
        earned: earned.collect(),
        orders: orders.iter().map(|order| ProductOrderAnswer::of(order, now)).collect(),
    }))
}

/// Ends an order that was paid: no more tables. After a refund the money goes back; in a dispute the
/// buyer's bank has taken it.
#[utoipa::path(post, path = "/v1/product-orders/{product_order}/end",
    operation_id = "endProductOrder", tag = "Advertisers", security(("staff" = ["manager"])),
    params(("product_order" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = EndProductBody, responses((status = 200, body = ProductOrderAnswer)))]
pub(crate) async fn end(
    State(people): State<PeopleDesk>,
    State(payments): State<PaymentProvider>,
    _: Staff<Manager>,
    Segments(number): Segments<String>,
    Idempotent { body, .. }: Idempotent<EndProductBody>,
) -> Result<Json<ProductOrderAnswer>, ApiError> {
    let number = numbered(&number)?;
    let to = match body.reason {
        EndReason::Refund => ProductState::Refunding,
        EndReason::Dispute => ProductState::Disputed,
    };
    let ended = people.with(move |work| {
        work.move_product_order((number, ProductState::Paid, to), None, time::now())?;
        work.product_order(number)
    });
    let order = ended.await?.ok_or_else(|| ApiError::new(Code::NotFound))?;
    let order = advance((&people, &payments), order).await?;
    Ok(Json(ProductOrderAnswer::of(&order, time::now())))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct TablesQuery {
    /// json, or csv for a file.
    #[serde(default)]
    #[param(inline)]
    format: TablesFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TablesFormat {
    #[default]
    Json,
    Csv,
}

/// The tables of an order that is paid: the records of the topic, as JSON or as a file. Twenty times a
/// minute for each key; a table comes once a week.
#[utoipa::path(get, path = "/v1/product-orders/{product_order}/tables",
    operation_id = "getProductTables", tag = "Advertisers",
    security(("staff" = ["advertiser"])),
    params(("product_order" = String, Path), TablesQuery),
    responses((status = 200, content((ProductTables = "application/json"), (String = "text/csv")))))]
pub(crate) async fn tables(
    State(people): State<PeopleDesk>,
    State(audience): State<AudienceTables>,
    staff: Staff<Advertiser>,
    Segments(number): Segments<String>,
    Query(query): Query<TablesQuery>,
) -> Result<Response, ApiError> {
    let (number, now) = (numbered(&number)?, time::now());
    let found = people.look(move |work| work.product_order(number)).await?;
    // Somebody else's order is none.
    let is_own = |order: &ProductOrder| order.staff == staff.id;
    let order = found.filter(is_own).ok_or_else(|| ApiError::new(Code::NotFound))?;
    if !is_delivered(&order, now) {
        return Err(ApiError::new(Code::NotDelivered));
    }
    let cells =
        audience.read((staff.id, order.event_id), now).await.map_err(|error| match error {
            NotRead::TooMuch(after_ms) => ApiError::new(Code::RateLimited).retry_after_ms(after_ms),
            NotRead::Failed(error) => {
                tracing::warn!(%error, "the audience topic is not read");
                ApiError::new(Code::Overloaded).retry_after_ms(1_000)
            }
        })?;
    if query.format == TablesFormat::Csv {
        let kind = [
            (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
            (header::CONTENT_DISPOSITION, "attachment; filename=\"audience.csv\""),
        ];
        return Ok((kind, csv(&cells)).into_response());
    }
    let product_id = format!("audience/{}", order.event_id);
    Ok(Json(ProductTables { product_id, cells }).into_response())
}
