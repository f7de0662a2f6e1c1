//! Every librdkafka property that is set, and why.

use std::time::Duration;

use rdkafka::ClientConfig;

use super::RECORD_BYTES_MAX;
use crate::topics::Topic;

/// How long a question to the cluster may take.
pub(super) const METADATA_WITHIN: Duration = Duration::from_secs(10);

/// How long a question about one partition may take. Others wait for their turn meanwhile, and whoever
/// hears nothing asks again.
pub(super) const OFFSETS_WITHIN: Duration = Duration::from_secs(3);

/// Where the cluster is, and how patient to be.
#[derive(Debug, Clone)]
pub struct KafkaOptions {
    /// `host:port`, several with commas.
    pub brokers: String,
    /// Shown in the brokers' logs and metrics.
    pub client_id: String,
    /// The number of the gateway in this process: it names what every gateway reads for itself.
    pub gateway_id: u32,
    /// Put before the name of every topic and group: several installations on one cluster.
    pub prefix: String,
    /// A processor that is silent for so long has lost its partitions. Brokers have a lower
    /// bound, `group.min.session.timeout.ms`, six seconds by default.
    pub session_timeout: Duration,
    /// An append that is not acknowledged for so long has failed, outcome unknown.
    pub append_timeout: Duration,
    /// Appends within so long after one are sent together, in a quarter of it where there are few;
    /// topics with more patience wait a multiple of it.
    pub batch_every: Duration,
    /// Records that may wait to be sent.
    pub queue_records_max: usize,
    /// Bytes that may wait to be sent.
    pub queue_bytes_max: usize,
    /// Further librdkafka properties, such as `security.protocol` and SASL; they win.
    pub extra: Vec<(String, String)>,
}

impl Default for KafkaOptions {
    fn default() -> Self {
        KafkaOptions {
            brokers: "127.0.0.1:9092".to_owned(),
            gateway_id: 0,
            client_id: "floodgate".to_owned(),
            prefix: String::new(),
            session_timeout: Duration::from_secs(6),
            append_timeout: Duration::from_secs(30),
            batch_every: Duration::from_millis(4),
            queue_records_max: 1 << 19,
            queue_bytes_max: 256 << 20,
            extra: Vec::new(),
        }
    }
}

impl KafkaOptions {
    /// A topic's name on the cluster.
    #[must_use]
    pub fn name(&self, topic: Topic) -> String {
        format!("{}{}", self.prefix, topic.name())
    }

    /// The group of the processors.
    pub(super) fn group(&self) -> String {
        format!("{}floodgate-processors", self.prefix)
    }
}

fn base(options: &KafkaOptions) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &options.brokers)
        .set("client.id", &options.client_id)
        // Small requests must not wait for more bytes to come.
        .set("socket.nagle.disable", "true")
        // A broker that comes back is found within a second, not ten.
        .set("reconnect.backoff.ms", "50")
        .set("reconnect.backoff.max.ms", "1000")
        // We say ourselves what matters; the library's own lines are for its debugging.
        .set("log_level", "3");
    config
}

fn with_extra(mut config: ClientConfig, options: &KafkaOptions) -> ClientConfig {
    for (name, value) in &options.extra {
        config.set(name, value);
    }
    config
}

/// The producer: nothing lost, nothing twice, nothing out of order.
pub(super) fn producer(options: &KafkaOptions) -> ClientConfig {
    let mut config = base(options);
    config
        .set("enable.idempotence", "true")
        // A lost batch must take those after it along: a gap in the facts would never be
        // filled, because the next owner goes on after the last one.
        .set("enable.gapless.guarantee", "true")
        .set("acks", "all")
        // Batches are made before the library sees them (`lanes`). Its own timer counts whole
        // milliseconds, and anything above zero would cost every quiet append one.
        .set("linger.ms", "0")
        .set("batch.num.messages", "20000")
        .set("batch.size", "1000000")
        .set("message.max.bytes", RECORD_BYTES_MAX.to_string())
        .set("message.timeout.ms", options.append_timeout.as_millis().to_string())
        .set("queue.buffering.max.messages", options.queue_records_max.to_string())
        .set("queue.buffering.max.kbytes", (options.queue_bytes_max >> 10).to_string());
    with_extra(config, options)
}

/// A reader of one partition: it says where it is itself, so no group and no commits.
pub(super) fn reader(options: &KafkaOptions) -> ClientConfig {
    let mut config = base(options);
    config
        // The library wants a name even of those who never join.
        .set("group.id", "floodgate-readers")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("allow.auto.create.topics", "false")
        // A trimmed start is an error that is reported, not a jump that nobody notices.
        .set("auto.offset.reset", "error")
        // So that a reader knows when it has seen everything there is.
        .set("enable.partition.eof", "true")
        // A group's coordinator that has moved is looked for by those who only commit, too, and not
        // ten minutes later.
        .set("coordinator.query.interval.ms", "5000")
        .set("fetch.wait.max.ms", "100")
        .set("fetch.error.backoff.ms", "50")
        .set("fetch.message.max.bytes", (4 << 20).to_string())
        .set("receive.message.max.bytes", (64 << 20).to_string())
        .set("queued.max.messages.kbytes", (16 << 10).to_string())
        .set("check.crcs", "true");
    with_extra(config, options)
}

/// Bytes a follower would rather have at once than sooner: some hundred facts.
const FOLLOWED_BYTES: u32 = 64 << 10;

/// A reader nobody waits for: the broker answers it when there is much, or when its patience is
/// over.
pub(super) fn follower(options: &KafkaOptions, patience: Duration) -> ClientConfig {
    let mut config = reader(options);
    config
        .set("fetch.wait.max.ms", patience.as_millis().max(1).to_string())
        .set("fetch.min.bytes", FOLLOWED_BYTES.to_string());
    with_extra(config, options)
}

/// Between what the client id was and the version.
const MARK: &str = "-engine";

/// The client id of a member that can run rules up to `version`.
pub(super) fn client_id(before: &str, version: u32) -> String {
    format!("{before}{MARK}{version}")
}

/// The newest rules a member can run, if its client id says so.
pub(super) fn version_of(client_id: &str) -> Option<u32> {
    let (_, version) = client_id.rsplit_once(MARK)?;
    version.parse().ok()
}

/// A member of the processors' group; it reads nothing, it only wants to know its share.
/// Its client id says which rules it can run, whatever the properties make of the rest of it.
pub(super) fn member(options: &KafkaOptions, engine_version: u32) -> ClientConfig {
    let mut config = reader(options);
    let session = options.session_timeout.as_millis();
    // A member learns of a rebalance with its next heartbeat, so this is how long a partition waits
    // for its next owner when somebody leaves. A few requests a second cost nothing.
    let heartbeat = (session / 5).clamp(100, 250);
    config
        .set("group.id", options.group())
        // Cooperative: who keeps a partition is not interrupted when others come or go.
        .set("partition.assignment.strategy", "cooperative-sticky")
        .set("session.timeout.ms", session.to_string())
        .set("heartbeat.interval.ms", heartbeat.to_string())
        .set("auto.offset.reset", "latest");
    let mut config = with_extra(config, options);
    let before = config.get("client.id").unwrap_or_default().to_owned();
    config.set("client.id", client_id(&before, engine_version));
    config
}
