//! For machines that watch machines.

use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{StatusCode, header};
use serde_json::{Value, json};

use crate::openapi::document;
use crate::problem::{ApiError, Code};
use crate::state::GatewayState;

pub(crate) fn routes() -> Router<GatewayState> {
    Router::new()
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/healthz", get(ready))
        .route("/metrics", get(metrics))
        .route("/openapi.json", get(async || Json(document())))
}

/// Ready when the log takes commands, the views have caught up, the owners in this process have
/// begun, and no end is near.
async fn ready(State(state): State<GatewayState>) -> (StatusCode, Json<Value>) {
    let log = state.log.health().err().map(|error| error.to_string());
    let caught_up = state.views.is_ready();
    let has_owners = state.has_owners();
    let draining = state.draining.load(Ordering::Acquire);
    let refused = state.settings_refused.load(Ordering::Acquire);
    let is_ready = log.is_none() && caught_up && has_owners && !draining;
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({
        "ready": is_ready,
        "log": log.unwrap_or_else(|| "ok".into()),
        "views": if caught_up { "caught up" } else { "catching up" },
        "owners": if has_owners { "ok" } else { "not owning yet what this process decides" },
        "draining": draining,
        // A bad file is no reason to send nobody here: what was right before goes on.
        "settings": if refused { "the changed file cannot be used; the log says why" } else { "ok" },
    });
    (status, Json(body))
}

/// Prometheus text.
async fn metrics(State(state): State<GatewayState>) -> Result<Response, ApiError> {
    let handle = state.metrics.as_ref().ok_or_else(|| ApiError::new(Code::NotFound))?;
    metrics::gauge!("floodgate_requests_waiting").set(state.replies.waiting_count() as f64);
    let kind = "text/plain; version=0.0.4";
    Ok(([(header::CONTENT_TYPE, kind)], handle.render()).into_response())
}
