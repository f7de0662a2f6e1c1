//! The log on Apache Kafka.
//!
//! An idempotent producer that waits for all replicas, one consumer per reader, broker
//! timestamps. Exactly-once comes from positions, not from broker transactions: readers drop what
//! is not greater than what they had.
//!
//! | file | holds |
//! |---|---|
//! | `settings` | every librdkafka property that is set, and why |
//! | `lanes` | appends on their way to the producer, in batches |
//! | `producer` | the producer, and its acknowledgements |
//! | `reader` | reading a partition forward |
//! | `topics` | creating topics as they should be, and inspecting how they are |
//! | `inspect` | the state of a cluster, compared with how it should be |
//! | `clock` | what the brokers' clock says |
//! | `heard` | what a client heard of its brokers |
//! | `lost` | clients that do not come back by themselves |
//! | `membership` | which partitions this process owns |
//! | `group_version` | which rules every processor supports |

mod clock;
mod group_version;
mod heard;
mod inspect;
mod lanes;
mod lost;
mod membership;
mod positions;
mod producer;
mod reader;
mod settings;
mod topics;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rdkafka::consumer::Consumer;

pub use self::inspect::{Cluster, Config, Difference, FoundTopic, inspect};
pub use self::membership::GroupMember;
pub use self::positions::reading_group;
pub use self::settings::KafkaOptions;
pub use self::topics::{TopicPlan, apply, describe, remove};

use self::clock::BrokerClock;
use self::heard::{Aside, Reading};
use self::lanes::Appender;
use self::positions::Positions;
use self::reader::{KafkaReader, backend};
use self::settings::METADATA_WITHIN;
use floodgate_domain::LogTime;

use crate::noted::Noted;
use crate::topics::Topic;
use crate::traits::{
    Ack, Log, LogError, LogReader, NewRecord, NotedPosition, Offset, Partition, ReaderName, Record,
};

/// The largest record, as topics are created and brokers are configured: see `settings`.
pub const RECORD_BYTES_MAX: usize = 16 << 20;

/// The log on a Kafka cluster. Cheap to share.
pub struct KafkaLog {
    options: KafkaOptions,
    partitions: HashMap<Topic, u32>,
    appender: Appender,
    clock: Arc<BrokerClock>,
    /// For questions about offsets; rare, so one at a time.
    asking: Mutex<Reading>,
    positions: Positions,
    noted: Noted,
}

impl std::fmt::Debug for KafkaLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KafkaLog at {}", self.options.brokers)
    }
}

/// Why the log cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum KafkaError {
    #[error("no broker answers at {brokers}: {reason}; is Kafka running, is kafka.brokers right?")]
    Unreachable { brokers: String, reason: String },
    #[error("topic {topic} is missing; `floodgate topics apply` creates all of them")]
    MissingTopic { topic: String },
    #[error("topic {topic} has {found} partitions, commands have {asked}; they must be equal")]
    Partitions { topic: String, found: u32, asked: u32 },
    #[error("Kafka refused: {0}")]
    Refused(String),
}

impl KafkaLog {
    /// Connects, checks that every topic is there, and warms the producer up: its first message
    /// takes up to a second otherwise.
    pub fn open(options: &KafkaOptions) -> Result<Self, KafkaError> {
        let refused = |error: rdkafka::error::KafkaError| KafkaError::Refused(error.to_string());
        let asking: Reading =
            settings::reader(options).create_with_context(Aside::default()).map_err(refused)?;
        let metadata = asking.fetch_metadata(None, METADATA_WITHIN).map_err(|error| {
            KafkaError::Unreachable { brokers: options.brokers.clone(), reason: error.to_string() }
        })?;
        let mut partitions = HashMap::new();
        for topic in Topic::ALL {
            let found = metadata.topics().iter().find(|found| found.name() == options.name(topic));
            let count = found.map_or(0, |found| found.partitions().len() as u32);
            if count == 0 {
                return Err(KafkaError::MissingTopic { topic: options.name(topic) });
            }
            partitions.insert(topic, count);
        }
        let asked = partitions.get(&Topic::Commands).copied().unwrap_or(0);
        let dead_letters = [Topic::DeadLetters, Topic::DeadFacts];
        let by_event = [
            Topic::Ledger,
            Topic::Facts,
            Topic::Counts,
            Topic::Audience,
            Topic::Reservations,
            Topic::Orders,
            Topic::Events,
            Topic::Windows,
            Topic::Live,
            Topic::Deliveries,
        ];
        for topic in by_event.into_iter().chain(dead_letters) {
            let found = partitions.get(&topic).copied().unwrap_or(0);
            if found != asked {
                return Err(KafkaError::Partitions { topic: options.name(topic), found, asked });
            }
        }
        let clock = Arc::<BrokerClock>::default();
        let appender = Appender::new(options, Arc::clone(&clock)).map_err(refused)?;
        appender.warm_up();
        let (options, asking) = (options.clone(), Mutex::new(asking));
        let (positions, noted) = (Positions::default(), Noted::default());
        Ok(KafkaLog { options, partitions, appender, clock, asking, positions, noted })
    }

    /// A place in the group that shares the partitions of the commands among processors, of one that
    /// can run the engine's rules up to `engine_version`.
    #[must_use]
    pub fn membership(&self, engine_version: u32) -> GroupMember {
        GroupMember::new(&self.options, engine_version)
    }

    fn check(&self, topic: Topic, partition: Partition) -> Result<(), LogError> {
        if partition < self.partitions(topic) {
            return Ok(());
        }
        Err(LogError::UnknownPartition { topic: topic.name(), partition })
    }

    /// First and end offset, as the broker has them now.
    fn watermarks(&self, topic: Topic, partition: Partition) -> Result<(Offset, Offset), LogError> {
        self.check(topic, partition)?;
        let mut asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        let found = reader::watermarks(&asking, &self.options.name(topic), topic, partition);
        // A client can keep for good what a broker said of its topics while starting, or lose its
        // last broker to an answer that names none. A new one knows nothing and asks.
        if found.is_err() {
            match settings::reader(&self.options).create_with_context(Aside::default()) {
                Ok(fresh) => *asking = fresh,
                Err(error) => tracing::warn!(%error, "no new client"),
            }
        }
        found
    }
}

/// How many processors share the partitions; `None` while they are being shared out.
pub fn processor_count(options: &KafkaOptions) -> Result<Option<usize>, KafkaError> {
    membership::count(options).map_err(|error| KafkaError::Refused(error.to_string()))
}

impl Log for KafkaLog {
    fn partitions(&self, topic: Topic) -> u32 {
        self.partitions.get(&topic).copied().unwrap_or(0)
    }

    fn append_with(&self, topic: Topic, partition: Partition, records: Vec<NewRecord>, ack: Ack) {
        match self.check(topic, partition) {
            Ok(()) => self.appender.append(topic, partition, records, ack),
            Err(error) => ack.complete(Err(error)),
        }
    }

    fn reader(
        &self,
        topic: Topic,
        partition: Partition,
        from: Offset,
    ) -> Result<Box<dyn LogReader>, LogError> {
        self.check(topic, partition)?;
        let config = settings::reader(&self.options);
        Ok(Box::new(KafkaReader::new(&self.options, &config, topic, partition, from)?))
    }

    fn follower(
        &self,
        topic: Topic,
        partition: Partition,
        from: Offset,
        patience: Duration,
    ) -> Result<Box<dyn LogReader>, LogError> {
        self.check(topic, partition)?;
        let config = settings::follower(&self.options, patience);
        Ok(Box::new(KafkaReader::new(&self.options, &config, topic, partition, from)?))
    }

    fn end(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        Ok(self.watermarks(topic, partition)?.1)
    }

    fn first(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        Ok(self.watermarks(topic, partition)?.0)
    }

    fn last(&self, topic: Topic, partition: Partition) -> Result<Option<Record>, LogError> {
        let (first, end) = self.watermarks(topic, partition)?;
        let Some(last) = end.checked_sub(1).filter(|&last| last >= first) else { return Ok(None) };
        let config = settings::reader(&self.options);
        let mut reader = KafkaReader::new(&self.options, &config, topic, partition, last)?;
        let mut found = Vec::new();
        reader.poll(1, METADATA_WITHIN, &mut found)?;
        found.pop().map(Some).ok_or_else(|| {
            backend(&format!("{} did not give its last record in time", topic.name()))
        })
    }

    fn now(&self) -> LogTime {
        self.clock.now()
    }

    fn note_position(&self, reader: ReaderName<'_>, at: (Topic, Partition), next: Offset) {
        self.noted.note(reader.role(), at, next);
        self.positions.note(&self.options, reader, at, next);
    }

    fn noted_positions(&self) -> Vec<NotedPosition> {
        self.noted.all()
    }

    fn clock_off_by_ms(&self) -> Option<i64> {
        self.clock.off_by_ms()
    }

    fn health(&self) -> Result<(), LogError> {
        self.appender.health()
    }
}
