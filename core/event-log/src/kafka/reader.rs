//! Reading a partition forward.

use std::time::{Duration, Instant};

use bytes::Bytes;
use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Headers};
use rdkafka::{ClientConfig, Message, Offset as KafkaOffset, Timestamp, TopicPartitionList};

use floodgate_domain::LogTime;

use super::heard::{Aside, Reading};
use super::lost::Lost;
use super::settings::{KafkaOptions, OFFSETS_WITHIN};
use crate::topics::Topic;
use crate::traits::{LogError, LogReader, Offset, Partition, Record, Value};

/// How often a reader that is behind asks how far. Not more often than it must: a broker answers a
/// connection's requests one after the other, so the question waits for the fetch before it, which
/// may be a long one, and whoever reads waits for the answer.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// The wait, rounded up: the library waits by whole milliseconds and spins through the rest.
fn whole_millis(wait: Duration) -> Duration {
    let rounded = wait.as_micros().div_ceil(1_000);
    Duration::from_millis(u64::try_from(rounded).unwrap_or(u64::MAX))
}

/// An error whose consequences are not known.
pub(super) fn backend(error: &impl ToString) -> LogError {
    LogError::Backend(error.to_string())
}

/// First and end offset of a partition.
pub(super) fn watermarks(
    consumer: &Reading,
    name: &str,
    topic: Topic,
    partition: Partition,
) -> Result<(Offset, Offset), LogError> {
    let number = i32::try_from(partition)
        .map_err(|_| LogError::UnknownPartition { topic: topic.name(), partition })?;
    let until = Instant::now() + OFFSETS_WITHIN;
    loop {
        match consumer.fetch_watermarks(name, number, OFFSETS_WITHIN) {
            Ok((low, high)) => {
                return Ok((u64::try_from(low).unwrap_or(0), u64::try_from(high).unwrap_or(0)));
            }
            Err(error) if leads_soon(&error) && Instant::now() < until => {
                std::thread::park_timeout(LEADS_AFTER);
            }
            Err(error) => return Err(backend(&error)),
        }
    }
}

/// How long a broker is given before it is asked again whether it leads a partition by now.
const LEADS_AFTER: Duration = Duration::from_millis(100);

/// A broker that has just come back names its partitions a moment before it leads them.
fn leads_soon(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(RDKafkaErrorCode::NotLeaderForPartition | RDKafkaErrorCode::LeaderNotAvailable)
    )
}

/// A consumer of one partition, from an offset on.
fn consumer(
    config: &ClientConfig,
    name: &str,
    topic: Topic,
    partition: Partition,
    from: Offset,
) -> Result<Reading, LogError> {
    let consumer: Reading =
        config.create_with_context(Aside::default()).map_err(|error| backend(&error))?;
    let unknown = LogError::UnknownPartition { topic: topic.name(), partition };
    let number = i32::try_from(partition).map_err(|_| unknown)?;
    let start = KafkaOffset::Offset(i64::try_from(from).unwrap_or(i64::MAX));
    let mut assignment = TopicPartitionList::new();
    assignment
        .add_partition_offset(name, number, start)
        .and_then(|()| consumer.assign(&assignment))
        .map_err(|error| backend(&error))?;
    Ok(consumer)
}

/// A reader with a consumer of its own.
pub(super) struct KafkaReader {
    config: ClientConfig,
    consumer: Reading,
    lost: Lost,
    name: String,
    topic: Topic,
    partition: Partition,
    position: Offset,
    /// Whether everything there was has been seen.
    at_end: bool,
    /// Whether the last poll brought all it was allowed to, so that there is surely more.
    was_full: bool,
    /// Where the end was, and when that was asked.
    end: Option<(Instant, Offset)>,
}

impl KafkaReader {
    pub(super) fn new(
        options: &KafkaOptions,
        config: &ClientConfig,
        topic: Topic,
        partition: Partition,
        from: Offset,
    ) -> Result<Self, LogError> {
        let name = options.name(topic);
        let reader = KafkaReader {
            consumer: consumer(config, &name, topic, partition, from)?,
            config: config.clone(),
            lost: Lost::default(),
            name,
            topic,
            partition,
            position: from,
            at_end: false,
            was_full: false,
            end: None,
        };
        Ok(reader)
    }

    /// Goes on with another client where this one has lost its brokers.
    fn look_after_client(&mut self) -> Result<(), LogError> {
        if self.lost.is_lost(&self.consumer, &self.name) {
            let KafkaReader { config, name, topic, partition, position, .. } = self;
            self.consumer = consumer(config, name, *topic, *partition, *position)?;
            self.at_end = false;
        }
        Ok(())
    }

    /// One message, or nothing within `wait`.
    fn take(&mut self, wait: Duration) -> Result<Option<Record>, LogError> {
        let until = Instant::now() + wait;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.consumer.poll(whole_millis(left)) {
                None => return Ok(None),
                Some(Ok(message)) => {
                    self.consumer.context().heard.note_up();
                    self.at_end = false;
                    let record = record(&message);
                    self.position = record.offset + 1;
                    return Ok(Some(record));
                }
                Some(Err(KafkaError::PartitionEOF(_))) => {
                    self.consumer.context().heard.note_up();
                    self.at_end = true;
                    if left.is_zero() {
                        return Ok(None);
                    }
                }
                Some(Err(error)) => match error.rdkafka_error_code() {
                    Some(
                        RDKafkaErrorCode::OffsetOutOfRange | RDKafkaErrorCode::AutoOffsetReset,
                    ) => {
                        let (first, _) =
                            watermarks(&self.consumer, &self.name, self.topic, self.partition)?;
                        return Err(LogError::Trimmed { first });
                    }
                    // Anything else heals by itself or shows in the health: the library goes on.
                    _ => tracing::warn!(%error, topic = self.topic.name(), "reading resumes"),
                },
            }
        }
    }
}

impl LogReader for KafkaReader {
    fn poll(
        &mut self,
        max: usize,
        wait: Duration,
        into: &mut Vec<Record>,
    ) -> Result<usize, LogError> {
        self.look_after_client()?;
        let mut read = 0;
        while read < max {
            let wait = if read == 0 { wait } else { Duration::ZERO };
            let Some(record) = self.take(wait)? else { break };
            into.push(record);
            read += 1;
        }
        self.was_full = read == max;
        Ok(read)
    }

    fn position(&self) -> Offset {
        self.position
    }

    fn behind(&mut self) -> Result<u64, LogError> {
        if self.at_end {
            return Ok(0);
        }
        // A reader that has passed the end it knew and got less than it could take keeps up with
        // what comes: it does not ask again.
        let end = match self.end {
            Some((asked, end)) if !self.was_full || asked.elapsed() < ASK_EVERY => end,
            _ => {
                let (_, end) = watermarks(&self.consumer, &self.name, self.topic, self.partition)?;
                self.end = Some((Instant::now(), end));
                end
            }
        };
        Ok(end.saturating_sub(self.position))
    }
}

fn record(message: &BorrowedMessage<'_>) -> Record {
    let at = match message.timestamp() {
        Timestamp::LogAppendTime(ms) | Timestamp::CreateTime(ms) => u64::try_from(ms).unwrap_or(0),
        Timestamp::NotAvailable => 0,
    };
    let bytes = |slice: Option<&[u8]>| slice.map(Bytes::copy_from_slice).unwrap_or_default();
    let headers = message.headers().map(|headers| {
        let owned = |header: rdkafka::message::Header<'_, &[u8]>| {
            (header.key.to_owned(), bytes(header.value))
        };
        headers.iter().map(owned).collect()
    });
    Record {
        offset: u64::try_from(message.offset()).unwrap_or(0),
        at: LogTime(at),
        key: bytes(message.key()),
        value: Value::new(message.payload().map(Bytes::copy_from_slice)),
        headers: headers.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_never_cut_to_a_spin() {
        for (micros, millis) in [(0, 0), (1, 1), (999, 1), (1_000, 1), (1_001, 2), (99_300, 100)] {
            let rounded = whole_millis(Duration::from_micros(micros));
            assert_eq!(rounded, Duration::from_millis(millis), "{micros} µs");
        }
    }
}
