//! The producer, and its acknowledgements.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{
    BaseRecord, DeliveryResult, NoCustomPartitioner, Producer, ProducerContext, ThreadedProducer,
};
use rdkafka::{Message, Timestamp};

use floodgate_domain::LogTime;

use super::clock::{BrokerClock, wall};
use super::heard::Heard;
use super::settings::{self, KafkaOptions, METADATA_WITHIN};
use super::{RECORD_BYTES_MAX, reader::backend};
use crate::topics::Topic;
use crate::traits::{Ack, Appended, LogError, NewRecord, Partition};

/// How long the library's queue is left to empty itself before the next look.
const QUEUE_FULL_FOR: Duration = Duration::from_millis(1);

/// How long a look for a broker may take; appends wait meanwhile, while there is no broker.
const LOOK_WITHIN: Duration = Duration::from_millis(500);
/// A broker that has said nothing for so long is asked whether it is there, and how long one that was
/// there may take to say so: longer than its pauses on a busy machine.
const SILENT_AFTER: Duration = Duration::from_secs(4);
const ANSWER_WITHIN: Duration = Duration::from_secs(4);

/// One append under way: settled by the last of its records.
#[derive(Debug)]
pub(super) struct Pending {
    left: AtomicUsize,
    /// When it was handed over, by our clock.
    sent: LogTime,
    /// Everybody's records that are not settled yet.
    outstanding: Arc<AtomicUsize>,
    // A plain mutex: held for a moment by the library's thread, once a record.
    outcome: Mutex<Outcome>,
}

#[derive(Debug)]
struct Outcome {
    first: Option<(u64, LogTime)>,
    failure: Option<LogError>,
    ack: Option<Ack>,
}

impl Pending {
    /// An append of so many records.
    pub(super) fn new(records: usize, outstanding: Arc<AtomicUsize>, ack: Ack) -> Self {
        let outcome = Outcome { first: None, failure: None, ack: Some(ack) };
        let left = AtomicUsize::new(records.max(1));
        Pending { left, sent: wall(), outstanding, outcome: Mutex::new(outcome) }
    }

    /// Takes note of one record; the last one answers.
    fn settle(&self, delivery: Result<(u64, LogTime), LogError>) {
        // Relaxed: a rough bound on what waits; nothing else hangs on it.
        self.outstanding.fetch_sub(1, Ordering::Relaxed);
        let mut outcome = self.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        match delivery {
            Ok((offset, at)) => {
                let first = outcome.first.get_or_insert((offset, at));
                first.0 = first.0.min(offset);
                first.1 = first.1.max(at);
            }
            Err(error) => {
                outcome.failure.get_or_insert(error);
            }
        }
        if self.left.fetch_sub(1, Ordering::AcqRel) > 1 {
            return;
        }
        let result = match (outcome.failure.take(), outcome.first) {
            (None, Some((first, at))) => Ok(Appended { first, at }),
            (failure, _) => Err(failure.unwrap_or(LogError::Closed)),
        };
        let ack = outcome.ack.take();
        drop(outcome);
        if let Some(ack) = ack {
            ack.complete(result);
        }
    }
}

/// Notified of deliveries and of brokers that became unreachable.
#[derive(Debug)]
pub(super) struct Context {
    heard: Heard,
    clock: Arc<BrokerClock>,
    /// Whether the producer can never go on without a gap: its process must be replaced.
    has_failed: AtomicBool,
}

impl ClientContext for Context {
    fn error(&self, error: KafkaError, reason: &str) {
        self.heard.note_error(&error);
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::Fatal) {
            self.has_failed.store(true, Ordering::Release);
        }
        tracing::warn!(%error, reason, "kafka");
    }
}

impl ProducerContext<NoCustomPartitioner> for Context {
    type DeliveryOpaque = Arc<Pending>;

    fn delivery(&self, result: &DeliveryResult<'_>, pending: Arc<Pending>) {
        pending.settle(match result {
            Ok(message) => {
                self.heard.note_up();
                let at = match message.timestamp() {
                    Timestamp::LogAppendTime(ms) | Timestamp::CreateTime(ms) => ms,
                    Timestamp::NotAvailable => 0,
                };
                let at = LogTime(u64::try_from(at).unwrap_or(0));
                if matches!(message.timestamp(), Timestamp::LogAppendTime(_)) {
                    self.clock.note(pending.sent, at);
                }
                Ok((u64::try_from(message.offset()).unwrap_or(0), at))
            }
            Err((error, _)) => Err(log_error(error)),
        });
    }
}

/// What an error of the library says about the record.
fn log_error(error: &KafkaError) -> LogError {
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::QueueFull) => LogError::Overloaded,
        Some(RDKafkaErrorCode::MessageSizeTooLarge | RDKafkaErrorCode::InvalidMessageSize) => {
            LogError::TooLarge { bytes: 0, max: RECORD_BYTES_MAX }
        }
        _ => backend(error),
    }
}

/// The producer. Records of one partition must come from one thread, or their order is lost.
pub(super) struct Sender {
    producer: ThreadedProducer<Context>,
    names: HashMap<Topic, String>,
}

impl Sender {
    pub(super) fn new(options: &KafkaOptions, clock: Arc<BrokerClock>) -> Result<Self, KafkaError> {
        let has_failed = AtomicBool::new(false);
        let context = Context { heard: Heard::default(), clock, has_failed };
        let producer = settings::producer(options).create_with_context(context)?;
        let names = Topic::ALL.into_iter().map(|topic| (topic, options.name(topic))).collect();
        Ok(Sender { producer, names })
    }

    /// Fetches what the first message would have to wait for: the leaders of all partitions
    /// and the producer's id.
    pub(super) fn warm_up(&self) {
        for name in self.names.values() {
            let found = self.producer.client().fetch_metadata(Some(name), METADATA_WITHIN);
            if let Err(error) = found {
                tracing::warn!(topic = name, %error, "no metadata yet");
            }
        }
    }

    /// Hands the records of one append to the library.
    pub(super) fn send(
        &self,
        topic: Topic,
        partition: Partition,
        records: &[NewRecord],
        pending: &Arc<Pending>,
    ) {
        let name = self.names.get(&topic).map_or(topic.name(), String::as_str);
        // Partitions are counted by the broker, in 32 signed bits.
        let partition = i32::try_from(partition).unwrap_or(i32::MAX);
        for record in records {
            self.send_one(name, partition, record, pending);
        }
    }

    fn send_one(&self, name: &str, partition: i32, record: &NewRecord, pending: &Arc<Pending>) {
        let mut message = BaseRecord::with_opaque_to(name, Arc::clone(pending))
            .partition(partition)
            .key(&record.key[..]);
        // A tombstone has no payload, which is not the same as an empty one.
        if let Some(bytes) = record.value.bytes() {
            message = message.payload(&bytes[..]);
        }
        if !record.headers.is_empty() {
            let headers = OwnedHeaders::new_with_capacity(record.headers.len());
            message = message.headers(record.headers.iter().fold(headers, |all, (key, value)| {
                all.insert(Header { key, value: Some(&value[..]) })
            }));
        }
        while let Err((error, unsent)) = self.producer.send(message) {
            if error.rdkafka_error_code() != Some(RDKafkaErrorCode::QueueFull) {
                // Records of this append before it may be on their way, so nothing is certain.
                return unsent.delivery_opaque.settle(Err(log_error(&error)));
            }
            // An append must not be cut in two, and nothing may be sent behind what was left out:
            // that gap would never be filled. The queue empties, or its messages time out and
            // the producer has failed for good.
            std::thread::park_timeout(QUEUE_FULL_FOR);
            message = unsent;
        }
    }

    /// Whether every broker was unreachable when last heard of.
    pub(super) fn is_down(&self) -> bool {
        self.producer.context().heard.is_down()
    }

    /// Whether it is time to ask for a broker: none was there, or none has said anything for long.
    pub(super) fn wants_a_look(&self) -> bool {
        self.is_down() || self.producer.context().heard.silent_for() > SILENT_AFTER
    }

    /// Asks whether a broker is there; where nothing is appended, nobody else would notice.
    pub(super) fn look(&self) {
        let heard = &self.producer.context().heard;
        let within = if heard.is_down() { LOOK_WITHIN } else { ANSWER_WITHIN };
        let name = self.names.get(&Topic::Commands).map_or("", String::as_str);
        if !heard.ask(self.producer.client(), name, within) {
            heard.note_down();
        }
    }

    pub(super) fn health(&self) -> Result<(), LogError> {
        if self.producer.context().has_failed.load(Ordering::Acquire) {
            return Err(LogError::Closed);
        }
        if self.is_down() {
            return Err(LogError::Backend("no broker can be reached".to_owned()));
        }
        Ok(())
    }

    /// Sends what waits. What takes longer than this would be lost anyway, and is then not
    /// reported as written.
    pub(super) fn flush(&self) {
        let _ = self.producer.flush(Duration::from_secs(10));
    }
}
