//! The state of a cluster, compared with how it should be.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, ConfigResource, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::Consumer;
use rdkafka::metadata::MetadataTopic;

use super::KafkaError;
use super::heard::{Aside, Reading};
use super::settings::{self, KafkaOptions};
use super::topics::TopicPlan;
use crate::topics::Topic;

/// How long each question may take: whoever looks for faults wants to know soon.
const ASK_WITHIN: Duration = Duration::from_secs(5);

/// Names and values, as in the broker's documentation.
pub type Config = BTreeMap<String, String>;

/// A cluster as it was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cluster {
    /// Settings by broker.
    pub brokers: BTreeMap<i32, Config>,
    /// Those that are there.
    pub topics: BTreeMap<Topic, FoundTopic>,
}

/// A topic as it was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FoundTopic {
    pub partitions: u32,
    /// Copies of the partition that has the fewest.
    pub replication: u32,
    /// Partitions nobody leads: they can be neither read nor written.
    pub without_leader: u32,
    /// Partitions some copy of which is behind.
    pub behind: u32,
    pub config: Config,
}

/// A setting that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub key: &'static str,
    pub planned: String,
    /// `None` when the broker does not know it.
    pub found: Option<String>,
}

impl TopicPlan {
    /// Settings of the topic that differ from this plan.
    #[must_use]
    pub fn differences(&self, found: &FoundTopic) -> Vec<Difference> {
        let differs = |(key, planned): &(&'static str, String)| {
            let found = found.config.get(*key);
            let difference = Difference { key, planned: planned.clone(), found: found.cloned() };
            (found != Some(planned)).then_some(difference)
        };
        self.config.iter().filter_map(differs).collect()
    }
}

/// Asks the cluster for its brokers and for every topic there should be.
pub async fn inspect(options: &KafkaOptions) -> Result<Cluster, KafkaError> {
    let refused = |error: rdkafka::error::KafkaError| KafkaError::Refused(error.to_string());
    let consumer: Reading =
        settings::reader(options).create_with_context(Aside::default()).map_err(refused)?;
    let metadata = consumer.fetch_metadata(None, ASK_WITHIN).map_err(|error| {
        KafkaError::Unreachable { brokers: options.brokers.clone(), reason: error.to_string() }
    })?;
    let admin: AdminClient<DefaultClientContext> =
        settings::producer(options).create().map_err(refused)?;
    let mut cluster = Cluster::default();
    for broker in metadata.brokers() {
        let config = config_of(&admin, ResourceSpecifier::Broker(broker.id())).await?;
        cluster.brokers.insert(broker.id(), config);
    }
    for topic in Topic::ALL {
        let name = options.name(topic);
        let Some(there) = metadata.topics().iter().find(|there| there.name() == name) else {
            continue;
        };
        let config = config_of(&admin, ResourceSpecifier::Topic(&name)).await?;
        cluster.topics.insert(topic, FoundTopic { config, ..found(there) });
    }
    Ok(cluster)
}

fn found(topic: &MetadataTopic) -> FoundTopic {
    let partitions = topic.partitions();
    let count = |counts: &dyn Fn(&rdkafka::metadata::MetadataPartition) -> bool| {
        partitions.iter().filter(|partition| counts(partition)).count() as u32
    };
    FoundTopic {
        partitions: partitions.len() as u32,
        replication: partitions.iter().map(|one| one.replicas().len()).min().unwrap_or(0) as u32,
        without_leader: count(&|partition| partition.leader() < 0),
        behind: count(&|partition| partition.isr().len() < partition.replicas().len()),
        config: Config::new(),
    }
}

async fn config_of(
    admin: &AdminClient<DefaultClientContext>,
    of: ResourceSpecifier<'_>,
) -> Result<Config, KafkaError> {
    let within = AdminOptions::new().request_timeout(Some(ASK_WITHIN));
    let refused = |reason: String| KafkaError::Refused(format!("settings of {of:?}: {reason}"));
    let described =
        admin.describe_configs([&of], &within).await.map_err(|error| refused(error.to_string()))?;
    let mut config = Config::new();
    for resource in described {
        let ConfigResource { entries, .. } = resource.map_err(|code| refused(code.to_string()))?;
        // What is secret comes without its value.
        let known = entries.into_iter().filter_map(|entry| Some((entry.name, entry.value?)));
        config.extend(known);
    }
    Ok(config)
}
