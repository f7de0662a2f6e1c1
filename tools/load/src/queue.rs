//! One reader of the public frontier for all buyers, as a cache in front would be.

use std::time::Duration;

use http::Method;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use floodgate_http_client::{Call, Http};

/// The frontier and whether anything can still be had.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Frontier {
    pub(super) frontier: u64,
    /// What the door asks for; nobody knows before the first look.
    pub(super) puzzle_level: Option<u64>,
    pub(super) is_over: bool,
}

/// The reader; stopped when the stampede is over.
#[derive(Debug)]
pub(super) struct QueueWatch {
    frontier: watch::Receiver<Frontier>,
    reader: JoinHandle<()>,
}

impl QueueWatch {
    pub(super) fn start(http: Http, event_id: &str) -> Self {
        let (sender, frontier) = watch::channel(Frontier::default());
        let path = format!("/v1/events/{event_id}/queue");
        let reader = tokio::spawn(async move {
            // Five reads a second, whatever the number of buyers.
            let mut pulse = tokio::time::interval(Duration::from_millis(200));
            loop {
                pulse.tick().await;
                let Ok(answer) = http.call(Method::GET, &path, Call::default()).await else {
                    continue;
                };
                if !answer.is_ok() {
                    continue;
                }
                let phase = answer.text("phase").unwrap_or_default();
                let seen = Frontier {
                    frontier: answer.body["frontier"].as_u64().unwrap_or(0),
                    puzzle_level: answer.body["puzzle_level"].as_u64(),
                    is_over: matches!(phase, "closed" | "cancelled"),
                };
                sender.send_if_modified(|last| std::mem::replace(last, seen) != seen);
            }
        });
        QueueWatch { frontier, reader }
    }

    pub(super) fn watch(&self) -> watch::Receiver<Frontier> {
        self.frontier.clone()
    }

    pub(super) fn stop(self) {
        self.reader.abort();
    }
}
