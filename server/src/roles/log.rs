//! Which log a process uses, and how it learns which partitions it owns.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;

use floodgate_config::{Backend, Settings};
use floodgate_event_log::{
    Alone, EmbeddedLog, EmbeddedOptions, KafkaLog, KafkaOptions, Log, Membership, Topic,
};

/// The log of a process, of either kind.
#[derive(Debug, Clone)]
pub enum SharedLog {
    Embedded(Arc<EmbeddedLog>),
    Kafka(Arc<KafkaLog>),
}

impl SharedLog {
    /// Opens the log the settings name; the embedded one for writing.
    pub fn open(settings: &Settings, data: &Path) -> Result<Self> {
        Ok(match settings.log.backend {
            Backend::Embedded => {
                let options = embedded_options(settings);
                SharedLog::Embedded(Arc::new(EmbeddedLog::open(data, &options)?))
            }
            Backend::Kafka => SharedLog::Kafka(Arc::new(KafkaLog::open(&kafka_options(settings))?)),
        })
    }

    /// Opens it to read only; a server may be using it.
    pub fn open_to_read(settings: &Settings, data: &Path) -> Result<Self> {
        Ok(match settings.log.backend {
            Backend::Embedded => SharedLog::Embedded(Arc::new(EmbeddedLog::open_read_only(data)?)),
            Backend::Kafka => SharedLog::Kafka(Arc::new(KafkaLog::open(&kafka_options(settings))?)),
        })
    }

    /// The log as everybody else sees it.
    #[must_use]
    pub fn shared(&self) -> Arc<dyn Log> {
        match self {
            SharedLog::Embedded(log) => Arc::clone(log) as Arc<dyn Log>,
            SharedLog::Kafka(log) => Arc::clone(log) as Arc<dyn Log>,
        }
    }

    /// A place among the processors that share it, of one that can run rules up to `engine_version`;
    /// alone, a process owns everything.
    #[must_use]
    pub fn membership(&self, engine_version: u32) -> Box<dyn Membership> {
        match self {
            SharedLog::Embedded(log) => {
                Box::new(Alone::new(log.partitions(Topic::Commands), engine_version))
            }
            SharedLog::Kafka(log) => Box::new(log.membership(engine_version)),
        }
    }

    /// Whether other processes share it.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        matches!(self, SharedLog::Kafka(_))
    }

    /// Writes out what waits. An embedded log lets others open its folder from here on.
    pub fn close(&self) {
        if let SharedLog::Embedded(log) = self {
            log.close();
        }
    }
}

fn embedded_options(settings: &Settings) -> EmbeddedOptions {
    EmbeddedOptions {
        partitions: settings.log.partitions,
        queue_records_max: settings.log.queue_records_max,
        queue_bytes_max: settings.log.queue_max.0,
        ..EmbeddedOptions::default()
    }
}

/// The Kafka part of the settings, as the log takes it.
#[must_use]
pub fn kafka_options(settings: &Settings) -> KafkaOptions {
    let kafka = &settings.kafka;
    let pair = |text: &String| {
        text.split_once('=').map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
    };
    KafkaOptions {
        gateway_id: settings.server.gateway_id,
        brokers: kafka.brokers.clone(),
        prefix: kafka.prefix.clone(),
        client_id: format!("floodgate-{}", std::process::id()),
        session_timeout: kafka.session_timeout.0,
        append_timeout: kafka.append_timeout.0,
        batch_every: kafka.batch_every.0,
        queue_records_max: settings.log.queue_records_max,
        queue_bytes_max: settings.log.queue_max.0,
        extra: kafka.properties.iter().filter_map(pair).collect(),
    }
}
