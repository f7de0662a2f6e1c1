//! Log lines, for people and machines that watch a process.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::repeats::Repeats;

/// Log lines as JSON on standard error; `FLOODGATE_LOG` filters them, `info` by default.
/// The same warning is written twice a minute at most.
pub fn log_as_json() {
    let filter =
        EnvFilter::try_from_env("FLOODGATE_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    // A second subscriber in one process is only possible in tests, where the first one stays.
    let _ = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_writer(std::io::stderr)
        .with_env_filter(filter)
        .finish()
        .with(Repeats::default())
        .try_init();
}
