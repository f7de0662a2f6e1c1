//! How far readers are, where Kafka's own tools look: offsets committed to groups that nobody is a
//! member of. They are for people and their dashboards; where a reader goes on is found out from
//! what it has written itself, and these are never read back.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::consumer::{CommitMode, Consumer};
use rdkafka::{Offset as KafkaOffset, TopicPartitionList};

use super::heard::{Aside, Reading};
use super::settings::{self, KafkaOptions};
use crate::topics::Topic;
use crate::traits::{Offset, Partition, ReaderName};

/// How often a position is committed: lag is looked at by people.
const EVERY: Duration = Duration::from_secs(5);
/// Readers whose positions are committed, each with a client of its own; a process has a few.
const READERS_MAX: usize = 16;

/// The group of a reader, as `kafka-consumer-groups` lists it: `floodgate-reads-processor`, and
/// `floodgate-reads-views-2` of the second gateway.
#[must_use]
pub fn reading_group(options: &KafkaOptions, reader: ReaderName<'_>) -> String {
    let KafkaOptions { prefix, gateway_id, .. } = options;
    match reader {
        ReaderName::Shared(name) => format!("{prefix}floodgate-reads-{name}"),
        ReaderName::OfEachGateway(name) => format!("{prefix}floodgate-reads-{name}-{gateway_id}"),
    }
}

/// Positions of the readers of a process.
#[derive(Default)]
pub(super) struct Positions(Mutex<HashMap<String, Reader>>);

struct Reader {
    client: Reading,
    /// When the position in a partition was committed last.
    said: HashMap<(Topic, Partition), Instant>,
}

impl Positions {
    /// Commits a position, now and then, and does not wait for it: one that is lost is followed by
    /// the next.
    pub(super) fn note(
        &self,
        options: &KafkaOptions,
        reader: ReaderName<'_>,
        (topic, partition): (Topic, Partition),
        next: Offset,
    ) {
        let mut readers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let group = reading_group(options, reader);
        if !readers.contains_key(&group) {
            if readers.len() == READERS_MAX {
                return;
            }
            let mut config = settings::reader(options);
            config.set("group.id", &group);
            let Ok(client) = config.create_with_context(Aside::default()) else { return };
            readers.insert(group.clone(), Reader { client, said: HashMap::new() });
        }
        let Some(Reader { client, said }) = readers.get_mut(&group) else { return };
        let is_due = said.get(&(topic, partition)).is_none_or(|said| said.elapsed() >= EVERY);
        let (Ok(number), Ok(next)) = (i32::try_from(partition), i64::try_from(next)) else {
            return;
        };
        if !is_due {
            return;
        }
        said.insert((topic, partition), Instant::now());
        let mut position = TopicPartitionList::new();
        let name = options.name(topic);
        let added = position.add_partition_offset(&name, number, KafkaOffset::Offset(next));
        let committed = added.and_then(|()| client.commit(&position, CommitMode::Async));
        if let Err(error) = committed {
            tracing::debug!(%error, group, "a position was not committed");
        }
        // What came back of earlier ones is taken, so that it does not pile up.
        while client.poll(Duration::ZERO).is_some() {}
    }
}
