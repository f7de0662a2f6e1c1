//! Creating topics as they should be, and inspecting how they are.

use std::time::{Duration, Instant};

use rdkafka::admin::{
    AdminClient, AdminOptions, AlterConfig, NewPartitions, NewTopic, ResourceSpecifier,
    TopicReplication,
};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::Consumer;
use rdkafka::types::RDKafkaErrorCode;

use super::heard::{Aside, Reading};
use super::settings::{self, KafkaOptions, METADATA_WITHIN};
use super::{KafkaError, RECORD_BYTES_MAX};
use crate::topics::{Cleanup, Topic};

/// How long making the topics may take.
const APPLY_WITHIN: Duration = Duration::from_secs(30);

/// A topic as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicPlan {
    pub topic: Topic,
    pub partitions: u32,
    pub replication: u32,
    /// Names and values, as in the broker's documentation.
    pub config: Vec<(&'static str, String)>,
}

impl TopicPlan {
    /// Every topic: those of the events share one number of partitions, since a fact stays in
    /// the partition of its command; replies have one a gateway.
    #[must_use]
    pub fn all(partitions: u32, gateways: u32, replication: u32) -> Vec<Self> {
        let plan = |topic: Topic| TopicPlan {
            topic,
            partitions: if topic == Topic::Replies { gateways } else { partitions },
            replication,
            config: config(topic, replication),
        };
        Topic::ALL.into_iter().map(plan).collect()
    }
}

fn config(topic: Topic, replication: u32) -> Vec<(&'static str, String)> {
    let (policy, retention) = match topic.cleanup() {
        Cleanup::Keep => ("delete", "-1".to_owned()),
        Cleanup::Compact => ("compact", "-1".to_owned()),
        Cleanup::Age { ms } => ("delete", ms.to_string()),
    };
    let mut config = vec![
        ("cleanup.policy", policy.to_owned()),
        ("retention.ms", retention),
        // Said for every topic, because a broker's own default may be a size.
        ("retention.bytes", "-1".to_owned()),
        // A replica that lags must not lead: what was acknowledged would be gone.
        ("unclean.leader.election.enable", "false".to_owned()),
        // The broker's clock decides when holds end; no gateway can be early or late.
        ("message.timestamp.type", "LogAppendTime".to_owned()),
        ("max.message.bytes", (RECORD_BYTES_MAX + 4096).to_string()),
        // Two copies at least, wherever there can be two.
        ("min.insync.replicas", (replication / 2 + 1).to_string()),
    ];
    if topic == Topic::Replies {
        // Nobody asks for an answer twice here: one copy in time is worth more than three.
        config.push(("segment.ms", "600000".to_owned()));
    }
    config
}

/// What was done about one topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    pub topic: Topic,
    /// created, grown, or configured.
    pub what: &'static str,
    pub partitions: u32,
}

/// Makes what is missing, adds partitions where there are too few, and sets the configuration.
/// Partitions of the events' topics are never added once there are commands: an event would
/// move to another partition and leave its past behind.
pub async fn apply(
    options: &KafkaOptions,
    plans: &[TopicPlan],
) -> Result<Vec<Applied>, KafkaError> {
    let refused = |error: rdkafka::error::KafkaError| KafkaError::Refused(error.to_string());
    let admin: AdminClient<DefaultClientContext> =
        settings::producer(options).create().map_err(refused)?;
    let within = AdminOptions::new().operation_timeout(Some(APPLY_WITHIN));
    let mut applied = Vec::new();
    for plan in plans {
        let name = options.name(plan.topic);
        let what = make(&admin, &within, &name, plan).await?;
        let known = if what == "created" {
            appeared(options, plan).await?
        } else {
            describe(options, plan.topic)?
        };
        if known < plan.partitions {
            if plan.topic != Topic::Replies {
                let (topic, found) = (name, known);
                return Err(KafkaError::Partitions { topic, found, asked: plan.partitions });
            }
            let more = NewPartitions::new(&name, plan.partitions as usize);
            admin.create_partitions(&[more], &within).await.map_err(refused)?;
        }
        applied.push(Applied { topic: plan.topic, what, partitions: known.max(plan.partitions) });
    }
    Ok(applied)
}

/// Waits until every broker's clients can see a topic that was just made.
async fn appeared(options: &KafkaOptions, plan: &TopicPlan) -> Result<u32, KafkaError> {
    let mut pulse = tokio::time::interval(Duration::from_millis(50));
    let until = Instant::now() + APPLY_WITHIN;
    loop {
        pulse.tick().await;
        let known = describe(options, plan.topic)?;
        if known >= plan.partitions || Instant::now() > until {
            return Ok(known);
        }
    }
}

/// Removes every topic of these options' prefix: for benches and tests that made their own.
/// Refuses where there is no prefix.
pub async fn remove(options: &KafkaOptions) -> Result<(), KafkaError> {
    let refused = |error: rdkafka::error::KafkaError| KafkaError::Refused(error.to_string());
    if options.prefix.is_empty() {
        let why = "topics without a prefix are somebody's own".to_owned();
        return Err(KafkaError::Refused(why));
    }
    let admin: AdminClient<DefaultClientContext> =
        settings::producer(options).create().map_err(refused)?;
    let within = AdminOptions::new().operation_timeout(Some(APPLY_WITHIN));
    let names: Vec<String> = Topic::ALL.into_iter().map(|topic| options.name(topic)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    admin.delete_topics(&names, &within).await.map_err(refused)?;
    Ok(())
}

async fn make(
    admin: &AdminClient<DefaultClientContext>,
    within: &AdminOptions,
    name: &str,
    plan: &TopicPlan,
) -> Result<&'static str, KafkaError> {
    let replication = TopicReplication::Fixed(plan.replication as i32);
    let mut topic = NewTopic::new(name, plan.partitions as i32, replication);
    for (key, value) in &plan.config {
        topic = topic.set(key, value);
    }
    let refused = |reason: String| KafkaError::Refused(format!("{name}: {reason}"));
    let made = admin.create_topics([&topic], within).await.map_err(|e| refused(e.to_string()))?;
    match made.into_iter().next() {
        Some(Ok(_)) | None => return Ok("created"),
        Some(Err((_, RDKafkaErrorCode::TopicAlreadyExists))) => {}
        Some(Err((_, code))) => return Err(refused(code.to_string())),
    }
    let mut alter = AlterConfig::new(ResourceSpecifier::Topic(name));
    for (key, value) in &plan.config {
        alter = alter.set(key, value);
    }
    let altered =
        admin.alter_configs([&alter], within).await.map_err(|e| refused(e.to_string()))?;
    match altered.into_iter().next() {
        Some(Err((_, code))) => Err(refused(code.to_string())),
        _ => Ok("configured"),
    }
}

/// How many partitions a topic has; 0 when there is none.
pub fn describe(options: &KafkaOptions, topic: Topic) -> Result<u32, KafkaError> {
    let name = options.name(topic);
    let consumer: Reading = settings::reader(options)
        .create_with_context(Aside::default())
        .map_err(|error| KafkaError::Refused(error.to_string()))?;
    let metadata = consumer.fetch_metadata(Some(&name), METADATA_WITHIN).map_err(|error| {
        KafkaError::Unreachable { brokers: options.brokers.clone(), reason: error.to_string() }
    })?;
    let found = metadata.topics().iter().find(|found| found.name() == name);
    Ok(found.map_or(0, |found| found.partitions().len() as u32))
}
