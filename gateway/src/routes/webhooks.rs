//! Programs of others that are called with facts: added, changed, watched, tried out.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::{EventId, WebhookId};
use floodgate_people::{DeliveryQuery, DeliveryState, NewDelivery, WEBHOOK_TEST, WEBHOOKS_MAX};

use super::Routes;
use crate::commands::command_id;
use crate::extract::{Idempotent, Manager, Operator, Query, Segments, Staff};
use crate::model::Empty;
use crate::model::contact::{StateAnswer, malformed};
use crate::model::webhook::{
    ResendBody, ResentAnswer, WebhookAnswer, WebhookCallAnswer, WebhookCallList, WebhookDraft,
    WebhookList, WebhookPatch,
};
use crate::people::PeopleDesk;
use crate::problem::{ApiError, Code};
use crate::time;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(read, change, remove))
        .routes(routes!(deliveries))
        .routes(routes!(resend_one))
        .routes(routes!(resend))
        .routes(routes!(test))
}

/// Who connects other programs.
type Connectors = (Manager, Operator);

/// Calls of one page.
const PAGE_MAX: u32 = 50;
/// When another test is possible.
const TEST_AGAIN_MS: u64 = 60_000;

fn named(text: &str) -> Result<WebhookId, ApiError> {
    let parsed = text.parse::<WebhookId>();
    parsed.map_err(|error| ApiError::new(Code::InvalidId).field("webhook_id", error.to_string()))
}

/// The webhooks, the oldest first.
#[utoipa::path(get, path = "/v1/webhooks", operation_id = "listWebhooks", tag = "Staff",
    security(("staff" = ["manager", "operator"])), responses((status = 200, body = WebhookList)))]
pub(crate) async fn list(
    State(people): State<PeopleDesk>,
    _: Staff<Connectors>,
) -> Result<Json<WebhookList>, ApiError> {
    let found = people.look(|work| work.webhooks()).await?;
    let webhooks = found.into_iter().map(|one| WebhookAnswer::of(one, None)).collect();
    Ok(Json(WebhookList { webhooks }))
}

/// Adds a webhook: from now on its address is called with each fact it names, signed with the secret
/// in this answer (Standard Webhooks 1.0.0). At least once, tried again for three days.
#[utoipa::path(post, path = "/v1/webhooks", operation_id = "addWebhook", tag = "Staff",
    security(("staff" = ["manager", "operator"])),
    params(("Idempotency-Key" = String, Header)), request_body = WebhookDraft,
    responses((status = 201, body = WebhookAnswer)))]
pub(crate) async fn add(
    State(people): State<PeopleDesk>,
    staff: Staff<Connectors>,
    Idempotent { key, body }: Idempotent<WebhookDraft>,
) -> Result<Response, ApiError> {
    // The same request under the same key is the same webhook.
    let id = WebhookId((command_id(staff.actor(), EventId(0), &key.name).0 as u64) >> 1);
    let now = time::now();
    let new = body.new_webhook(id, now)?;
    let added = people
        .with(move |work| {
            let Some((id, secret)) = work.add_webhook(&new, now)? else { return Ok(None) };
            Ok(work.webhook(id)?.map(|one| (one, secret)))
        })
        .await?;
    let Some((one, secret)) = added else {
        let fix = format!("{WEBHOOKS_MAX} webhooks are the most; remove one first");
        return Err(malformed("url", fix));
    };
    let answer = WebhookAnswer::of(one, Some(secret));
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

/// One webhook.
#[utoipa::path(get, path = "/v1/webhooks/{webhook_id}", operation_id = "getWebhook",
    tag = "Staff", security(("staff" = ["manager", "operator"])),
    params(("webhook_id" = String, Path)), responses((status = 200, body = WebhookAnswer)))]
pub(crate) async fn read(
    State(people): State<PeopleDesk>,
    _: Staff<Connectors>,
    Segments(id): Segments<String>,
) -> Result<Json<WebhookAnswer>, ApiError> {
    let id = named(&id)?;
    let found = people.look(move |work| work.webhook(id)).await?;
    let found = found.ok_or_else(|| ApiError::new(Code::NotFound))?;
    Ok(Json(WebhookAnswer::of(found, None)))
}

/// Changes a webhook: where it is called and with what, whether it is, and its secret.
#[utoipa::path(patch, path = "/v1/webhooks/{webhook_id}", operation_id = "changeWebhook",
    tag = "Staff", security(("staff" = ["manager", "operator"])),
    params(("webhook_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = WebhookPatch, responses((status = 200, body = WebhookAnswer)))]
pub(crate) async fn change(
    State(people): State<PeopleDesk>,
    _: Staff<Connectors>,
    Segments(id): Segments<String>,
    Idempotent { body, .. }: Idempotent<WebhookPatch>,
) -> Result<Json<WebhookAnswer>, ApiError> {
    let (id, now) = (named(&id)?, time::now());
    let rotates = body.rotate_secret;
    let change = body.change(now)?;
    let changed = people
        .with(move |work| {
            if !work.change_webhook(id, &change, now)? {
                return Ok(None);
            }
            let secret = if rotates { work.rotate_webhook_secret(id, now)? } else { None };
            Ok(work.webhook(id)?.map(|one| (one, secret)))
        })
        .await?;
    let (one, secret) = changed.ok_or_else(|| ApiError::new(Code::NotFound))?;
    Ok(Json(WebhookAnswer::of(one, secret)))
}

/// Removes a webhook with all its calls.
#[utoipa::path(delete, path = "/v1/webhooks/{webhook_id}", operation_id = "removeWebhook",
    tag = "Staff", security(("staff" = ["manager", "operator"])),
    params(("webhook_id" = String, Path)), responses((status = 200, body = StateAnswer)))]
pub(crate) async fn remove(
    State(people): State<PeopleDesk>,
    _: Staff<Connectors>,
    Segments(id): Segments<String>,
) -> Result<Json<StateAnswer>, ApiError> {
    let id = named(&id)?;
    // Whether it was there or not, it is not now.
    people.with(move |work| work.remove_webhook(id)).await?;
    Ok(Json(StateAnswer { state: "removed" }))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CallsQuery {
    /// Only those waiting, underway, sent or failed.
    state: Option<String>,
    /// `next` of the page before.
    #[serde(default)]
    cursor: String,
}

/// The calls of a webhook with every try, the newest first, in pages of 50.
#[utoipa::path(get, path = "/v1/webhooks/{webhook_id}/deliveries",
    operation_id = "listWebhookDeliveries", tag = "Staff",
    security(("staff" = ["manager", "operator"])),
    params(("webhook_id" = String, Path), CallsQuery),
    responses((status = 200, body = WebhookCallList)))]
pub(crate) async fn deliveries(
    State(people): State<PeopleDesk>,
    _: Staff<Connectors>,
    Segments(id): Segments<String>,
    Query(CallsQuery { state, cursor }): Query<CallsQuery>,
) -> Result<Json<WebhookCallList>, ApiError> {
    let id = named(&id)?;
    let only = state.map(|text| {
        DeliveryState::parse(&text).ok_or_else(|| {
            let all = DeliveryState::ALL.map(DeliveryState::code).join(", ");
            ApiError::new(Code::InvalidQuery).field("state", format!("one of {all}"))
        })
    });
    let query = DeliveryQuery { only: only.transpose()?, before: cursor, count: PAGE_MAX };
    let found = people.look(move |work| work.deliveries(id, &query)).await?;
    let is_full = found.len() == PAGE_MAX as usize;
    let next = found.last().filter(|_| is_full).map(|last| last.name.clone());
    let deliveries = found.into_iter().map(WebhookCallAnswer::of).collect();
    Ok(Json(WebhookCallList { deliveries, next }))
}

/// Makes one call again that was taken or failed, under its name.
#[utoipa::path(post, path = "/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/resend",
    operation_id = "resendWebhookDelivery", tag = "Staff",
    security(("staff" = ["manager", "operator"])),
    params(("webhook_id" = String, Path), ("delivery_id" = String, Path),
        ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = ResentAnswer)))]
pub(crate) async fn resend_one(
    State(people): State<PeopleDesk>,
    _: Staff<Connectors>,
    names: Segments<(String, String)>,
    Idempotent { .. }: Idempotent<Empty>,
) -> Result<Json<ResentAnswer>, ApiError> {
    let Segments((id, name)) = names;
    let (id, now) = (named(&id)?, time::now());
    let resent = people.with(move |work| work.resend_delivery(id, &name, now)).await?;
    Ok(Json(ResentAnswer { resent: u64::from(resent) }))
}

/// Makes every call again that failed for good since a moment.
#[utoipa::path(post, path = "/v1/webhooks/{webhook_id}/resend",
    operation_id = "resendWebhookDeliveries", tag = "Staff",
    security(("staff" = ["manager", "operator"])),
    params(("webhook_id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = ResendBody, responses((status = 200, body = ResentAnswer)))]
pub(crate) async fn resend(
    State(people): State<PeopleDesk>,
    _: Staff<Connectors>,
    Segments(id): Segments<String>,
    Idempotent { body, .. }: Idempotent<ResendBody>,
) -> Result<Json<ResentAnswer>, ApiError> {
    let (id, now) = (named(&id)?, time::now());
    let since = time::parse(&body.since).map_err(|why| malformed("since", why.to_owned()))?;
    let resent = people.with(move |work| work.resend_failed(id, since, now)).await?;
    Ok(Json(ResentAnswer { resent }))
}

/// Calls a webhook with something that is no fact, to see whether it works; at most ten times a
/// minute.
#[utoipa::path(post, path = "/v1/webhooks/{webhook_id}/test", operation_id = "testWebhook",
    tag = "Staff", security(("staff" = ["manager", "operator"])),
    params(("webhook_id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = ResentAnswer)))]
pub(crate) async fn test(
    State(people): State<PeopleDesk>,
    staff: Staff<Connectors>,
    Segments(id): Segments<String>,
    Idempotent { key, .. }: Idempotent<Empty>,
) -> Result<Json<ResentAnswer>, ApiError> {
    let (webhook, now) = (named(&id)?, time::now());
    let number = command_id(staff.actor(), EventId(webhook.0), &key.name).0 as u64;
    let at = time::text(now);
    let body = format!(r#"{{"type":"{WEBHOOK_TEST}","timestamp":"{at}","data":{{}}}}"#);
    let (name, kind) = (format!("{webhook}-test-{number:016x}"), WEBHOOK_TEST.to_owned());
    let new = NewDelivery { name, webhook, kind, body, place: 0 };
    let queued = people
        .with(move |work| match work.webhook(webhook)? {
            None => Ok(None),
            Some(_) => work.queue_test_delivery(&new, now).map(Some),
        })
        .await?;
    match queued {
        None => Err(ApiError::new(Code::NotFound)),
        Some(false) => Err(ApiError::new(Code::RateLimited).retry_after_ms(TEST_AGAIN_MS)),
        Some(true) => Ok(Json(ResentAnswer { resent: 1 })),
    }
}
