//! How far the log's clock is from ours, measured with records that nobody needs.

use std::time::{SystemTime, UNIX_EPOCH};

use floodgate_domain::wire::encode_reply;
use floodgate_domain::{Answer, CommandId, EventId, GatewayId, LogTime, Reply};

use crate::topics::Topic;
use crate::traits::{Log, LogError, NewRecord, Partition};

/// Partitions asked at most: their leaders are spread over the brokers, and a cluster with more
/// brokers than this is watched by somebody else too.
const PROBES_MAX: u32 = 32;

/// One question: our clock before, the log's, and ours after the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    pub partition: Partition,
    pub clocks: [LogTime; 3],
}

/// Appends an answer for nobody to each partition of the replies and waits until it is durable. It
/// is a whole answer, so that gateways pass it over, and is kept for an hour.
pub fn probe(log: &dyn Log) -> Result<Vec<Probe>, LogError> {
    let nobodys = Reply {
        command_id: CommandId(0),
        event_id: EventId(0),
        reply_to: GatewayId(0),
        offset: 0,
        at: LogTime(0),
        repeated: false,
        answer: Answer::Done,
    };
    let mut value = Vec::new();
    encode_reply(&nobodys, &mut value);
    let partitions = 0..log.partitions(Topic::Replies).min(PROBES_MAX);
    // One after the other: waiting for each other would look like a slow log.
    let ask = |partition| {
        let before = now();
        let record = NewRecord::new("0", value.clone());
        let appended = log.append(Topic::Replies, partition, vec![record]).wait()?;
        Ok(Probe { partition, clocks: [before, appended.at, now()] })
    };
    partitions.map(ask).collect()
}

fn now() -> LogTime {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    LogTime(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}
