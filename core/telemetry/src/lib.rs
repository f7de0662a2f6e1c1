//! What a process says about itself to those who operate it: metrics, spans, log lines.

mod log_lines;
mod metrics;
mod otlp;
mod repeats;

pub use log_lines::log_as_json;
pub use metrics::metrics_recorder;
pub use otlp::tracer;
