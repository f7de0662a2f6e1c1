//! Liveness, readiness and metrics of a process that is not a gateway.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{StatusCode, header};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;

use floodgate_transport::Services;

use crate::readiness::Readiness;

/// What is shown.
#[derive(Debug, Clone)]
pub struct StatusPage {
    pub services: Services,
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

async fn ready(State(page): State<StatusPage>) -> (StatusCode, Json<Readiness>) {
    let draining = page.draining.load(Ordering::Acquire);
    let (status, body) = Readiness::of(&page.services, draining, None);
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
