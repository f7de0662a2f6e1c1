//! One file a group of routes; what they share on the way out is here.

pub(crate) mod availability;
pub(crate) mod cohort;
pub(crate) mod dials;
pub(crate) mod door;
pub(crate) mod events;
pub(crate) mod holds;
pub(crate) mod lasting;
pub(crate) mod notify;
pub(crate) mod orders;
pub(crate) mod pages;
pub(crate) mod queue;
pub(crate) mod sale;
pub(crate) mod sandbox;
pub(crate) mod shop;
pub(crate) mod status;
pub(crate) mod system;
pub(crate) mod tickets;
pub(crate) mod venues;

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use tower_http::compression::CompressionLayer;

use floodgate_domain::{CommandId, EventId, Reply};

use crate::commands::{Outcome, refused_or};
use crate::extract::fan::Quota;
use crate::model::PendingAnswer;
use crate::problem::{ApiError, Code};
use crate::state::GatewayState;
use crate::traced::Traced;

/// Every route of the gateway.
pub fn app(state: GatewayState) -> Router {
    // Large answers are worth compressing; those to commands fit into one packet as they are, and
    // streams would be held back by a compressor.
    let large = Router::new()
        .merge(events::routes())
        .merge(availability::routes())
        .merge(venues::routes())
        .merge(pages::routes())
        .merge(system::routes())
        .layer(CompressionLayer::new());
    Router::new()
        .merge(large)
        .merge(sale::routes())
        .merge(queue::routes())
        .merge(door::routes())
        .merge(notify::routes())
        .merge(dials::routes())
        .merge(shop::routes())
        .merge(cohort::routes())
        .merge(holds::routes())
        .merge(orders::routes())
        .merge(tickets::routes())
        .merge(status::routes())
        .merge(sandbox::routes())
        .fallback(async || ApiError::new(Code::NotFound))
        .method_not_allowed_fallback(async || ApiError::new(Code::MethodNotAllowed))
        .layer(middleware::from_fn_with_state(state.clone(), around))
        .with_state(state)
}

/// Counts, times and dresses every answer.
async fn around(State(state): State<GatewayState>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let is_page = route.as_ref().is_none_or(|route| !route.as_str().starts_with("/v1"));
    let request_id = request_id(request.headers());
    let quota = Quota::default();
    request.extensions_mut().insert(quota.clone());
    let traced = Traced::begin(&state, &request).map(|traced| {
        request.extensions_mut().insert(traced);
        (traced, request.method().clone())
    });
    let mut response = next.run(request).await;
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    state.metering.answered(route, response.status(), started.elapsed());
    if let Some((traced, method)) = traced {
        traced.end(&state, method.as_str(), route, response.status().as_u16());
    }
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        headers.insert("x-request-id", value);
    }
    if let Some(left) = quota.0.get()
        && let Ok(left) = HeaderValue::from_str(left)
    {
        headers.insert("ratelimit", left);
        headers.insert("ratelimit-policy", state.quotas().policies.clone());
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    if is_page {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CSP));
    }
    response
}

const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; worker-src 'self'; form-action 'self'; \
    base-uri 'none'; frame-ancestors 'none'";

/// The client's own id if it is a harmless text, else one of ours.
fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get("x-request-id").and_then(|value| value.to_str().ok());
    let is_fine = |id: &&str| id.len() <= 64 && id.bytes().all(|b| b.is_ascii_graphic());
    given.filter(is_fine).map_or_else(
        || format!("req_{:016x}", floodgate_admission::WaitingRoom::fresh_device().buyer.0),
        str::to_owned,
    )
}

/// Turns an outcome into an answer: `say` puts a decision into words.
pub(crate) fn answer<T: Serialize>(
    event_id: EventId,
    outcome: Outcome,
    created: bool,
    say: impl FnOnce(&Reply) -> Result<T, ApiError>,
) -> Result<Response, ApiError> {
    let reply = match outcome {
        Outcome::Pending(command_id) => return Ok(pending(event_id, command_id)),
        Outcome::Decided(reply) => refused_or(*reply)?,
    };
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    let mut response = (status, Json(say(&reply)?)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if reply.repeated {
        let name = HeaderName::from_static("idempotent-replayed");
        headers.insert(name, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// 202: accepted, not decided yet, and where to ask.
pub(crate) fn pending(event_id: EventId, command_id: CommandId) -> Response {
    let ask = format!("/v1/events/{event_id}/commands/{command_id}");
    let body =
        PendingAnswer { command_id: command_id.to_string(), status: "pending", ask: ask.clone() };
    let mut response = (StatusCode::ACCEPTED, Json(body)).into_response();
    if let Ok(location) = HeaderValue::from_str(&ask) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}
