//! What a gateway measures about itself: metrics, and where spans go.

use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusHandle;

use floodgate_event_log::Tracer;

use crate::metering::Metering;

/// Shared by everything that measures.
#[derive(Debug, Clone)]
pub(crate) struct Telemetry(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    metrics: Option<PrometheusHandle>,
    metering: Metering,
    tracer: Tracer,
}

impl Telemetry {
    pub(crate) fn new(metrics: Option<PrometheusHandle>, tracer: Tracer) -> Self {
        Telemetry(Arc::new(Inner { metrics, metering: Metering::default(), tracer }))
    }

    pub(crate) fn metering(&self) -> &Metering {
        &self.0.metering
    }

    pub(crate) fn tracer(&self) -> &Tracer {
        &self.0.tracer
    }

    /// All metrics of the process as Prometheus reads them; `None` where nobody records them.
    pub(crate) fn render(&self) -> Option<String> {
        self.0.metrics.as_ref().map(PrometheusHandle::render)
    }
}
