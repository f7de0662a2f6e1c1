//! The one way to send a command: envelope, key, partition, append, and the answer.

use std::sync::Arc;
use std::time::Duration;

use floodgate_domain::wire::encode_command;
use floodgate_domain::{Command, CommandId, Envelope, EventId, GatewayId, Reply};
use floodgate_event_log::trace::TRACEPARENT;
use floodgate_event_log::{
    Ack, Log, LogError, NewRecord, Partition, PendingAppend, Topic, TraceContext, partition_of,
};

use crate::replies::{ReplyHub, ReplyWait};

/// Why there is no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AskError {
    #[error(transparent)]
    Log(#[from] LogError),
    /// The command may be in the log all the same.
    #[error("no answer came in time")]
    Late,
}

/// Sends commands whose answers nobody waits for. Cheap to clone.
#[derive(Debug, Clone)]
pub struct CommandSender {
    log: Arc<dyn Log>,
}

impl CommandSender {
    #[must_use]
    pub fn new(log: Arc<dyn Log>) -> Self {
        CommandSender { log }
    }

    /// Appends a command to the partition of its event. Dropping what it returns does not undo that.
    pub fn send(&self, envelope: &Envelope) -> PendingAppend {
        let (partition, record) = self.prepared(envelope);
        self.log.append(Topic::Commands, partition, vec![record])
    }

    /// Appends commands to one partition, all or none, in order: for those who follow a partition
    /// and send to the events in it.
    pub fn send_all<'a>(
        &self,
        partition: Partition,
        envelopes: impl IntoIterator<Item = &'a Envelope>,
    ) -> PendingAppend {
        let records = envelopes.into_iter().map(command_record).collect();
        self.log.append(Topic::Commands, partition, records)
    }

    fn prepared(&self, envelope: &Envelope) -> (Partition, NewRecord) {
        let record = command_record(envelope);
        (partition_of(&record.key, self.log.partitions(Topic::Commands)), record)
    }
}

/// A command as the log has it: its key is its event, so that all commands of an event are in one
/// partition.
#[must_use]
pub fn command_record(envelope: &Envelope) -> NewRecord {
    let mut value = Vec::with_capacity(96);
    encode_command(envelope, &mut value);
    NewRecord::new(envelope.event_id.to_string(), value)
}

/// Sends commands and waits for their answers, which come to one gateway. Cheap to clone.
#[derive(Debug, Clone)]
pub struct CommandClient {
    sender: CommandSender,
    replies: ReplyHub,
    gateway_id: GatewayId,
}

impl CommandClient {
    #[must_use]
    pub fn new(log: Arc<dyn Log>, replies: ReplyHub, gateway_id: GatewayId) -> Self {
        CommandClient { sender: CommandSender::new(log), replies, gateway_id }
    }

    /// For commands whose answer nobody waits for.
    #[must_use]
    pub fn sender(&self) -> &CommandSender {
        &self.sender
    }

    /// Waits for the answer to a command that is on its way, or will be.
    #[must_use]
    pub fn expect(&self, command_id: CommandId) -> ReplyWait {
        self.replies.expect(command_id)
    }

    /// Requests that wait now.
    #[must_use]
    pub fn waiting_count(&self) -> usize {
        self.replies.waiting_count()
    }

    /// Appends a command and waits for its answer, however long it takes. An error says that it did
    /// not get into the log, or may not have.
    pub async fn ask(&self, envelope: Envelope) -> Result<Reply, LogError> {
        let envelope = Envelope { reply_to: self.gateway_id, ..envelope };
        let Envelope { command_id, .. } = envelope;
        // Before the append, so that no answer can be too fast.
        let wait = self.replies.expect(command_id);
        let (partition, record) = self.sender.prepared(&envelope);
        // The answer itself says that the command is durable, so only a failure is reported.
        let replies = self.replies.clone();
        let ack = Ack::on_failure(move |error| replies.fail(command_id, &error));
        self.sender.log.append_with(Topic::Commands, partition, vec![record], ack);
        wait.await
    }

    /// The same, no longer than `deadline`.
    pub async fn ask_within(
        &self,
        deadline: Duration,
        envelope: Envelope,
    ) -> Result<Reply, AskError> {
        let answered = tokio::time::timeout(deadline, self.ask(envelope)).await;
        Ok(answered.map_err(|_| AskError::Late)??)
    }

    /// A question of Floodgate itself. It is asked once, under an id nobody else has.
    pub async fn ask_once(
        &self,
        deadline: Duration,
        event_id: EventId,
        command: Command,
    ) -> Result<Reply, AskError> {
        let command_id = CommandId(rand::random::<u128>().max(1));
        self.ask_within(deadline, Envelope::system(command_id, event_id, command)).await
    }

    /// Appends a command with the context of its span, and gives both waits: until it is durable,
    /// and until its answer is here.
    #[must_use]
    pub fn begin_traced(
        &self,
        envelope: Envelope,
        span: TraceContext,
    ) -> (PendingAppend, ReplyWait) {
        let envelope = Envelope { reply_to: self.gateway_id, ..envelope };
        let wait = self.replies.expect(envelope.command_id);
        let (partition, mut record) = self.sender.prepared(&envelope);
        record.headers.push((TRACEPARENT.to_owned(), span.to_string().into()));
        (self.sender.log.append(Topic::Commands, partition, vec![record]), wait)
    }
}
