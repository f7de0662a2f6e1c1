//! What a client heard of its brokers, which librdkafka says beside its answers.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rdkafka::client::{Client, ClientContext};
use rdkafka::consumer::{BaseConsumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// What a client heard of its brokers last.
#[derive(Debug)]
pub(super) struct Heard {
    is_down: AtomicBool,
    since: Instant,
    /// Milliseconds from then on, when something last came from a broker.
    heard_ms: AtomicU64,
}

impl Default for Heard {
    fn default() -> Self {
        let (is_down, heard_ms) = (AtomicBool::new(false), AtomicU64::new(0));
        Heard { is_down, since: Instant::now(), heard_ms }
    }
}

impl Heard {
    /// How long nothing has come from a broker. One that is frozen, or cut off without a word, says
    /// no more than one of which nothing is asked.
    pub(super) fn silent_for(&self) -> Duration {
        let heard = Duration::from_millis(self.heard_ms.load(Ordering::Relaxed));
        self.since.elapsed().saturating_sub(heard)
    }

    /// Whether every broker was away when last heard of.
    pub(super) fn is_down(&self) -> bool {
        self.is_down.load(Ordering::Acquire)
    }

    /// Something came from a broker.
    pub(super) fn note_up(&self) {
        let ms = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.heard_ms.store(ms, Ordering::Relaxed);
        self.is_down.store(false, Ordering::Release);
    }

    /// Every broker was asked, and none answered.
    pub(super) fn note_down(&self) {
        self.is_down.store(true, Ordering::Release);
    }

    pub(super) fn note_error(&self, error: &KafkaError) {
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::AllBrokersDown) {
            self.is_down.store(true, Ordering::Release);
        }
    }

    /// Asks for a broker: whether there is one after all, which is taken note of.
    pub(super) fn ask<C: ClientContext>(
        &self,
        client: &Client<C>,
        topic: &str,
        within: Duration,
    ) -> bool {
        let found = client.fetch_metadata(Some(topic), within);
        let is_there = found.is_ok_and(|found| !found.brokers().is_empty());
        if is_there {
            self.note_up();
        }
        is_there
    }
}

/// What the library says beside its answers.
#[derive(Debug, Default)]
pub(super) struct Aside {
    pub(super) heard: Heard,
}

impl ClientContext for Aside {
    fn error(&self, error: KafkaError, reason: &str) {
        self.heard.note_error(&error);
        // The end of a partition is part of an answer, and by itself no news.
        if error.rdkafka_error_code() != Some(RDKafkaErrorCode::PartitionEOF) {
            tracing::warn!(%error, reason, "kafka");
        }
    }
}

impl ConsumerContext for Aside {}

/// A consumer of ours.
pub(super) type Reading = BaseConsumer<Aside>;
