//! Counters and latencies of answers, looked up without building labels each time.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use http::StatusCode;
use metrics::{Counter, Histogram};

/// The handles of one route, by status.
type ByStatus = HashMap<StatusCode, (Counter, Histogram)>;

/// Handles of the metrics a request touches. As many as there are routes and statuses, commands:
/// both are fixed by the code.
#[derive(Default)]
pub(crate) struct Metering {
    // Written once a route and status, read by every request; never held across an await.
    answers: RwLock<HashMap<String, ByStatus>>,
    commands: RwLock<HashMap<&'static str, Histogram>>,
}

impl std::fmt::Debug for Metering {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metering")
    }
}

impl Metering {
    /// A request was answered.
    pub(crate) fn answered(&self, route: &str, status: StatusCode, took: Duration) {
        {
            let answers = self.answers.read().unwrap_or_else(PoisonError::into_inner);
            let known = answers.get(route).and_then(|by_status| by_status.get(&status));
            if let Some((count, seconds)) = known {
                count.increment(1);
                seconds.record(took);
                return;
            }
        }
        let labels = [("route", route.to_owned()), ("status", status.as_u16().to_string())];
        let count = metrics::counter!("floodgate_http_requests_total", &labels);
        let seconds =
            metrics::histogram!("floodgate_http_request_seconds", "route" => route.to_owned());
        count.increment(1);
        seconds.record(took);
        let mut answers = self.answers.write().unwrap_or_else(PoisonError::into_inner);
        answers.entry(route.to_owned()).or_default().insert(status, (count, seconds));
    }

    /// A command was answered, or its deadline is over.
    pub(crate) fn commanded(&self, command: &'static str, took: Duration) {
        if let Some(seconds) =
            self.commands.read().unwrap_or_else(PoisonError::into_inner).get(command)
        {
            seconds.record(took);
            return;
        }
        let seconds = metrics::histogram!("floodgate_command_seconds", "command" => command);
        seconds.record(took);
        self.commands.write().unwrap_or_else(PoisonError::into_inner).insert(command, seconds);
    }
}
