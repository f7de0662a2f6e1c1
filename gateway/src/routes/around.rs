//! What happens around every request: it is counted, timed and traced, and answers get headers.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, header};

use floodgate_admission::WaitingRoom;

use crate::admission::Admission;
use crate::csp;
use crate::extract::address::Peer;
use crate::extract::fan::Quota;
use crate::telemetry::Telemetry;
use crate::traced::Traced;

/// Counts, times and dresses every answer.
pub(super) async fn around(
    State(admission): State<Admission>,
    State(telemetry): State<Telemetry>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let (metering, tracer) = (telemetry.metering(), telemetry.tracer());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let is_page = route.as_ref().is_none_or(|route| !route.as_str().starts_with("/v1"));
    let request_id = request_id(request.headers());
    let quota = Quota::default();
    request.extensions_mut().insert(quota.clone());
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0.ip().to_canonical());
    let is_trusted = peer.is_some_and(|peer| admission.is_trusted(peer));
    let traced = Traced::begin(tracer, is_trusted, &request).map(|traced| {
        request.extensions_mut().insert(traced);
        (traced, request.method().clone())
    });
    let mut response = next.run(request).await;
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    metering.answered(route, response.status(), started.elapsed());
    if let Some((traced, method)) = traced {
        traced.end(tracer, method.as_str(), route, response.status().as_u16());
    }
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        headers.insert("x-request-id", value);
    }
    if let Some(left) = quota.0.get()
        && let Ok(left) = HeaderValue::from_str(left)
    {
        headers.insert("ratelimit", left);
        headers.insert("ratelimit-policy", admission.quotas().policies.clone());
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    if is_page {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(csp::OWN));
    }
    response
}

/// The client's own id if it is a harmless text, else one of ours.
fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get("x-request-id").and_then(|value| value.to_str().ok());
    let is_fine = |id: &&str| id.len() <= 64 && id.bytes().all(|b| b.is_ascii_graphic());
    given
        .filter(is_fine)
        .map_or_else(|| format!("req_{:016x}", WaitingRoom::fresh_device().buyer.0), str::to_owned)
}
