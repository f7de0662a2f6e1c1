//! What a client heard of its brokers, which librdkafka says beside its answers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rdkafka::client::{Client, ClientContext};
use rdkafka::consumer::{BaseConsumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// What a client heard of its brokers last.
#[derive(Debug, Default)]
pub(super) struct Heard {
    is_down: AtomicBool,
}

impl Heard {
    /// Whether every broker was away when last heard of.
    pub(super) fn is_down(&self) -> bool {
        self.is_down.load(Ordering::Acquire)
    }

    /// Something came from a broker.
    pub(super) fn note_up(&self) {
        self.is_down.store(false, Ordering::Release);
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
