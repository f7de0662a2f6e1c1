//! The one path from a request to an outcome.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use floodgate_domain::wire::encode_command;
use floodgate_domain::{Actor, Answer, Command, CommandId, Envelope, EventId, GatewayId, Reply};
use floodgate_event_log::{
    Ack, Log, LogError, NewRecord, Partition, ReplyHub, Topic, TraceContext, partition_of,
};

use crate::problem::{ApiError, Code};
use crate::telemetry::Telemetry;
use crate::traced;

/// How long an answer that missed its deadline is still waited for.
const LATE_FOR: Duration = Duration::from_secs(60);
/// Late answers kept for those who ask: a few megabytes.
const LATE_MAX: usize = 16_384;

/// A request under the name its client gave it.
#[derive(Debug, Clone)]
pub(crate) struct RequestKey {
    pub(crate) name: String,
    pub(crate) fingerprint: u32,
    /// The span of the request, if it is traced.
    pub(crate) trace: Option<TraceContext>,
}

/// What became of a command.
#[derive(Debug)]
pub(crate) enum Outcome {
    Decided(Box<Reply>),
    /// In the log or on its way; ask again under this id.
    Pending(CommandId),
}

/// Answers that came after their request had got 202.
#[derive(Debug, Default)]
struct Late {
    // A plain mutex: held for one map operation.
    answers: Mutex<(HashMap<CommandId, Reply>, VecDeque<CommandId>)>,
}

impl Late {
    fn keep(&self, reply: Reply) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let (by_id, order) = &mut *answers;
        if order.len() >= LATE_MAX
            && let Some(oldest) = order.pop_front()
        {
            by_id.remove(&oldest);
        }
        order.push_back(reply.command_id);
        by_id.insert(reply.command_id, reply);
    }

    fn find(&self, command_id: CommandId) -> Option<Reply> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.0.get(&command_id).cloned()
    }
}

/// The command's id: who asks, of which event, under which key.
pub(crate) fn command_id(actor: Actor, event_id: EventId, key: &str) -> CommandId {
    let (kind, number) = match actor {
        Actor::System => (0, 0),
        Actor::Buyer(buyer) => (1, buyer.0),
        Actor::Staff(staff) => (2, staff.0),
    };
    let mut hash = Sha256::new();
    hash.update([kind]);
    hash.update(number.to_be_bytes());
    hash.update(event_id.0.to_be_bytes());
    hash.update(key.as_bytes());
    let digest = hash.finalize();
    let mut head = [0; 16];
    head.copy_from_slice(&digest[..16]);
    // Zero is the name of commands nobody repeats.
    CommandId(u128::from_be_bytes(head).max(1))
}

/// Sends commands and waits for their outcomes; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Commands(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    log: Arc<dyn Log>,
    replies: ReplyHub,
    gateway_id: GatewayId,
    /// How long a command is waited for before 202.
    deadline: Duration,
    late: Late,
    telemetry: Telemetry,
}

impl Commands {
    pub(crate) fn new(
        log: Arc<dyn Log>,
        (gateway_id, replies): (GatewayId, ReplyHub),
        deadline: Duration,
        telemetry: Telemetry,
    ) -> Self {
        let late = Late::default();
        Commands(Arc::new(Inner { log, replies, gateway_id, deadline, late, telemetry }))
    }

    pub(crate) fn gateway_id(&self) -> GatewayId {
        self.0.gateway_id
    }

    /// How long a command is waited for before 202.
    pub(crate) fn deadline(&self) -> Duration {
        self.0.deadline
    }

    /// Whether the log takes commands.
    pub(crate) fn health(&self) -> Result<(), LogError> {
        self.0.log.health()
    }

    /// Commands that wait for their answer.
    pub(crate) fn waiting_count(&self) -> usize {
        self.0.replies.waiting_count()
    }

    /// The answer of a command that came after its deadline.
    pub(crate) fn late(&self, command_id: CommandId) -> Option<Reply> {
        self.0.late.find(command_id)
    }

    /// Appends the command and waits for its outcome until the deadline.
    pub(crate) async fn submit(
        &self,
        event_id: EventId,
        actor: Actor,
        key: &RequestKey,
        command: Command,
    ) -> Result<Outcome, ApiError> {
        let envelope = Envelope {
            command_id: command_id(actor, event_id, &key.name),
            fingerprint: key.fingerprint,
            event_id,
            actor,
            reply_to: self.0.gateway_id,
            command,
        };
        self.submit_named(envelope, key.trace).await
    }

    /// The same for a command that has its name already.
    pub(crate) async fn submit_named(
        &self,
        envelope: Envelope,
        trace: Option<TraceContext>,
    ) -> Result<Outcome, ApiError> {
        let Envelope { command_id, .. } = envelope;
        let name = envelope.command.name();
        let started = Instant::now();
        let exchange = self.exchange(&envelope, trace);
        let deadline = tokio::time::Instant::now() + self.0.deadline;
        tokio::pin!(exchange);
        let outcome = match tokio::time::timeout_at(deadline, &mut exchange).await {
            Ok(reply) => Outcome::Decided(Box::new(reply?)),
            Err(_) => {
                self.wait_on(command_id, &envelope);
                Outcome::Pending(command_id)
            }
        };
        self.0.telemetry.metering().commanded(name, started.elapsed());
        Ok(outcome)
    }

    /// Appends and waits, however long it takes.
    async fn exchange(
        &self,
        envelope: &Envelope,
        trace: Option<TraceContext>,
    ) -> Result<Reply, ApiError> {
        let command_id = envelope.command_id;
        // Before the append, so that no answer can be too fast.
        let wait = self.0.replies.expect(command_id);
        let (partition, record) = self.record(envelope);
        if let Some(trace) = trace {
            let name = envelope.command.name();
            let (log, tracer) = (&*self.0.log, self.0.telemetry.tracer());
            let append = |record| log.append(Topic::Commands, partition, vec![record]);
            return Ok(traced::exchange(tracer, (trace, name), record, append, wait).await?);
        }
        // The answer itself says that the command is durable, so only a failure is noted.
        let replies = self.0.replies.clone();
        let ack = Ack::on_failure(move |error| replies.fail(command_id, &error));
        self.0.log.append_with(Topic::Commands, partition, vec![record], ack);
        Ok(wait.await?)
    }

    /// A command as the log takes it: all of an event in one partition.
    fn record(&self, envelope: &Envelope) -> (Partition, NewRecord) {
        let mut value = Vec::with_capacity(96);
        encode_command(envelope, &mut value);
        let record = NewRecord::new(envelope.event_id.to_string(), value);
        (partition_of(&record.key, self.0.log.partitions(Topic::Commands)), record)
    }

    /// Appends a command of Floodgate's own and goes on: whoever sends it looks at the facts.
    pub(crate) fn append(&self, event_id: EventId, command: Command) {
        let envelope = Envelope {
            command_id: CommandId(0),
            fingerprint: 0,
            event_id,
            actor: Actor::System,
            reply_to: GatewayId(0),
            command,
        };
        let (partition, record) = self.record(&envelope);
        drop(self.0.log.append(Topic::Commands, partition, vec![record]));
    }

    /// Keeps waiting for an answer that is late, for those who ask about it.
    fn wait_on(&self, command_id: CommandId, envelope: &Envelope) {
        tracing::warn!(%command_id, command = envelope.command.name(), "an answer is late");
        metrics::counter!("floodgate_answers_late_total").increment(1);
        let wait = self.0.replies.expect(command_id);
        let inner = Arc::clone(&self.0);
        tokio::spawn(async move {
            if let Ok(Ok(reply)) = tokio::time::timeout(LATE_FOR, wait).await {
                inner.late.keep(reply);
            }
        });
    }

    /// A question Floodgate itself has, such as a strong status.
    pub(crate) async fn ask(&self, event_id: EventId, command: Command) -> Result<Reply, ApiError> {
        // Random names: such questions are never repeated.
        let command_id = CommandId(u128::from(next_id()) << 64 | u128::from(next_id()));
        let envelope = Envelope {
            command_id,
            fingerprint: 0,
            event_id,
            actor: Actor::System,
            reply_to: self.0.gateway_id,
            command,
        };
        let deadline = self.0.deadline;
        match tokio::time::timeout(deadline, self.exchange(&envelope, None)).await {
            Ok(reply) => refused_or(reply?),
            Err(_) => Err(ApiError::new(Code::Overloaded).retry_after_ms(1_000)),
        }
    }
}

/// A refusal becomes a problem; everything else passes.
pub(crate) fn refused_or(reply: Reply) -> Result<Reply, ApiError> {
    match reply.answer {
        Answer::Refused(refusal) => Err(refusal.into()),
        _ => Ok(reply),
    }
}

/// Numbers that do not repeat: process start, then a counter, mixed by the hasher's keys.
fn next_id() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU64, Ordering};
    static KEYS: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    static NEXT: AtomicU64 = AtomicU64::new(0);
    // Relaxed: only uniqueness is asked of it.
    KEYS.hash_one(NEXT.fetch_add(1, Ordering::Relaxed))
}
