//! Which log a process uses, and how it learns its share of it.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;

use floodgate_config::{Backend, Settings};
use floodgate_event_log::kafka::Membership;
use floodgate_event_log::{EmbeddedLog, EmbeddedOptions, KafkaLog, KafkaOptions, Log};

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

    /// A place in the processors' group; `None` where this process owns everything.
    pub fn join_processors(&self, engine_version: u32) -> Result<Option<Membership>> {
        Ok(match self {
            SharedLog::Embedded(_) => None,
            SharedLog::Kafka(log) => Some(log.join_processors(engine_version)?),
        })
    }

    /// Whether there are other processors, or may be: it is not known while they share out.
    #[must_use]
    pub fn has_processors(&self) -> bool {
        match self {
            SharedLog::Embedded(_) => false,
            SharedLog::Kafka(log) => !matches!(log.processor_count(), Ok(Some(0))),
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
