//! Orders of products: bought, listed, ended; and what they are given, for those who paid.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::{EventId, PaymentMethod, StaffId};
use floodgate_people::{NewProductOrder, ProductOrder, ProductState};

use super::super::Routes;
use super::pay::advance;
use crate::commands::command_id;
use crate::extract::{Advertiser, Artist, EventPath, Idempotent, Manager, Query, Segments, Staff};
use crate::model::contact::malformed;
use crate::model::market::{
    BuyProductBody, EarnedAnswer, EndProductBody, EndReason, ProductOrderAnswer, ProductOrderList,
    ProductTables,
};
use crate::model::products::product;
use crate::model::sheet::FileKind;
use crate::people::PeopleDesk;
use crate::problem::{ApiError, Code};
use crate::staff::StaffRole;
use crate::state::GatewayState;
use crate::time;
use crate::views::audience::{AudienceTables, NotRead};

pub(super) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(buy))
        .routes(routes!(list))
        .routes(routes!(end))
        .routes(routes!(tables))
}

pub(super) fn numbered(text: &str) -> Result<u32, ApiError> {
    let fix = || ApiError::new(Code::InvalidId).field("product_order", "a number");
    text.parse().map_err(|_| fix())
}

/// An order of this key; somebody else's is none.
pub(super) async fn own(
    people: &PeopleDesk,
    staff: StaffId,
    number: u32,
) -> Result<ProductOrder, ApiError> {
    let found = people.look(move |work| work.product_order(number)).await?;
    let found = found.filter(|order| order.staff == staff);
    found.ok_or_else(|| ApiError::new(Code::NotFound))
}

/// Buys a year of a product of an event. The order is paid at once: authorised, confirmed, captured. The
/// same request under the same key is the same order, and goes on where the first was cut off.
#[utoipa::path(post, path = "/v1/events/{event_id}/product/orders", operation_id = "buyProduct",
    tag = "Advertisers", security(("staff" = ["advertiser"])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = BuyProductBody, responses((status = 201, body = ProductOrderAnswer)))]
pub(crate) async fn buy(
    State(state): State<GatewayState>,
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
    let kind = body.kind.into();
    let new = NewProductOrder { name, staff: staff.id, event_id, kind, method };
    let (people, payments) = (&state.people, &state.payments);
    let ordered = people.with(move |work| work.order_product(&new, time::now())).await?;
    let ordered = ordered.ok_or_else(|| ApiError::new(Code::NotOnSale))?;
    let vat = state.settings.vat_basis_points;
    let order = advance((people, payments), vat, ordered).await?;
    let answer = ProductOrderAnswer::of(&order, time::now());
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

/// Orders, the newest first: an advertiser's own; all of them, and what they earned, for managers and
/// artists.
#[utoipa::path(get, path = "/v1/product-orders", operation_id = "listProductOrders",
    tag = "Advertisers", security(("staff" = ["manager", "artist", "advertiser"])),
    responses((status = 200, body = ProductOrderList)))]
pub(crate) async fn list(
    State(state): State<GatewayState>,
    staff: Staff<(Manager, Artist, Advertiser)>,
) -> Result<Json<ProductOrderList>, ApiError> {
    let of = (staff.role == StaffRole::Advertiser).then_some(staff.id);
    let look = state.people.look(move |work| Ok((work.product_orders(of)?, work.invoices(of)?)));
    let ((orders, mut invoices), now) = (look.await?, time::now());
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
        seller: state.settings.seller.clone(),
        orders: orders
            .iter()
            .map(|order| {
                let terms = invoices.remove(&order.number);
                ProductOrderAnswer::of(order, now).with_terms(order, terms)
            })
            .collect(),
    }))
}

/// Ends an order that was paid: no more tables. After a refund the money goes back; in a dispute the
/// buyer's bank has taken it.
#[utoipa::path(post, path = "/v1/product-orders/{product_order}/end",
    operation_id = "endProductOrder", tag = "Advertisers", security(("staff" = ["manager"])),
    params(("product_order" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = EndProductBody, responses((status = 200, body = ProductOrderAnswer)))]
pub(crate) async fn end(
    State(state): State<GatewayState>,
    _: Staff<Manager>,
    Segments(number): Segments<String>,
    Idempotent { body, .. }: Idempotent<EndProductBody>,
) -> Result<Json<ProductOrderAnswer>, ApiError> {
    let number = numbered(&number)?;
    let to = match body.reason {
        EndReason::Refund => ProductState::Refunding,
        EndReason::Dispute => ProductState::Disputed,
    };
    let (people, payments) = (&state.people, &state.payments);
    let ended = people.with(move |work| {
        work.move_product_order((number, ProductState::Paid, to), None, time::now())?;
        work.product_order(number)
    });
    let order = ended.await?.ok_or_else(|| ApiError::new(Code::NotFound))?;
    let order = advance((people, payments), state.settings.vat_basis_points, order).await?;
    Ok(Json(ProductOrderAnswer::of(&order, time::now())))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct TablesQuery {
    /// json; csv or parquet for a file.
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
    Parquet,
}

/// What an order that is paid was given: the records of the topic, the newest 21,000, as JSON or as a
/// file. Twenty times a minute for each key.
#[utoipa::path(get, path = "/v1/product-orders/{product_order}/tables",
    operation_id = "getProductTables", tag = "Advertisers",
    security(("staff" = ["advertiser"])),
    params(("product_order" = String, Path), TablesQuery),
    responses((status = 200, content((ProductTables = "application/json"),
        (String = "text/csv"), (String = "application/vnd.apache.parquet")))))]
pub(crate) async fn tables(
    State(people): State<PeopleDesk>,
    State(audience): State<AudienceTables>,
    staff: Staff<Advertiser>,
    Segments(number): Segments<String>,
    Query(query): Query<TablesQuery>,
) -> Result<Response, ApiError> {
    let (number, now) = (numbered(&number)?, time::now());
    let order = own(&people, staff.id, number).await?;
    if !order.is_delivered(now) {
        return Err(ApiError::new(Code::NotDelivered));
    }
    let wanted = ((staff.id, staff.further), order.event_id, order.kind);
    let cells = audience.read(wanted, now).await.map_err(not_read)?;
    let file = match query.format {
        TablesFormat::Json => {
            let product_id = order.kind.product_id(order.event_id);
            return Ok(Json(ProductTables { product_id, cells }).into_response());
        }
        TablesFormat::Csv => FileKind::Csv,
        TablesFormat::Parquet => FileKind::Parquet,
    };
    let product = product(order.kind);
    let made = tokio::task::spawn_blocking(move || file.write(product.sheet(&cells)));
    let bytes = made.await.map_err(|error| ApiError::internal(&error))??;
    let name = format!("attachment; filename=\"{}.{}\"", product.file, file.ending());
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, file.content_type());
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// What whoever asked is answered.
pub(super) fn not_read(error: NotRead) -> ApiError {
    match error {
        NotRead::TooMuch(after_ms) => ApiError::new(Code::RateLimited).retry_after_ms(after_ms),
        NotRead::Failed(error) => {
            tracing::warn!(%error, "products are not read");
            ApiError::new(Code::Overloaded).retry_after_ms(1_000)
        }
    }
}
