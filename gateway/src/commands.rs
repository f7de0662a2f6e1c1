//! The one path from a request to an outcome.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use floodgate_domain::wire::encode_command;
use floodgate_domain::{Actor, Answer, Command, CommandId, Envelope, EventId, Reply};
use floodgate_event_log::{Ack, NewRecord, Topic, TraceContext, partition_of};

use crate::problem::{ApiError, Code};
use crate::state::GatewayState;

/// How long an answer that missed its deadline is still waited for.
const LATE_FOR: Duration = Duration::from_secs(60);
/// Late answers kept for those who ask: a few megabytes.
const LATE_MAX: usize = 16_384;

/// A wish under the name its client gave it.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    pub(crate) key: String,
    pub(crate) fingerprint: u32,
    /// The span of the request, if it is traced.
    pub(crate) trace: Option<TraceContext>,
}

/// What became of a wish.
#[derive(Debug)]
pub(crate) enum Outcome {
    Decided(Box<Reply>),
    /// In the log or on its way; ask again under this id.
    Pending(CommandId),
}

/// Answers that came after their request was told to ask again.
#[derive(Debug, Default)]
pub(crate) struct Late {
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

    pub(crate) fn find(&self, command_id: CommandId) -> Option<Reply> {
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

impl GatewayState {
    /// Appends the command and waits for its outcome until the deadline.
    pub(crate) async fn submit(
        &self,
        event_id: EventId,
        actor: Actor,
        named: &Named,
        command: Command,
    ) -> Result<Outcome, ApiError> {
        let envelope = Envelope {
            command_id: command_id(actor, event_id, &named.key),
            fingerprint: named.fingerprint,
            event_id,
            actor,
            reply_to: self.gateway_id,
            command,
        };
        self.submit_named(envelope, named.trace).await
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
        let deadline = tokio::time::Instant::now() + self.settings.answer_deadline;
        tokio::pin!(exchange);
        let outcome = match tokio::time::timeout_at(deadline, &mut exchange).await {
            Ok(reply) => Outcome::Decided(Box::new(reply?)),
            Err(_) => {
                self.wait_on(command_id, &envelope);
                Outcome::Pending(command_id)
            }
        };
        self.metering.commanded(name, started.elapsed());
        Ok(outcome)
    }

    /// Appends and waits, however long it takes.
    async fn exchange(
        &self,
        envelope: &Envelope,
        trace: Option<TraceContext>,
    ) -> Result<Reply, ApiError> {
        let Envelope { command_id, event_id, .. } = *envelope;
        // Before the append, so that no answer can be too fast.
        let wait = self.replies.expect(command_id);
        let mut value = Vec::with_capacity(96);
        encode_command(envelope, &mut value);
        let key = event_id.to_string();
        let partition = partition_of(key.as_bytes(), self.log.partitions(Topic::Commands));
        let record = NewRecord::new(key, value);
        if let Some(trace) = trace {
            let name = envelope.command.name();
            return Ok(self.exchange_traced(partition, record, wait, (trace, name)).await?);
        }
        // The answer itself says that the command is durable, so only a failure is told.
        let replies = self.replies.clone();
        let ack = Ack::on_failure(move |error| replies.fail(command_id, &error));
        self.log.append_with(Topic::Commands, partition, vec![record], ack);
        Ok(wait.await?)
    }

    /// Keeps waiting for an answer that is late, for those who ask about it.
    fn wait_on(&self, command_id: CommandId, envelope: &Envelope) {
        tracing::warn!(%command_id, command = envelope.command.name(), "an answer is late");
        metrics::counter!("floodgate_answers_late_total").increment(1);
        let wait = self.replies.expect(command_id);
        let state = self.clone();
        tokio::spawn(async move {
            if let Ok(Ok(reply)) = tokio::time::timeout(LATE_FOR, wait).await {
                state.late.keep(reply);
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
            reply_to: self.gateway_id,
            command,
        };
        let deadline = self.settings.answer_deadline;
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
