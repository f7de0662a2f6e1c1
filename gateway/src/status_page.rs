//! Liveness, readiness and metrics of a process that is no gateway.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{StatusCode, header};
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use floodgate_event_log::Log;

/// What is shown.
#[derive(Debug, Clone)]
pub struct StatusPage {
    pub log: Arc<dyn Log>,
    /// Whether the role has caught up; `None` for roles that are ready when the log is.
    pub ready: Option<Arc<AtomicBool>>,
    /// Whether the process is to end.
    pub draining: Arc<AtomicBool>,
    pub metrics: Option<PrometheusHandle>,
}

/// Serves until `shutdown` is done.
pub async fn run_status(
    listener: TcpListener,
    page: StatusPage,
    shutdown: impl Future<Output = ()> + Send + 'static,
) {
    let router = Router::new()
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(page);
    // Only machines of the same installation come here, so the defaults of the server do.
    if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(shutdown).await {
        tracing::error!(%error, "the status page ended");
    }
}

async fn ready(State(page): State<StatusPage>) -> (StatusCode, Json<Value>) {
    let log = page.log.health().err().map(|error| error.to_string());
    let caught_up = page.ready.as_ref().is_none_or(|ready| ready.load(Ordering::Acquire));
    let draining = page.draining.load(Ordering::Acquire);
    let is_ready = log.is_none() && caught_up && !draining;
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let log = log.unwrap_or_else(|| "ok".to_owned());
    let body =
        json!({ "ready": is_ready, "log": log, "caught_up": caught_up, "draining": draining });
    (status, Json(body))
}

async fn metrics(State(page): State<StatusPage>) -> Response {
    match &page.metrics {
        Some(handle) => {
            ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], handle.render()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
