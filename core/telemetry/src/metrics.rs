//! The recorder of metrics, which every role serves at `/metrics`.

use std::time::Duration;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

/// Bounds of the latency histograms, in seconds: from an engine's batch to a hung request.
const LATENCIES: [f64; 14] =
    [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 10.0];
/// How often recorded samples are folded into their buckets: between two folds each takes eight
/// bytes, whether or not anybody asks for the metrics.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// Installs the recorder of metrics; `None` when this process has one already.
#[must_use]
pub fn metrics_recorder() -> Option<PrometheusHandle> {
    let builder = PrometheusBuilder::new().set_buckets(&LATENCIES).ok()?;
    let handle = builder.install_recorder().ok()?;
    let folds = handle.clone();
    let upkeep = move || {
        loop {
            std::thread::sleep(UPKEEP_EVERY);
            folds.run_upkeep();
        }
    };
    // It ends with the process; the recorder does too.
    std::thread::Builder::new().name("metrics".to_owned()).spawn(upkeep).ok()?;
    Some(handle)
}
