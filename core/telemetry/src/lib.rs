//! What a process says about itself to those who operate it: metrics and spans.

mod metrics;
mod otlp;

pub use metrics::metrics_recorder;
pub use otlp::tracer;
