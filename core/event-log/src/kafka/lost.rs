//! Clients that never come back by themselves.
//!
//! A broker that stops calmly, or has just started, names no brokers beside its topics. librdkafka
//! (2.10 to 2.12 at least) then gives up every broker it knows, and where their connections were
//! closed already, nothing makes it begin with `bootstrap.servers` again. A client like that is
//! replaced.

use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer;

use super::heard::Reading;

/// A client whose brokers are all away is looked at after so long, and again and again. Those that
/// come back by themselves do within a second, see `reconnect.backoff.max.ms`.
const LOOK_AFTER: Duration = Duration::from_secs(4);
/// How long the look may take: a broker that has just started can be slow, and a member of the group
/// that is replaced for nothing moves partitions.
const LOOK_WITHIN: Duration = Duration::from_secs(2);

/// Notices when a client has lost its brokers.
#[derive(Debug, Default)]
pub(super) struct Lost {
    since: Option<Instant>,
}

impl Lost {
    /// Whether the client is to be replaced. It is as well where no broker is there at all: that
    /// looks the same from here, and costs no more than a few threads.
    pub(super) fn is_lost(&mut self, client: &Reading, topic: &str) -> bool {
        let heard = &client.context().heard;
        if !heard.is_down() {
            self.since = None;
            return false;
        }
        let since = *self.since.get_or_insert_with(Instant::now);
        if since.elapsed() < LOOK_AFTER {
            return false;
        }
        self.since = None;
        let is_there = heard.ask(client.client(), topic, LOOK_WITHIN);
        if !is_there {
            tracing::warn!(topic, "no broker for this client; a new one takes its place");
        }
        !is_there
    }
}
