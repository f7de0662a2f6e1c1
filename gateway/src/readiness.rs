//! Whether a process may be sent work, as machines read it: each service by name.

use http::StatusCode;
use serde_json::{Map, Value, json};

use floodgate_transport::{Need, Report, Services, is_ready};

/// Status and body of `/readyz`; what else is known of a role goes beside the services.
pub(crate) fn readiness(
    services: &Services,
    is_draining: bool,
    beside: Map<String, Value>,
) -> (StatusCode, Value) {
    let reports = services.report();
    let is_ready = is_ready(&reports) && !is_draining;
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let mut body = beside;
    body.insert("ready".to_owned(), is_ready.into());
    body.insert("draining".to_owned(), is_draining.into());
    body.insert("services".to_owned(), reports.iter().map(described).collect());
    (status, Value::Object(body))
}

fn described(report: &Report) -> (String, Value) {
    let mut said = json!({ "health": report.health.name() });
    if let Some(reason) = report.health.reason() {
        said["reason"] = reason.into();
    }
    if let Some(waited) = report.health.degraded_for() {
        said["for_seconds"] = waited.as_secs().into();
    }
    if report.need == Need::Beside {
        said["needed"] = false.into();
    }
    (report.name.clone(), said)
}
