//! Liveness, readiness and metrics, for monitoring.

use std::sync::{Arc, LazyLock};

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::dials::measure;
use super::{Routes, openapi};
use crate::admission::Admission;
use crate::caching::Public;
use crate::commands::Commands;
use crate::kept::KeptAnswer;
use crate::lifecycle::Lifecycle;
use crate::problem::{ApiError, Code, Problem};
use crate::readiness::Readiness;
use crate::telemetry::Telemetry;
use crate::views::Views;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(live))
        .routes(routes!(ready))
        .routes(routes!(health))
        .routes(routes!(metrics))
        .routes(routes!(document))
}

/// The process is running.
#[utoipa::path(get, path = "/livez", operation_id = "isLive", tag = "Machines",
    responses((status = 200, description = "ok", body = String)))]
async fn live() -> &'static str {
    "ok\n"
}

/// Whether new visitors may be sent here: everything the process is for works, and it is not
/// shutting down.
#[utoipa::path(get, path = "/readyz", operation_id = "isReady", tag = "Machines",
    responses((status = 200, body = Readiness), (status = 503, body = Readiness)))]
async fn ready(State(lifecycle): State<Lifecycle>) -> (StatusCode, Json<Readiness>) {
    // A bad file is no reason to send nobody here: what was right before goes on.
    let settings = if lifecycle.are_settings_refused() {
        "the changed file cannot be used; the log says why"
    } else {
        "ok"
    };
    let services = lifecycle.services();
    let (status, body) = Readiness::of(services, lifecycle.is_draining(), Some(settings));
    (status, Json(body))
}

/// The same as `/readyz`, under another common name.
#[utoipa::path(get, path = "/healthz", operation_id = "isHealthy", tag = "Machines",
    responses((status = 200, body = Readiness), (status = 503, body = Readiness)))]
async fn health(lifecycle: State<Lifecycle>) -> (StatusCode, Json<Readiness>) {
    ready(lifecycle).await
}

/// Metrics in Prometheus text format.
#[utoipa::path(get, path = "/metrics", operation_id = "getMetrics", tag = "Machines",
    responses((status = 200, content_type = "text/plain", body = String),
        (status = 404, description = "not_found: nothing is recorded here", body = Problem)))]
async fn metrics(
    State(telemetry): State<Telemetry>,
    State(commands): State<Commands>,
    State(admission): State<Admission>,
    State(views): State<Arc<Views>>,
) -> Result<Response, ApiError> {
    measure(&admission, &views);
    metrics::gauge!("floodgate_requests_waiting").set(commands.waiting_count() as f64);
    let text = telemetry.render().ok_or_else(|| ApiError::new(Code::NotFound))?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response())
}

/// This document.
#[utoipa::path(get, path = "/openapi.json", operation_id = "getOpenApi", tag = "Machines",
    responses((status = 200, description = "OpenAPI 3.1", body = Object)))]
async fn document(headers: HeaderMap) -> Response {
    // It follows from the code alone, so it is written and compressed once.
    static DOCUMENT: LazyLock<KeptAnswer> =
        LazyLock::new(|| KeptAnswer::new("application/json", openapi().to_vec()));
    Public::revalidated(DOCUMENT.answer(&headers)).into_response()
}
