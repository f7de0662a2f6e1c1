//! For machines that watch machines.

use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{StatusCode, header};
use serde_json::Value;

use crate::openapi::document;
use crate::problem::{ApiError, Code};
use crate::readiness::readiness;
use crate::state::GatewayState;

pub(crate) fn routes() -> Router<GatewayState> {
    Router::new()
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/healthz", get(ready))
        .route("/metrics", get(metrics))
        .route("/openapi.json", get(async || Json(document())))
}

/// Ready when everything that the process is for can go on, and no end is near.
async fn ready(State(state): State<GatewayState>) -> (StatusCode, Json<Value>) {
    let draining = state.draining.load(Ordering::Acquire);
    let refused = state.settings_refused.load(Ordering::Acquire);
    // A bad file is no reason to send nobody here: what was right before goes on.
    let settings = if refused { "the changed file cannot be used; the log says why" } else { "ok" };
    let beside = [("settings".to_owned(), settings.into())].into_iter().collect();
    let (status, body) = readiness(&state.services, draining, beside);
    (status, Json(body))
}

/// Prometheus text.
async fn metrics(State(state): State<GatewayState>) -> Result<Response, ApiError> {
    let handle = state.metrics.as_ref().ok_or_else(|| ApiError::new(Code::NotFound))?;
    metrics::gauge!("floodgate_requests_waiting").set(state.commands.waiting_count() as f64);
    let kind = "text/plain; version=0.0.4";
    Ok(([(header::CONTENT_TYPE, kind)], handle.render()).into_response())
}
