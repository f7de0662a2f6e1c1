//! Whether a process may receive traffic, for machines: each service by name.

use std::collections::BTreeMap;

use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use floodgate_transport::{Need, ServiceReport, Services, is_ready};

/// Whether work may be sent here, and if not, why.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Readiness {
    ready: bool,
    /// Whether the process was asked to end.
    draining: bool,
    /// Whether the settings file as it is now is in use; only where a gateway follows one.
    #[serde(skip_serializing_if = "Option::is_none")]
    settings: Option<&'static str>,
    /// What the process is made of.
    services: BTreeMap<String, ServiceHealth>,
}

/// How one service of the process is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ServiceHealth {
    /// ready, starting, degraded, mismatched (it belongs to another log) or failed.
    health: &'static str,
    /// Why it cannot go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// What people should know although it works, such as a clock that jumped.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<String>,
    /// How long it has been degraded or mismatched.
    #[serde(skip_serializing_if = "Option::is_none")]
    for_seconds: Option<u64>,
    /// Whether the process is not ready while this is not. One that is mismatched always counts.
    needed: bool,
}

impl Readiness {
    /// With the status that says the same.
    pub(crate) fn of(
        services: &Services,
        draining: bool,
        settings: Option<&'static str>,
    ) -> (StatusCode, Self) {
        let reports = services.report();
        let ready = is_ready(&reports) && !draining;
        let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        let services = reports.into_iter().map(described).collect();
        (status, Readiness { ready, draining, settings, services })
    }
}

fn described(report: ServiceReport) -> (String, ServiceHealth) {
    let ServiceReport { name, health, need, notice } = report;
    let described = ServiceHealth {
        health: health.name(),
        reason: health.reason().map(str::to_owned),
        notice,
        for_seconds: health.degraded_for().map(|waited| waited.as_secs()),
        needed: need == Need::Needed,
    };
    (name, described)
}
