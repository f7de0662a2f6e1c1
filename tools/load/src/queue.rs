//! One reader of the public frontier for all buyers, as a cache in front would be.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::seen::QueueSeen;
use crate::tally::Tally;
use floodgate_domain::Frontier;
use floodgate_http_client::{Call, Http};

/// The reader; stopped when the stampede is over.
#[derive(Debug)]
pub(super) struct QueueWatch {
    seen: watch::Receiver<QueueSeen>,
    reader: JoinHandle<()>,
}

impl QueueWatch {
    pub(super) fn start(http: Http, event_id: &str, tally: Arc<Tally>) -> Self {
        let (sender, seen) = watch::channel(QueueSeen::default());
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
                let number = |name: &str| answer.body[name].as_u64();
                let seen = QueueSeen {
                    frontier: Frontier(number("frontier").unwrap_or_default()),
                    puzzle_level: number("puzzle_level"),
                    free: number("free").unwrap_or_default(),
                    shoppers: number("shoppers").unwrap_or_default(),
                    shoppers_max: number("shoppers_max").unwrap_or_default(),
                    is_over: matches!(phase, "closed" | "cancelled"),
                };
                tally.sees(seen);
                sender.send_if_modified(|last| std::mem::replace(last, seen) != seen);
            }
        });
        QueueWatch { seen, reader }
    }

    pub(super) fn watch(&self) -> watch::Receiver<QueueSeen> {
        self.seen.clone()
    }

    pub(super) fn stop(self) {
        self.reader.abort();
    }
}
