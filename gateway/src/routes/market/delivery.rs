//! How an order is delivered by itself: to a program of its buyer, to the topic of deliveries.

use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::WebhookId;
use floodgate_people::{ProductDeliveryChange, is_webhook_url};

use super::super::Routes;
use super::orders::{numbered, own};
use crate::commands::command_id;
use crate::extract::{Advertiser, Idempotent, Segments, Staff};
use crate::model::contact::malformed;
use crate::model::market::{DeliveryBody, ProductDeliveryAnswer};
use crate::people::PeopleDesk;
use crate::problem::{ApiError, Code};
use crate::time;

pub(super) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(read, change))
}

/// How an order is delivered by itself.
#[utoipa::path(get, path = "/v1/product-orders/{product_order}/delivery",
    operation_id = "getProductDelivery", tag = "Advertisers",
    security(("staff" = ["advertiser"])), params(("product_order" = String, Path)),
    responses((status = 200, body = ProductDeliveryAnswer)))]
pub(crate) async fn read(
    State(people): State<PeopleDesk>,
    staff: Staff<Advertiser>,
    Segments(number): Segments<String>,
) -> Result<Json<ProductDeliveryAnswer>, ApiError> {
    let order = own(&people, staff.id, numbered(&number)?).await?;
    let number = order.number;
    let delivery = people.look(move |work| work.product_delivery(number)).await?;
    Ok(Json(ProductDeliveryAnswer::of(number, delivery, None)))
}

/// Delivers an order by itself from now on: what is published since it was paid, each record once, as a
/// signed call of a program (Standard Webhooks 1.0.0, `product_delivered`), on the topic of deliveries,
/// or both. The secret is in the answer that makes the webhook, and in no other.
#[utoipa::path(put, path = "/v1/product-orders/{product_order}/delivery",
    operation_id = "setProductDelivery", tag = "Advertisers",
    security(("staff" = ["advertiser"])),
    params(("product_order" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = DeliveryBody, responses((status = 200, body = ProductDeliveryAnswer)))]
pub(crate) async fn change(
    State(people): State<PeopleDesk>,
    staff: Staff<Advertiser>,
    Segments(number): Segments<String>,
    Idempotent { key, body }: Idempotent<DeliveryBody>,
) -> Result<Json<ProductDeliveryAnswer>, ApiError> {
    let now = time::now();
    let DeliveryBody { webhook_url: url, topic: to_topic } = body;
    if url.as_deref().is_some_and(|url| !is_webhook_url(url)) {
        let fix = "an https address of at most 2000 characters, without a password in it";
        return Err(malformed("webhook_url", fix.to_owned()));
    }
    let order = own(&people, staff.id, numbered(&number)?).await?;
    if !order.is_delivered(now) {
        return Err(ApiError::new(Code::NotDelivered));
    }
    let number = order.number;
    let named = command_id(staff.actor(), order.event_id, &key.name).0 as u64;
    let webhook = WebhookId(named >> 1);
    let change = ProductDeliveryChange { number, webhook, url, to_topic };
    let set = people.with(move |work| work.set_product_delivery(&change, &order, now)).await?;
    let Some((delivery, secret)) = set else {
        let fix = "there are as many webhooks as there may be; ask whoever runs this".to_owned();
        return Err(malformed("webhook_url", fix));
    };
    Ok(Json(ProductDeliveryAnswer::of(number, delivery, secret)))
}
